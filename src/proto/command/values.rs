//! The values that can be a field: how each is read in any width that is accepted, and written in the one that the
//! captures have. The trait and the tables are in [`super::field`].

use super::field::{FieldValue, Kind};
use super::quick::{quick_bool, quick_fixed, quick_str, slow};
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::wire::scan::tag;
use crate::proto::wire::writer::index;
use crate::proto::wire::{Document, Value, Writer};

macro_rules! scalar {
    ($($ty:ty, $kind:ident, $value:pat => $read:expr, $quick:expr, |$me:ident, $name:ident, $w:ident| $write:expr;)*) => { $(
        impl<'a> FieldValue<'a> for $ty {
            const KIND: Kind = Kind::$kind;
            #[inline(always)]
            fn read(value: Value<'a>, _: &mut u32) -> Result<Option<Self>, Malformed> {
                Ok(match value { $value => $read, _ => None })
            }
            #[inline(always)]
            fn quick(kind: u8, value: &'a [u8]) -> Option<(Self, &'a [u8])> {
                $quick(kind, value)
            }
            #[inline]
            fn write(&self, $name: &str, $w: &mut Writer<'_>) { let $me = self; $write; }
        }
    )* };
}

scalar! {
    bool, Bool, Value::Bool(b) => Some(b), quick_bool, |v, name, w| w.boolean(name, *v);
    f64, Double, Value::Double(d) => Some(d), slow, |v, name, w| w.double(name, *v);
    &'a str, String, Value::String(s) => Some(s), quick_str, |v, name, w| w.string(name, v);
    &'a [u8], Binary, Value::Binary(_, b) => Some(b), slow, |v, name, w| w.binary(name, v);
    Document<'a>, AnyDocument, Value::Document(d) => Some(d), slow, |v, name, w| w.raw_document(name, *v);
}

/// A text that is kept: what records of the store are made of.
impl<'a> FieldValue<'a> for String {
    const KIND: Kind = Kind::String;
    fn read(value: Value<'a>, unknown: &mut u32) -> Result<Option<Self>, Malformed> {
        Ok(<&str>::read(value, unknown)?.map(str::to_owned))
    }
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        w.string(name, self);
    }
}

impl<'a> FieldValue<'a> for i32 {
    const KIND: Kind = Kind::Int32;
    #[inline(always)]
    fn read(value: Value<'a>, _: &mut u32) -> Result<Option<Self>, Malformed> {
        Ok(value.as_i64().and_then(|n| Self::try_from(n).ok()))
    }
    #[inline(always)]
    fn quick(kind: u8, value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        quick_fixed(tag::INT32, kind, value).map(|(n, rest)| (Self::from_le_bytes(n), rest))
    }
    #[inline]
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        w.int32(name, *self);
    }
}

//= FRAME-INT-1, FRAME-INT64-1
impl<'a> FieldValue<'a> for i64 {
    const KIND: Kind = Kind::Int64;
    #[inline(always)]
    fn read(value: Value<'a>, _: &mut u32) -> Result<Option<Self>, Malformed> {
        Ok(value.as_i64())
    }
    #[inline(always)]
    fn quick(kind: u8, value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        quick_fixed(tag::INT64, kind, value).map(|(n, rest)| (Self::from_le_bytes(n), rest))
    }
    #[inline]
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        w.int64(name, *self);
    }
}

/// An integer that keeps its width: `msgId` is an int32 in 2012 and an int64 since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyInt {
    /// Written as int32.
    Int32(i32),
    /// Written as int64.
    Int64(i64),
}

impl AnyInt {
    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        match self {
            Self::Int32(n) => n as i64,
            Self::Int64(n) => n,
        }
    }
}

impl Default for AnyInt {
    fn default() -> Self {
        Self::Int64(0)
    }
}

