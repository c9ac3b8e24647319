//! The simulated world: the real server and client drivers in a network, on a disk and under a clock that one seed
//! rules, broken by a scenario, watched by a model.
//!
//! ```text
//!  scenario ─> director ──> links, control, disk     breaks and mends
//!         └──> workload ──> clients ─┐
//!                                    ├─> turmoil ─> trace
//!              model <── events ─────┘      └─> watch <── notes of the server
//!              model, watch, run ──> violations of the invariants
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`scenario`], [`fault`], [`generate`] | a run as data: from a file, from a seed |
//! | [`world`], [`server`], [`timing`] | hosts, clients, the server's lives, and how long things may take |
//! | [`net`], [`stream`], [`control`], [`links`] | the drivers' network, and what is done to it |
//! | [`courier`] | files on their way |
//! | [`tokens`] | whose tokens are valid |
//! | [`disk`] | the disk under the store: it forgets what was not synced when its power is cut |
//! | [`director`], [`workload`] | what breaks when, and what the users do |
//! | [`invariants`], [`watch`], [`model`], [`history`] | what must hold, and who looks |
//! | [`clock`], [`trace`], [`tap`] | simulated time, what happened, the packets in it |
//! | [`evidence`], [`sometimes`] | how often a fault bit, which interesting places were reached |
//! | [`view`] | a run to look at: its bytes, a page, a capture |
//! | [`run`] | one run, many runs, verdicts |
//! | [`hunt`] | seeds by the hour, in shards, with a report that grows and merges |
//! | [`shrink`] | from a scenario that fails to the smallest one that does |
//! | [`proxy`] | the same streams in front of a real server, in real time |
//! | [`version`] | which build wrote a file |
//! | [`direct`] | the second engine: days and thousands, without turmoil
//! | [`detect`] | how fast planted bugs are found |
//!
//! The same seed gives the same trace in every process and build. What that takes: no clock but [`clock::SimClock`], no
//! randomness but named streams of the seed, no order of a hash map, and no order in which a runtime drops its tasks
//! (see [`control::Control::kill`]).

pub mod clock;
pub mod control;
pub mod courier;
pub mod detect;
pub mod direct;
pub mod director;
pub mod disk;
pub mod evidence;
mod fate;
pub mod fault;
pub mod generate;
pub mod history;
pub mod hunt;
pub mod invariants;
pub mod links;
pub mod model;
pub mod net;
pub mod proxy;
pub mod run;
pub mod scenario;
pub mod server;
pub mod shrink;
pub mod sometimes;
pub mod stream;
pub mod tap;
pub mod timing;
pub mod tokens;
pub mod trace;
pub mod version;
pub mod view;
pub mod watch;
pub mod workload;
pub mod world;
