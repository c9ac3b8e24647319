//! RSA of the modern eras by aws-lc, in constant time and six times as fast: the feature `aws-lc`.
//!
//! The 1024 bits and the PKCS#1 v1.5 of 2012 it refuses: those stay with the core's own. So does the simulator, whose
//! padding must repeat from its seed.

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};

use crate::proto::secure::wrapping::unwrap_with;
use crate::proto::secure::{Era, KeyRing, SessionKey};

/// The modern key of a ring, as aws-lc has it.
#[derive(Debug)]
pub struct Modern(OaepPrivateDecryptingKey);

impl Modern {
    /// The modern key of `ring`; nothing when aws-lc does not take it.
    #[must_use]
    pub fn new(ring: &KeyRing) -> Option<Self> {
        let key = PrivateDecryptingKey::from_pkcs8(&ring.modern.to_der().ok()?).ok()?;
        OaepPrivateDecryptingKey::new(key).ok().map(Self)
    }

    /// The session key of a wrapped block of a modern era: what [`unwrap`](crate::proto::secure::unwrap) gives for it,
    /// a bad block included.
    #[must_use]
    pub fn unwrap(&self, era: Era, wrapped: &[u8], ring: &KeyRing) -> SessionKey {
        unwrap_with(era, wrapped, ring, || {
            let mut room = vec![0; self.0.min_output_size()];
            let opened = self.0.decrypt(&OAEP_SHA1_MGF1SHA1, wrapped, &mut room, None);
            opened.map(|bytes| bytes.to_vec()).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::entropy::Entropy;
    use crate::proto::secure::{unwrap, wrap};

    #[test]
    fn it_gives_what_the_core_gives_for_good_blocks_and_bad_ones() {
        let (ring, mut entropy) = (KeyRing::test(), Entropy::named(6, "aws-lc"));
        let modern = Modern::new(&ring).expect("the test key is one");
        for era in [Era::E2019, Era::E2023, Era::E2025] {
            let key = SessionKey::generate(&mut entropy);
            let good = wrap(era, &key, &ring.public_ring(), &mut entropy).expect("it wraps").wrapped;
            assert_eq!(modern.unwrap(era, &good, &ring), key, "{era}");
            let mut flipped = good.as_bytes().to_vec();
            flipped[100] ^= 1;
            let len = era.wrapped_len();
            for bad in [flipped, vec![0; len], vec![0xff; len], vec![1; len - 1], vec![1; len + 1], vec![]] {
                let got = modern.unwrap(era, &bad, &ring);
                assert_eq!(got, unwrap(era, &bad, &ring, &mut entropy), "{era}");
                assert_ne!(got, key);
            }
        }
    }
}
