//! What the crate promises beyond single functions, as ordinary tests. One file here, one promise.
//!
//! The cases in YAML are in `spec.rs`, the simulated world is in `sims/`.

mod bytes;
mod drift;
mod group;
mod handle;
mod house;
mod judged;
mod media;
mod outside;
mod page;
mod pinned;
mod proxy;
mod sockets;
mod stopped;
mod talk;
mod tidy;
mod timeline;
mod usage;
