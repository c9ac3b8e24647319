//! Planted bugs of the server that are more than a condition (`spec/quirks.yaml`). With none of them each function does
//! what is right.

use std::collections::{BTreeMap, VecDeque};

use super::dispatch::Ask;
use super::machine::{Output, Server};
use super::store::{Effect, Log};
use crate::proto::quirk::Quirk;

/// What planted bugs remember: nothing, without any.
#[derive(Debug, Default)]
pub(super) struct Planted {
    /// Pushes that do not wait for the commit.
    pub(super) early: VecDeque<Output>,
    /// The last log of each room in which something was said in this batch, as it was before.
    pub(super) batch: BTreeMap<i64, i64>,
}

impl Server {
    /// What goes out before the commit: nothing, unless a bug is planted.
    pub fn poll_early(&mut self) -> Option<Output> {
        self.planted.early.pop_front()
    }

    /// `loses-prev-id-in-batch`: these are applied.
    pub(super) fn note_batch(&mut self, effects: &[Effect]) {
        if !self.config.quirks.has(Quirk::LosesPrevIdInBatch) {
            return;
        }
        for effect in effects {
            if let Effect::AppendLog(log) = effect {
                self.planted.batch.entry(log.chat_id).or_insert(log.prev_id);
            }
        }
    }
}

/// A log as everybody is told of it, where that is not as it is kept: `loses-prev-id-in-batch`.
pub(super) fn told(ask: &Ask<'_>, log: &Log) -> Option<Log> {
    let prev_id = *ask.batch.get(&log.chat_id)?;
    Some(Log { prev_id, ..log.clone() })
}
