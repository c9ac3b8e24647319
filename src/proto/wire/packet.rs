//! A packet: header and body, borrowed from the read buffer, and how to write one into a reused buffer.

use super::body::Document;
use super::header::{BODY_LEN, Header};
use super::method::Method;
use super::writer::Writer;
use crate::proto::error::Malformed;
use crate::proto::limits::{HEADER_LEN, Limits};

/// One packet of the stream. The body is as the peer sent it: call [`Packet::document`] before looking inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The header.
    pub header: Header,
    /// Exactly `header.body_len` bytes, unchecked.
    pub body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The body as a document. No body at all is an empty document: the PING of 2012 (`PING-EMPTY-1`).
    ///
    /// # Errors
    /// Whatever [`super::scan::scan`] finds, with its offset in the body.
    pub fn document(&self, limits: &Limits) -> Result<Document<'a>, Malformed> {
        //= PING-EMPTY-1
        if self.body.is_empty() { Ok(Document::EMPTY) } else { Document::check(self.body, limits) }
    }
}

/// Appends one packet to `out`: the header, then the body that `body` writes.
pub fn encode_packet(out: &mut Vec<u8>, id: u32, method: Method, body: impl FnOnce(&mut Writer<'_>)) {
    let start = begin_packet(out, id, method);
    let mut w = Writer::begin(out);
    body(&mut w);
    w.end();
    end_packet(out, start);
}

/// Appends a header whose body length [`end_packet`] fills in; gives back what it needs for that.
pub fn begin_packet(out: &mut Vec<u8>, id: u32, method: Method) -> usize {
    let start = out.len();
    out.extend_from_slice(&Header { id, status: 0, method, body_type: 0, body_len: 0 }.encode());
    start
}

/// Fills in the body length of the packet that began at `start`.
pub fn end_packet(out: &mut [u8], start: usize) {
    let body_len = u32::try_from(out.len() - start - HEADER_LEN).unwrap_or(u32::MAX);
    out[start + BODY_LEN.start..start + BODY_LEN.end].copy_from_slice(&body_len.to_le_bytes());
}
