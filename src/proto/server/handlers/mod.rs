//! What each command means: pure functions of the request and of what the store says. What they want changed and
//! pushed they say in the [`Answer`](super::Answer); nothing here touches a socket or a clock.

mod attachment;
pub mod blocks;
pub mod create;
pub mod edits;
pub mod entry;
mod feed;
mod gate;
pub mod hiding;
pub mod links;
pub mod login;
pub mod media;
pub mod members;
pub mod messages;
pub mod presence;
pub mod reactions;
pub mod rooms;
pub mod secret;
pub mod session;
pub mod settings;
pub mod syncing;
pub mod transfer;
mod view;
mod writing;

#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod tests;
