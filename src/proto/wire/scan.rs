//! Whether bytes are one BSON document within the limits: no recursion, no allocation, every byte looked at once.
//!
//! It runs before any decoding, because decoders recurse: a body of 21 KB nested 3,000 deep overflows the stack of a
//! recursive one (`LIMIT-DEPTH-1`).

use super::text::{starts_with_ascii, utf8};
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

/// Bytes of a value by its type, where they are always as many.
const FIXED: [u8; 256] = {
    let mut fixed = [NOT_FIXED; 256];
    let mut i = 0;
    while i < FIXED_TYPES.len() {
        fixed[FIXED_TYPES[i].0 as usize] = FIXED_TYPES[i].1;
        i += 1;
    }
    fixed
};
const FIXED_TYPES: [(u8, u8); 11] = [
    (tag::INT32, 4),
    (tag::INT64, 8),
    (tag::DOUBLE, 8),
    (tag::DATE_TIME, 8),
    (tag::TIMESTAMP, 8),
    (tag::NULL, 0),
    (tag::UNDEFINED, 0),
    (tag::MIN_KEY, 0),
    (tag::MAX_KEY, 0),
    (tag::OBJECT_ID, 12),
    (tag::DECIMAL, 16),
];
const NOT_FIXED: u8 = u8::MAX;

/// Checks that `bytes` are exactly one document.
///
/// # Errors
/// The first thing wrong, with its offset in `bytes`.
//= FRAME-BODYLEN-2, LIMIT-DEPTH-1
pub fn scan(bytes: &[u8], limits: &Limits) -> Result<(), Malformed> {
    // An element takes two bytes at least: most bodies are too short for too many, and for a text that is too long.
    if bytes.len() / 2 > limits.bson_elements_max || bytes.len() > limits.bson_string_len_max {
        scan_all::<true>(bytes, limits)
    } else {
        scan_all::<false>(bytes, limits)
    }
}

fn scan_all<const LIMITED: bool>(bytes: &[u8], limits: &Limits) -> Result<(), Malformed> {
    let mut s = Scan::<LIMITED> { rest: bytes, end: bytes.len(), limits };
    let content = s.open()?;
    if !s.rest.is_empty() {
        return Err(MalformedKind::BsonTrailing.at(s.at()));
    }
    (s.rest, s.end) = (content, s.end - 1);
    let depth_max = limits.bson_depth_max.min(DEPTH_MAX);
    // Where the contents end of the documents around this one, outermost first: less than 2^31, as lengths are.
    // Most bodies are flat and never need the room.
    let (mut stack, mut depth) = (None::<[u32; DEPTH_MAX]>, 0usize);
    let mut elements = 0;
    loop {
        if s.rest.is_empty() {
            let Some(outer) = depth.checked_sub(1) else { return Ok(()) };
            // The NUL that closes the document is behind its content: `open` has checked it.
            let next = s.end + 1;
            (depth, s.end) = (outer, stack.as_ref().map_or(0, |ends| ends[outer] as usize));
            s.rest = bytes.get(next..s.end).unwrap_or_default();
            continue;
        }
        if LIMITED {
            elements += 1;
            if elements > limits.bson_elements_max {
                return Err(MalformedKind::BsonElements.at(s.at()));
            }
        }
        if let Some(inner) = s.element()? {
            let inner_end = s.at() - 1;
            if depth + 1 >= depth_max {
                return Err(MalformedKind::BsonDepth.at(inner_end - inner.len()));
            }
            // A flat body never pays for the stack.
            let ends = match &mut stack {
                Some(ends) => ends,
                none => none.insert([0; DEPTH_MAX]),
            };
            ends[depth] = s.end as u32;
            depth += 1;
            (s.rest, s.end) = (inner, inner_end);
        }
    }
}

/// The content of one document, from `rest` on; `end` is the offset behind it.
struct Scan<'a, const LIMITED: bool> {
    rest: &'a [u8],
    end: usize,
    limits: &'a Limits,
}

