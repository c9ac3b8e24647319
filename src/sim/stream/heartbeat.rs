//! Heartbeats that are lost, late or doubled. The driver writes one packet at a time and flushes: that is a unit.
//!
//! A doubled heartbeat is its frame written twice, byte for byte: the same packet again for CFB and CBC, and for GCM a
//! nonce that was there before. The protocol counts no frames, so a server that keeps no nonces answers twice; what
//! must hold is that the client takes one reply and nobody is cut off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::{FaultStream, ResetWay, Way};
use crate::proto::time::Time;
use crate::sim::control::Half;

/// What is known of the unit that is being written.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// How many there have been, this one included.
    pub(super) n: u64,
    /// It is nothing but a heartbeat.
    pub(super) is_ping: bool,
    /// It goes out at this time.
    late: Option<Time>,
    /// It is written again when it is out.
    repeat: Option<Vec<u8>>,
    /// Is out, and is written again: what is left of it.
    again: Vec<u8>,
}

impl Unit {
    /// All of it is out.
    pub(super) fn is_out(&mut self) {
        if let Some(bytes) = self.repeat.take() {
            self.again = bytes;
        }
    }
}

impl<S: Send + 'static> FaultStream<S> {
    /// Looks at what the driver is about to write. `true`: it shall be lost, whole.
    pub(super) fn look(&mut self, buf: &[u8]) -> bool {
        let fresh = std::mem::take(&mut self.fresh);
        let Some(new) = buf.get(self.tapped..).filter(|new| !new.is_empty()) else { return false };
        self.tapped = buf.len();
        self.unit.n += u64::from(fresh);
        let Some(seen) = self.tap.as_mut().map(|t| t.up(new)) else { return false };
        let ping = fresh && seen.iter().any(|p| p.method == "PING");
        if fresh {
            self.unit.is_ping = ping && seen.iter().all(|p| p.method == "PING");
        }
        // In front of a stranger a heartbeat may come with something else, which shall not be lost.
        if ping && (self.unit.is_ping || self.trace.keeps()) && self.is_lost(buf) {
            return true;
        }
        self.note_packets(Way::Out, &seen);
        false
    }

    /// Does with a heartbeat what is ordered. `true`: it is lost.
    fn is_lost(&mut self, buf: &[u8]) -> bool {
        let owner = self.side.owner.clone();
        if self.control.take(&owner, |o| &mut o.heartbeats) {
            self.control.bit_hard(|b| b.heartbeats_lost += 1);
            self.note("a heartbeat is lost");
            return true;
        }
        if self.control.runs_off(&owner) {
            self.control.bit(|b| b.heartbeats_off += 1);
        }
        if self.control.take(&owner, |o| &mut o.late_heartbeats) {
            let by = self.orders().late_by;
            self.control.bit_hard(|b| b.heartbeats_late += 1);
            self.note(format!("a heartbeat is late by {by:?}"));
            self.unit.late = Some(self.control.now() + by);
        }
        if self.control.take(&owner, |o| &mut o.double_heartbeats) {
            self.unit.repeat = Some(buf.to_vec());
        }
        false
    }

    /// Waits for a late heartbeat's time; what is behind it waits too.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(left) = self.unit.late.map(|at| at - self.control.now()).filter(|left| !left.is_zero()) {
            // Healed: it waits no longer.
            if !self.orders().late_by.is_zero() {
                self.wake_after(Half::Write, left, cx);
                return Poll::Pending;
            }
        }
        self.unit.late = None;
        Poll::Ready(())
    }
}

impl<S: AsyncWrite + Unpin + Send + 'static> FaultStream<S> {
    /// Writes what is to be written again.
    pub(super) fn poll_again(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unit.again.is_empty() {
            let Some(inner) = &mut self.inner else { return Poll::Ready(Err(Self::reset_error())) };
            let taken = ready!(Pin::new(inner).poll_write(cx, &self.unit.again))?;
            let rest = self.unit.again.split_off(taken);
            let gone = std::mem::replace(&mut self.unit.again, rest);
            self.has_written(&gone, None);
            if self.unit.again.is_empty() {
                self.control.bit(|b| b.heartbeats_doubled += 1);
                self.note("a heartbeat is doubled");
            }
            self.passed(taken, ResetWay::Up)?;
        }
        Poll::Ready(Ok(()))
    }
}
