//! A stream that does what a real network does to bytes, and worse on command.
//!
//! Always: a write goes out in pieces (a short write now and then), a read gives less than has come, or waits a little
//! and joins. Nothing is withheld for ever: what came is held at most [`HELD_MS_MAX`]. On command (see `control`): lose
//! a heartbeat, read nothing for a while, break off, flip a bit.
//!
//! turmoil keeps the borders of writes, so without this a reader that takes one read for one packet would pass.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::control::{Control, Half};
use super::tap::{Seen, Tap};
use super::trace::{Kind, Tracer, Way};
use crate::proto::entropy::Entropy;

/// How long bytes that came are held back at most, in milliseconds.
pub const HELD_MS_MAX: u64 = 40;
/// Bytes of the network that are taken at once.
const CHUNK: usize = 16 << 10;
/// Bytes that came and were not read, at most.
const BUFFER_MAX: usize = 64 << 10;

/// Who has the stream, and what is known of it.
#[derive(Debug)]
pub struct Side {
    /// `alice/main`, `server`, or a guest.
    pub owner: Arc<str>,
    /// The client host at one end of it.
    pub link: Arc<str>,
    /// The port of the server at the other end of it.
    pub port: u16,
    /// Whether this is the client's end.
    pub client: bool,
    /// Whether the orders for the carriage server hold.
    pub carriage: bool,
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
    stall: Option<Pin<Box<Sleep>>>,
    /// The next write begins a new unit of the driver.
    fresh: bool,
    /// Bytes that the tap has seen and the network has not taken.
    tapped: usize,
    written: u64,
}

impl<S: Send + 'static> FaultStream<S> {
    /// Puts a stream under the control of the harness. `tap` reads it for the trace.
    #[must_use]
    pub fn new(inner: S, side: Side, control: Control, trace: Tracer, entropy: Entropy, tap: Option<Tap>) -> Self {
        let line = control.open(&side.owner);
        let (came, read_from, ended) = (Vec::new(), 0, false);
        let (held, stall, fresh, tapped, written) = (None, None, true, 0, 0);
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
            stall,
            fresh,
            tapped,
            written,
        }
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
        }
    }

    fn reset_error() -> io::Error {
        io::Error::new(io::ErrorKind::ConnectionReset, "simulated: connection reset")
    }

    /// The orders that a number of bytes obeys: breaking off.
    fn passed(&mut self, bytes: usize) -> io::Result<()> {
        let orders = self.control.orders(&self.side.owner);
        let Some(left) = orders.reset_after.filter(|_| self.side.carriage) else { return Ok(()) };
        let left = left.checked_sub(bytes as u64);
        self.control.order(&self.side.owner, |o| o.reset_after = left);
        if left.is_some() {
            return Ok(());
        }
        self.note("reset after its bytes");
        self.control.reset_line(self.line);
        Err(Self::reset_error())
    }

    /// Waits out a stall.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = self.control.orders(&self.side.owner).stalled_until.filter(|_| self.side.carriage);
        let Some(left) = until.map(|u| u - self.control.now()).filter(|d| !d.is_zero()) else {
            self.stall = None;
            return Poll::Ready(());
        };
        if self.stall.is_none() {
            self.control.bit(|b| b.stalled_reads += 1);
            self.stall = Some(Box::pin(tokio::time::sleep(left)));
        }
        if let Some(sleep) = &mut self.stall
            && sleep.as_mut().poll(cx).is_ready()
        {
            self.stall = Some(Box::pin(tokio::time::sleep(left)));
            if let Some(again) = &mut self.stall {
                let _ = again.as_mut().poll(cx);
            }
        }
        Poll::Pending
    }

    /// Gives the reader some or all of what came.
    fn deliver(&mut self, buf: &mut ReadBuf<'_>) {
        let left = self.came.get(self.read_from..).unwrap_or_default();
        let mut n = left.len().min(buf.remaining());
        if n > 1 && self.entropy.chance(1, 3) {
            n = self.entropy.range(1, n as u64 - 1) as usize;
            self.control.bit(|b| b.cut_reads += 1);
        }
        buf.put_slice(left.get(..n).unwrap_or_default());
        self.read_from += n;
        if self.read_from == self.came.len() {
            self.came.clear();
            self.read_from = 0;
        }
    }
}