impl<'a, const LIMITED: bool> Scan<'a, LIMITED> {
    /// The offset of what comes next.
    #[inline(always)]
    const fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Takes a whole document; gives its content, without length and closing NUL.
    #[inline(always)]
    fn open(&mut self) -> Result<&'a [u8], Malformed> {
        let at = self.at();
        let len = self.length()?;
        let Some((inner, rest)) = len.checked_sub(4).and_then(|n| self.rest.split_at_checked(n)) else {
            return Err(MalformedKind::BsonLength.at(at));
        };
        match inner.split_last() {
            Some((0, content)) => {
                self.rest = rest;
                Ok(content)
            }
            Some(_) => Err(MalformedKind::BsonUnterminated.at(at + len - 1)),
            None => Err(MalformedKind::BsonLength.at(at)),
        }
    }

    /// Takes one element; `Some` when it is a nested document, then its content.
    #[inline(always)]
    fn element(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let at = self.at();
        let kind = self.head()?;
        let fixed = FIXED[kind as usize];
        if fixed != NOT_FIXED {
            return self.skip(fixed as usize, self.at()).map(|()| None);
        }
        match kind {
            tag::STRING | tag::CODE | tag::SYMBOL => self.string().map(|()| None),
            tag::BOOL => self.boolean().map(|()| None),
            tag::DOCUMENT | tag::ARRAY => self.open().map(Some),
            _ => {
                // A copy, so that only its address is taken and the scan itself stays in registers.
                let mut rare = Self { ..*self };
                let inner = rare.rare_element(kind, at)?;
                self.rest = rare.rest;
                Ok(inner)
            }
        }
    }

    /// Takes an element's type and name; gives the type.
    #[inline(always)]
    fn head(&mut self) -> Result<u8, Malformed> {
        if let Some(eight) = self.rest.first_chunk() {
            // Type and name are in one number, unless the name is longer than six; its highest byte is 0 after the shift.
            let eight = u64::from_le_bytes(*eight);
            let name = eight >> 8;
            let nuls = nuls(name);
            let len = nuls.trailing_zeros() as usize / 8;
            if len < 7 && high_before(name, nuls) == 0 {
                self.rest = self.rest.get(len + 2..).unwrap_or_default();
                return Ok(eight as u8);
            }
            if len == 7
                && name & HIGH == 0
                && let Some(Name { rest, is_ascii: true, .. }) = self.rest.get(8..).and_then(Name::split)
            {
                self.rest = rest;
                return Ok(eight as u8);
            }
        }
        let Some((&kind, rest)) = self.rest.split_first() else { return Ok(0) };
        self.rest = rest;
        self.name()?;
        Ok(kind)
    }

    /// The elements that LOCO seldom or never uses.
    #[cold]
    fn rare_element(&mut self, kind: u8, at: usize) -> Result<Option<&'a [u8]>, Malformed> {
        let value_at = self.at();
        match kind {
            tag::BINARY => {
                let len = self.length()?;
                self.skip(len.saturating_add(1), value_at)?;
            }
            tag::REGEX => {
                self.name()?;
                self.name()?;
            }
            tag::DB_POINTER => {
                self.string()?;
                self.skip(12, self.at())?;
            }
            tag::CODE_SCOPE => return self.code_with_scope().map(Some),
            _ => return Err(MalformedKind::BsonType.at(at)),
        }
        Ok(None)
    }

    /// Takes `n` bytes of the value that begins at `at`.
    #[inline(always)]
    fn skip(&mut self, n: usize, at: usize) -> Result<(), Malformed> {
        self.rest = self.rest.get(n..).ok_or(MalformedKind::BsonLength.at(at))?;
        Ok(())
    }

    /// A length field, as a number that is not negative.
    #[inline(always)]
    fn length(&mut self) -> Result<usize, Malformed> {
        let Some((len, rest)) = self.rest.split_first_chunk() else {
            return Err(MalformedKind::BsonLength.at(self.at()));
        };
        let Ok(len) = usize::try_from(i32::from_le_bytes(*len)) else {
            return Err(MalformedKind::BsonLength.at(self.at()));
        };
        self.rest = rest;
        Ok(len)
    }

    /// A name: bytes up to a NUL.
    #[inline(always)]
    fn name(&mut self) -> Result<(), Malformed> {
        let at = self.at();
        let Some(Name { bytes, rest, is_ascii }) = Name::split(self.rest) else {
            return Err(MalformedKind::BsonUnterminated.at(at));
        };
        self.rest = rest;
        if is_ascii { Ok(()) } else { utf8(bytes, at) }
    }

    /// A string: its length counts the closing NUL.
    #[inline(always)]
    fn string(&mut self) -> Result<(), Malformed> {
        let at = self.at();
        let len = self.length()?;
        if len == 0 {
            return Err(MalformedKind::BsonLength.at(at));
        }
        if LIMITED && len - 1 > self.limits.bson_string_len_max {
            return Err(MalformedKind::BsonString.at(at));
        }
        let Some((text, rest)) = self.rest.split_at_checked(len) else {
            return Err(MalformedKind::BsonLength.at(at));
        };
        let eight = self.rest.first_chunk();
        self.rest = rest;
        match text.split_last() {
            Some((0, text)) if eight.is_some_and(|eight| starts_with_ascii(*eight, text.len())) => Ok(()),
            Some((0, text)) => utf8(text, at + 4),
            _ => Err(MalformedKind::BsonUnterminated.at(at + 3 + len)),
        }
    }

    #[inline(always)]
    fn boolean(&mut self) -> Result<(), Malformed> {
        match self.rest.split_first() {
            Some((0 | 1, rest)) => {
                self.rest = rest;
                Ok(())
            }
            Some(_) => Err(MalformedKind::BsonBool.at(self.at())),
            None => Err(MalformedKind::BsonLength.at(self.at())),
        }
    }

    /// Code with scope: a total, a string, and a document that must fill the rest of it; gives the document's content.
    fn code_with_scope(&mut self) -> Result<&'a [u8], Malformed> {
        let at = self.at();
        let total = self.length()?;
        let Some((inside, rest)) = self.rest.split_at_checked(total.saturating_sub(4)) else {
            return Err(MalformedKind::BsonLength.at(at));
        };
        let mut inner = Self { rest: inside, end: self.at() + inside.len(), limits: self.limits };
        inner.string()?;
        let scope_at = inner.at();
        let content = inner.open()?;
        if !inner.rest.is_empty() {
            return Err(MalformedKind::BsonLength.at(scope_at));
        }
        self.rest = rest;
        Ok(content)
    }
}

