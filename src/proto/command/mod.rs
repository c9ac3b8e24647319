//! The commands: one file each, and THE TABLE of them all.
//!
//! A command is a method with typed bodies. Its file names every field, its BSON type and where it is known from;
//! [`table`] says at which door, in which eras and in which state it may come. Dispatch on the server is in
//! `proto::server`, behaviour on the client in `proto::client`.

pub mod buy;
pub mod changesvr;
pub mod chatinfo;
pub mod chatonroom;
pub mod checkin;
pub mod cwrite;
pub mod decunread;
pub mod field;
pub mod getconf;
pub mod kickout;
pub mod lchatlist;
pub mod leave;
pub mod login;
pub mod loginlist;
pub mod msg;
pub mod nchatlist;
pub mod notiread;
pub mod ping;
mod quick;
pub mod read;
pub mod setst;
pub mod status;
pub mod synclink;
pub mod syncmsg;
pub mod table;
pub mod types;
pub mod values;
pub mod write;

pub use field::{AnyInt, Body, FieldInfo, FieldValue, Kind, Nullable};
pub use table::{COMMANDS, Command, CommandId, Door};
