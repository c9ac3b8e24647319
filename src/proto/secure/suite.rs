//! The three ciphers, each on the bytes of one frame. The key schedule is made once for a connection and direction.
//!
//! | suite | IV or nonce | integrity |
//! | --- | --- | --- |
//! | CBC | fixed, restarted for every frame (loco-2012 §3.1: HX 18, 20; CP; PK; KT16) | none; a wrong padding is found |
//! | CFB | 16 bytes from the connection's stream, fresh for every frame (loco-modern §2.5) | none |
//! | GCM | 8 random bytes of the connection and direction, then a counter (ours) | a tag, checked before release |
//!
//! Why a counter: within one direction no nonce can come twice, which 96 random bits only make unlikely, and it costs
//! no randomness per frame. Both directions share one key, so they must not meet either: each draws its own 64-bit
//! prefix, and two prefixes agree with probability 2^-64; against a peer that draws all 96 bits at random, a frame of
//! its meets one of our `n` with probability `n` / 2^96. When the 32-bit counter is used up, a new prefix is drawn.
//!
//! Length fields and streams are not known here: see [`super::frame`] and [`super::layer`].

use std::sync::Arc;

use aes::cipher::inout::InOutBuf;
use aes::cipher::{
    Array, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit,
    consts::{U12, U16},
};
use aes::{Aes128Dec, Aes128Enc};
use aes_gcm::{AeadInOut, AesGcm};

use super::era::Suite;
use super::frame::{LEN_LEN, len_of};
use super::keys::SessionKey;
use crate::proto::entropy::Entropy;
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::{BLOCK_LEN, NONCE_LEN, TAG_LEN};

/// The IV of every frame of 2012: `locoforever` and five NUL.
pub const FIXED_IV: [u8; BLOCK_LEN] = *b"locoforever\0\0\0\0\0";

/// GCM over the encrypting half of AES: decryption needs no other.
type Gcm = AesGcm<Aes128Enc, U12>;

/// The sealing half of a suite under one key. The key schedule is most of what a connection at rest takes, and both
/// directions share it where they need the same.
pub(super) enum Seal {
    Cbc(Arc<Aes128Enc>),
    Cfb(Arc<Aes128Enc>),
    Gcm(Arc<Gcm>, Nonces),
}

impl Seal {
    /// The cipher under `key`; a nonce prefix is drawn from `entropy`.
    pub(super) fn new(suite: Suite, key: &SessionKey, entropy: &mut Entropy) -> Self {
        let aes = Aes128Enc::new(&(*key.as_bytes()).into());
        match suite {
            Suite::Cbc => Self::Cbc(aes.into()),
            Suite::Cfb => Self::Cfb(aes.into()),
            Suite::Gcm => Self::Gcm(Arc::new(aes.into()), Nonces::new(entropy)),
        }
    }

    /// The next nonce is the first one again: a planted bug.
    pub(super) fn rewind(&mut self) {
        if let Self::Gcm(_, nonces) = self {
            nonces.next = Some(0);
        }
    }

    /// Appends one whole frame around `plain` to `out`, encrypted in place there.
    ///
    /// `plain` must be no longer than the era's [`super::fragment::plain_max`].
    pub(super) fn frame(&mut self, plain: &[u8], entropy: &mut Entropy, out: &mut Vec<u8>) {
        match self {
            Self::Cbc(aes) => frame_cbc(aes, plain, out),
            Self::Cfb(aes) => frame_cfb(aes, iv(entropy), plain, out),
            Self::Gcm(gcm, nonces) => frame_gcm(gcm, nonces.next(entropy), plain, out),
        }
    }

    /// The same under an IV or nonce of the caller's own; `None` when it has not the length that the suite needs.
    pub(super) fn frame_under(&self, iv: &[u8], plain: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Cbc(aes) => iv.is_empty().then(|| frame_cbc(aes, plain, out)),
            Self::Cfb(aes) => iv.try_into().ok().map(|iv| frame_cfb(aes, iv, plain, out)),
            Self::Gcm(gcm, _) => iv.try_into().ok().map(|nonce| frame_gcm(gcm, nonce, plain, out)),
        }
    }
}

#[inline(always)]
fn frame_cbc(aes: &Aes128Enc, plain: &[u8], out: &mut Vec<u8>) {
    let len = len_of(Suite::Cbc, plain.len());
    let start = begin(out, len, [], plain) - plain.len();
    // PKCS#7: 1 to 16 bytes, each saying how many they are.
    out.resize(start + len, (len - plain.len()) as u8);
    cbc::Encryptor::inner_iv_init(aes, &FIXED_IV.into()).encrypt_blocks_inout(blocks(&mut out[start..]));
}

