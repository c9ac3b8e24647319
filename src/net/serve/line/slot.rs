//! What the hub, the reader and the writer of one connection share: no channel, which would take a kilobyte each.

use std::future::poll_fn;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The meeting place of one connection.
#[derive(Default)]
pub(super) struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    /// What is to be written.
    bytes: Vec<u8>,
    /// Nothing more comes: write what is there, then end.
    ends: bool,
    /// End now.
    killed: bool,
    /// Bytes of the peer that the hub has not handled yet.
    unread: usize,
    writer: Option<Waker>,
    reader: Option<Waker>,
}

/// Whether a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    No,
    WhenWritten,
    Now,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the writer write `bytes` behind what waits. Gives back a buffer that is not needed.
    pub(super) fn put(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut state = self.state();
        let spare = if state.bytes.is_empty() {
            std::mem::replace(&mut state.bytes, bytes)
        } else {
            state.bytes.extend_from_slice(&bytes);
            bytes
        };
        wake(&mut state.writer);
        spare
    }

    /// Has the writer end when all is written.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ends = true;
        wake(&mut state.writer);
    }

    /// Has the writer end now.
    pub(super) fn kill(&self) {
        let mut state = self.state();
        state.killed = true;
        wake(&mut state.writer);
    }

    /// Whether to end; the writer is woken when that changes.
    pub(super) fn ending(&self, cx: &Context<'_>) -> Ending {
        let mut state = self.state();
        remember(&mut state.writer, cx);
        match (state.killed, state.ends) {
            (true, _) => Ending::Now,
            (false, true) => Ending::WhenWritten,
            (false, false) => Ending::No,
        }
    }

    /// Waits for something to write, or for the end. It gives what there is, and whether that is all.
    pub(super) async fn take(&self) -> (Vec<u8>, bool) {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.bytes.is_empty() && !state.ends {
                remember(&mut state.writer, cx);
                return Poll::Pending;
            }
            Poll::Ready((take(&mut state.bytes), state.ends))
        })
        .await
    }

    /// The hub has handled so many bytes.
    pub(super) fn handled(&self, bytes: usize) {
        let mut state = self.state();
        state.unread = state.unread.saturating_sub(bytes);
        wake(&mut state.reader);
    }

    /// Counts `bytes` that were handed to the hub, and waits while it has `most` or more to handle.
    pub(super) async fn wait_for_turn(&self, bytes: usize, most: usize) {
        self.state().unread += bytes;
        poll_fn(|cx| {
            let mut state = self.state();
            if state.unread < most {
                return Poll::Ready(());
            }
            remember(&mut state.reader, cx);
            Poll::Pending
        })
        .await;
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

fn remember(waker: &mut Option<Waker>, cx: &Context<'_>) {
    if !waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
        *waker = Some(cx.waker().clone());
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    #[test]
    fn what_waits_goes_out_in_one_write_and_the_end_comes_behind_it() {
        let slot = Slot::default();
        let mut cx = Context::from_waker(Waker::noop());
        {
            let mut taken = pin!(slot.take());
            assert!(taken.as_mut().poll(&mut cx).is_pending());
            assert_eq!(slot.put(b"one ".to_vec()).capacity(), 0, "it has become the buffer");
            assert_eq!(slot.put(b"two".to_vec()), b"two", "it was copied");
            assert_eq!(taken.poll(&mut cx), Poll::Ready((b"one two".to_vec(), false)));
        }
        slot.put(b"last".to_vec());
        slot.end();
        assert_eq!(pin!(slot.take()).poll(&mut cx), Poll::Ready((b"last".to_vec(), true)));
        assert_eq!(slot.ending(&cx), Ending::WhenWritten);
        slot.kill();
        assert_eq!(slot.ending(&cx), Ending::Now);
    }

    #[test]
    fn a_reader_waits_when_the_hub_has_enough_of_it() {
        let slot = Slot::default();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(slot.wait_for_turn(60, 100)).poll(&mut cx).is_ready());
        let mut waits = pin!(slot.wait_for_turn(60, 100));
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        slot.handled(10);
        assert!(waits.as_mut().poll(&mut cx).is_pending(), "110 is still too much");
        slot.handled(60);
        assert!(waits.poll(&mut cx).is_ready());
    }
}
