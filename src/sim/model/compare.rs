//! The model against the store, at the end of a run: what was acknowledged is there, once, in order, and every device
//! has all of it.

use std::collections::BTreeMap;

use super::{End, Model, Seen, short};
use crate::proto::server::store::{Log, Store, StoreError};
use crate::sim::invariants::Invariant;
use crate::store::Database;

impl Model {
    /// Compares with what the store has at the end. Devices are compared too when `all_well`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn compare(&mut self, db: &mut Database, all_well: bool) -> Result<(), StoreError> {
        let unit = db.begin()?;
        let mut history = std::mem::take(&mut self.history);
        for (id, members) in &self.members {
            let Some(room) = unit.room(*id)? else {
                self.report(Invariant::Durable, format!("room {id} is not in the store"));
                continue;
            };
            let logs = unit.logs(*id, 0, i64::MAX, usize::MAX)?;
            for log in &logs {
                history.found(*id, log.message.as_deref().unwrap_or_default(), log.log_id);
            }
            self.compare_logs(*id, &logs);
            self.compare_feeds(&room, members.iter().copied(), &logs);
            for m in &room.members {
                if !members.contains(&m.user_id) {
                    self.report(
                        Invariant::Private,
                        format!("user {} is in room {id}, where nobody put him", m.user_id),
                    );
                }
                if m.watermark > room.last_log_id {
                    let what = format!("user {} has read room {id} up to {}, past its end", m.user_id, m.watermark);
                    self.report(Invariant::Watermarks, what);
                }
            }
            let lost: Vec<_> = members.iter().filter(|u| room.member(**u).is_none()).collect();
            for user in lost.into_iter().filter(|u| !self.leaving.contains(&(*id, **u))) {
                self.report(Invariant::Durable, format!("user {user} is no longer in room {id}, and never left it"));
            }
            let full: Seen = logs.iter().map(|l| (l.log_id, l.message.clone().unwrap_or_default())).collect();
            for d in self.devices.iter().filter(|d| all_well && room.member(d.user).is_some()) {
                let seen = d.rooms.get(id).cloned().unwrap_or_default();
                if seen != full {
                    let what =
                        format!("{} has {} messages of room {id}, the store {}", d.label, seen.len(), full.len());
                    self.report(Invariant::Converged, what);
                }
            }
        }
        for what in history.contradictions() {
            self.report(Invariant::Linearizable, what);
        }
        Ok(())
    }

    fn compare_logs(&self, room: i64, logs: &[Log]) {
        let mut texts: BTreeMap<&str, i64> = BTreeMap::new();
        let mut last = 0;
        for log in logs {
            let (id, text) = (log.log_id, log.message.as_deref().unwrap_or_default());
            if id <= last || log.prev_id != last {
                let what = format!("room {room}: log {id} follows {}, the one before it is {last}", log.prev_id);
                self.report(Invariant::Ordered, what);
            }
            last = id;
            if let Some(first) = texts.insert(text, id) {
                let what = format!("room {room} has {:?} as {first} and as {id}", short(text));
                self.report(Invariant::Once, what);
            }
            if !self.is_sent(room, log.author_id, log.kind, text) {
                let what = format!("room {room}: {} never sent {:?} there", log.author_id, short(text));
                self.report(Invariant::Ordered, what);
            }
        }
        for ((_, id), text) in self.acked.range((room, i64::MIN)..=(room, i64::MAX)) {
            if !logs.iter().any(|l| l.log_id == *id && l.message.as_deref() == Some(text)) {
                let what = format!("room {room}: {id} ({:?}) was acknowledged and is not in the store", short(text));
                self.report(Invariant::Durable, what);
            }
        }
        for d in &self.devices {
            for (n, t) in d.tickets.iter().filter(|(_, t)| t.room == room && t.end == End::Failed) {
                if texts.contains_key(t.text.as_str()) && !self.leaving.contains(&(room, d.user)) {
                    self.report(Invariant::Once, format!("{}: message {n} failed, and is in room {room}", d.label));
                }
            }
        }
    }
}
