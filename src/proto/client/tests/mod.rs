//! The client driven by hand on plain values: [`fake`] is a scripted server, [`reference`] the real one.

mod doors;
mod fake;
mod fuzz;
mod members;
pub(in crate::proto) mod memory;
mod messages;
mod outbox;
mod receipt;
mod reference;
mod restart;
mod samples;
mod trouble;
mod view;
