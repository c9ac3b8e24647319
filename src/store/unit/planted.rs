//! Planted bugs of the store (`spec/quirks.yaml`): `commit-without-sync` and `commits-half-a-unit`.

use redb::ReadableDatabase as _;

use super::{StoreError, Txn, Unit, failed};

impl Unit<'_> {
    /// As [`Unit::commit`], but nothing is durable before the next real commit: a planted bug.
    ///
    /// # Errors
    /// As [`Unit::commit`].
    pub fn commit_unsynced(mut self) -> Result<(), StoreError> {
        if let Txn::Write(txn) = &mut self.txn {
            txn.set_durability(redb::Durability::None).map_err(failed)?;
        }
        self.commit()
    }

    /// One of two tables is written: nothing is to be done about it, unless units are committed in halves.
    pub(super) fn half_done(&mut self) -> Result<(), StoreError> {
        if !self.owner.in_halves {
            return Ok(());
        }
        let rest = Txn::Read(self.owner.db.begin_read().map_err(failed)?);
        if let Txn::Write(txn) = std::mem::replace(&mut self.txn, rest) {
            txn.commit().map_err(failed)?;
        }
        // What was read before the commit does not see it.
        self.txn = Txn::Read(self.owner.db.begin_read().map_err(failed)?);
        Ok(())
    }
}