impl<'a> FieldValue<'a> for AnyInt {
    const KIND: Kind = Kind::AnyInt;
    #[inline(always)]
    fn read(value: Value<'a>, _: &mut u32) -> Result<Option<Self>, Malformed> {
        Ok(match value {
            Value::Int32(n) => Some(Self::Int32(n)),
            other => other.as_i64().map(Self::Int64),
        })
    }
    #[inline(always)]
    fn quick(kind: u8, value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        match i64::quick(kind, value) {
            Some((n, rest)) => Some((Self::Int64(n), rest)),
            None => i32::quick(kind, value).map(|(n, rest)| (Self::Int32(n), rest)),
        }
    }
    #[inline]
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        match *self {
            Self::Int32(n) => w.int32(name, n),
            Self::Int64(n) => w.int64(name, n),
        }
    }
}

/// May be left out, and is when there is no value. Null is read as no value.
impl<'a, T: FieldValue<'a>> FieldValue<'a> for Option<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;
    #[inline(always)]
    fn read(value: Value<'a>, unknown: &mut u32) -> Result<Option<Self>, Malformed> {
        match value {
            Value::Null => Ok(Some(None)),
            other => Ok(T::read(other, unknown)?.map(Some)),
        }
    }
    #[inline(always)]
    fn quick(kind: u8, value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        T::quick(kind, value).map(|(v, rest)| (Some(v), rest))
    }
    #[inline]
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        if let Some(v) = self {
            v.write(name, w);
        }
    }
    #[inline(always)]
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// May be left out, but is written as null when there is no value, as the captures have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nullable<T>(pub Option<T>);

impl<T> Default for Nullable<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'a, T: FieldValue<'a>> FieldValue<'a> for Nullable<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;
    const NULLABLE: bool = true;
    #[inline(always)]
    fn read(value: Value<'a>, unknown: &mut u32) -> Result<Option<Self>, Malformed> {
        Ok(Option::<T>::read(value, unknown)?.map(Self))
    }
    #[inline(always)]
    fn quick(kind: u8, value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        T::quick(kind, value).map(|(v, rest)| (Self(Some(v)), rest))
    }
    #[inline]
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        match &self.0 {
            Some(v) => v.write(name, w),
            None => w.null(name),
        }
    }
    #[inline(always)]
    fn absent() -> Option<Self> {
        Some(Self(None))
    }
}

/// Documents of an array that room is made for before the first of them is read.
const ROOM_AT_ONCE_MAX: usize = 256;

impl<'a, T: FieldValue<'a>> FieldValue<'a> for Vec<T> {
    const KIND: Kind = Kind::Array(&T::KIND);
    fn read(value: Value<'a>, unknown: &mut u32) -> Result<Option<Self>, Malformed> {
        let Value::Array(items) = value else { return Ok(None) };
        let mut items = items.fields();
        if items.is_done() {
            return Ok(Some(Self::new()));
        }
        // Room at once for what is surely there; more than this grows by itself.
        let mut all = Self::with_capacity(items.documents_ahead(ROOM_AT_ONCE_MAX).max(4));
        loop {
            if items.is_done() {
                return Ok(Some(all));
            }
            if let Some((v, rest)) = items.peek().and_then(|(kind, value)| T::quick(kind, value)) {
                all.push(v);
                items.resume(rest);
                continue;
            }
            let at = items.at();
            let value = match items.peek().and_then(|(kind, value)| items.nested(kind, value)) {
                Some((value, rest)) => {
                    items.resume(rest);
                    value
                }
                None => match items.next() {
                    Some(item) => item.value,
                    None => return Ok(Some(all)),
                },
            };
            match T::read(value, unknown)? {
                Some(v) => all.push(v),
                None => return Err(MalformedKind::FieldType.at(at)),
            }
        }
    }
    fn write(&self, name: &str, w: &mut Writer<'_>) {
        w.array(name, |w| {
            for (i, v) in self.iter().enumerate() {
                v.write(index(i).as_str(), w);
            }
        });
    }
}
