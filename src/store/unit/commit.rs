//! The end of a unit of work: durable, or without a trace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use redb::WriteTransaction;

use super::{Txn, Unit, failed};
use crate::proto::server::store::StoreError;

/// A unit of work that is ready to be committed, on whatever thread.
pub struct Commit {
    /// Nothing was applied: nothing.
    txn: Option<Box<WriteTransaction>>,
    /// Set when the disk fails: the [`Database`](crate::store::Database) is of no use then.
    failed: Arc<AtomicBool>,
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Commit")
    }
}

impl Commit {
    /// Whether nothing was applied.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.txn.is_none()
    }

    /// Makes everything that was applied durable: when this returns `Ok`, a power loss does not undo it. A unit to
    /// which nothing was applied costs nothing.
    ///
    /// # Errors
    /// The disk failed. Whether the unit is on it is not known, and the database must be opened anew.
    pub fn run(self) -> Result<(), StoreError> {
        let Some(txn) = self.txn else { return Ok(()) };
        let done = txn.commit().map_err(failed);
        self.failed.store(done.is_err(), SeqCst);
        done
    }
}

impl Unit<'_> {
    /// Has everything that was applied committed by [`Commit::run`], which may wait for the disk on a thread of its own.
    /// Nothing else of the database can be changed until it has run.
    #[must_use]
    pub fn finish(self) -> Commit {
        let txn = match self.txn {
            Txn::Read(_) => None,
            Txn::Write(txn) => Some(txn),
        };
        Commit { txn, failed: self.owner.failed.clone() }
    }

    /// [`Unit::finish`], and [`Commit::run`] at once.
    ///
    /// # Errors
    /// As [`Commit::run`].
    pub fn commit(self) -> Result<(), StoreError> {
        self.finish().run()
    }

    /// Drops everything that was applied.
    ///
    /// # Errors
    /// The disk failed.
    pub fn abort(self) -> Result<(), StoreError> {
        match self.txn {
            Txn::Read(_) => Ok(()),
            Txn::Write(txn) => txn.abort().map_err(failed),
        }
    }
}
