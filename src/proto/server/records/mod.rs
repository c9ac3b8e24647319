//! What the handlers keep on the shelves of the store: one body for each kind of record, written by `store::put` and
//! read by `store::find`.

pub mod account;
pub mod block;
pub mod change;
pub mod links;
pub mod media;
mod reactions;
pub mod rooms;
pub mod secret;

pub use reactions::Reaction;
