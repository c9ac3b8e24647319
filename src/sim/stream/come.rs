//! What came from the network and the driver has not read yet: cut, joined, held back.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};

use super::{FaultStream, HELD_MS_MAX, ResetWay, Way};
use crate::sim::control::Half;

/// Bytes of the network that are taken at once.
const CHUNK: usize = 16 << 10;
/// Bytes that came and were not read, at most.
const BUFFER_MAX: usize = 64 << 10;
/// How long a reader that joins by order waits for more.
const JOIN: Duration = Duration::from_millis(300);

impl<S: AsyncRead + Unpin + Send + 'static> FaultStream<S> {
    /// Takes from the network what it gives; ready when it gives nothing more for now.
    pub(super) fn poll_come(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
                    // What it breaks in is lost with it.
                    self.passed(buf.filled().len(), ResetWay::Down)?;
                    self.took(buf.filled_mut());
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Send + 'static> FaultStream<S> {
    /// The network gave these.
    fn took(&mut self, bytes: &mut [u8]) {
        let joins = self.joins();
        if self.read_from < self.came.len() {
            self.control.bit(|b| {
                b.joined_reads += 1;
                b.joined_by_order += u64::from(joins);
            });
        } else if joins {
            self.held = Some(Box::pin(tokio::time::sleep(JOIN)));
        } else if self.entropy.chance(1, 4) {
            let ms = self.entropy.range(1, HELD_MS_MAX);
            self.held = Some(Box::pin(tokio::time::sleep(Duration::from_millis(ms))));
            self.control.bit(|b| b.held_reads += 1);
        }
        self.control.came(&self.side.owner);
        self.trace.came(self.line, bytes.len());
        let was_whole = self.tap.as_ref().is_some_and(|t| t.is_whole_down());
        let seen = self.tap.as_mut().map(|t| t.down(bytes)).unwrap_or_default();
        self.note_packets(Way::In, &seen);
        self.flip_down(bytes, was_whole, &seen);
        self.came.extend_from_slice(bytes);
    }

    /// Whether what comes is to be joined: by an order for the client, at both of its ends.
    fn joins(&self) -> bool {
        let until = match self.side.peer {
            Some(address) => self.control.joins_of(&address),
            None => self.orders().join_until.filter(|_| self.side.carriage),
        };
        until.is_some_and(|until| until > self.control.now())
    }

    /// Gives the reader some or all of what came.
    pub(super) fn deliver(&mut self, buf: &mut ReadBuf<'_>, most: usize) {
        let left = self.came.get(self.read_from..).unwrap_or_default().len();
        let mut n = left.min(buf.remaining()).min(most);
        if n > 1 && self.is_cut() {
            n = 1;
        } else if n > 1 && self.entropy.chance(1, 3) {
            n = self.entropy.range(1, n as u64 - 1) as usize;
            self.control.bit(|b| b.cut_reads += 1);
        }
        buf.put_slice(self.came.get(self.read_from..self.read_from + n).unwrap_or_default());
        self.read_from += n;
        self.has_passed(Half::Read, n);
        if self.read_from == self.came.len() {
            self.came.clear();
            self.read_from = 0;
        }
    }

    /// Whether bytes go one by one.
    pub(super) fn is_cut(&self) -> bool {
        let cut = self.orders().cut_until.is_some_and(|until| self.side.carriage && until > self.control.now());
        if cut {
            self.control.bit(|b| b.single_bytes += 1);
        }
        cut
    }
}
