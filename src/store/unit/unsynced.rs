//! `commit-without-sync`, a planted bug (`spec/quirks.yaml`).

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
}
