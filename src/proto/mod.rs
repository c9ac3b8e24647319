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
pub mod session;
pub mod time;
pub mod wire;

/// Compares `text` with the file `snapshots/{name}.snap`.
#[cfg(test)]
pub(crate) fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
