//! What the hub, the reader and the writer of one connection share: no channel, which would take a kilobyte each.

use std::future::poll_fn;
use std::io;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::AsyncWrite;

use crate::net::{BoxStream, poll_read_some, remember};

/// The meeting place of one connection.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// As long as the writer lives.
    stream: Mutex<Option<BoxStream>>,
}

/// What became of bytes that are to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::net::serve) struct Put {
    /// A buffer that is not needed.
    pub spare: Vec<u8>,
    /// How many of the bytes the peer's side has taken already.
    pub sent: usize,
}

#[derive(Default)]
struct State {
    /// The hub writes, as long as the stream takes it.
    at_once: bool,
    /// What is to be written.
    bytes: Vec<u8>,
    /// The writer has taken some out, or is to flush: whatever comes now goes behind it.
    writing: bool,
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
    /// The meeting place of a connection that is written to here, and by the writer alone unless it is `at_once`.
    pub(super) fn new(stream: BoxStream, at_once: bool) -> Self {
        Self { state: Mutex::new(State { at_once, ..State::default() }), stream: Mutex::new(Some(stream)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stream(&self) -> MutexGuard<'_, Option<BoxStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `bytes`, here and now, as far as nothing waits before them and the stream takes them; the writer does the
    /// rest. A reply mostly fits, and to wake the writer for it costs more than the write itself.
    pub(super) fn put(&self, bytes: Vec<u8>) -> Put {
        let mut state = self.state();
        let (mut sent, mut whole) = (0, false);
        if state.at_once && state.bytes.is_empty() && !state.writing && !state.ends && !state.killed {
            // Who is woken is not this one: what cannot be written now is the writer's, who asks for himself.
            let mut cx = Context::from_waker(Waker::noop());
            whole = matches!(self.poll_write_all(&mut cx, &bytes, &mut sent), Poll::Ready(Ok(())));
            state.writing = !whole;
        }
        if whole {
            return Put { spare: bytes, sent };
        }
        let spare = if state.bytes.is_empty() && sent == 0 {
            std::mem::replace(&mut state.bytes, bytes)
        } else {
            state.bytes.extend_from_slice(bytes.get(sent..).unwrap_or_default());
            bytes
        };
        wake(&mut state.writer);
        Put { spare, sent }
    }

    /// Gives what `keep` makes of the bytes that have come; nothing at the end of the stream, when it fails, and when it
    /// is gone.
    pub(super) fn poll_read<T>(&self, cx: &mut Context<'_>, keep: impl FnOnce(&[u8]) -> T) -> Poll<Option<T>> {
        self.stream().as_mut().map_or(Poll::Ready(None), |stream| poll_read_some(stream, cx, keep))
    }

    /// Writes the rest of `bytes` behind the first `sent`, which counts on, and has it flushed.
    ///
    /// # Errors
    /// The stream's, and that it is gone.
    pub(super) fn poll_write_all(&self, cx: &mut Context<'_>, bytes: &[u8], sent: &mut usize) -> Poll<io::Result<()>> {
        let mut stream = self.stream();
        let Some(stream) = stream.as_mut() else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        while let Some(rest) = bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut *stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => *sent += n,
            }
        }
        Pin::new(stream).poll_flush(cx)
    }

    /// Closes the sending half.
    ///
    /// # Errors
    /// The stream's.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().as_mut().map_or(Poll::Ready(Ok(())), |stream| Pin::new(stream).poll_shutdown(cx))
    }

    /// Lets go of the stream.
    pub(super) fn let_go(&self) {
        *self.stream() = None;
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

    /// Waits for something to write or to flush, or for the end. It gives what there is, and whether that is all.
    pub(super) async fn take(&self) -> (Vec<u8>, bool) {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.bytes.is_empty() && !state.writing && !state.ends {
                remember(&mut state.writer, cx);
                return Poll::Pending;
            }
            state.writing |= !state.bytes.is_empty();
            Poll::Ready((take(&mut state.bytes), state.ends))
        })
        .await
    }

    /// Whether there is something to write or to flush.
    pub(super) fn is_writing(&self) -> bool {
        self.state().writing
    }

    /// All that was taken out is written.
    pub(super) fn written(&self) {
        self.state().writing = false;
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[test]
    fn what_waits_goes_out_in_one_write_and_the_end_comes_behind_it() {
        let slot = Slot::default();
        let mut cx = Context::from_waker(Waker::noop());
        {
            let mut taken = pin!(slot.take());
            assert!(taken.as_mut().poll(&mut cx).is_pending());
            assert_eq!(slot.put(b"one ".to_vec()), Put::default(), "it has become the buffer");
            assert_eq!(slot.put(b"two".to_vec()), Put { spare: b"two".to_vec(), sent: 0 }, "it was copied");
            assert_eq!(taken.poll(&mut cx), Poll::Ready((b"one two".to_vec(), false)));
        }
        slot.written();
        slot.put(b"last".to_vec());
        slot.end();
        assert_eq!(pin!(slot.take()).poll(&mut cx), Poll::Ready((b"last".to_vec(), true)));
        assert_eq!(slot.ending(&cx), Ending::WhenWritten);
        slot.kill();
        assert_eq!(slot.ending(&cx), Ending::Now);
    }

    /// What the stream takes at once needs no writer; what it does not take is the writer's, and so is all that comes
    /// before he is done.
    #[tokio::test]
    async fn what_the_stream_takes_is_written_at_once_and_the_rest_by_the_writer_in_order() {
        let (near, mut far) = tokio::io::duplex(8);
        let slot = Slot::new(Box::new(near), true);
        assert_eq!(slot.put(b"first".to_vec()), Put { spare: b"first".to_vec(), sent: 5 });
        assert!(pin!(slot.take()).poll(&mut Context::from_waker(Waker::noop())).is_pending(), "nothing is left to do");
        assert_eq!(slot.put(b"second".to_vec()).sent, 3, "there is room for three");
        assert_eq!(slot.put(b"third".to_vec()).sent, 0, "it may not overtake");
        let (rest, ends) = slot.take().await;
        assert_eq!((rest.as_slice(), ends), (&b"ondthird"[..], false));
        assert_eq!(slot.put(b"fourth".to_vec()).sent, 0, "the writer is at work");
        let mut got = [0; 8];
        far.read_exact(&mut got).await.expect("it was written");
        assert_eq!(&got, b"firstsec");
        let mut sent = 0;
        poll_fn(|cx| slot.poll_write_all(cx, &rest, &mut sent)).await.expect("there is room");
        slot.written();
        assert_eq!(slot.take().await.0, b"fourth");
        slot.let_go();
        slot.written();
        assert_eq!(slot.put(b"x".to_vec()).sent, 0, "nobody is there");
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
