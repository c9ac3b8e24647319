//! The core: decides, and nothing else. No socket, no clock, no global randomness, no thread.
//!
//! Time ([`time::Time`]), randomness ([`entropy::Entropy`]) and bytes are arguments. Every machine here has the same
//! two doors: `handle(input, now)` takes what happened, then `poll_output()` is drained until it is empty, and
//! `deadline()` says when to come back if nothing happens. The shell (`net`), the judge (`spec`) and the simulator
//! (`sim`) drive the same machines.
//!
//! Layers, lowest first: [`wire`] (header, packet, BSON), [`secure`] (handshake, frames), [`command`] (typed bodies).

pub mod client;
pub mod command;
pub mod entropy;
pub mod error;
pub mod limits;
pub mod quirk;
pub mod secure;
pub mod server;
pub mod time;
pub mod wire;
