//! Planted bugs of the store (`spec/quirks.yaml`): `commit-without-sync` and `commits-half-a-unit`.

use std::cell::OnceCell;

use super::{Commit, StoreError, Txn, Unit, failed};

impl Unit<'_> {
    /// As [`Unit::finish`], but nothing is durable before the next real commit: a planted bug.
    ///
    /// # Errors
    /// The store failed.
    pub fn finish_unsynced(mut self) -> Result<Commit, StoreError> {
        if let Txn::Write(txn) = &mut self.txn {
            txn.set_durability(redb::Durability::None).map_err(failed)?;
        }
        Ok(self.finish())
    }

    /// One of two tables is written: nothing is to be done about it, unless units are committed in halves.
    pub(super) fn half_done(&mut self) -> Result<(), StoreError> {
        if !self.owner.in_halves {
            return Ok(());
        }
        // What is read from here on sees the first half.
        if let Txn::Write(txn) = std::mem::replace(&mut self.txn, Txn::Read(OnceCell::new())) {
            txn.commit().map_err(failed)?;
        }
        Ok(())
    }
}
