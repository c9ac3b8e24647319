//! The 22-byte header, little-endian, as named ranges (`FRAME-HEADER-1`; loco-2012 §2, loco-modern §1.1).

use core::ops::Range;

use super::method::Method;
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::{HEADER_LEN, Limits, METHOD_LEN};

/// Chosen by the requester, echoed by the responder; 0 in our pushes.
pub const ID: Range<usize> = 0..4;
/// 0 in every request and every captured reply; the result is in the body.
pub const STATUS: Range<usize> = 4..6;
/// ASCII, padded with NUL; 11 characters have no terminator.
pub const METHOD: Range<usize> = 6..17;
/// 0 = BSON. 8 is accepted beside it: two clients do, nobody says why.
pub const BODY_TYPE: usize = 17;
/// Bytes after the header.
pub const BODY_LEN: Range<usize> = 18..22;

const _: () = assert!(BODY_LEN.end == HEADER_LEN && METHOD.end - METHOD.start == METHOD_LEN);

/// A header whose every field has been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The packet id.
    pub id: u32,
    /// The header status. Not the result: that is `status` in the body.
    pub status: i16,
    /// The method.
    pub method: Method,
    /// 0, or 8.
    pub body_type: u8,
    /// Bytes of the body that follows; within the limit.
    pub body_len: u32,
}

impl Header {
    /// Reads a header from the front of `bytes`; `Ok(None)` when fewer than 22 are there and nothing is wrong so far.
    ///
    /// # Errors
    /// Names the first field that cannot be, with its byte offset. A wrong field is found as soon as its bytes are
    /// there, so that a peer which sends garbage and waits is not waited for.
    //= FRAME-HEADER-1
    #[inline]
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Option<Self>, Malformed> {
        Self::decode_within(bytes, limits.body_len_max)
    }

    /// The same, of all limits with the one that it needs.
    #[inline]
    pub(super) fn decode_within(bytes: &[u8], body_len_max: usize) -> Result<Option<Self>, Malformed> {
        let Some(fixed) = bytes.first_chunk::<HEADER_LEN>() else {
            return Self::check_partial(bytes).map(|()| None);
        };
        let [i0, i1, i2, i3, s0, s1, m @ .., body_type, l0, l1, l2, l3] = *fixed;
        //= FRAME-METHOD-1
        let method = Method::decode(m)?;
        //= FRAME-BODYTYPE-1
        if body_type != 0 && body_type != 8 {
            return Err(MalformedKind::BodyType.at(BODY_TYPE));
        }
        let body_len = u32::from_le_bytes([l0, l1, l2, l3]);
        //= FRAME-BODYLEN-1
        if body_len as usize > body_len_max {
            return Err(MalformedKind::BodyTooLong.at(BODY_LEN.start));
        }
        Ok(Some(Self {
            id: u32::from_le_bytes([i0, i1, i2, i3]),
            status: i16::from_le_bytes([s0, s1]),
            method,
            body_type,
            body_len,
        }))
    }

    /// What can be wrong with the first bytes of a header.
    #[cold]
    fn check_partial(bytes: &[u8]) -> Result<(), Malformed> {
        let method = bytes.get(METHOD.start..).unwrap_or_default();
        Method::check(method.get(..METHOD_LEN).unwrap_or(method), METHOD.start)?;
        match bytes.get(BODY_TYPE) {
            None | Some(0 | 8) => Ok(()),
            Some(_) => Err(MalformedKind::BodyType.at(BODY_TYPE)),
        }
    }

    /// The 22 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut b = [0; HEADER_LEN];
        b[ID].copy_from_slice(&self.id.to_le_bytes());
        b[STATUS].copy_from_slice(&self.status.to_le_bytes());
        b[METHOD].copy_from_slice(self.method.bytes());
        b[BODY_TYPE] = self.body_type;
        b[BODY_LEN].copy_from_slice(&self.body_len.to_le_bytes());
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKIN: &[u8] = b"\x11\x27\0\0\0\0CHECKIN\0\0\0\0\0\x5d\0\0\0";

    #[test]
    fn the_captured_checkin_header_reads_and_writes_back() {
        let h = Header::decode(CHECKIN, &Limits::DEFAULT).expect("well formed").expect("whole");
        assert_eq!((h.id, h.status, h.method.as_str(), h.body_type, h.body_len), (10001, 0, "CHECKIN", 0, 93));
        assert_eq!(h.encode(), CHECKIN);
    }

    #[test]
    fn every_prefix_needs_more() {
        for n in 0..HEADER_LEN {
            assert_eq!(Header::decode(&CHECKIN[..n], &Limits::DEFAULT), Ok(None), "{n} bytes");
        }
    }

    #[test]
    fn wrong_fields_are_named_with_their_offset() {
        let mut cases = Vec::new();
        for (at, byte, kind, offset) in [
            (6, 0, MalformedKind::MethodEmpty, 6),
            (8, 0xff, MalformedKind::MethodNotAscii, 8),
            (14, b'X', MalformedKind::MethodAfterNul, 14),
            (17, 1, MalformedKind::BodyType, 17),
            (21, 1, MalformedKind::BodyTooLong, 18),
        ] {
            let mut b = CHECKIN.to_vec();
            b[at] = byte;
            cases.push((Header::decode(&b, &Limits::DEFAULT), Err(kind.at(offset))));
            if at < 21 {
                cases.push((Header::decode(&b[..=at], &Limits::DEFAULT), Err(kind.at(offset))));
            }
        }
        for (got, want) in cases {
            assert_eq!(got, want);
        }
    }

    #[test]
    fn the_body_limit_holds_at_both_edges() {
        let limits = Limits { body_len_max: 93, ..Limits::DEFAULT };
        assert!(Header::decode(CHECKIN, &limits).is_ok());
        let limits = Limits { body_len_max: 92, ..Limits::DEFAULT };
        assert_eq!(Header::decode(CHECKIN, &limits), Err(MalformedKind::BodyTooLong.at(18)));
    }
}
