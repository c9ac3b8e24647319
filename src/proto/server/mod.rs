//! The server as one machine for all its connections.
//!
//! Two doors, one rule of use: [`Server::handle`] takes what happened together with the store's open unit of work;
//! when a batch is done the driver commits the unit **and only then** drains [`Server::poll_output`]. If the commit
//! fails it calls [`Server::abandon`] instead: nothing is acknowledged and the connections of that batch are closed.
//! [`Server::deadline`] says when to come back with [`Input::Tick`] if nothing happens.
//!
//! ```text
//!  Input ─> session table ─> THE DISPATCH ─> handler (pure) ─> Answer { body, effects, pushes }
//!                                                      effects ─> store;  reply, pushes ─> fan-out ─> Output
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`config`] | the settings |
//! | [`records`] | what is kept besides people, rooms and logs |
//! | [`store`] | what is kept, and the trait of the place |
//! | [`records`] | what stands on the shelves of the store |
//! | [`dispatch`] | which handler answers which command |
//! | [`handlers`] | what each command means |
//! | `machine` | connections and their timers |
//! | `packets` | the way of a packet through the table to its handler |
//! | `fanout` | replies and pushes as packets |
//! | `media` | connections on which a file goes up or down |
//! | [`hash`] | SHA-1 of a file that comes in parts |
//! | `changes` | which rooms changed when |
//! | `stats` | what is counted |
//! | `buffers` | buffers that go from connection to connection |
//! | `planted` | ways to be wrong on purpose |
//! | [`records`] | what is kept on the shelves of the store |

mod buffers;
mod changes;
pub mod config;
pub mod dispatch;
mod fanout;
pub mod handlers;
pub mod hash;
mod machine;
mod media;
mod packets;
mod planted;
pub mod records;
mod stats;
pub mod store;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use dispatch::{Answer, Ask, Push, Refused};
pub use machine::{Input, Output, Server, Why};
pub use media::Transfer;
pub use stats::Stats;

/// The driver's name for a connection: never used twice in a server's life.
pub type ConnId = u64;
