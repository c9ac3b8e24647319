//! Where a long plaintext is cut into frames.
//!
//! 2012: a frame's ciphertext is at most 2048 bytes, so the plaintext is cut at 2047 and each piece is padded and
//! encrypted on its own (loco-2012 §3.2: PK, PKI5, W3). The receiver joins by the packet's body length, which `wire`
//! does for every era alike. Modern eras have no documented limit; one published client cuts at 16 MiB
//! (loco-modern §1.3: FLP), and so do we.

use super::era::Era;
use crate::proto::limits::FRAGMENT_PLAIN_MAX;

/// The most plaintext that we put into one modern frame.
pub const MODERN_PLAIN_MAX: usize = 16 << 20;

/// The most plaintext in one frame of this era.
#[must_use]
pub const fn plain_max(era: Era) -> usize {
    if era.is_modern() { MODERN_PLAIN_MAX } else { FRAGMENT_PLAIN_MAX }
}

/// The pieces of `plain`, each for one frame of at most `most` bytes ([`plain_max`]), in order; none for an empty plaintext.
//= SECURE-CBC-2
pub fn pieces(most: usize, plain: &[u8]) -> impl Iterator<Item = &[u8]> {
    plain.chunks(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plaintext_of_2012_is_cut_at_2047() {
        let plain = vec![7; 4095];
        let lens = |n: usize| pieces(plain_max(Era::E2012), &plain[..n]).map(<[u8]>::len).collect::<Vec<_>>();
        assert!(lens(0).is_empty());
        assert_eq!(lens(1), [1]);
        assert_eq!(lens(2047), [2047]);
        assert_eq!(lens(2048), [2047, 1]);
        assert_eq!(lens(4094), [2047, 2047]);
        assert_eq!(lens(4095), [2047, 2047, 1]);
    }

    #[test]
    fn a_modern_plaintext_stays_whole_up_to_16_mib() {
        let plain = vec![7; MODERN_PLAIN_MAX + 1];
        for era in [Era::E2019, Era::E2023, Era::E2025] {
            assert_eq!(pieces(plain_max(era), &plain[1..]).count(), 1, "{era}");
            assert_eq!(
                pieces(plain_max(era), &plain).map(<[u8]>::len).collect::<Vec<_>>(),
                [MODERN_PLAIN_MAX, 1],
                "{era}"
            );
        }
    }
}
