//! Bytes in at any cut and any join, packets out, borrowed from the buffer.

use super::header::Header;
use super::packet::Packet;
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::{HEADER_LEN, Limits};

/// Capacity above which an empty buffer is given back.
const KEEP_CAPACITY_MAX: usize = 16 << 10;

/// Cuts a plain byte stream into packets. It holds what has arrived and no more: an announced length allocates nothing.
#[derive(Debug)]
pub struct Deframer {
    buffer: Vec<u8>,
    taken: usize,
    /// Of the limits, those that are about bytes on their way: each connection has them.
    pending_max: usize,
    body_len_max: usize,
}

impl Deframer {
    /// An empty one.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        let Limits { pending_bytes_max: pending_max, body_len_max, .. } = limits;
        Self { buffer: Vec::new(), taken: 0, pending_max, body_len_max }
    }

    /// Where new plain bytes are appended. Packets that were taken are dropped from its front first.
    pub fn buffer_mut(&mut self) -> &mut Vec<u8> {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            if self.buffer.capacity() > KEEP_CAPACITY_MAX {
                self.buffer = Vec::new();
            }
        } else if self.taken > 0 {
            self.buffer.drain(..self.taken);
        }
        self.taken = 0;
        &mut self.buffer
    }

    /// Whether it has no memory: nothing has come since it was made, or since [`Deframer::give_back`].
    #[must_use]
    pub const fn is_bare(&self) -> bool {
        self.buffer.capacity() == 0
    }

    /// Has it use an empty buffer that is there already. Only where it [is bare](Deframer::is_bare).
    pub fn lend(&mut self, buffer: Vec<u8>) {
        debug_assert!(self.is_bare() && buffer.is_empty());
        self.buffer = buffer;
    }

    /// The buffer, for the next connection that needs one, when nothing in it waits for more; else an empty one.
    pub fn give_back(&mut self) -> Vec<u8> {
        if self.pending() > 0 {
            return Vec::new();
        }
        self.taken = 0;
        core::mem::take(&mut self.buffer)
    }

    /// Appends plain bytes.
    ///
    /// # Errors
    /// [`MalformedKind::PendingTooLong`] when more would be held than one connection may have.
    //= LIMIT-PENDING-1
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let max = self.pending_max;
        let buffer = self.buffer_mut();
        if buffer.len() + bytes.len() > max {
            return Err(MalformedKind::PendingTooLong.at(buffer.len()));
        }
        buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next whole packet; `Ok(None)` when more bytes are needed.
    ///
    /// # Errors
    /// A header that cannot be. The stream is then lost: there is no way to find the next packet.
    //= FRAME-STREAM-1
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, Malformed> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some(header) = Header::decode_within(rest, self.body_len_max)? else { return Ok(None) };
        let len = HEADER_LEN + header.body_len as usize;
        let Some(body) = rest.get(HEADER_LEN..len) else { return Ok(None) };
        self.taken += len;
        Ok(Some(Packet { header, body }))
    }

    /// Everything that has arrived and belongs to no packet yet: bytes of a file, not of a packet.
    pub fn take_rest(&mut self) -> Vec<u8> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        core::mem::take(&mut self.buffer)
    }

    /// Bytes that have arrived and belong to no packet yet.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// The most bytes that may be pending.
    #[must_use]
    pub const fn pending_max(&self) -> usize {
        self.pending_max
    }
}
