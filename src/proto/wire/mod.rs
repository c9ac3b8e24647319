//! The wire: a 22-byte header and one BSON document, the same in every era.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`header`] | the 22 bytes, as named ranges |
//! | [`method`] | the 11-byte name |
//! | [`packet`] | header and body together, borrowed; how to write one into a reused buffer |
//! | [`scan`] | whether bytes are a BSON document within the limits, without recursion and without allocation |
//! | `text` | whether a text is UTF-8 |
//! | [`body`] | reading a scanned document by a cursor |
//! | [`writer`] | writing a document into a reused buffer |
//! | [`deframer`] | bytes in at any cut, packets out |
//! | [`dump`] | bytes that a person can read |
//!
//! Nothing here knows a command or a cipher: see [`super::command`] and [`super::secure`].

pub mod body;
pub mod deframer;
pub mod dump;
pub mod header;
pub mod method;
pub mod packet;
pub mod scan;
mod text;
pub mod writer;

pub use body::{Document, Field, Value};
pub use deframer::Deframer;
pub use header::Header;
pub use method::Method;
pub use packet::{Packet, begin_packet, encode_packet, end_packet};
pub use writer::Writer;

#[cfg(test)]
mod tests;
