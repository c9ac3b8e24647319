//! What the handlers keep on the shelves of the store: one body for each kind of record.

pub mod media;
mod reactions;

pub use reactions::Reaction;
