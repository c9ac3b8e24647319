//! A stream that does what a real network does to bytes, and worse on command.
//!
//! Always: a write goes out in pieces (a short write now and then), a read gives less than has come, or waits a little
//! and joins. Nothing is withheld for ever: what came is held at most [`HELD_MS_MAX`]. The rest is on command.
//!
//! | file | what it knows |
//! | --- | --- |
//! | here | the order of things in a read and in a write; breaking off |
//! | `heartbeat` | losing, delaying and doubling one |
//! | `flip` | where a bit may flip, and what that may mean |
//! | `pace` | waiting: a stalled reader, a slow one, a narrow way |
//! | `come` | what came: cut, joined, held back |
//!
//! turmoil keeps the borders of writes, so without this a reader that takes one read for one packet would pass.

mod come;
mod flip;
mod heartbeat;
mod pace;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use self::heartbeat::Unit;
use super::control::{Control, Half, Orders, ResetWay};
use super::tap::{Seen, Tap};
use super::trace::{Kind, Tracer, Way};
use crate::proto::entropy::Entropy;

/// How long bytes that came are held back at most, in milliseconds.
pub const HELD_MS_MAX: u64 = 40;

/// Who has the stream, and what is known of it.
#[derive(Debug)]
pub struct Side {
    /// `alice/main`, `server`, or a guest.
    pub owner: Arc<str>,
    /// The client host at one end of it.
    pub link: Arc<str>,
    /// The server's host at the other end.
    pub server: Arc<str>,
    /// The port of the server at the other end of it.
    pub port: u16,
    /// Whether this is the client's end.
    pub client: bool,
    /// Whether the orders for the carriage server hold.
    pub carriage: bool,
    /// The server's end only: whose address the client's end has.
    pub peer: Option<SocketAddr>,
}

/// The stream. `S` is turmoil's; a test may use another.
#[derive(Debug)]
pub struct FaultStream<S: Send + 'static> {
    /// Nothing once it is dropped.
    inner: Option<S>,
    side: Side,
    line: u64,
    control: Control,
    trace: Tracer,
    entropy: Entropy,
    tap: Option<Tap>,
    /// What came, and from where on it was not read.
    came: Vec<u8>,
    read_from: usize,
    ended: bool,
    held: Option<Pin<Box<Sleep>>>,
    /// What the reader waits for, and the writer.
    waits: [Option<Pin<Box<Sleep>>>; 2],
    /// The next write begins a new unit of the driver.
    fresh: bool,
    /// What is known of the unit that is being written.
    unit: Unit,
    /// Bytes that the tap has seen and the network has not taken.
    tapped: usize,
}

impl<S: Send + 'static> FaultStream<S> {
    /// Puts a stream under the control of the harness. `tap` reads it for the trace.
    #[must_use]
    pub fn new(inner: S, side: Side, control: Control, trace: Tracer, entropy: Entropy, tap: Option<Tap>) -> Self {
        let line = control.open(&side.owner);
        let (came, read_from, ended) = (Vec::new(), 0, false);
        let (held, waits, fresh, unit, tapped) = (None, [None, None], true, Unit::default(), 0);
        Self {
            inner: Some(inner),
            side,
            line,
            control,
            trace,
            entropy,
            tap,
            came,
            read_from,
            ended,
            held,
            waits,
            fresh,
            unit,
            tapped,
        }
    }

    /// The stream below it.
    pub(super) const fn inner(&self) -> Option<&S> {
        self.inner.as_ref()
    }

    /// Its number in this run.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    fn note(&self, what: impl Into<String>) {
        self.trace.record(&self.side.owner, self.line, Kind::Line(what.into()));
    }

    fn note_packets(&self, way: Way, seen: &[Seen]) {
        for p in seen {
            self.trace.packet(&self.side.owner, self.line, way, p);
            if !self.trace.keeps() {
                continue;
            }
            if way == Way::In && self.side.carriage && p.method == "CHANGESVR" {
                self.control.told_to_move(&self.side.owner, self.line);
            }
            let holds = self.control.holds(&self.side.link, &self.side.server);
            self.control.sometimes().client_packet(&self.side.owner, self.line, way, p, holds);
        }
    }

    fn reset_error() -> io::Error {
        io::Error::new(io::ErrorKind::ConnectionReset, "simulated: connection reset")
    }

    /// Keeps in mind that the stream broke, when this says so.
    fn mind<T>(&self, polled: &Poll<io::Result<T>>) {
        if let Poll::Ready(Err(e)) = polled {
            self.control.doubt(self.line);
            if e.kind() == io::ErrorKind::ConnectionReset {
                self.trace.broke(self.line);
            }
        }
    }

    fn orders(&self) -> Orders {
        self.control.orders(&self.side.owner)
    }

    /// The orders that a number of bytes obeys: breaking off.
    fn passed(&mut self, bytes: usize, way: ResetWay) -> io::Result<()> {
        let orders = self.orders();
        let counts = self.side.carriage && (orders.reset_way == ResetWay::Both || orders.reset_way == way);
        let Some(left) = orders.reset_after.filter(|_| counts) else { return Ok(()) };
        let left = left.checked_sub(bytes as u64);
        self.control.order(&self.side.owner, |o| o.reset_after = left);
        if left.is_some() {
            return Ok(());
        }
        self.note("reset after its bytes");
        self.control.reset_line(self.line);
        Err(Self::reset_error())
    }
}

