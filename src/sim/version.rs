//! Which build wrote a file: a run repeats in every build of the same crate from the same lock file.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// The lock file that this build was made from.
const LOCK: &[u8] = include_bytes!("../../Cargo.lock");

/// `locospec 0.1.0, lock 1a2b3c4d5e6f`: the version of the crate, and how the SHA-256 of its `Cargo.lock` begins.
#[must_use]
pub fn written_by() -> String {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = || {
        let digest: String = Sha256::digest(LOCK).iter().take(6).map(|b| format!("{b:02x}")).collect();
        format!("locospec {}, lock {digest}", env!("CARGO_PKG_VERSION"))
    };
    TEXT.get_or_init(text).clone()
}