#[inline(always)]
fn frame_cfb(aes: &Aes128Enc, iv: [u8; BLOCK_LEN], plain: &[u8], out: &mut Vec<u8>) {
    let end = begin(out, len_of(Suite::Cfb, plain.len()), iv, plain);
    let start = end - plain.len();
    // Filled up to whole blocks and cut again, so that the cipher runs once and not once more for the rest.
    out.resize(start + plain.len().next_multiple_of(BLOCK_LEN), 0);
    cfb_mode::Encryptor::inner_iv_init(aes, &iv.into()).encrypt_blocks_inout(blocks(&mut out[start..]));
    out.truncate(end);
}

#[inline(always)]
fn frame_gcm(gcm: &Gcm, nonce: [u8; NONCE_LEN], plain: &[u8], out: &mut Vec<u8>) {
    let end = begin(out, len_of(Suite::Gcm, plain.len()), nonce, plain);
    let text = InOutBuf::from(&mut out[end - plain.len()..]);
    let Ok(tag) = gcm.encrypt_inout_detached(&nonce.into(), b"", text) else {
        unreachable!("a frame is far below the 64 GiB that GCM can take")
    };
    out.extend_from_slice(&tag);
}

/// Appends length field, head and plaintext, with room for a last block and a tag; returns the end.
fn begin<const HEAD: usize>(out: &mut Vec<u8>, len: usize, head: [u8; HEAD], plain: &[u8]) -> usize {
    out.reserve(LEN_LEN + len + BLOCK_LEN);
    out.extend_from_slice(&(len as u32).to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(plain);
    out.len()
}

/// The whole blocks of `text`.
fn blocks(text: &mut [u8]) -> InOutBuf<'_, '_, Array<u8, U16>> {
    InOutBuf::from(text).into_chunks().0
}

/// A fresh IV. Two words of the stream cost a quarter of 16 bytes of it.
fn iv(entropy: &mut Entropy) -> [u8; BLOCK_LEN] {
    let (low, high) = (entropy.u64(), entropy.u64());
    (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
}

/// The opening half of a suite under one key.
pub(super) enum Open {
    Cbc(Arc<Aes128Dec>),
    Cfb(Arc<Aes128Enc>),
    Gcm(Arc<Gcm>),
}

impl Open {
    /// The cipher under `key`.
    pub(super) fn new(suite: Suite, key: &SessionKey) -> Self {
        let key = (*key.as_bytes()).into();
        match suite {
            Suite::Cbc => Self::Cbc(Aes128Dec::new(&key).into()),
            Suite::Cfb => Self::Cfb(Aes128Enc::new(&key).into()),
            Suite::Gcm => Self::Gcm(Gcm::new(&key).into()),
        }
    }

    /// The cipher under `key`, which is that of `seal`, and so has the schedule already where decryption needs no other.
    pub(super) fn beside(seal: &Seal, key: &SessionKey) -> Self {
        match seal {
            Seal::Cbc(_) => Self::new(Suite::Cbc, key),
            Seal::Cfb(aes) => Self::Cfb(aes.clone()),
            Seal::Gcm(gcm, _) => Self::Gcm(gcm.clone()),
        }
    }

    /// Appends the plaintext of one frame to `plain`. `frame` is what follows the length field, of a length that
    /// [`super::frame::check_len`] has passed. After an error `plain` is what it was.
    pub(super) fn frame(&self, frame: &[u8], plain: &mut Vec<u8>) -> Result<(), Malformed> {
        let start = plain.len();
        let opened = match self {
            Self::Cbc(aes) => open_cbc(aes, frame, plain),
            Self::Cfb(aes) => open_cfb(aes, frame, plain),
            Self::Gcm(gcm) => open_gcm(gcm, frame, plain),
        };
        opened.inspect_err(|_| plain.truncate(start))
    }
}

//= SECURE-CBC-1, SECURE-CBC-3
fn open_cbc(aes: &Aes128Dec, frame: &[u8], plain: &mut Vec<u8>) -> Result<(), Malformed> {
    let start = plain.len();
    plain.extend_from_slice(frame);
    cbc::Decryptor::inner_iv_init(aes, &FIXED_IV.into()).decrypt_blocks_inout(blocks(&mut plain[start..]));
    match padding(&plain[start..]) {
        Some(pad) => {
            plain.truncate(plain.len() - pad);
            Ok(())
        }
        None => Err(MalformedKind::FramePadding.at(LEN_LEN + frame.len().saturating_sub(1))),
    }
}

/// How many bytes of PKCS#7 padding end `blocks`; `None` if that is no padding. All of the last block is looked at.
fn padding(blocks: &[u8]) -> Option<usize> {
    let last: &[u8; BLOCK_LEN] = blocks.last_chunk()?;
    let pad = last[BLOCK_LEN - 1];
    let wrong = last.iter().rev().zip(0u8..).fold(0, |wrong, (byte, i)| wrong | (u8::from(i < pad) * (byte ^ pad)));
    (wrong == 0 && (1..=BLOCK_LEN as u8).contains(&pad)).then_some(usize::from(pad))
}

/// CFB is opened by encrypting IV and ciphertext as they lie in the frame, all blocks at once, and taking the result
/// off the ciphertext one block further on.
//= SECURE-CFB-1
fn open_cfb(aes: &Aes128Enc, frame: &[u8], plain: &mut Vec<u8>) -> Result<(), Malformed> {
    let Some(sealed) = frame.get(BLOCK_LEN..) else {
        return Err(MalformedKind::FrameTooShort.at(0));
    };
    let (start, stream_len) = (plain.len(), sealed.len().next_multiple_of(BLOCK_LEN));
    plain.resize(start + stream_len, 0);
    let stream = &mut plain[start..];
    let Ok(both) = InOutBuf::new(&frame[..stream_len], stream) else { unreachable!("both have one length") };
    aes.encrypt_blocks_inout(both.into_chunks().0);
    plain.truncate(start + sealed.len());
    plain[start..].iter_mut().zip(sealed).for_each(|(plain, sealed)| *plain ^= sealed);
    Ok(())
}

/// The tag is checked over the whole ciphertext before the first byte is decrypted.
//= SECURE-GCM-1, SECURE-GCM-2
fn open_gcm(gcm: &Gcm, frame: &[u8], plain: &mut Vec<u8>) -> Result<(), Malformed> {
    let Some((nonce, rest)) = frame.split_first_chunk::<NONCE_LEN>() else {
        return Err(MalformedKind::FrameTooShort.at(0));
    };
    let Some((sealed, tag)) = rest.split_last_chunk::<TAG_LEN>() else {
        return Err(MalformedKind::FrameTooShort.at(0));
    };
    let start = plain.len();
    plain.extend_from_slice(sealed);
    let (nonce, tag) = (Array::from(*nonce), Array::from(*tag));
    gcm.decrypt_inout_detached(&nonce, b"", InOutBuf::from(&mut plain[start..]), &tag)
        .map_err(|_| MalformedKind::FrameTag.at(LEN_LEN + NONCE_LEN + sealed.len()))
}

/// The nonces of one direction: a random prefix, then a big-endian counter.
pub(super) struct Nonces {
    prefix: [u8; NONCE_LEN - 4],
    next: Option<u32>,
}

impl Nonces {
    fn new(entropy: &mut Entropy) -> Self {
        Self { prefix: entropy.bytes(), next: Some(0) }
    }

    //= SECURE-FRESH-1
    fn next(&mut self, entropy: &mut Entropy) -> [u8; NONCE_LEN] {
        let count = self.next.unwrap_or_else(|| {
            self.prefix = entropy.bytes();
            0
        });
        self.next = count.checked_add(1);
        let mut nonce = [0; NONCE_LEN];
        let (prefix, counter) = nonce.split_at_mut(self.prefix.len());
        prefix.copy_from_slice(&self.prefix);
        counter.copy_from_slice(&count.to_be_bytes());
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pkcs7_is_taken_for_padding() {
        let block = |tail: &[u8]| {
            let mut block = [b'x'; 16];
            block[16 - tail.len()..].copy_from_slice(tail);
            block
        };
        assert_eq!(padding(&block(&[1])), Some(1));
        assert_eq!(padding(&block(&[2, 2])), Some(2));
        assert_eq!(padding(&block(&[3; 15])), Some(3));
        assert_eq!(padding(&[15; 16]), Some(15));
        assert_eq!(padding(&[16; 16]), Some(16));
        assert_eq!(padding(&block(&[1, 2])), None);
        assert_eq!(padding(&block(&[2, 3, 3])), None);
        assert_eq!(padding(&block(&[16; 15])), None);
        assert_eq!(padding(&[17; 16]), None);
        assert_eq!(padding(&[0; 16]), None);
        assert_eq!(padding(&[255; 16]), None);
        assert_eq!(padding(&[]), None);
    }

    #[test]
    fn nonces_never_repeat_and_outlive_their_counter() {
        let mut entropy = Entropy::named(1, "nonces");
        let mut nonces = Nonces::new(&mut entropy);
        let first = nonces.next(&mut entropy);
        let second = nonces.next(&mut entropy);
        assert_eq!((&first[..8], &first[8..]), (&second[..8], &[0u8, 0, 0, 0][..]));
        assert_eq!(second[8..], [0, 0, 0, 1]);
        nonces.next = Some(u32::MAX);
        let last = nonces.next(&mut entropy);
        assert_eq!((&last[..8], &last[8..]), (&first[..8], &[255u8; 4][..]));
        let renewed = nonces.next(&mut entropy);
        assert_ne!(renewed[..8], first[..8]);
        assert_eq!(renewed[8..], [0; 4]);
    }

    #[test]
    fn both_directions_have_prefixes_of_their_own() {
        let mut entropy = Entropy::named(1, "connection");
        let (mut ours, mut theirs) = (entropy.fork(), entropy.fork());
        let (mut a, mut b) = (Nonces::new(&mut ours), Nonces::new(&mut theirs));
        assert_ne!(a.next(&mut ours)[..8], b.next(&mut theirs)[..8]);
    }
}
