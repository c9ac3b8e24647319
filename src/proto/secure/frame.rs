//! The layout of `LocoSecureNormalPacket`, and what its length field may say.
//!
//! ```text
//!            ┌───────── the length counts this ─────────┐
//!  CBC  len 4 │          ciphertext, 16 to 2048, padded  │           loco-2012 §3 (HX 9, 18; CP; PK; W3)
//!  CFB  len 4 │ IV 16    ciphertext, any length          │           loco-modern §2.5 (NK, LP6)
//!  GCM  len 4 │ nonce 12 ciphertext, any length   tag 16 │           loco-modern §2.5 (AM, MOOO)
//! ```
//!
//! The length is judged as soon as its four bytes are there, before anything is kept for it. A zero length is malformed
//! in every era (ours; one client skips it, loco-modern §2.5). The ciphers themselves are in [`super::suite`].

use super::era::{Era, Suite};
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::{BLOCK_LEN, FRAGMENT_CIPHER_MAX, Limits, NONCE_LEN, TAG_LEN};

/// Bytes of the length field.
pub const LEN_LEN: usize = 4;

/// Bytes between the length field and the ciphertext: IV or nonce.
#[must_use]
pub const fn head_len(suite: Suite) -> usize {
    match suite {
        Suite::Cbc => 0,
        Suite::Cfb => BLOCK_LEN,
        Suite::Gcm => NONCE_LEN,
    }
}

/// Bytes after the ciphertext: the tag.
#[must_use]
pub const fn tail_len(suite: Suite) -> usize {
    match suite {
        Suite::Cbc | Suite::Cfb => 0,
        Suite::Gcm => TAG_LEN,
    }
}

/// The least that a length field may say. CBC pads, so it has at least one block.
#[must_use]
pub const fn len_min(suite: Suite) -> usize {
    match suite {
        Suite::Cbc => BLOCK_LEN,
        Suite::Cfb | Suite::Gcm => head_len(suite) + tail_len(suite),
    }
}

/// The most that a length field may say.
#[must_use]
pub const fn len_max(suite: Suite, limits: &Limits) -> usize {
    match suite {
        Suite::Cbc => FRAGMENT_CIPHER_MAX,
        Suite::Cfb | Suite::Gcm => limits.frame_len_max(),
    }
}

/// What the length field says of a frame around `plain_len` bytes of plaintext.
#[must_use]
pub const fn len_of(suite: Suite, plain_len: usize) -> usize {
    match suite {
        Suite::Cbc => plain_len + BLOCK_LEN - plain_len % BLOCK_LEN,
        Suite::Cfb | Suite::Gcm => head_len(suite) + plain_len + tail_len(suite),
    }
}

/// The bytes that follow a length field, if the suite allows what it says and `most`, of [`len_max`], does too.
///
/// # Errors
/// [`MalformedKind::FrameTooShort`], [`MalformedKind::FrameTooLong`] or [`MalformedKind::FrameNotBlocks`], at 0.
//= SECURE-LEN-1
pub fn check_len(suite: Suite, field: [u8; LEN_LEN], most: usize) -> Result<usize, Malformed> {
    let len = u32::from_le_bytes(field) as usize;
    let kind = if len < len_min(suite) {
        MalformedKind::FrameTooShort
    } else if len > most {
        MalformedKind::FrameTooLong
    } else if suite == Suite::Cbc && !len.is_multiple_of(BLOCK_LEN) {
        MalformedKind::FrameNotBlocks
    } else {
        return Ok(len);
    };
    Err(kind.at(0))
}

/// Bytes on the wire of `plain_len` bytes of plaintext sealed at once, all frames and their length fields.
#[must_use]
pub const fn sealed_len(era: Era, plain_len: usize) -> usize {
    let (suite, most) = (era.suite(), super::fragment::plain_max(era));
    let full = plain_len / most * (LEN_LEN + len_of(suite, most));
    match plain_len % most {
        0 => full,
        rest => full + LEN_LEN + len_of(suite, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(suite: Suite, len: usize) -> Result<usize, Malformed> {
        let limits = Limits { body_len_max: 1000, ..Limits::DEFAULT };
        check_len(suite, (len as u32).to_le_bytes(), len_max(suite, &limits))
    }

    #[test]
    fn both_edges_of_every_length_field_hold() {
        use MalformedKind::{FrameNotBlocks, FrameTooLong, FrameTooShort};
        let most = Limits { body_len_max: 1000, ..Limits::DEFAULT }.frame_len_max();
        for (suite, least, most) in [(Suite::Cbc, 16, 2048), (Suite::Cfb, 16, most), (Suite::Gcm, 28, most)] {
            for len in [0, 1, least - 1] {
                assert_eq!(checked(suite, len), Err(FrameTooShort.at(0)), "{suite:?} {len}");
            }
            assert_eq!(checked(suite, least), Ok(least), "{suite:?}");
            assert_eq!(checked(suite, most), Ok(most), "{suite:?}");
            for len in [most + 1, u32::MAX as usize] {
                assert_eq!(checked(suite, len), Err(FrameTooLong.at(0)), "{suite:?} {len}");
            }
        }
        for len in [17, 31, 33, 2047] {
            assert_eq!(checked(Suite::Cbc, len), Err(FrameNotBlocks.at(0)), "{len}");
            assert_eq!(checked(Suite::Cfb, len.min(1000)), Ok(len.min(1000)));
        }
    }

    #[test]
    fn sizes_are_those_of_the_facts() {
        let of_2012: Vec<_> =
            [0, 22, 74, 256, 2047, 2048, 4094, 4095].iter().map(|n| sealed_len(Era::E2012, *n)).collect();
        assert_eq!(of_2012, [0, 36, 84, 276, 2052, 2072, 4104, 4124]);
        assert_eq!(sealed_len(Era::E2019, 22), 4 + 16 + 22);
        assert_eq!(sealed_len(Era::E2025, 22), 4 + 12 + 22 + 16);
    }
}