/// The lowest bit of each of eight bytes.
const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
/// The highest bit of each of eight bytes.
pub(super) const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// Marks the NULs among eight bytes by their highest bit. The lowest mark is right; one above it may be wrong.
#[inline(always)]
const fn nuls(eight: u64) -> u64 {
    eight.wrapping_sub(LOW) & !eight & HIGH
}

/// The bytes before the lowest of `nuls` that are not ASCII, by their highest bit. Without that mark, which the
/// subtraction takes away, no mark is where a highest bit is.
#[inline(always)]
const fn high_before(eight: u64, nuls: u64) -> u64 {
    eight & HIGH & (nuls - 1)
}

/// Bytes up to a NUL.
pub(super) struct Name<'a> {
    /// What is before the NUL.
    pub bytes: &'a [u8],
    /// What is behind it.
    pub rest: &'a [u8],
    /// Whether the name is ASCII.
    pub is_ascii: bool,
}

impl<'a> Name<'a> {
    /// Looks for the NUL, eight bytes at a time; `None` when there is none.
    #[inline(always)]
    pub fn split(bytes: &'a [u8]) -> Option<Self> {
        let (mut at, mut high) = (0, 0);
        let len = loop {
            let rest = bytes.get(at..)?;
            let Some(eight) = rest.first_chunk() else {
                let len = rest.iter().position(|&b| b == 0)?;
                high |= rest.iter().take(len).fold(0, |all, b| all | u64::from(*b)) & HIGH;
                break at + len;
            };
            let eight = u64::from_le_bytes(*eight);
            let nuls = nuls(eight);
            if nuls != 0 {
                high |= high_before(eight, nuls);
                break at + nuls.trailing_zeros() as usize / 8;
            }
            high |= eight & HIGH;
            at += 8;
        };
        let (name, rest) = bytes.split_at_checked(len)?;
        Some(Self { bytes: name, rest: rest.get(1..)?, is_ascii: high == 0 })
    }
}
