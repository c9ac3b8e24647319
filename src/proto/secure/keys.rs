//! Keys: the session key of one connection, and the RSA keys that carry it.
//!
//! No key of the service is here or anywhere in the tree. The two test keys under `spec/keys/` are public on purpose.
//! What is done with the keys is in [`super::wrapping`].

use core::fmt;
use std::sync::{Arc, OnceLock};

use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha256};

use super::era::Era;
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

/// The two keys of a server: every era is served with one of them.
#[derive(Clone, Debug)]
pub struct KeyRing {
    /// 2048 bit: eras 2019, 2023 and 2025.
    pub modern: PrivateKey,
    /// 1024 bit: era 2012.
    pub old: PrivateKey,
    rejection: Secret,
}

/// What the keys of implicit rejection are derived from: a function of the ring, known to nobody else.
#[derive(Clone)]
struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl KeyRing {
    /// A ring of these two keys.
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] when `modern` has not 2048 bits or `old` has not 1024.
    pub fn new(modern: PrivateKey, old: PrivateKey) -> Result<Self, ApiMisuse> {
        check_bits("modern", Era::E2025, modern.bits())?;
        check_bits("2012", Era::E2012, old.bits())?;
        let mut hash = Sha256::new();
        hash.update(b"locospec implicit rejection 1");
        hash.update(modern.0.d().to_be_bytes());
        hash.update(old.0.d().to_be_bytes());
        Ok(Self { modern, old, rejection: Secret(hash.finalize().into()) })
    }

    /// The ring of the test keys under `spec/keys/`, which protect nothing. Parsed once in a process.
    #[must_use]
    pub fn test() -> Self {
        static RING: OnceLock<KeyRing> = OnceLock::new();
        RING.get_or_init(|| {
            let modern = PrivateKey::from_pem(include_str!("../../../spec/keys/test-2048.pem"));
            let old = PrivateKey::from_pem(include_str!("../../../spec/keys/test-1024.pem"));
            match modern.and_then(|modern| Self::new(modern, old?)) {
                Ok(ring) => ring,
                Err(e) => unreachable!("the test keys are compiled in, and a test parses them: {e}"),
            }
        })
        .clone()
    }

    /// The key that serves `era`.
    #[must_use]
    pub const fn for_era(&self, era: Era) -> &PrivateKey {
        if era.is_modern() { &self.modern } else { &self.old }
    }

    /// The public halves, as clients hold them.
    #[must_use]
    pub fn public_ring(&self) -> PublicRing {
        PublicRing { modern: self.modern.public(), old: self.old.public(), witness: None }
    }

    /// The session key that stands in for that of a bad block: the same block always gets the same key.
    ///
    /// SHA-256 of secret, era and block; the output is cut to 16 bytes and never leaves as a hash, so that the
    /// extension of a plain hash has nothing to extend.
    pub(super) fn rejection_key(&self, era: Era, wrapped: &[u8]) -> [u8; BLOCK_LEN] {
        let mut hash = Sha256::new();
        hash.update(self.rejection.0);
        hash.update(era.as_str().as_bytes());
        hash.update(wrapped);
        let digest: [u8; 32] = hash.finalize().into();
        let mut key = [0; BLOCK_LEN];
        key.iter_mut().zip(digest).for_each(|(k, d)| *k = d);
        key
    }
}

/// The two public keys of a client. A client of one era uses one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicRing {
    /// 2048 bit: eras 2019, 2023 and 2025.
    pub modern: PublicKey,
    /// 1024 bit: era 2012.
    pub old: PublicKey,
    /// Hears of every key that is wrapped with this ring. None, outside a simulation.
    pub witness: Option<Witness>,
}

/// Hears of every key that a client wraps, with its RSA block: a simulation, where RSA would else be most of the work,
/// and which reads the traffic for its trace.
#[derive(Clone)]
pub struct Witness(Hears);

type Hears = Arc<dyn Fn(&[u8], &SessionKey) + Send + Sync>;

impl Witness {
    /// Calls `hears` with each block and the key in it.
    #[must_use]
    pub fn new(hears: impl Fn(&[u8], &SessionKey) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hears))
    }

    pub(super) fn hear(&self, wrapped: &[u8], key: &SessionKey) {
        (self.0)(wrapped, key);
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

impl PartialEq for Witness {
    /// Who listens is no part of a ring.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Witness {}

impl PublicRing {
    /// A ring of these two keys.
    ///
    /// # Errors
    /// [`ApiMisuse::Key`] when `modern` has not 2048 bits or `old` has not 1024.
    pub fn new(modern: PublicKey, old: PublicKey) -> Result<Self, ApiMisuse> {
        check_bits("modern", Era::E2025, modern.bits())?;
        check_bits("2012", Era::E2012, old.bits())?;
        Ok(Self { modern, old, witness: None })
    }

    /// The key that `era` wraps with.
    #[must_use]
    pub const fn for_era(&self, era: Era) -> &PublicKey {
        if era.is_modern() { &self.modern } else { &self.old }
    }
}

/// That a key has the size of its era; `which` names the key for the message.
pub(super) fn check_bits(which: &str, era: Era, bits: usize) -> Result<(), ApiMisuse> {
    if bits == era.rsa_bits() {
        return Ok(());
    }
    Err(misuse(format!("the {which} key has {bits} bits; it needs {}", era.rsa_bits())))
}

/// The label of a PEM text.
fn label(pem: &str) -> Result<&str, ApiMisuse> {
    pem.strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .map(|(label, _)| label)
        .ok_or_else(|| misuse("not a PEM text: it must begin with -----BEGIN".to_owned()))
}

fn misuse(why: String) -> ApiMisuse {
    ApiMisuse::Key(why)
}

#[cfg(test)]
mod tests {
    use super::*;

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
