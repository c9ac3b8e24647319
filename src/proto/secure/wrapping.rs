//! The session key under RSA: wrapped by the client, unwrapped by the server.
//!
//! PKCS#1 v1.5 in 2012 (loco-2012 §4: CP, PK, W3, LC), OAEP with SHA-1 since (loco-modern §2.1: KPY, MAK, YUS).
//!
//! A bad block is **rejected implicitly** (ours): it gets a key nobody can guess, always the same for the same block,
//! and the connection ends where the first frame does not make sense, as with any wrong key. Neither a reply nor a
//! branch of this file tells a good block from a bad one. What the `rsa` crate itself leaks by time
//! (RUSTSEC-2023-0071) it still leaks; the operation is blinded with the caller's stream.

use core::hint::black_box;

use rsa::{Oaep, Pkcs1v15Encrypt};
use sha1::Sha1;

use super::era::{Era, Wrapping};
use super::handshake::Handshake;
use super::keys::SessionKey;
use super::ring::{KeyRing, PublicRing, check_bits};
use crate::proto::entropy::Entropy;
use crate::proto::error::ApiMisuse;
use crate::proto::limits::BLOCK_LEN;

/// The handshake that hands `key` to the server whose public keys are `public`. The padding comes from `entropy`.
///
/// # Errors
/// [`ApiMisuse::Key`] when the ring's key has not the size of the era.
pub fn wrap(era: Era, key: &SessionKey, public: &PublicRing, entropy: &mut Entropy) -> Result<Handshake, ApiMisuse> {
    let rsa = public.for_era(era);
    check_bits(era.as_str(), era, rsa.bits())?;
    let wrapped = match era.wrapping() {
        Wrapping::Pkcs1v15 => rsa.0.encrypt(entropy, Pkcs1v15Encrypt, key.as_bytes()),
        Wrapping::OaepSha1 => rsa.0.encrypt(entropy, Oaep::<Sha1>::new(), key.as_bytes()),
    };
    let wrapped = wrapped.map_err(|e| ApiMisuse::Key(e.to_string()))?;
    if let Some(witness) = &public.witness {
        witness.hear(&wrapped, key);
    }
    Ok(Handshake { era, wrapped: wrapped.into() })
}

/// The session key of a wrapped block: always a key, and for a bad block one that nobody can guess.
///
/// Key material longer than 16 bytes is cut to its first 16 (loco-modern §7 row 3); shorter material is a bad block.
/// `entropy` blinds the RSA operation and has no part in the result.
#[must_use]
//= HS-REJECT-1
pub fn unwrap(era: Era, wrapped: &[u8], ring: &KeyRing, entropy: &mut Entropy) -> SessionKey {
    unwrap_with(era, wrapped, ring, || {
        let rsa = &ring.for_era(era).0;
        let opened = match era.wrapping() {
            Wrapping::Pkcs1v15 => rsa.decrypt_blinded(entropy, Pkcs1v15Encrypt, wrapped),
            Wrapping::OaepSha1 => rsa.decrypt_blinded(entropy, Oaep::<Sha1>::new(), wrapped),
        };
        opened.unwrap_or_default()
    })
}

/// The same by another RSA: `open` gives the key material in the block, and nothing for a bad block.
#[must_use]
pub fn unwrap_with(era: Era, wrapped: &[u8], ring: &KeyRing, open: impl FnOnce() -> Vec<u8>) -> SessionKey {
    let instead = ring.rejection_key(era, wrapped);
    let mut material = open();
    let good = u8::from(material.len() >= BLOCK_LEN);
    material.resize(BLOCK_LEN, 0);
    SessionKey::from_bytes(select(good, &material, &instead))
}

