//! Keys: the session key of one connection, and the RSA keys that carry it.
//!
//! No key of the service is here or anywhere in the tree. The two test keys under `spec/keys/` are public on purpose.
//! What is done with the keys is in [`super::wrapping`].

use core::fmt;

use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};

use crate::proto::entropy::Entropy;
use crate::proto::error::ApiMisuse;
use crate::proto::limits::BLOCK_LEN;

/// The AES-128 key of one connection, the same in both directions. It never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey([u8; BLOCK_LEN]);

impl SessionKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; BLOCK_LEN]) -> Self {
        Self(bytes)
    }

    /// A fresh key: what a client makes for each connection.
    #[must_use]
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The bytes, for a cipher or a vector.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; BLOCK_LEN] {
        &self.0
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// The public half of an RSA key: what a client holds.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(pub(super) RsaPublicKey);

impl PublicKey {
    /// Reads a PEM text, `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] saying what the text is instead, or what is wrong in it.
    pub fn from_pem(pem: &str) -> Result<Self, ApiMisuse> {
        let pem = pem.trim();
        let key = match label(pem)? {
            "PUBLIC KEY" => RsaPublicKey::from_public_key_pem(pem).map_err(|e| e.to_string()),
            "RSA PUBLIC KEY" => RsaPublicKey::from_pkcs1_pem(pem).map_err(|e| e.to_string()),
            other => return Err(misuse(format!("expected a public RSA key, found {other}"))),
        };
        key.map(Self).map_err(|why| misuse(format!("not an RSA public key of 1024 to 8192 bits: {why}")))
    }

    /// The SPKI PEM text.
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, ApiMisuse> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|e| misuse(e.to_string()))
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.n().bits_vartime() as usize
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bit)", self.bits())
    }
}

/// An RSA key pair: what a server holds. It prints its size only.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(pub(super) RsaPrivateKey);

impl PrivateKey {
    /// The public exponent of every captured key, and so of ours (loco-2012 §4, loco-modern §2.4).
    const EXPONENT: u32 = 3;
    /// The sizes that [`PrivateKey::generate`] makes: those of [`Era::rsa_bits`], and two that no era takes, for tests.
    const GENERATED_BITS: [usize; 4] = [1024, 2048, 3072, 4096];

    /// Reads a PEM text without passphrase, `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] saying what the text is instead, or what is wrong in it.
    pub fn from_pem(pem: &str) -> Result<Self, ApiMisuse> {
        let pem = pem.trim();
        let key = match label(pem)? {
            "PRIVATE KEY" => RsaPrivateKey::from_pkcs8_pem(pem).map_err(|e| e.to_string()),
            "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_pem(pem).map_err(|e| e.to_string()),
            other => return Err(misuse(format!("expected a private RSA key without passphrase, found {other}"))),
        };
        key.map(Self).map_err(|why| misuse(format!("not an RSA private key of 1024 to 8192 bits: {why}")))
    }

    /// A fresh key pair with e = 3, reproducible from the stream.
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] for a size other than 1024, 2048, 3072 or 4096 bits.
    pub fn generate(bits: usize, entropy: &mut Entropy) -> Result<Self, ApiMisuse> {
        if !Self::GENERATED_BITS.contains(&bits) {
            return Err(misuse(format!("{bits} bits asked for; 1024, 2048, 3072 and 4096 can be made")));
        }
        RsaPrivateKey::new_with_exp(entropy, bits, BoxedUint::from(Self::EXPONENT))
            .map(Self)
            .map_err(|e| misuse(e.to_string()))
    }

    /// The PKCS#8 PEM text, without passphrase.
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] if the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, ApiMisuse> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|e| misuse(e.to_string()))?;
        Ok(pem.as_str().to_owned())
    }

    /// The PKCS#8 bytes, for another RSA.
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] if the key cannot be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>, ApiMisuse> {
        let der = self.0.to_pkcs8_der().map_err(|e| misuse(e.to_string()))?;
        Ok(der.as_bytes().to_vec())
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.n().bits_vartime() as usize
    }

    /// The half that clients get.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.to_public_key())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} bit, ..)", self.bits())
    }
}

/// The label of a PEM text.
fn label(pem: &str) -> Result<&str, ApiMisuse> {
    pem.strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .map(|(label, _)| label)
        .ok_or_else(|| misuse("not a PEM text: it must begin with -----BEGIN".to_owned()))
}

