//! How many connections and heartbeats so many servers keep, and how long they take to come back.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`fleet`] | the machines themselves, as many as fit, in virtual time: heartbeats, and storms after an outage |
//! | [`real`] | our clients on real sockets, and what the server's process uses |
//! | [`looks`] | what was seen of it at three sizes, as a fixed part and a part for each |
//! | [`model`] | the arithmetic from there to ten million |
//! | [`work`] | the processors of a server as a queue |
//! | [`process`] | what the system says of a process |
//! | [`report`] | all of it as a table and as JSON |

mod counted;
pub mod fleet;
pub mod looks;
pub mod model;
pub mod process;
mod queue;
pub mod real;
pub mod report;
pub mod work;