/// `yes` when `choice` is 1 and `no` when it is 0, byte by byte under a mask.
fn select(choice: u8, yes: &[u8], no: &[u8; BLOCK_LEN]) -> [u8; BLOCK_LEN] {
    let mask = black_box(0u8.wrapping_sub(choice));
    let mut out = *no;
    for (o, y) in out.iter_mut().zip(yes) {
        *o ^= (*o ^ y) & mask;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::secure::keys::PrivateKey;

    fn entropy() -> Entropy {
        Entropy::named(5, "wrapping")
    }

    #[test]
    fn what_is_wrapped_is_unwrapped_in_every_era() -> Result<(), ApiMisuse> {
        let (ring, mut e) = (KeyRing::test(), entropy());
        for era in Era::ALL {
            let key = SessionKey::generate(&mut e);
            let handshake = wrap(era, &key, &ring.public_ring(), &mut e)?;
            assert_eq!(handshake.wrapped.len(), era.wrapped_len(), "{era}");
            assert_eq!(unwrap(era, &handshake.wrapped, &ring, &mut e), key, "{era}");
        }
        Ok(())
    }

    #[test]
    fn wrapping_repeats_from_its_stream() -> Result<(), ApiMisuse> {
        let public = KeyRing::test().public_ring();
        let key = SessionKey::from_bytes([7; 16]);
        for era in Era::ALL {
            let mut e = entropy();
            let first = wrap(era, &key, &public, &mut e)?;
            assert_ne!(first, wrap(era, &key, &public, &mut e)?, "{era}: the padding is random");
            assert_eq!(first, wrap(era, &key, &public, &mut entropy())?, "{era}: and from the stream alone");
        }
        Ok(())
    }

    #[test]
    fn a_bad_block_gives_a_key_that_depends_on_block_ring_and_era_alone() -> Result<(), ApiMisuse> {
        let ring = KeyRing::test();
        let others = KeyRing::new(ring.modern.clone(), PrivateKey::generate(1024, &mut entropy())?)?;
        for era in Era::ALL {
            let len = era.wrapped_len();
            for block in [vec![0; len], vec![0x11; len], vec![0xff; len], vec![1; len - 1], vec![1; len + 1], vec![]] {
                let key = unwrap(era, &block, &ring, &mut entropy());
                assert_eq!(key, unwrap(era, &block, &ring, &mut Entropy::named(9, "another")), "{era}");
                assert_ne!(key, SessionKey::from_bytes([0; 16]), "{era}");
                assert_ne!(key, unwrap(era, &block, &others, &mut entropy()), "{era}");
                let mut changed = block.clone();
                changed.push(0);
                assert_ne!(key, unwrap(era, &changed, &ring, &mut entropy()), "{era}");
            }
        }
        Ok(())
    }

    #[test]
    fn one_changed_bit_of_a_good_block_gives_another_key() -> Result<(), ApiMisuse> {
        let (ring, mut e) = (KeyRing::test(), entropy());
        for era in [Era::E2012, Era::E2025] {
            let key = SessionKey::generate(&mut e);
            let handshake = wrap(era, &key, &ring.public_ring(), &mut e)?;
            for at in [0, 1, era.wrapped_len() / 2, era.wrapped_len() - 1] {
                let mut block = handshake.wrapped.to_vec();
                block[at] ^= 1;
                assert_ne!(unwrap(era, &block, &ring, &mut e), key, "{era} byte {at}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_ring_with_a_wrong_size_wraps_nothing() {
        let PublicRing { modern, old, witness } = KeyRing::test().public_ring();
        let swapped = PublicRing { modern: old, old: modern, witness };
        for era in Era::ALL {
            let result = wrap(era, &SessionKey::from_bytes([0; 16]), &swapped, &mut entropy());
            assert!(matches!(result, Err(ApiMisuse::Key(_))), "{era}");
        }
    }

    #[test]
    fn selection_takes_one_side_whole() {
        let (yes, no) = ([0xf0; BLOCK_LEN], [0x0f; BLOCK_LEN]);
        assert_eq!(select(1, &yes, &no), yes);
        assert_eq!(select(0, &yes, &no), no);
    }
}
