//! The protocol state of one connection, on the server's side: bytes in, packets out, and the table that says what a
//! connection in some state does about some event. The client's side is in `proto::client`.

pub mod server;
pub mod table;

pub use server::Session;
pub use table::{Event, Move, State, next};
