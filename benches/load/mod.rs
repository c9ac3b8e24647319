//! Loads on a server in a process of its own, from this one: `locospec serve` on real sockets.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`line`] | one secured connection, either end |
//! | [`other`] | processes that are measured, and the worlds they get |
//! | [`drive`] | keeping so many packets in flight, and what came of it |
//! | [`echo`] | what a server is compared with: the same framing and ciphers, and nothing else |
//! | the others | one part each |

pub mod drive;
pub mod echo;
pub mod fair;
pub mod handshakes;
pub mod idle;
pub mod line;
pub mod other;
pub mod ping;
pub mod write;

use super::report::Failure;

/// Runs `work` on one thread, which leaves the other core to who is measured.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
