//! Rings: the RSA keys of a server, one for each era, and their public halves for its clients.

use core::fmt;
use std::sync::{Arc, OnceLock};

use rsa::traits::PrivateKeyParts;
use sha2::{Digest, Sha256};

use super::era::Era;
use super::keys::{PrivateKey, PublicKey, SessionKey, misuse};
use crate::proto::error::ApiMisuse;
use crate::proto::limits::BLOCK_LEN;

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
