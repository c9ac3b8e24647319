//! The simulated world around the real drivers.

pub mod clock;
pub mod control;
pub mod disk;
mod fate;
pub mod generate;
pub mod net;
pub mod scenario;
pub mod stream;
pub mod tap;
pub mod trace;
