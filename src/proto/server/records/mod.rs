//! What the handlers keep on the shelves of the store: one body for each kind of record.

pub mod account;
pub mod block;
pub mod change;
pub mod media;
mod reactions;
pub mod secret;

pub use reactions::Reaction;
