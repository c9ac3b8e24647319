//! Whether the bytes of a text are UTF-8: first what is cheap to see and mostly so.

use super::scan::HIGH;
use crate::proto::error::{Malformed, MalformedKind};

/// Whether this is UTF-8 of one and of three bytes a character: Hangul, kana, Han. That is nearly all that is not ASCII
/// here, and takes a third of the instructions that a check of any UTF-8 does. `false` says nothing.
pub(super) fn is_short_utf8(mut bytes: &[u8]) -> bool {
    /// Lead `1110xxxx` and twice `10xxxxxx`.
    const THREE: (u32, u32) = (0xc0_c0_f0, 0x80_80_e0);
    /// What is too long for its value, and what is half of a pair of UTF-16, show in the lead and one bit.
    const LEAD_AND_BIT: u32 = 0x20_ff;
    const OVERLONG: u32 = 0x00_e0;
    const SURROGATE: u32 = 0x20_ed;
    loop {
        bytes = match bytes {
            [] => return true,
            [0..=0x7f, rest @ ..] => rest,
            [a, b, c, rest @ ..] => {
                let all = u32::from_le_bytes([*a, *b, *c, 0]);
                let special = all & LEAD_AND_BIT;
                if all & THREE.0 != THREE.1 || special == OVERLONG || special == SURROGATE {
                    return false;
                }
                rest
            }
            _ => return false,
        }
    }
}

/// Whether the first `len` of eight bytes are ASCII, and no more than seven: a text, and what is behind it.
#[inline(always)]
pub(super) const fn starts_with_ascii(eight: [u8; 8], len: usize) -> bool {
    len < 8 && u64::from_le_bytes(eight) & HIGH & ((1 << (8 * len)) - 1) == 0
}

/// ASCII is most of what comes, and cheaper to see.
#[inline(always)]
pub(super) fn utf8(bytes: &[u8], at: usize) -> Result<(), Malformed> {
    let is_ascii = match (bytes.first_chunk(), bytes.last_chunk()) {
        // Two words that may overlap have all of it.
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            (u64::from_le_bytes(*first) | u64::from_le_bytes(*last)) & HIGH == 0
        }
        _ => bytes.is_ascii(),
    };
    if is_ascii { Ok(()) } else { not_ascii(bytes, at) }
}

fn not_ascii(bytes: &[u8], at: usize) -> Result<(), Malformed> {
    if is_short_utf8(bytes) {
        return Ok(());
    }
    core::str::from_utf8(bytes).map(|_| ()).map_err(|e| MalformedKind::BsonUtf8.at(at + e.valid_up_to()))
}
