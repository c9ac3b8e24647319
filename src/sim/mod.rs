//! The simulated world around the real drivers.
//!
//! [`disk`] is the disk under the store: it forgets what was not synced when its power is cut.

pub mod disk;
mod fate;
