//! The bytes of `LocoSecureHandShakePacket`: the first thing a client says on a secure connection.
//!
//! ```text
//!  offset  size  field                  2012  2019  2023  2025
//!       0     4  length of the rest      128   256   256   256   u32 LE, of the wrapped key alone
//!       4     4  key type                  1    12    15    16   u32 LE
//!       8     4  cipher type               1     2     2     3   u32 LE
//!      12     n  the wrapped session key
//! ```
//!
//! Sources: loco-2012 §4 (HX 10, 18, 19; CP; PK; LC), loco-modern §2.1 (NK, OK, STU). No answer follows it. A mix of
//! numbers that no era has is refused (ours): the bytes after it could not be read. What is inside the wrapped key is
//! the business of [`super::wrapping`], and a bad one shows in no error.

use super::era::Era;
use crate::proto::error::{Malformed, MalformedKind};

/// Bytes before the wrapped key.
pub const HANDSHAKE_HEAD_LEN: usize = 12;

/// A session key under RSA: [`Era::wrapped_len`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey(Vec<u8>);

impl WrappedKey {
    /// The RSA block, big-endian as it travels.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for WrappedKey {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl core::ops::Deref for WrappedKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// A handshake: which era the connection speaks, and its session key under RSA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The era that the three numbers name.
    pub era: Era,
    /// The session key under RSA.
    pub wrapped: WrappedKey,
}

impl Handshake {
    /// Reads a handshake from the front of `bytes`: it and the bytes it took, or `None` if more are needed.
    ///
    /// Each number is judged as soon as it is there, so a wrong one never waits for the rest.
    ///
    /// # Errors
    /// [`MalformedKind::HandshakeLength`] at 0, [`MalformedKind::HandshakeKeyType`] at 4,
    /// [`MalformedKind::HandshakeCipher`] at 8.
    //= HS-LAYOUT-1, HS-TRIPLE-1, SECURE-KEYTYPE-1
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let Some(len) = u32_at(bytes, 0) else { return Ok(None) };
        let has_len = |era: &Era| era.triple().0 == len;
        if !Era::ALL.iter().any(has_len) {
            return Err(MalformedKind::HandshakeLength.at(0));
        }
        let Some(key_type) = u32_at(bytes, 4) else { return Ok(None) };
        if !Era::ALL.iter().any(|era| has_len(era) && era.key_type() == key_type) {
            return Err(MalformedKind::HandshakeKeyType.at(4));
        }
        let Some(cipher_type) = u32_at(bytes, 8) else { return Ok(None) };
        let Some(era) = Era::from_triple((len, key_type, cipher_type)) else {
            return Err(MalformedKind::HandshakeCipher.at(8));
        };
        let used = HANDSHAKE_HEAD_LEN + era.wrapped_len();
        Ok(bytes.get(HANDSHAKE_HEAD_LEN..used).map(|wrapped| (Self { era, wrapped: wrapped.to_vec().into() }, used)))
    }

    /// Appends the bytes to `out`. The length field says what the wrapped key has.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (_, key_type, cipher_type) = self.era.triple();
        let len = u32::try_from(self.wrapped.len()).unwrap_or(u32::MAX);
        for number in [len, key_type, cipher_type] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.wrapped);
    }

    /// Whether a stream begins with a handshake rather than with a plain packet; `None` if more bytes are needed.
    ///
    /// Bytes 6 and 7 tell: the high half of a handshake's key type, which is NUL below 65,536, or the start of a
    /// plain packet's method, which is never empty. Seven bytes suffice for a plain packet, eight for a handshake.
    #[must_use]
    pub fn looks_like(bytes: &[u8]) -> Option<bool> {
        match bytes.get(6)? {
            0 => Some(*bytes.get(7)? == 0),
            _ => Some(false),
        }
    }
}

/// The little-endian number at `at`, if all of it is there.
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(numbers: [u32; 3]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    fn sample(era: Era) -> Vec<u8> {
        let mut bytes = Vec::new();
        Handshake { era, wrapped: vec![0xa5; era.wrapped_len()].into() }.encode(&mut bytes);
        bytes
    }

    #[test]
    fn every_era_leads_back_and_leaves_what_follows() {
        for era in Era::ALL {
            let bytes = sample(era);
            assert_eq!(bytes.len(), if era == Era::E2012 { 140 } else { 268 });
            let followed = [bytes.as_slice(), b"frame"].concat();
            let Ok(Some((handshake, used))) = Handshake::decode(&followed) else { panic!("{era}") };
            assert_eq!((handshake.era, used), (era, bytes.len()));
            assert!(handshake.wrapped.iter().all(|b| *b == 0xa5));
        }
    }

    #[test]
    fn every_shorter_piece_needs_more() {
        for era in Era::ALL {
            let bytes = sample(era);
            for cut in 0..bytes.len() {
                assert_eq!(Handshake::decode(&bytes[..cut]), Ok(None), "{era} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_wrong_number_is_found_with_its_last_byte() {
        use MalformedKind::{HandshakeCipher, HandshakeKeyType, HandshakeLength};
        let cases = [
            ([0, 12, 2], HandshakeLength, 0),
            ([127, 1, 1], HandshakeLength, 0),
            ([512, 12, 2], HandshakeLength, 0),
            ([u32::MAX, 12, 2], HandshakeLength, 0),
            ([256, 1, 1], HandshakeKeyType, 4),
            ([128, 12, 2], HandshakeKeyType, 4),
            ([128, 2, 1], HandshakeKeyType, 4),
            ([256, 13, 2], HandshakeKeyType, 4),
            ([256, 28, 3], HandshakeKeyType, 4),
            ([128, 1, 2], HandshakeCipher, 8),
            ([128, 1, 0], HandshakeCipher, 8),
            ([256, 12, 3], HandshakeCipher, 8),
            ([256, 15, 3], HandshakeCipher, 8),
            ([256, 15, 1], HandshakeCipher, 8),
            ([256, 16, 2], HandshakeCipher, 8),
        ];
        for (numbers, kind, at) in cases {
            let bytes = head(numbers);
            for cut in 0..=bytes.len() {
                let expected = if cut < at + 4 { Ok(None) } else { Err(kind.at(at)) };
                assert_eq!(Handshake::decode(&bytes[..cut]), expected, "{numbers:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_plain_packet_is_told_from_a_handshake_by_its_method() {
        for era in Era::ALL {
            let bytes = sample(era);
            assert_eq!(Handshake::looks_like(&bytes), Some(true), "{era}");
            assert!((0..8).all(|cut| Handshake::looks_like(&bytes[..cut]).is_none()), "{era}");
        }
        // Even an id and a status that read as length 256 and key type 12.
        let packet = b"\x00\x01\x00\x00\x0c\x00A\0\0\0\0";
        assert_eq!(Handshake::looks_like(packet), Some(false));
        assert_eq!(Handshake::looks_like(&packet[..7]), Some(false));
        assert_eq!(Handshake::looks_like(&packet[..6]), None);
        assert_eq!(Handshake::looks_like(b"\x01\0\0\0\0\0BUY"), Some(false));
        assert_eq!(Handshake::looks_like(&[0x80, 0, 0, 0, 1, 0, 0, 1]), Some(false));
    }
}
