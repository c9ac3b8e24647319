//! SHA-1 of a file that comes in parts: its state can be kept with the part that is there, so that an upload goes on
//! after a restart without reading everything again.

use sha1::digest::common::hazmat::{SerializableState, SerializedState};
use sha1::{Digest, Sha1};

/// The running SHA-1 of a file.
#[derive(Clone, Default)]
pub struct FileHash(Sha1);

impl FileHash {
    /// The hash whose [`FileHash::state`] this is; `None` for a text that is none. The empty text is a new one.
    #[must_use]
    pub fn resume(state: &str) -> Option<Self> {
        if state.is_empty() {
            return Some(Self::default());
        }
        let mut bytes = SerializedState::<Sha1>::default();
        if state.len() != bytes.len() * 2 {
            return None;
        }
        for (slot, digits) in bytes.iter_mut().zip(state.as_bytes().chunks(2)) {
            *slot = u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Sha1::deserialize(&bytes).ok().map(Self)
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What [`FileHash::resume`] goes on from.
    #[must_use]
    pub fn state(&self) -> String {
        hex(&self.0.serialize())
    }

    /// The SHA-1 of all bytes so far, in lower case hex.
    #[must_use]
    pub fn checksum(&self) -> String {
        hex(&self.0.clone().finalize())
    }
}

impl core::fmt::Debug for FileHash {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FileHash")
    }
}

/// Lower case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_goes_on_where_its_state_was_kept() {
        let whole = b"The quick brown fox jumps over the lazy dog".repeat(5);
        for cut in [0, 1, 63, 64, 65, whole.len()] {
            let mut first = FileHash::default();
            first.update(&whole[..cut]);
            let Some(mut second) = FileHash::resume(&first.state()) else { panic!("the state is not read") };
            second.update(&whole[cut..]);
            let mut once = FileHash::default();
            once.update(&whole);
            assert_eq!(second.checksum(), once.checksum(), "cut at {cut}");
        }
        assert_eq!(FileHash::default().checksum(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        for bad in ["0", "zz", "00"] {
            assert!(FileHash::resume(bad).is_none());
        }
        assert!(FileHash::resume(&"é".repeat(93)).is_none());
    }
}
