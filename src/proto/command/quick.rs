//! The short way of reading: a field in the place and of the type that its table says.
//!
//! It is taken when nothing can be wrong and says nothing otherwise, so that [`super::field`] alone decides what is
//! accepted. Fields in another order, integers of another width and nulls take the long way and come to the same.

use super::field::{FieldValue, read_field};
use crate::proto::error::Malformed;
use crate::proto::wire::body::Fields;
use crate::proto::wire::scan::tag;

/// The `N` bytes of a value of type `want`, and what is behind them.
#[inline(always)]
pub(super) fn quick_fixed<const N: usize>(want: u8, kind: u8, value: &[u8]) -> Option<([u8; N], &[u8])> {
    let (bytes, rest) = value.split_first_chunk()?;
    (kind == want).then_some((*bytes, rest))
}

#[inline(always)]
pub(super) fn quick_bool(kind: u8, value: &[u8]) -> Option<(bool, &[u8])> {
    quick_fixed::<1>(tag::BOOL, kind, value).map(|([b], rest)| (b != 0, rest))
}

#[inline(always)]
pub(super) fn quick_str(kind: u8, value: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = quick_fixed(tag::STRING, kind, value)?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(len)).ok()?)?;
    let (_nul, text) = text.split_last()?;
    core::str::from_utf8(text).ok().map(|text| (text, rest))
}

#[inline(always)]
pub(super) const fn slow<T>(_: u8, _: &[u8]) -> Option<(T, &[u8])> {
    None
}

/// Reads the next field if it is the one called `name`, which `with_nul` is with its NUL.
///
/// # Errors
/// As [`read_field`].
#[inline(always)]
pub fn expect_field<'a, T: FieldValue<'a>>(
    fields: &mut Fields<'a>,
    with_nul: &str,
    name: &'static str,
    unknown: &mut u32,
) -> Result<Option<T>, Malformed> {
    let Some((kind, value)) = fields.if_named(with_nul) else { return Ok(None) };
    if let Some((v, rest)) = T::quick(kind, value) {
        fields.resume(rest);
        return Ok(Some(v));
    }
    if T::KIND.is_nested()
        && let Some((value, rest)) = fields.nested(kind, value)
    {
        let at = fields.at();
        fields.resume(rest);
        return read_field(value, at, name, unknown);
    }
    match fields.next() {
        Some(f) => read_field(f.value, f.at, name, unknown),
        None => Ok(None),
    }
}
