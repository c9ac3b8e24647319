//! Where the server keeps things: redb on a file, on memory, or on the simulator's disk.
//!
//! | file | what it knows |
//! | --- | --- |
//! | here | [`Database`]: the one owner; what durable means |
//! | [`open`] | opening a directory, and every way in which that can go wrong |
//! | [`tables`] | the tables, and the format they are of |
//! | [`mod@unit`] | [`Unit`]: one unit of work, the [`Store`](crate::proto::server::store::Store) of the handlers |
//! | `record` | the bytes of a record |
//! | `look` | a file under redb that is read and never written |
//! | [`world`] | who and what exists at first start |
//!
//! Not here: who may do what (`proto::server`), and when an answer goes out (the driver, after [`Commit::run`]).
//!
//! # What durable means
//!
//! [`Commit::run`] returns when everything of the unit is on the disk (requirement `PROMISE-DURABLE-1`, ours): redb
//! commits in two phases, data, sync, then the switch to it, sync. One phase would be as safe against a cut at any
//! instant only as far as a checksum that is not cryptographic tells a torn commit from a whole one, over bytes that
//! peers choose.
//!
//! # When the disk fails
//!
//! A commit that returns an error may or may not be on the disk, and nothing more can be done with this [`Database`]:
//! every later [`Database::begin`] fails. The server stops, and opening anew recovers: what was acknowledged is there,
//! and at most the unit in flight besides, whole.

mod look;
pub mod open;
mod record;
pub mod tables;
pub mod unit;
pub mod world;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::proto::server::store::StoreError;
pub use open::OpenError;
pub use unit::{Commit, Unit};
pub use world::World;

/// The one owner of the store. See the module for what it promises.
///
/// Dropping it closes it; redb then writes, so the simulator's disk must be dead before that if it is to die at all.
#[derive(Debug)]
pub struct Database {
    // Above the lock, so that it is dropped before it.
    db: redb::Database,
    /// A commit failed: what is on the disk is not known.
    failed: Arc<AtomicBool>,
    /// A planted bug: what a unit writes in two tables is committed in two transactions.
    in_halves: bool,
    /// The directory is ours as long as this is open.
    _lock: Option<File>,
}

impl Database {
    /// Begins a unit of work. It costs nothing until it is used.
    ///
    /// # Errors
    /// The store has failed in an earlier commit.
    pub fn begin(&mut self) -> Result<Unit<'_>, StoreError> {
        if self.failed.load(SeqCst) {
            return Err(StoreError("an earlier commit failed; the store must be opened anew".to_owned()));
        }
        Ok(Unit::begin(self))
    }

    /// Whether a commit waits for a disk: what is in memory, or of a simulation, is there at once.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self._lock.is_some()
    }

    /// Has the planted bug `commits-half-a-unit` from now on.
    pub const fn commit_in_halves(&mut self) {
        self.in_halves = true;
    }
}

#[cfg(test)]
mod open_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
