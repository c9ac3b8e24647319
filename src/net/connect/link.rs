//! One connection of a client: what it has yet to take, and how it ends.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::net::{BoxStream, poll_read_some};

/// How long the server has to take what is queued when we close.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// A connection that stands.
pub(super) struct Link {
    stream: BoxStream,
    /// What was transmitted and the peer has not taken yet, each to be written whole and flushed.
    pub(super) unsent: VecDeque<Vec<u8>>,
    /// What of the first it has taken.
    sent: usize,
}

impl Link {
    pub(super) fn new(stream: BoxStream) -> Self {
        Self { stream, unsent: VecDeque::new(), sent: 0 }
    }

    /// Writes what the stream takes. A connection at rest keeps no memory for it.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.unsent.front() {
            while let Some(rest) = first.get(self.sent..).filter(|rest| !rest.is_empty()) {
                match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    n => self.sent += n,
                }
            }
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unsent.pop_front();
            self.sent = 0;
        }
        self.unsent = VecDeque::new();
        Poll::Ready(Ok(()))
    }

    /// Writes, reads, and hands what was read to `take`; whether the connection lives on. What the peer has said before
    /// it was gone is read to the end, also when it takes nothing any more.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&[u8])) -> Poll<bool> {
        let gone = matches!(self.poll_send(cx), Poll::Ready(Err(_)));
        match poll_read_some(&mut self.stream, cx, take) {
            Poll::Pending if gone => Poll::Ready(false),
            other => other.map(|some| some.is_some()),
        }
    }

    /// What was transmitted still goes out, at once or within a bound: a peer that ended without a word takes nothing
    /// any more.
    pub(super) fn close(mut self) {
        let mut closing = Box::pin(async move {
            if poll_fn(|cx| self.poll_send(cx)).await.is_ok() {
                let _ = self.stream.shutdown().await;
            }
        });
        if closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(timeout(CLOSE_WITHIN, closing));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    /// What is read at this poll, and whether the connection lives on.
    fn poll(link: &mut Link) -> (Vec<u8>, Poll<bool>) {
        let mut got = Vec::new();
        let polled = link.poll(&mut Context::from_waker(Waker::noop()), |bytes| got.extend_from_slice(bytes));
        (got, polled)
    }

    #[tokio::test]
    async fn what_the_peer_said_before_it_was_gone_is_heard() {
        let (near, mut far) = duplex(64);
        let mut link = Link::new(Box::new(near));
        far.write_all(b"bye").await.expect("there is room");
        drop(far);
        link.unsent.push_back(b"nobody takes this".to_vec());
        assert_eq!(poll(&mut link), (b"bye".to_vec(), Poll::Ready(true)));
        assert_eq!(poll(&mut link), (Vec::new(), Poll::Ready(false)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_before_the_close_goes_out_while_the_peer_takes_it() {
        let (near, mut far) = duplex(4);
        let mut first = Link::new(Box::new(near));
        first.unsent.push_back(b"one ".to_vec());
        first.unsent.push_back(b"two ".to_vec());
        assert_eq!(poll(&mut first), (Vec::new(), Poll::Pending), "half of it has gone");
        first.unsent.push_back(b"three".to_vec());
        first.close();
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.expect("it ends");
        assert_eq!(all, b"one two three");

        let (near, mut far) = duplex(4);
        let mut second = Link::new(Box::new(near));
        second.unsent.push_back(b"too much".to_vec());
        second.close();
        tokio::time::sleep(CLOSE_WITHIN * 2).await;
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.expect("it ends, though nobody took it in time");
        assert_eq!(all, b"too ");
    }
}
