//! Real sockets whose bytes and writes are counted, all together.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;

use crate::net::{BoxStream, Network, Tcp};

/// What was counted until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) writes: u64,
    pub(super) written: u64,
    pub(super) read: u64,
}

/// Counters; clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(Arc<[AtomicU64; 3]>);

impl Counts {
    pub(super) fn now(&self) -> Count {
        let [writes, written, read] = [0, 1, 2].map(|i: usize| self.0[i].load(Ordering::Relaxed));
        Count { writes, written, read }
    }
}

/// The network of clients whose traffic is counted.
#[derive(Clone, Debug)]
pub(super) struct Counted(pub(super) Counts);

impl Network for Counted {
    type Listener = TcpListener;

    async fn bind(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        Tcp.bind(addr).await
    }

    fn local_addr(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        Tcp.local_addr(listener)
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<BoxStream> {
        Ok(Box::new(CountedStream { inner: Tcp.accept(listener).await?, counts: self.0.clone() }))
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        Ok(Box::new(CountedStream { inner: Tcp.connect(host, port).await?, counts: self.0.clone() }))
    }
}

struct CountedStream {
    inner: BoxStream,
    counts: Counts,
}

impl AsyncRead for CountedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.counts.0[2].fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.counts.0[0].fetch_add(1, Ordering::Relaxed);
        self.counts.0[1].fetch_add(n as u64, Ordering::Relaxed);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
