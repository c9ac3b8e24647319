//! The simulated world around the real drivers.

pub mod clock;
pub mod control;
pub mod director;
pub mod disk;
pub mod evidence;
mod fate;
pub mod fault;
pub mod generate;
pub mod invariants;
pub mod links;
pub mod model;
pub mod net;
pub mod run;
pub mod scenario;
pub mod server;
pub mod stream;
pub mod tap;
pub mod timing;
pub mod trace;
pub mod watch;
pub mod workload;
pub mod world;
