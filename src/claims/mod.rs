//! What LOCO was said to be good for, measured: the same conversation over LOCO, WebSocket and HTTP, on simulated
//! networks and on this machine.
//!
//! ```text
//!            script ──> devices ──> meter ──> turmoil, or real sockets ──> server
//!                                     │                                    the same store, the same rule
//!   report <── radio, wire, scale <───┘
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`transport`], [`script`], [`band`] | what is compared, what is said, over which networks: data |
//! | [`device`], [`loco`], [`web`], [`certs`] | the devices and servers |
//! | [`meter`] | counts bytes and connections |
//! | [`wire`], [`radio`], [`scale`] | what is modelled: packets, radios, millions |
//! | [`simulate`], [`figures`] | runs in virtual time, and what is read off them |
//! | [`loopback`] | runs on this machine |
//! | [`report`], [`table`], [`page`], [`plot`] | the figures, as text, as a page, as pictures |
//!
//! What is measured in virtual time comes out the same for the same seed. What is measured on this machine does not.

pub mod band;
pub mod certs;
pub mod device;
pub mod everything;
pub mod figures;
pub mod loco;
pub mod loopback;
pub mod meter;
pub mod page;
pub mod plot;
pub mod radio;
pub mod report;
pub mod scale;
pub mod script;
pub mod simulate;
pub mod table;
#[cfg(test)]
mod tests;
pub mod transport;
pub mod verdict;
pub mod web;
pub mod wire;

/// The host of the simulated server.
pub const SERVER: &str = "server";
/// The users of the conversation, with their tokens: of the built-in world.
pub const USERS: [(i64, &str); 2] = [(1001, "alice-token"), (1002, "bob-token")];
/// Their room.
pub const ROOM: i64 = 7000;