pub(super) fn misuse(why: String) -> ApiMisuse {
    ApiMisuse::Key(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::secure::Era;
    use crate::proto::secure::ring::{KeyRing, PublicRing};

    fn said<T: fmt::Debug>(result: Result<T, ApiMisuse>) -> String {
        match result {
            Ok(value) => format!("accepted: {value:?}"),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn the_test_ring_has_the_sizes_of_the_eras_and_e_3() {
        let ring = KeyRing::test();
        for era in Era::ALL {
            assert_eq!(ring.for_era(era).bits(), era.rsa_bits(), "{era}");
            assert_eq!(ring.for_era(era).0.e(), &BoxedUint::from(3u32), "{era}");
        }
    }

    #[test]
    fn the_committed_public_halves_belong_to_the_private_ones() -> Result<(), ApiMisuse> {
        let modern = PublicKey::from_pem(include_str!("../../../spec/keys/test-2048.pub.pem"))?;
        let old = PublicKey::from_pem(include_str!("../../../spec/keys/test-1024.pub.pem"))?;
        assert_eq!(KeyRing::test().public_ring(), PublicRing::new(modern, old)?);
        Ok(())
    }

    #[test]
    fn pem_leads_back_and_both_dialects_are_read() -> Result<(), ApiMisuse> {
        use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
        let key = KeyRing::test().old;
        assert_eq!(PrivateKey::from_pem(&key.to_pem()?)?, key);
        assert_eq!(PublicKey::from_pem(&key.public().to_pem()?)?, key.public());
        let Ok(private) = key.0.to_pkcs1_pem(LineEnding::CRLF) else { return Err(ApiMisuse::Key("pkcs1".into())) };
        let Ok(public) = key.public().0.to_pkcs1_pem(LineEnding::LF) else {
            return Err(ApiMisuse::Key("pkcs1".into()));
        };
        assert!(private.contains("BEGIN RSA PRIVATE KEY") && public.contains("BEGIN RSA PUBLIC KEY"));
        assert_eq!(PrivateKey::from_pem(&private)?, key);
        assert_eq!(PublicKey::from_pem(&format!("\n{public}\n\n"))?, key.public());
        Ok(())
    }

    #[test]
    fn a_wrong_text_is_told_what_it_is() -> Result<(), ApiMisuse> {
        let key = KeyRing::test().old;
        assert_eq!(said(PrivateKey::from_pem("")), "key: not a PEM text: it must begin with -----BEGIN");
        assert_eq!(
            said(PrivateKey::from_pem(&key.public().to_pem()?)),
            "key: expected a private RSA key without passphrase, found PUBLIC KEY"
        );
        assert_eq!(said(PublicKey::from_pem(&key.to_pem()?)), "key: expected a public RSA key, found PRIVATE KEY");
        assert!(
            said(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----"))
                .contains("not an RSA")
        );
        let pem = key.to_pem()?;
        for cut in [40, 100, pem.len() / 2, pem.len() - 30] {
            assert!(PrivateKey::from_pem(&pem[..cut]).is_err(), "cut at {cut}");
        }
        Ok(())
    }

    #[test]
    fn a_key_of_the_wrong_size_is_named() {
        let KeyRing { modern, old, .. } = KeyRing::test();
        assert_eq!(said(KeyRing::new(old.clone(), old.clone())), "key: the modern key has 1024 bits; it needs 2048");
        assert_eq!(
            said(KeyRing::new(modern.clone(), modern.clone())),
            "key: the 2012 key has 2048 bits; it needs 1024"
        );
        assert_eq!(
            said(PublicRing::new(old.public(), modern.public())),
            "key: the modern key has 1024 bits; it needs 2048"
        );
    }

    #[test]
    fn a_generated_key_repeats_from_its_stream_and_odd_sizes_are_refused() -> Result<(), ApiMisuse> {
        let make = |seed| PrivateKey::generate(1024, &mut Entropy::named(seed, "rsa"));
        assert_eq!(make(1)?, make(1)?);
        assert_ne!(make(1)?, make(2)?);
        assert_eq!(make(1)?.bits(), 1024);
        assert_eq!(make(1)?.0.e(), &BoxedUint::from(3u32));
        for bits in [0, 1, 512, 1023, 1025, 8192, usize::MAX] {
            assert!(PrivateKey::generate(bits, &mut Entropy::named(1, "rsa")).is_err(), "{bits}");
        }
        Ok(())
    }

    #[test]
    fn no_key_prints_its_secret() {
        let printed = format!("{:?} {:?}", KeyRing::test(), SessionKey::from_bytes([0xab; 16]));
        assert_eq!(
            printed,
            "KeyRing { modern: PrivateKey(2048 bit, ..), old: PrivateKey(1024 bit, ..), rejection: Secret(..) } SessionKey(..)"
        );
    }
}
