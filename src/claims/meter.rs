//! A network that counts: what each connection carried and when, and how long a narrow way takes for it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::net::{BoxStream, Clock, Network};
use crate::proto::time::Time;

/// What happened on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody began to connect.
    Dialed,
    /// It stands.
    Opened,
    /// So many bytes were written.
    Out(usize),
    /// So many bytes came.
    In(usize),
    /// We let go of it.
    Closed,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Time,
    /// On which connection of this meter, from 0 on.
    pub conn: usize,
    /// What.
    pub what: What,
}

#[derive(Debug, Default)]
struct Log {
    conns: usize,
    events: Vec<Event>,
    /// When the way up and the way down have passed everything so far.
    free: [Time; 2],
}

/// Counts the connections of one device. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Meter {
    clock: Clock,
    log: Arc<Mutex<Log>>,
    /// Bytes a second, up and down.
    rates: [u64; 2],
}

/// Sums of a part of what a meter has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Connections that somebody began.
    pub connections: u64,
    /// Bytes up.
    pub up: u64,
    /// Bytes down.
    pub down: u64,
}

impl Meter {
    /// A meter on a way that passes so many bytes a second, up and down.
    #[must_use]
    pub fn new(clock: Clock, up: u64, down: u64) -> Self {
        Self { clock, log: Arc::default(), rates: [up.max(1), down.max(1)] }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, conn: usize, what: What) {
        let at = self.clock.now();
        self.log().events.push(Event { at, conn, what });
    }

    /// Everything so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.log().events.clone()
    }

    /// Forgets what was; connections stay.
    pub fn clear(&self) {
        self.log().events.clear();
    }

    /// The sums of everything so far.
    #[must_use]
    pub fn sum(&self) -> Sum {
        sum(&self.log().events)
    }

    /// How long these bytes wait for their way, which they take from now on.
    fn takes(&self, way: usize, bytes: usize) -> Duration {
        let now = self.clock.now();
        let rate = self.rates.get(way).copied().unwrap_or(u64::MAX);
        let takes = Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / rate);
        let mut log = self.log();
        let Some(free) = log.free.get_mut(way) else { return takes };
        *free = (*free).max(now) + takes;
        *free - now
    }
}

/// The sums of these events.
#[must_use]
pub fn sum(events: &[Event]) -> Sum {
    let mut sum = Sum::default();
    for e in events {
        match e.what {
            What::Dialed => sum.connections += 1,
            What::Out(n) => sum.up += n as u64,
            What::In(n) => sum.down += n as u64,
            What::Opened | What::Closed => (),
        }
    }
    sum
}

/// A network whose connections are counted.
#[derive(Clone, Debug)]
pub struct MeteredNet<N> {
    net: N,
    meter: Meter,
}

impl<N: Network> MeteredNet<N> {
    /// Counts what is connected over `net`.
    pub const fn new(net: N, meter: Meter) -> Self {
        Self { net, meter }
    }
}

impl<N: Network> Network for MeteredNet<N> {
    type Listener = N::Listener;

    fn bind(&self, addr: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send {
        self.net.bind(addr)
    }

    fn local_addr(&self, listener: &Self::Listener) -> io::Result<SocketAddr> {
        self.net.local_addr(listener)
    }

    fn accept(&self, listener: &mut Self::Listener) -> impl Future<Output = io::Result<BoxStream>> + Send {
        self.net.accept(listener)
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        let conn = {
            let mut log = self.meter.log();
            log.conns += 1;
            log.conns - 1
        };
        self.meter.note(conn, What::Dialed);
        let inner = self.net.connect(host, port).await?;
        self.meter.note(conn, What::Opened);
        Ok(Box::new(Metered::new(inner, self.meter.clone(), conn)))
    }
}

/// One counted connection.
struct Metered<S> {
    inner: S,
    meter: Meter,
    conn: usize,
    /// Until what is to be written has passed its way; nothing before it has begun to.
    sends: Option<Pass>,
    /// What came, from where on it was not read, and until when it is on its way.
    came: Vec<u8>,
    read: usize,
    comes: Pass,
}

impl<S> Metered<S> {
    const fn new(inner: S, meter: Meter, conn: usize) -> Self {
        Self { inner, meter, conn, sends: None, came: Vec::new(), read: 0, comes: None }
    }
}

impl<S> Drop for Metered<S> {
    fn drop(&mut self) {
        self.meter.note(self.conn, What::Closed);
    }
}

/// The wait for one way, if there is any.
type Pass = Option<Pin<Box<Sleep>>>;

/// A wait, unless it is too short for the runtime's clock.
fn wait(left: Duration) -> Pass {
    (left >= Duration::from_millis(1)).then(|| Box::pin(tokio::time::sleep(left)))
}

/// Bytes that one read takes at most.
const CHUNK: usize = 16 << 10;

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.read == me.came.len() {
            let mut chunk = [0; CHUNK];
            let mut fresh = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut me.inner).poll_read(cx, &mut fresh))?;
            let bytes = fresh.filled();
            if bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            me.meter.note(me.conn, What::In(bytes.len()));
            me.comes = wait(me.meter.takes(1, bytes.len()));
            me.came.clear();
            me.came.extend_from_slice(bytes);
            me.read = 0;
        }
        if let Some(comes) = &mut me.comes {
            ready!(comes.as_mut().poll(cx));
            me.comes = None;
        }
        let rest = me.came.get(me.read..).unwrap_or_default();
        let n = rest.len().min(buf.remaining());
        buf.put_slice(rest.get(..n).unwrap_or_default());
        me.read += n;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let (meter, sends) = (&me.meter, &mut me.sends);
        let pass = sends.get_or_insert_with(|| wait(meter.takes(0, buf.len())));
        if let Some(pass) = pass {
            ready!(pass.as_mut().poll(cx));
        }
        *pass = None;
        let n = ready!(Pin::new(&mut me.inner).poll_write(cx, buf))?;
        me.sends = None;
        me.meter.note(me.conn, What::Out(n));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn every_byte_and_no_other_is_counted() {
        let meter = Meter::new(Clock::system(), u64::MAX, u64::MAX);
        let (near, mut far) = duplex(64);
        let mut near = Metered::new(near, meter.clone(), 0);
        let there = tokio::spawn(async move {
            let mut got = vec![0; 300];
            far.read_exact(&mut got).await.expect("300 bytes");
            far.write_all(&got[..77]).await.expect("77 bytes");
            far
        });
        near.write_all(&[7; 300]).await.expect("it takes them");
        let mut back = [0; 77];
        near.read_exact(&mut back).await.expect("77 bytes");
        assert_eq!(back, [7; 77]);
        drop(near);
        drop(there.await);
        assert_eq!(meter.sum(), Sum { connections: 0, up: 300, down: 77 });
        assert_eq!(meter.events().last().map(|e| e.what), Some(What::Closed));
        meter.clear();
        assert_eq!(meter.sum(), Sum::default());
    }

    #[test]
    fn bytes_wait_for_those_before_them() {
        let clock = Clock::of(|| Time::from_secs(100));
        let meter = Meter::new(clock, 1000, 500);
        let waits = [(0, 100), (0, 50), (1, 50)].map(|(way, n)| meter.takes(way, n).as_millis());
        assert_eq!(waits, [100, 150, 100]);
    }
}
