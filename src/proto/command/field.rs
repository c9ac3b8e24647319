//! How one field of a body is read and written, and the table that each body gives of its fields.
//!
//! Integers are read in any width and written in the one that the captures have (loco-modern §7 row 26). A field that
//! nobody knows is counted, never fatal: the document that it came in keeps it.

use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::wire::body::Field;
use crate::proto::wire::{Document, Value, Writer};

pub use super::values::{AnyInt, Nullable};

/// The BSON type that a field is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// int32; any integer width is read.
    Int32,
    /// int64; any integer width is read.
    Int64,
    /// int32 or int64: written in the width it was made with.
    AnyInt,
    /// double.
    Double,
    /// boolean.
    Bool,
    /// UTF-8 string.
    String,
    /// Binary of subtype 0.
    Binary,
    /// An array.
    Array(&'static Kind),
    /// A document with these fields.
    Document(&'static [FieldInfo]),
    /// A document whose fields nobody knows.
    AnyDocument,
}

impl Kind {
    /// Whether its values are documents or arrays.
    #[must_use]
    pub const fn is_nested(self) -> bool {
        matches!(self, Self::Array(_) | Self::Document(_) | Self::AnyDocument)
    }
}

/// One row of a body's table of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The name on the wire.
    pub name: &'static str,
    /// The type that it is written with.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it is written as null when it has no value, and not left out.
    pub nullable: bool,
}

/// The body of a request, reply or push, or a document inside one.
pub trait Body<'a>: Sized {
    /// Its fields, in the order in which they are written.
    const FIELDS: &'static [FieldInfo];

    /// Reads it; fields that it does not know are counted in `unknown`.
    ///
    /// # Errors
    /// A required field that is missing, or a field of a type that is not accepted for it, with its offset.
    fn decode(doc: Document<'a>, unknown: &mut u32) -> Result<Self, Malformed>;

    /// Writes its fields.
    fn encode(&self, w: &mut Writer<'_>);
}

/// Appends `body` to `out` as a document.
pub fn encode<'a>(body: &impl Body<'a>, out: &mut Vec<u8>) {
    let mut w = Writer::begin(out);
    body.encode(&mut w);
    w.end();
}