impl<S: AsyncRead + Unpin + Send + 'static> AsyncRead for FaultStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = self.poll_in(cx, buf);
        self.mind(&polled);
        polled
    }
}

impl<S: AsyncWrite + Unpin + Send + 'static> AsyncWrite for FaultStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.poll_out(cx, buf);
        self.mind(&polled);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let again = self.poll_again(cx);
        self.mind(&again);
        ready!(again)?;
        self.fresh = true;
        self.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_shutdown(cx))
    }
}

impl<S: AsyncRead + Unpin + Send + 'static> FaultStream<S> {
    fn poll_in(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self;
        if me.control.is_reset(me.line, Half::Read, cx.waker()) {
            return Poll::Ready(Err(Self::reset_error()));
        }
        ready!(me.poll_stall(cx));
        let narrow = me.is_narrow();
        // Pending is no reason to stop: what came before can be read. A slow reader leaves the rest to the network.
        if !(narrow && me.read_from < me.came.len())
            && let Poll::Ready(Err(e)) = me.poll_come(cx)
        {
            return Poll::Ready(Err(e));
        }
        if me.read_from == me.came.len() {
            return if me.ended { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        if let Some(held) = &mut me.held
            && !me.ended
        {
            ready!(held.as_mut().poll(cx));
        }
        me.held = None;
        let most = if narrow { ready!(me.poll_way(cx, Half::Read)) } else { usize::MAX };
        me.deliver(buf, most);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin + Send + 'static> FaultStream<S> {
    fn poll_out(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self;
        if me.control.is_reset(me.line, Half::Write, cx.waker()) {
            return Poll::Ready(Err(Self::reset_error()));
        }
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(me.poll_again(cx))?;
        if me.look(buf) {
            me.tapped = 0;
            return Poll::Ready(Ok(buf.len()));
        }
        ready!(me.poll_late(cx));
        let most = ready!(me.poll_way(cx, Half::Write));
        let mut n = buf.len().min(most);
        if n > 1 && me.is_cut() {
            n = 1;
        } else if n > 1 && me.entropy.chance(1, 3) {
            n = me.entropy.range(1, n as u64 - 1) as usize;
        }
        let piece = buf.get(..n).unwrap_or_default();
        let flipped = me.flipped_up(piece);
        let Some(inner) = &mut me.inner else { return Poll::Ready(Err(Self::reset_error())) };
        let taken = ready!(Pin::new(inner).poll_write(cx, flipped.as_deref().unwrap_or(piece)))?;
        if flipped.is_some() {
            me.has_flipped_up();
        }
        if taken < buf.len() {
            me.control.bit(|b| b.cut_writes += 1);
        }
        me.has_written(buf.get(..taken).unwrap_or_default(), flipped.as_deref().and_then(|f| f.get(..taken)));
        me.tapped = me.tapped.saturating_sub(taken);
        if me.tapped == 0 {
            me.unit.is_out();
        }
        me.passed(taken, ResetWay::Up)?;
        Poll::Ready(Ok(taken))
    }
}

impl<S: Send + 'static> FaultStream<S> {
    /// The network has taken these, or what a flip has made of them.
    fn has_written(&mut self, bytes: &[u8], spoilt: Option<&[u8]>) {
        self.control.wrote(&self.side.link, &self.side.server, self.side.client);
        self.trace.bytes(&self.side.owner, self.line, bytes, spoilt);
        self.has_passed(Half::Write, bytes.len());
    }
}

impl<S: Send + 'static> Drop for FaultStream<S> {
    fn drop(&mut self) {
        self.control.close(self.line);
        self.trace.closed(self.line);
        if let Some(inner) = self.inner.take()
            && self.control.is_dying(&self.side.owner)
        {
            self.control.inter(&self.side.owner, self.line, Box::new(inner));
        }
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
