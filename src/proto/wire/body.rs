//! Reading a scanned document by a cursor, borrowed, without building a tree.

use super::scan::{Name, scan, tag};
use crate::proto::error::Malformed;
use crate::proto::limits::Limits;

/// 2^63: the first double above every int64.
const I64_EDGE: f64 = 9_223_372_036_854_775_808.0;

/// A document that [`scan`] has found to be sound.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Two documents are equal when their bytes are, wherever they came from.
impl PartialEq for Document<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Document<'_> {}

/// One element of a document or array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// The name's bytes: UTF-8; the index as decimal in an array.
    pub name: &'a [u8],
    /// The value.
    pub value: Value<'a>,
    /// The offset of the element in the packet's body.
    pub at: usize,
}

/// A value, borrowed. Types that LOCO never uses are [`Value::Other`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// 0x01.
    Double(f64),
    /// 0x02.
    String(&'a str),
    /// 0x03.
    Document(Document<'a>),
    /// 0x04: a document whose names are 0, 1, 2 ….
    Array(Document<'a>),
    /// 0x05: subtype and bytes.
    Binary(u8, &'a [u8]),
    /// 0x08.
    Bool(bool),
    /// 0x09: milliseconds since the Unix epoch.
    DateTime(i64),
    /// 0x0a, and the deprecated 0x06.
    Null,
    /// 0x10.
    Int32(i32),
    /// 0x12.
    Int64(i64),
    /// Any other type: its number and its bytes.
    Other(u8, &'a [u8]),
}

impl<'a> Document<'a> {
    /// `05 00 00 00 00`.
    pub const EMPTY: Document<'static> = Document { bytes: &[5, 0, 0, 0, 0], at: 0 };

    /// Checks `bytes` to be one document within `limits`.
    ///
    /// # Errors
    /// The first thing wrong, with its offset in `bytes`.
    pub fn check(bytes: &'a [u8], limits: &Limits) -> Result<Self, Malformed> {
        scan(bytes, limits)?;
        Ok(Self { bytes, at: 0 })
    }

    /// The bytes, length and closing NUL included.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The offset of the document in the packet's body.
    #[must_use]
    pub const fn at(self) -> usize {
        self.at
    }

    /// Its elements, in their order on the wire.
    #[must_use]
    pub const fn fields(self) -> Fields<'a> {
        let rest = match self.bytes {
            [_, _, _, _, rest @ ..] => rest,
            _ => &[],
        };
        Fields { rest, end: self.at + self.bytes.len() }
    }

    /// The first element called `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.fields().find(|f| f.name == name.as_bytes()).map(|f| f.value)
    }

    /// Whether it has no element.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bytes.len() <= 5
    }

    /// The integer called `name`, of whatever width.
    #[must_use]
    pub fn integer(self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }
}

impl Value<'_> {
    /// An integer of any width. A double counts with its fraction cut off: one client sends `time()` as a packet
    /// number (loco-modern §7 row 26).
    #[must_use]
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int32(n) => Some(i64::from(n)),
            Self::Int64(n) => Some(n),
            // The bounds are -2^63 and 2^63, both exact as doubles; NaN is within neither.
            Self::Double(d) if (-I64_EDGE..I64_EDGE).contains(&d) => Some(d as i64),
            _ => None,
        }
    }
}

/// The elements of a document.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    end: usize,
}

impl<'a> Fields<'a> {
    /// The type of the next element and the bytes from its value on, when its name is `name`, which ends with its NUL.
    ///
    /// Bodies come mostly in the order of their table, so asking for the name that is expected is cheaper than finding
    /// out which it is. Whoever makes use of the value says with [`Fields::resume`] what is left.
    #[inline(always)]
    pub(crate) fn if_named(&self, name: &str) -> Option<(u8, &'a [u8])> {
        let (&kind, rest) = self.rest.split_first()?;
        let (found, value) = rest.split_at_checked(name.len())?;
        (found == name.as_bytes()).then_some((kind, value))
    }

