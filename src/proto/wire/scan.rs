//! Whether bytes are one BSON document within the limits: no recursion, no allocation, every byte looked at once.
//!
//! It runs before any decoding, because decoders recurse: a body of 21 KB nested 3,000 deep overflows the stack of a
//! recursive one (`LIMIT-DEPTH-1`).

use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::Limits;

/// The element types of BSON by their number.
pub mod tag {
    #![allow(missing_docs)]
    pub const DOUBLE: u8 = 0x01;
    pub const STRING: u8 = 0x02;
    pub const DOCUMENT: u8 = 0x03;
    pub const ARRAY: u8 = 0x04;
    pub const BINARY: u8 = 0x05;
    pub const UNDEFINED: u8 = 0x06;
    pub const OBJECT_ID: u8 = 0x07;
    pub const BOOL: u8 = 0x08;
    pub const DATE_TIME: u8 = 0x09;
    pub const NULL: u8 = 0x0a;
    pub const REGEX: u8 = 0x0b;
    pub const DB_POINTER: u8 = 0x0c;
    pub const CODE: u8 = 0x0d;
    pub const SYMBOL: u8 = 0x0e;
    pub const CODE_SCOPE: u8 = 0x0f;
    pub const INT32: u8 = 0x10;
    pub const TIMESTAMP: u8 = 0x11;
    pub const INT64: u8 = 0x12;
    pub const DECIMAL: u8 = 0x13;
    pub const MIN_KEY: u8 = 0xff;
    pub const MAX_KEY: u8 = 0x7f;
}

/// The deepest nesting that any limits may allow: the size of the scan's own stack.
pub const DEPTH_MAX: usize = 128;

/// Checks that `bytes` are exactly one document.
///
/// # Errors
/// The first thing wrong, with its offset in `bytes`.
//= FRAME-BODYLEN-2, LIMIT-DEPTH-1
pub fn scan(bytes: &[u8], limits: &Limits) -> Result<(), Malformed> {
    let mut s = Scan { bytes, at: 0, elements: 0, limits };
    let end = s.open(bytes.len())?;
    if end != bytes.len() {
        return Err(MalformedKind::BsonTrailing.at(end));
    }
    let depth_max = limits.bson_depth_max.min(DEPTH_MAX);
    let (mut stack, mut depth) = ([0usize; DEPTH_MAX], 1);
    stack[0] = end;
    while depth > 0 {
        let end = stack[depth - 1];
        if s.at + 1 == end {
            // The last byte of a document is its NUL: `open` has checked it.
            s.at = end;
            depth -= 1;
            continue;
        }
        if let Some(inner) = s.element(end - 1)? {
            if depth == depth_max {
                return Err(MalformedKind::BsonDepth.at(s.at));
            }
            stack[depth] = inner;
            depth += 1;
        }
    }
    Ok(())
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    elements: usize,
    limits: &'a Limits,
}

