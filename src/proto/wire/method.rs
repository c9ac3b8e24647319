//! The method: 1 to 11 printable ASCII characters, padded with NUL to 11 (`FRAME-METHOD-1`).

use core::fmt;

use super::header::METHOD;
use crate::proto::error::{ApiMisuse, Malformed, MalformedKind};
use crate::proto::limits::METHOD_LEN;

/// A method name. Printable ASCII only, so that no reader can stumble over it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Method([u8; METHOD_LEN]);

impl Method {
    /// The method called `name`.
    ///
    /// # Errors
    /// [`ApiMisuse::Method`] when it is empty, longer than 11 or not printable ASCII.
    pub fn new(name: &str) -> Result<Self, ApiMisuse> {
        let mut b = [0; METHOD_LEN];
        let fits = b.get_mut(..name.len()).map(|d| d.copy_from_slice(name.as_bytes())).is_some();
        if fits && Self::decode(b).is_ok() && !name.contains('\0') {
            Ok(Self(b))
        } else {
            Err(ApiMisuse::Method(name.to_owned()))
        }
    }

    /// The method of a constant name. Fails the build when used in a constant and the name does not fit.
    #[must_use]
    pub const fn constant(name: &str) -> Self {
        let (name, mut b, mut i) = (name.as_bytes(), [0; METHOD_LEN], 0);
        assert!(!name.is_empty() && name.len() <= METHOD_LEN, "a method has 1 to 11 characters");
        while i < name.len() {
            assert!(name[i].is_ascii_graphic(), "a method is printable ASCII");
            b[i] = name[i];
            i += 1;
        }
        Self(b)
    }

    /// Reads the 11 bytes of a header.
    ///
    /// # Errors
    /// Empty, not printable ASCII, or bytes after the first NUL; the offset counts from the header's first byte.
    //= FRAME-METHOD-2
    #[inline]
    pub fn decode(bytes: [u8; METHOD_LEN]) -> Result<Self, Malformed> {
        if Self::is_sound(&bytes) {
            return Ok(Self(bytes));
        }
        Self::check(&bytes, METHOD.start).map(|()| Self(bytes))
    }

    /// Whether [`Method::check`] would find nothing: a name, then NUL. No byte is branched on, so that all eleven are
    /// looked at together.
    #[inline]
    fn is_sound(bytes: &[u8; METHOD_LEN]) -> bool {
        let mut padded = [0; 16];
        padded[..METHOD_LEN].copy_from_slice(bytes);
        let mut behind = [0; 16];
        behind[..METHOD_LEN - 1].copy_from_slice(&bytes[1..]);
        let wrong = padded
            .iter()
            .zip(&behind)
            .fold(false, |wrong, (&b, &next)| wrong | (!b.is_ascii_graphic() & ((b != 0) | (next != 0))));
        !wrong & (bytes[0] != 0)
    }

    /// Checks the part of the field that has arrived; `at` is the offset of its first byte.
    pub(super) fn check(bytes: &[u8], at: usize) -> Result<(), Malformed> {
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        let (name, rest) = bytes.split_at(end);
        if let Some(i) = name.iter().position(|b| !b.is_ascii_graphic()) {
            return Err(MalformedKind::MethodNotAscii.at(at + i));
        }
        if name.is_empty() && !rest.is_empty() {
            return Err(MalformedKind::MethodEmpty.at(at));
        }
        match rest.iter().position(|&b| b != 0) {
            Some(i) => Err(MalformedKind::MethodAfterNul.at(at + end + i)),
            None => Ok(()),
        }
    }

    /// Its eleven bytes as one number.
    pub(crate) const fn number(&self) -> u128 {
        let (mut padded, mut i) = ([0; 16], 0);
        while i < METHOD_LEN {
            padded[i] = self.0[i];
            i += 1;
        }
        u128::from_le_bytes(padded)
    }

    /// The name, without its padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(METHOD_LEN);
        // Every constructor has checked for ASCII.
        self.0.get(..end).and_then(|b| core::str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// The 11 bytes of the wire.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; METHOD_LEN] {
        &self.0
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_legal_length_read_back() {
        for n in 1..=METHOD_LEN {
            let name = &"ABCDEFGHIJK"[..n];
            let m = Method::new(name).expect("fits");
            assert_eq!(m.as_str(), name);
            assert_eq!(Method::decode(*m.bytes()), Ok(m));
            assert_eq!(Method::constant(name), m);
        }
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        for name in ["", "ABCDEFGHIJKL", "A B", "PÏNG", "A\0B", "A\0"] {
            assert_eq!(Method::new(name), Err(ApiMisuse::Method(name.to_owned())), "{name:?}");
        }
    }

    #[test]
    fn the_look_at_all_eleven_bytes_says_what_the_look_at_each_says() {
        for len in 0..=METHOD_LEN {
            for at in 0..METHOD_LEN {
                for byte in 0..=u8::MAX {
                    let mut b = [0; METHOD_LEN];
                    b[..len].copy_from_slice(&b"ABCDEFGHIJK"[..len]);
                    b[at] = byte;
                    assert_eq!(Method::is_sound(&b), Method::check(&b, 0).is_ok(), "{b:?}");
                }
            }
        }
    }
}