/// A value that can be a field.
pub trait FieldValue<'a>: Sized {
    /// The BSON type that it is written with.
    const KIND: Kind;
    /// Whether it must be there.
    const REQUIRED: bool = true;
    /// Whether no value is written as null.
    const NULLABLE: bool = false;

    /// Reads it; `None` when the type is not accepted.
    ///
    /// # Errors
    /// What is wrong inside a nested document.
    fn read(value: Value<'a>, unknown: &mut u32) -> Result<Option<Self>, Malformed>;

    /// Reads it from the bytes of a value of type `kind`, and gives what is behind it, when that is the type that it is
    /// written with and nothing can be wrong. `None` says nothing: [`FieldValue::read`] decides.
    #[inline(always)]
    fn quick(_kind: u8, _value: &'a [u8]) -> Option<(Self, &'a [u8])> {
        None
    }

    /// Writes it under `name`.
    fn write(&self, name: &str, w: &mut Writer<'_>);

    /// What it is when the field is absent; `None` when it must be there.
    #[inline(always)]
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads one field into its slot: what the table below does for each of its rows.
///
/// # Errors
/// A type that is not accepted, with the element's offset and name.
#[inline(always)]
pub fn read_field<'a, T: FieldValue<'a>>(
    value: Value<'a>,
    at: usize,
    name: &'static str,
    unknown: &mut u32,
) -> Result<Option<T>, Malformed> {
    match T::read(value, unknown)? {
        Some(v) => Ok(Some(v)),
        None => Err(MalformedKind::FieldType.at(at).of(name)),
    }
}

/// The same, out of line: what bodies without a short way are read with.
///
/// # Errors
/// As [`read_field`].
#[inline(never)]
pub fn read_into<'a, T: FieldValue<'a>>(
    slot: &mut Option<T>,
    field: Field<'a>,
    name: &'static str,
    unknown: &mut u32,
) -> Result<(), Malformed> {
    *slot = read_field(field.value, field.at, name, unknown)?;
    Ok(())
}

/// What a slot holds once the document has been read.
///
/// # Errors
/// A required field that was not there.
#[inline(always)]
//= FRAME-BODY-1
pub fn finish_field<'a, T: FieldValue<'a>>(slot: Option<T>, at: usize, name: &'static str) -> Result<T, Malformed> {
    match slot {
        Some(v) => Ok(v),
        None => absent_field(at, name),
    }
}

/// The same for a field that was not there.
#[inline(always)]
fn absent_field<'a, T: FieldValue<'a>>(at: usize, name: &'static str) -> Result<T, Malformed> {
    match T::absent() {
        Some(v) => Ok(v),
        None => Err(MalformedKind::FieldMissing.at(at).of(name)),
    }
}

/// A table of bodies: `name: type = "name on the wire"`. It gives the struct, [`Body`] and [`FieldValue`].
///
/// Bodies of every message are `quick`: they are read by the short way of `quick.rs`, at the price of more code. All
/// others go from field to field.
//= FRAME-UNKNOWN-1
macro_rules! bodies {
    (quick; $($rest:tt)*) => { $crate::proto::command::field::bodies_of! { quick $($rest)* } };
    ($($rest:tt)*) => { $crate::proto::command::field::bodies_of! { plain $($rest)* } };
}
pub(crate) use bodies;

/// The reading of the fields of one body, in either way.
macro_rules! read_fields {
    (plain $fields:ident $unknown:ident $($field:ident = $wire:literal,)*) => {
        #[allow(clippy::never_loop)]
        while let Some(f) = $fields.next() {
            match f.name {
                $(n if n == $wire.as_bytes() => {
                    $crate::proto::command::field::read_into(&mut $field, f, $wire, $unknown)?;
                })*
                _ => *$unknown += 1,
            }
        }
    };
    (quick $fields:ident $unknown:ident $($field:ident = $wire:literal,)*) => {
        // As far as the fields come in the order of the table; from the first that does not, in any order.
        $(if let Some(v) =
            $crate::proto::command::quick::expect_field(&mut $fields, concat!($wire, "\0"), $wire, $unknown)?
        {
            $field = Some(v);
        })*
        while !$fields.is_done() {
            let Some(f) = $fields.next() else { break };
            match f.name {
                $(n if n == $wire.as_bytes() => {
                    $field = $crate::proto::command::field::read_field(f.value, f.at, $wire, $unknown)?;
                })*
                _ => *$unknown += 1,
            }
        }
    };
}
pub(crate) use read_fields;

/// What [`bodies`] writes for each body.
macro_rules! bodies_of {
    ($mode:ident $($(#[$m:meta])* $body:ident $(<$lt:lifetime>)? {
        $($(#[$fm:meta])* $field:ident : $ty:ty = $wire:literal,)*
    })*) => { $(
        $(#[$m])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $body $(<$lt>)? { $($(#[$fm])* pub $field: $ty,)* }

        impl<'a> $crate::proto::command::field::Body<'a> for $body $(<$lt>)? {
            const FIELDS: &'static [$crate::proto::command::field::FieldInfo] = &[
                $($crate::proto::command::field::FieldInfo {
                    name: $wire,
                    kind: <$ty as $crate::proto::command::field::FieldValue<'a>>::KIND,
                    required: <$ty as $crate::proto::command::field::FieldValue<'a>>::REQUIRED,
                    nullable: <$ty as $crate::proto::command::field::FieldValue<'a>>::NULLABLE,
                },)*
            ];

            #[allow(unused_mut, unused_variables, clippy::match_single_binding)]
            fn decode(
                doc: $crate::proto::wire::Document<'a>, unknown: &mut u32,
            ) -> Result<Self, $crate::proto::error::Malformed> {
                $(let mut $field: Option<$ty> = None;)*
                let mut fields = doc.fields();
                $crate::proto::command::field::read_fields!($mode fields unknown $($field = $wire,)*);
                Ok(Self { $($field: $crate::proto::command::field::finish_field($field, doc.at(), $wire)?,)* })
            }

            #[allow(unused_variables)]
            fn encode(&self, w: &mut $crate::proto::wire::Writer<'_>) {
                $($crate::proto::command::field::FieldValue::write(&self.$field, $wire, w);)*
            }
        }

        impl<'a> $crate::proto::command::field::FieldValue<'a> for $body $(<$lt>)? {
            const KIND: $crate::proto::command::field::Kind = $crate::proto::command::field::Kind::Document(
                <Self as $crate::proto::command::field::Body<'a>>::FIELDS,
            );
            #[inline(always)]
            fn read(
                value: $crate::proto::wire::Value<'a>, unknown: &mut u32,
            ) -> Result<Option<Self>, $crate::proto::error::Malformed> {
                match value {
                    $crate::proto::wire::Value::Document(d) => {
                        <Self as $crate::proto::command::field::Body<'a>>::decode(d, unknown).map(Some)
                    }
                    _ => Ok(None),
                }
            }
            fn write(&self, name: &str, w: &mut $crate::proto::wire::Writer<'_>) {
                w.document(name, |w| $crate::proto::command::field::Body::encode(self, w));
            }
        }
    )* };
}
pub(crate) use bodies_of;

#[cfg(test)]
#[path = "field_tests.rs"]
mod tests;
