//! A connection in memory: two ways, each a queue of what is on it and when it arrives.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::post::Post;
use crate::net::remember;
use crate::proto::time::Time;

/// Bytes on one way; who writes more waits.
const ROOM: usize = 256 << 10;

/// A connection: a way up and a way down, all in one piece of memory, and with no buffers where nothing is on it. With
/// a thousand clients what an exchange touches has left the cache before the next.
#[derive(Debug)]
pub(super) struct Cable {
    ways: [Way; 2],
    lag: Duration,
}

/// A connection from both of its ends.
pub(super) type Shared = Arc<Mutex<Cable>>;

/// One way.
#[derive(Debug, Default)]
struct Way {
    /// What is on it; nothing is the end.
    queue: VecDeque<(Time, Vec<u8>)>,
    bytes: usize,
    /// What of the first was read.
    read: usize,
    ended: bool,
    /// Nobody reads it any more.
    unread: bool,
    cut: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Which end of a connection, and the way that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Near,
    Far,
}

impl End {
    const fn other(self) -> Self {
        match self {
            Self::Near => Self::Far,
            Self::Far => Self::Near,
        }
    }
}

impl Cable {
    const fn way(&mut self, to: End) -> &mut Way {
        let [near, far] = &mut self.ways;
        match to {
            End::Near => near,
            End::Far => far,
        }
    }
}

fn lock(cable: &Shared) -> MutexGuard<'_, Cable> {
    cable.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is on it is lost, and both ends find an error.
pub(super) fn cut(cable: &Shared) {
    for w in &mut lock(cable).ways {
        w.cut = true;
        w.queue.clear();
        [w.reader.take(), w.writer.take()].into_iter().flatten().for_each(Waker::wake);
    }
}

/// What is first on the way to this end has arrived.
pub(super) fn arrived(cable: &Shared, to: End) {
    lock(cable).way(to).reader.take().into_iter().for_each(Waker::wake);
}

/// One end of a connection.
pub(super) struct Pipe {
    cable: Shared,
    end: End,
    post: Post,
}

impl Pipe {
    /// Both ends of a connection whose ways take this long, and the connection itself.
    pub(super) fn pair(lag: Duration, post: &Post) -> (Self, Self, Shared) {
        let cable = Arc::new(Mutex::new(Cable { ways: <[Way; 2]>::default(), lag }));
        let end = |end| Self { cable: cable.clone(), end, post: post.clone() };
        (end(End::Near), end(End::Far), cable.clone())
    }

    /// Puts bytes on the way to the other end.
    fn put(&self, cable: &mut Cable, bytes: Vec<u8>) {
        let at = self.post.now() + cable.lag;
        cable.way(self.end.other()).queue.push_back((at, bytes));
        self.post.send(at, Arc::downgrade(&self.cable), self.end.other());
    }

    fn end(&self) {
        let mut c = lock(&self.cable);
        if !std::mem::replace(&mut c.way(self.end.other()).ended, true) {
            self.put(&mut c, Vec::new());
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.end();
        let mut c = lock(&self.cable);
        let w = c.way(self.end);
        w.unread = true;
        w.writer.take().into_iter().for_each(Waker::wake);
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "simulated: connection reset")
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let now = self.post.now();
        let mut c = lock(&self.cable);
        let w = c.way(self.end);
        if w.cut {
            return Poll::Ready(Err(broken()));
        }
        if w.queue.front().is_none_or(|(at, _)| *at > now) {
            remember(&mut w.reader, cx);
            return Poll::Pending;
        }
        take(w, now, buf);
        Poll::Ready(Ok(()))
    }
}

/// Hands over all that has arrived and fits; the end stays where it is.
fn take(w: &mut Way, now: Time, buf: &mut ReadBuf<'_>) {
    while let Some((_, bytes)) = w.queue.front().filter(|(at, bytes)| *at <= now && !bytes.is_empty()) {
        let rest = bytes.get(w.read..).unwrap_or_default();
        let n = rest.len().min(buf.remaining());
        buf.put_slice(rest.get(..n).unwrap_or_default());
        w.bytes = w.bytes.saturating_sub(n);
        w.read += n;
        if n < rest.len() {
            break;
        }
        w.read = 0;
        w.queue.pop_front();
    }
    if w.queue.is_empty() {
        w.queue = VecDeque::new();
    }
    w.writer.take().into_iter().for_each(Waker::wake);
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut c = lock(&self.cable);
        let w = c.way(self.end.other());
        if w.cut || w.unread || w.ended {
            return Poll::Ready(Err(broken()));
        }
        let n = buf.len().min(ROOM.saturating_sub(w.bytes));
        if n == 0 && !buf.is_empty() {
            remember(&mut w.writer, cx);
            return Poll::Pending;
        }
        if n > 0 {
            w.bytes += n;
            self.put(&mut c, buf.get(..n).unwrap_or_default().to_vec());
        }
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::sleep;

    use super::*;
    use crate::net::Clock;

    fn paused(work: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(work);
    }

    #[test]
    fn bytes_arrive_whole_in_order_and_after_the_lag() {
        paused(async {
            let clock = Clock::of_runtime(Time::default());
            let (mut near, mut far, _) = Pipe::pair(Duration::from_millis(30), &Post::start(clock.clone()));
            near.write_all(b"ab").await.expect("there is room");
            near.write_all(b"cd").await.expect("there is room");
            drop(near);
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.expect("it ends");
            assert_eq!((all.as_slice(), clock.now()), (&b"abcd"[..], Time::from_micros(30_000)));
            assert!(far.write_all(b"x").await.is_err(), "nobody reads that");
        });
    }

    #[test]
    fn who_writes_too_much_waits_for_the_reader() {
        paused(async {
            let clock = Clock::of_runtime(Time::default());
            let (mut near, mut far, _) = Pipe::pair(Duration::from_millis(1), &Post::start(clock.clone()));
            let sent: Vec<u8> = (0..ROOM + 5000).map(|n| (n % 251) as u8).collect();
            let expected = sent.clone();
            let writer = tokio::spawn(async move {
                near.write_all(&sent).await.expect("somebody reads");
                near.shutdown().await.expect("it ends");
            });
            sleep(Duration::from_secs(1)).await;
            assert!(!writer.is_finished());
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.expect("it ends");
            assert!(all == expected);
        });
    }

    #[test]
    fn a_cut_wakes_both_ends() {
        paused(async {
            let clock = Clock::of_runtime(Time::default());
            let (mut near, mut far, cable) = Pipe::pair(Duration::from_secs(9), &Post::start(clock.clone()));
            far.write_all(b"never").await.expect("there is room");
            let reader = tokio::spawn(async move { near.read_u8().await.map_err(|e| e.kind()) });
            sleep(Duration::from_secs(1)).await;
            cut(&cable);
            assert_eq!(reader.await.expect("no panic"), Err(io::ErrorKind::ConnectionReset));
            assert_eq!(clock.now(), Time::from_secs(1));
            assert!(far.write_all(b"x").await.is_err());
        });
    }
}
