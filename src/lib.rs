//! LOCO (LOng COnnection), the binary protocol behind KakaoTalk, as an executable specification.
//!
//! The crate is four things around one core: the spec (YAML under `spec/`), the reference server and client that obey
//! it, the simulator that breaks the world around them from one seed, and the judge that runs the spec's cases
//! against anybody's implementation.
//!
//! ```text
//!  bytes ─> secure/layer ─> wire/packet ─> command ──────> session/server ─> server/dispatch ─> handlers ─> store
//!           + fragment      22 B + BSON    typed request   state table       one table          pure        committed
//!  bytes <─ secure/layer <─ wire/packet <─ command <────── Output::Transmit <─ reply, pushes via fan-out <──┘
//! ```
//!
//! | room | what it knows | what it may use |
//! | --- | --- | --- |
//! | [`proto`] | the protocol: decides, never waits, never looks at a clock | nothing of the rooms below |
//! | `store` | where the server keeps things | `proto` |
//! | `net` | sockets, clocks, entropy: moves bytes | `proto` |
//! | `sim` | the simulated world around the real drivers | all of the above |
//! | `spec` | the judge: YAML cases against a target | all of the above |
//! | `capacity` | how many connections so many servers keep: measured, and modelled beyond | `proto`, `store`, `net` |
//! | `claims` | LOCO beside WebSocket and HTTP (feature `claims`) | `proto`, `store`, `net`, `sim` |
//! | `cli` | one file per subcommand | all of the above |
//!
//! Promises: the same seed gives the same trace in every build; no input of a peer, a file or an argument panics or
//! allocates without bound; nothing here ever contacts a Kakao host, and every key is our own.

#[cfg(feature = "full")]
pub mod capacity;
#[cfg(feature = "claims")]
pub mod claims;
#[cfg(feature = "full")]
pub mod cli;
#[cfg(feature = "full")]
pub mod net;
pub mod proto;
#[cfg(feature = "full")]
pub mod sim;
#[cfg(feature = "full")]
pub mod spec;
#[cfg(feature = "full")]
pub mod store;
#[cfg(feature = "full")]
pub mod table;