    /// As [`Fields::expect`], with any name: most arrays have names of one digit.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<(u8, &'a [u8])> {
        match *self.rest {
            [] | [0, ..] => None,
            [kind, digit, 0, ref value @ ..] if digit != 0 => Some((kind, value)),
            [kind, ref rest @ ..] => Name::split(rest).map(|name| (kind, name.rest)),
        }
    }

    /// The document or array that [`Fields::expect`] or [`Fields::peek`] has found, and what is behind it.
    #[inline(always)]
    pub(crate) fn nested(&self, kind: u8, value: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        let (bytes, rest) = value.split_at_checked(length(value)?)?;
        let inner = Document { bytes, at: self.end - value.len() };
        match kind {
            tag::DOCUMENT => Some((Value::Document(inner), rest)),
            tag::ARRAY => Some((Value::Array(inner), rest)),
            _ => None,
        }
    }

    /// How many of the next elements are documents, as far as `max`; what follows the last of them is not looked at.
    #[inline]
    pub(crate) fn documents_ahead(&self, max: usize) -> usize {
        let (mut ahead, mut count) = (self.clone(), 0);
        while let Some((tag::DOCUMENT, value)) = ahead.peek().filter(|_| count < max) {
            let Some(rest) = length(value).and_then(|len| value.get(len..)) else { break };
            ahead.resume(rest);
            count += 1;
        }
        count
    }

    /// The offset of the next element in the packet's body.
    #[inline(always)]
    pub(crate) const fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Whether nothing follows.
    #[inline(always)]
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.rest, [] | [0, ..])
    }

    /// Goes on at `rest`: what is behind the value that [`Fields::expect`] or [`Fields::peek`] gave.
    #[inline(always)]
    pub(crate) const fn resume(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    /// Ends at the closing NUL. The scan has made sure that everything is in place; were it not, this would end early.
    #[inline(never)]
    fn next(&mut self) -> Option<Field<'a>> {
        let at = self.at();
        let (&kind, rest) = self.rest.split_first()?;
        if kind == 0 {
            return None;
        }
        let Name { bytes: name, rest, .. } = Name::split(rest)?;
        let (value, len) = read(kind, rest, self.end - rest.len())?;
        self.rest = rest.get(len..)?;
        Some(Field { name, value, at })
    }
}

/// The value at the front of `b`, and its length; `None` when it is not there whole.
#[inline(always)]
pub(super) fn read(kind: u8, b: &[u8], at: usize) -> Option<(Value<'_>, usize)> {
    Some(match kind {
        tag::INT32 => (Value::Int32(i32::from_le_bytes(*b.first_chunk()?)), 4),
        tag::INT64 => (Value::Int64(i64::from_le_bytes(*b.first_chunk()?)), 8),
        tag::STRING => {
            let len = length(b)?;
            let text = b.get(4..4 + len.checked_sub(1)?)?;
            (Value::String(core::str::from_utf8(text).ok()?), 4 + len)
        }
        tag::BOOL => (Value::Bool(*b.first()? != 0), 1),
        tag::NULL => (Value::Null, 0),
        tag::DOCUMENT | tag::ARRAY => {
            let len = length(b)?;
            let inner = Document { bytes: b.get(..len)?, at };
            (if kind == tag::ARRAY { Value::Array(inner) } else { Value::Document(inner) }, len)
        }
        _ => return rare(kind, b),
    })
}

/// The same for the types that are seldom in a body.
#[cold]
fn rare(kind: u8, b: &[u8]) -> Option<(Value<'_>, usize)> {
    Some(match kind {
        tag::UNDEFINED => (Value::Null, 0),
        tag::DOUBLE => (Value::Double(f64::from_le_bytes(*b.first_chunk()?)), 8),
        tag::DATE_TIME => (Value::DateTime(i64::from_le_bytes(*b.first_chunk()?)), 8),
        tag::BINARY => {
            let len = length(b)?;
            (Value::Binary(*b.get(4)?, b.get(5..5 + len)?), 5 + len)
        }
        _ => {
            let len = other_len(kind, b)?;
            (Value::Other(kind, b.get(..len)?), len)
        }
    })
}

/// The length of a value of a type that LOCO never uses.
fn other_len(kind: u8, b: &[u8]) -> Option<usize> {
    Some(match kind {
        tag::OBJECT_ID => 12,
        tag::DECIMAL => 16,
        tag::TIMESTAMP => 8,
        tag::MIN_KEY | tag::MAX_KEY => 0,
        tag::CODE | tag::SYMBOL => 4 + length(b)?,
        tag::DB_POINTER => 4 + length(b)? + 12,
        tag::CODE_SCOPE => length(b)?,
        tag::REGEX => {
            let pattern = b.iter().position(|&c| c == 0)? + 1;
            pattern + b.get(pattern..)?.iter().position(|&c| c == 0)? + 1
        }
        _ => return None,
    })
}

#[inline(always)]
fn length(b: &[u8]) -> Option<usize> {
    usize::try_from(i32::from_le_bytes(*b.first_chunk()?)).ok()
}
