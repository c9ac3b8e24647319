//! Waiting: a reader that reads nothing for a while, one that is slow, a way that is narrow.

use std::future::Future as _;
use std::task::{Context, Poll};
use std::time::Duration;

use super::FaultStream;
use crate::sim::control::{Grant, Half, Narrow};

impl<S: Send + 'static> FaultStream<S> {
    /// Wakes this half after `left`. Steps of simulated time are coarse: whoever waits looks at the clock again.
    pub(super) fn wake_after(&mut self, half: Half, left: Duration, cx: &mut Context<'_>) {
        let mut sleep = Box::pin(tokio::time::sleep(left));
        if sleep.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        if let Some(slot) = self.waits.get_mut(half as usize) {
            *slot = Some(sleep);
        }
    }

    /// Waits out a stall.
    pub(super) fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = self.orders().stalled_until.filter(|_| self.side.carriage);
        let Some(left) = until.map(|u| u - self.control.now()).filter(|d| !d.is_zero()) else {
            return Poll::Ready(());
        };
        self.control.bit(|b| b.stalled_reads += 1);
        self.wake_after(Half::Read, left, cx);
        Poll::Pending
    }

    /// The ways that this half goes through.
    const fn ways(&self, half: Half) -> &'static [Narrow] {
        match half {
            _ if !self.side.client => &[],
            Half::Write => &[Narrow::Up],
            Half::Read if self.side.carriage => &[Narrow::Down, Narrow::Reader],
            Half::Read => &[Narrow::Down],
        }
    }

    fn grant(&self, half: Half) -> Grant {
        let ways = self.ways(half);
        if ways.is_empty() {
            return Grant::All;
        }
        self.control.allowed(&self.side.owner, &self.side.link, ways)
    }

    /// Whether anything narrows what is read.
    pub(super) fn is_narrow(&self) -> bool {
        self.grant(Half::Read) != Grant::All
    }

    /// How many bytes may pass, once any may.
    pub(super) fn poll_way(&mut self, cx: &mut Context<'_>, half: Half) -> Poll<usize> {
        match self.grant(half) {
            Grant::All => Poll::Ready(usize::MAX),
            Grant::Some(n) => Poll::Ready(n),
            Grant::Wait(left) => {
                let reader = matches!(half, Half::Read)
                    && self.side.carriage
                    && self.control.allowed(&self.side.owner, &self.side.link, &[Narrow::Reader]) != Grant::All;
                self.control.bit(|b| *(if reader { &mut b.slow_reads } else { &mut b.throttled }) += 1);
                self.wake_after(half, left, cx);
                Poll::Pending
            }
        }
    }

    /// So many bytes have passed this half.
    pub(super) fn has_passed(&self, half: Half, bytes: usize) {
        let ways = self.ways(half);
        if !ways.is_empty() {
            self.control.spent(&self.side.owner, &self.side.link, ways, bytes);
        }
    }
}
