//! A stream of frames: [`Sealer`] turns plaintext into frames, [`Opener`] turns bytes as they come into plaintext.
//!
//! One of each per connection; they know nothing of one another. The plaintext of an opener is a byte stream: in
//! modern eras a packet may span frames and a frame may hold several packets (loco-modern §2.5: NK, FLP, AM, MAK, KT),
//! and in 2012 a long packet spans fragments (loco-2012 §3.2). Next: `wire`, whose deframer finds the packets.

use core::fmt;

use super::era::Era;
use super::fragment::{pieces, plain_max};
use super::frame::{LEN_LEN, check_len, len_max, sealed_len};
use super::keys::SessionKey;
use super::suite::{Open, Seal};
use crate::proto::entropy::Entropy;
use crate::proto::error::Malformed;
use crate::proto::limits::Limits;
use crate::proto::quirk::{Quirk, Quirks};

/// The sending half of a secured connection.
///
/// It cannot be cloned: two sealers with one state would use IVs and nonces twice.
pub struct Sealer {
    era: Era,
    cipher: Seal,
    entropy: Entropy,
    plain_max: usize,
}

impl Sealer {
    /// A sealer under `key`. `entropy` must belong to this connection and this direction alone
    /// ([`Entropy::fork`]): IVs and nonces come from it.
    #[must_use]
    pub fn new(era: Era, key: &SessionKey, mut entropy: Entropy) -> Self {
        let cipher = Seal::new(era.suite(), key, &mut entropy);
        Self { era, cipher, entropy, plain_max: plain_max(era) }
    }

    /// Has these planted bugs from now on, as far as they are about sealing.
    pub fn spoil(&mut self, quirks: Quirks) {
        if quirks.has(Quirk::FragmentTooLong) {
            self.plain_max = plain_max(self.era) + 1;
        }
        if quirks.has(Quirk::NonceReused) {
            self.cipher.rewind();
        }
    }

    /// The era it speaks.
    #[must_use]
    pub const fn era(&self) -> Era {
        self.era
    }

    /// Appends the frames that carry `plain` to `out`: in 2012 one for each 2047 bytes, else one for each 16 MiB.
    ///
    /// Nothing for nothing: an empty plaintext makes no frame. `out` grows once at most.
    pub fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        if plain.len() > self.plain_max {
            out.reserve(sealed_len(self.era, plain.len()));
        }
        for piece in pieces(self.plain_max, plain) {
            self.cipher.frame(piece, &mut self.entropy, out);
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({})", self.era)
    }
}

/// The receiving half of a secured connection.
pub struct Opener {
    era: Era,
    cipher: Open,
    /// The most that a length field may say.
    len_max: usize,
    /// The frame of which only a part is here; empty, and without memory, between frames.
    partial: Vec<u8>,
    /// The first error. A stream that was wrong once has no frame border that can be trusted.
    broken: Option<Malformed>,
}

impl Opener {
    /// An opener under `key`. Of `limits` it keeps the length of a frame.
    #[must_use]
    pub fn new(era: Era, key: &SessionKey, limits: Limits) -> Self {
        Self {
            era,
            cipher: Open::new(era.suite(), key),
            len_max: len_max(era.suite(), &limits),
            partial: Vec::new(),
            broken: None,
        }
    }

    /// The receiving half of the connection of `sealer`, under the same `key`: as [`Opener::new`], in less memory.
    #[must_use]
    pub fn beside(sealer: &Sealer, key: &SessionKey, limits: Limits) -> Self {
        Self {
            era: sealer.era,
            cipher: Open::beside(&sealer.cipher, key),
            len_max: len_max(sealer.era.suite(), &limits),
            partial: Vec::new(),
            broken: None,
        }
    }

    /// The era it speaks.
    #[must_use]
    pub const fn era(&self) -> Era {
        self.era
    }

    /// Bytes kept of a frame that is not complete.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.partial.len()
    }

    /// Takes out what is kept of a frame that is not complete.
    pub fn take_rest(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.partial)
    }

    /// Takes the next bytes of the stream, cut anywhere, and appends the plaintext of every frame that they complete.
    ///
    /// What it appends does not depend on the cuts. Of an incomplete frame it keeps the bytes that came, never room
    /// for what the length field announces.
    ///
    /// # Errors
    /// The first wrong frame: [`check_len`]'s errors as soon as the length field is there, then
    /// [`FramePadding`](crate::proto::error::MalformedKind::FramePadding) and
    /// [`FrameTag`](crate::proto::error::MalformedKind::FrameTag). The offset counts from the frame's first byte.
    /// Plaintext of the frames before it has been appended, of it and after it nothing; every later call says the
    /// same error.
    //= SECURE-STREAM-1
    pub fn push(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), Malformed> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let result = self.take(bytes, plain);
        if let Err(error) = result {
            self.broken = Some(error);
            self.partial = Vec::new();
        }
        result
    }

    fn take(&mut self, mut bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), Malformed> {
        if !self.partial.is_empty() {
            bytes = self.complete(bytes, plain)?;
        }
        while let Some(len) = self.announced(bytes)? {
            let Some((frame, rest)) = bytes.split_at_checked(LEN_LEN + len) else { break };
            self.cipher.frame(&frame[LEN_LEN..], plain)?;
            bytes = rest;
        }
        // Nothing is pending here, or nothing is left.
        self.keep(bytes, bytes.len());
        Ok(())
    }

    /// Fills the pending frame up from `bytes`, opens it if that completes it, and returns what was not needed.
    fn complete<'a>(&mut self, mut bytes: &'a [u8], plain: &mut Vec<u8>) -> Result<&'a [u8], Malformed> {
        let mut whole = LEN_LEN;
        loop {
            if let Some(len) = self.announced(&self.partial)? {
                whole = LEN_LEN + len;
            }
            let missing = whole.saturating_sub(self.partial.len());
            if missing == 0 {
                break;
            }
            let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
            self.keep(taken, whole);
            bytes = rest;
            if taken.is_empty() {
                return Ok(bytes);
            }
        }
        let frame = core::mem::take(&mut self.partial);
        self.cipher.frame(frame.get(LEN_LEN..).unwrap_or_default(), plain)?;
        Ok(bytes)
    }

    /// What the length field at the front of `bytes` says; `None` while it is not all there.
    fn announced(&self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let Some(field) = bytes.first_chunk() else { return Ok(None) };
        check_len(self.era.suite(), *field, self.len_max).map(Some)
    }

    /// Appends to the pending frame. The buffer doubles, but never past `whole`, so it is at most twice what came
    /// and at most one frame.
    fn keep(&mut self, bytes: &[u8], whole: usize) {
        let needed = self.partial.len() + bytes.len();
        if needed > self.partial.capacity() {
            let room = (self.partial.capacity() * 2).min(whole).max(needed);
            self.partial.reserve_exact(room - self.partial.len());
        }
        self.partial.extend_from_slice(bytes);
    }

    /// Bytes of memory that the pending frame takes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.partial.capacity()
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({}, {} pending)", self.era, self.partial.len())
    }
}