impl Scan<'_> {
    /// Steps into a document that must end at or before `end`; gives where it ends.
    #[inline]
    fn open(&mut self, end: usize) -> Result<usize, Malformed> {
        let at = self.at;
        let len = self.length(end)?;
        let Some(doc_end) = at.checked_add(len).filter(|&e| len >= 5 && e <= end) else {
            return Err(MalformedKind::BsonLength.at(at));
        };
        if self.bytes.get(doc_end - 1) != Some(&0) {
            return Err(MalformedKind::BsonUnterminated.at(doc_end - 1));
        }
        Ok(doc_end)
    }

    /// One element before `end`; `Some` when it opened a nested document, then where that ends.
    #[inline]
    fn element(&mut self, end: usize) -> Result<Option<usize>, Malformed> {
        let at = self.at;
        self.elements += 1;
        if self.elements > self.limits.bson_elements_max {
            return Err(MalformedKind::BsonElements.at(at));
        }
        let kind = self.bytes.get(at).copied().unwrap_or_default();
        self.at += 1;
        self.name(end)?;
        let fixed = match kind {
            tag::INT32 => 4,
            tag::INT64 | tag::DOUBLE | tag::DATE_TIME | tag::TIMESTAMP => 8,
            tag::STRING | tag::CODE | tag::SYMBOL => return self.string(end).map(|()| None),
            tag::BOOL => return self.boolean(end).map(|()| None),
            tag::NULL | tag::UNDEFINED | tag::MIN_KEY | tag::MAX_KEY => 0,
            tag::DOCUMENT | tag::ARRAY => return self.open(end).map(Some),
            tag::BINARY => {
                let at = self.at;
                let len = self.length(end)?;
                return self.skip(len.saturating_add(1), end, at).map(|()| None);
            }
            tag::OBJECT_ID => 12,
            tag::DECIMAL => 16,
            tag::REGEX => {
                self.name(end)?;
                return self.name(end).map(|()| None);
            }
            tag::DB_POINTER => {
                self.string(end)?;
                12
            }
            tag::CODE_SCOPE => return self.code_with_scope(end).map(Some),
            _ => return Err(MalformedKind::BsonType.at(at)),
        };
        let at = self.at;
        self.skip(fixed, end, at).map(|()| None)
    }

    #[inline]
    fn skip(&mut self, n: usize, end: usize, at: usize) -> Result<(), Malformed> {
        match self.at.checked_add(n) {
            Some(next) if next <= end => {
                self.at = next;
                Ok(())
            }
            _ => Err(MalformedKind::BsonLength.at(at)),
        }
    }

    /// A length field, as a number that is not negative.
    #[inline]
    fn length(&mut self, end: usize) -> Result<usize, Malformed> {
        let at = self.at;
        self.skip(4, end, at)?;
        let raw = self.bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(-1, |b| i32::from_le_bytes(*b));
        usize::try_from(raw).map_err(|_| MalformedKind::BsonLength.at(at))
    }

    /// A name: bytes up to a NUL.
    #[inline]
    fn name(&mut self, end: usize) -> Result<(), Malformed> {
        let rest = self.bytes.get(self.at..end).unwrap_or_default();
        let (mut n, mut high) = (0, 0u8);
        loop {
            match rest.get(n) {
                None => return Err(MalformedKind::BsonUnterminated.at(self.at)),
                Some(0) => break,
                Some(&b) => high |= b,
            }
            n += 1;
        }
        if high >= 0x80 {
            utf8(rest.get(..n).unwrap_or_default(), self.at)?;
        }
        self.at += n + 1;
        Ok(())
    }

    /// A string: its length counts the closing NUL.
    #[inline]
    fn string(&mut self, end: usize) -> Result<(), Malformed> {
        let at = self.at;
        let len = self.length(end)?;
        if len == 0 {
            return Err(MalformedKind::BsonLength.at(at));
        }
        if len - 1 > self.limits.bson_string_len_max {
            return Err(MalformedKind::BsonString.at(at));
        }
        let text_at = self.at;
        self.skip(len, end, at)?;
        match self.bytes.get(text_at..self.at).and_then(<[u8]>::split_last) {
            Some((0, text)) => utf8(text, text_at),
            _ => Err(MalformedKind::BsonUnterminated.at(self.at - 1)),
        }
    }

    #[inline]
    fn boolean(&mut self, end: usize) -> Result<(), Malformed> {
        let at = self.at;
        self.skip(1, end, at)?;
        match self.bytes.get(at) {
            Some(0 | 1) => Ok(()),
            _ => Err(MalformedKind::BsonBool.at(at)),
        }
    }

    /// Code with scope: a total, a string, and a document that must fill the rest of it.
    fn code_with_scope(&mut self, end: usize) -> Result<usize, Malformed> {
        let at = self.at;
        let total = self.length(end)?;
        let Some(code_end) = at.checked_add(total).filter(|&e| e <= end) else {
            return Err(MalformedKind::BsonLength.at(at));
        };
        self.string(code_end)?;
        let scope_at = self.at;
        match self.open(code_end)? {
            scope_end if scope_end == code_end => Ok(scope_end),
            _ => Err(MalformedKind::BsonLength.at(scope_at)),
        }
    }
}

#[inline]
fn utf8(bytes: &[u8], at: usize) -> Result<(), Malformed> {
    core::str::from_utf8(bytes).map(|_| ()).map_err(|e| MalformedKind::BsonUtf8.at(at + e.valid_up_to()))
}