impl<S: AsyncRead + Unpin + Send + 'static> FaultStream<S> {
    /// Takes from the network what it gives; ready when it gives nothing more for now.
    fn poll_come(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Not zeroed: this is polled far more often than something comes.
        let mut chunk = [MaybeUninit::uninit(); CHUNK];
        while !self.ended && self.came.len() < BUFFER_MAX {
            let mut buf = ReadBuf::uninit(&mut chunk);
            let Some(inner) = &mut self.inner else { break };
            match Pin::new(inner).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => self.ended = true,
                Poll::Ready(Ok(())) => {
                    let bytes = buf.filled();
                    if self.read_from < self.came.len() {
                        self.control.bit(|b| b.joined_reads += 1);
                    } else if self.entropy.chance(1, 4) {
                        let ms = self.entropy.range(1, HELD_MS_MAX);
                        self.held = Some(Box::pin(tokio::time::sleep(Duration::from_millis(ms))));
                        self.control.bit(|b| b.held_reads += 1);
                    }
                    self.came.extend_from_slice(bytes);
                    self.control.came(&self.side.owner);
                    self.trace.came(self.line, bytes.len());
                    if let Some(seen) = self.tap.as_mut().map(|t| t.down(bytes)) {
                        self.note_packets(Way::In, &seen);
                    }
                    self.passed(bytes.len())?;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin + Send + 'static> AsyncRead for FaultStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if me.control.is_reset(me.line, Half::Read, cx.waker()) {
            return Poll::Ready(Err(Self::reset_error()));
        }
        ready!(me.poll_stall(cx));
        // Pending is no reason to stop: what came before can be read.
        if let Poll::Ready(Err(e)) = me.poll_come(cx) {
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
        me.deliver(buf);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin + Send + 'static> FaultStream<S> {
    /// Looks at what the driver is about to write. `true`: it shall be lost, whole.
    fn look(&mut self, buf: &[u8]) -> bool {
        let fresh = std::mem::take(&mut self.fresh);
        let Some(new) = buf.get(self.tapped..).filter(|new| !new.is_empty()) else { return false };
        self.tapped = buf.len();
        let Some(seen) = self.tap.as_mut().map(|t| t.up(new)) else { return false };
        let ping = fresh && seen.iter().any(|p| p.method == "PING");
        if ping && self.control.take(&self.side.owner, |o| &mut o.heartbeats) {
            self.control.bit(|b| b.heartbeats_lost += 1);
            self.note("a heartbeat is lost");
            return true;
        }
        self.note_packets(Way::Out, &seen);
        false
    }

    /// A copy with one bit flipped, when that is ordered.
    fn flipped(&mut self, buf: &[u8]) -> Option<Vec<u8>> {
        // Not in the handshake: it is the first write.
        if !self.side.carriage || self.written == 0 || self.control.orders(&self.side.owner).flips == 0 {
            return None;
        }
        let mut copy = buf.to_vec();
        let at = self.entropy.below(copy.len() as u64) as usize;
        if let Some(b) = copy.get_mut(at) {
            *b ^= 1 << self.entropy.below(8);
        }
        Some(copy)
    }
}

impl<S: AsyncWrite + Unpin + Send + 'static> AsyncWrite for FaultStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = &mut *self;
        if me.control.is_reset(me.line, Half::Write, cx.waker()) {
            return Poll::Ready(Err(Self::reset_error()));
        }
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if me.look(buf) {
            me.tapped = 0;
            return Poll::Ready(Ok(buf.len()));
        }
        let mut n = buf.len();
        if n > 1 && me.entropy.chance(1, 3) {
            n = me.entropy.range(1, n as u64 - 1) as usize;
        }
        let piece = buf.get(..n).unwrap_or_default();
        let flipped = me.flipped(piece);
        let Some(inner) = &mut me.inner else { return Poll::Ready(Err(Self::reset_error())) };
        let taken = ready!(Pin::new(inner).poll_write(cx, flipped.as_deref().unwrap_or(piece)))?;
        if flipped.is_some() && me.control.take(&me.side.owner, |o| &mut o.flips) {
            me.control.bit(|b| b.flips += 1);
            me.note("a bit is flipped");
        }
        if taken < buf.len() {
            me.control.bit(|b| b.cut_writes += 1);
        }
        me.control.wrote(&me.side.link, me.side.client);
        let bytes = buf.get(..taken).unwrap_or_default();
        me.trace.bytes(&me.side.owner, me.line, bytes, flipped.as_deref().and_then(|f| f.get(..taken)));
        me.tapped = me.tapped.saturating_sub(taken);
        me.written += taken as u64;
        me.passed(taken)?;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.fresh = true;
        self.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_shutdown(cx))
    }
}

impl<S: Send + 'static> Drop for FaultStream<S> {
    fn drop(&mut self) {
        self.control.close(self.line);
        self.trace.closed(self.line);
        if let Some(inner) = self.inner.take()
            && self.control.is_dying(&self.side.owner)
        {
            self.control.inter(self.line, Box::new(inner));
        }
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
