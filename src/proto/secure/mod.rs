//! The secure layer of all four eras: how a session key is handed over, and how bytes travel under it.
//!
//! ```text
//!  client                                                        server
//!  SessionKey::generate ─ wrap ─> Handshake ══════> Handshake::decode ─ unwrap ─> SessionKey
//!  Sealer::seal ── frames ══════════════════════════════════════════════> Opener::push ── plain bytes
//!  Opener::push <══════════════════════════════════════════════ frames ── Sealer::seal
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`era`] | the table of eras: numbers of the handshake, padding, cipher |
//! | [`keys`] | session keys, RSA keys, their PEM, the rings of a server and of a client |
//! | [`ring`] | the keys of a server for all eras, and their public halves |
//! | [`handshake`] | the bytes of `LocoSecureHandShakePacket` |
//! | [`wrapping`] | the session key under RSA, and the implicit rejection of a bad block |
//! | [`suite`] | the three ciphers on one frame's bytes |
//! | [`frame`] | the layout of `LocoSecureNormalPacket` and what its length field may say |
//! | [`fragment`] | where a long plaintext is cut |
//! | [`given`] | frames under an IV of the caller's own, for vectors |
//! | [`layer`] | [`Sealer`] and [`Opener`]: a stream of frames, any cut and any join |
//!
//! Packets are not known here: a frame carries bytes. Next: `wire`, which finds the packets in them.

pub mod era;
pub mod fragment;
pub mod frame;
pub mod given;
pub mod handshake;
pub mod keys;
pub mod layer;
pub mod ring;
pub mod suite;
pub mod wrapping;

pub use era::{Era, Suite, Wrapping};
pub use handshake::{Handshake, WrappedKey};
pub use keys::{PrivateKey, PublicKey, SessionKey};
pub use layer::{Opener, Sealer};
pub use ring::{KeyRing, PublicRing, Witness};
pub use wrapping::{unwrap, wrap};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
