//! The model against the store, at the end of a run: what was acknowledged is there, once, in order, and every device
//! has all of it.

use std::collections::BTreeMap;

use super::feeds::{Cause, FEED, causes};
use super::files::is_file;
use super::messages::DELETED;
use super::operations::Slot;
use super::{End, Model, Room, short};
use crate::proto::server::store::{self, Log, Store, StoreError};
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
        for (id, model) in &self.rooms {
            let Some(room) = unit.room(*id)? else {
                self.report(Invariant::Durable, format!("room {id} is not in the store"));
                continue;
            };
            let logs = unit.logs(*id, 0, i64::MAX, usize::MAX)?;
            for log in &logs {
                history.found(*id, log.message.as_deref().unwrap_or_default(), log.log_id);
            }
            self.compare_logs(*id, &logs);
            self.compare_files(&unit, *id, &logs)?;
            self.ledger.wrong(*id, &logs).into_iter().for_each(|what| self.report(Invariant::Ordered, what));
            self.compare_members(&room, model, &logs);
            if all_well {
                self.compare_devices(&room, &logs);
            }
        }
        self.compare_shelves(&unit)?;
        self.compare_links(&unit)?;
        for what in history.contradictions() {
            self.report(Invariant::Linearizable, what);
        }
        Ok(())
    }

    fn compare_members(&self, room: &store::Room, model: &Room, logs: &[Log]) {
        let id = room.id;
        for m in &room.members {
            if model.places.get(&m.user_id).is_none_or(|p| !p.ever_in) {
                self.report(Invariant::Private, format!("user {} is in room {id}, where nobody put him", m.user_id));
            }
            if m.watermark > room.last_log_id {
                let what = format!("user {} has read room {id} up to {}, past its end", m.user_id, m.watermark);
                self.report(Invariant::Watermarks, what);
            }
        }
        for (user, place) in &model.places {
            let is = room.member(*user).is_some();
            if !is && place.is_in() {
                self.report(Invariant::Durable, format!("user {user} is no longer in room {id}, and never left it"));
            } else if is && place.is_out() {
                self.report(Invariant::Private, format!("user {user} is in room {id}, and was out of it for sure"));
            }
            let (came, went) = comings(*user, logs, model.unnamed);
            if i64::from(place.founder) + came - went != i64::from(is) {
                let what = format!(
                    "room {id}: {came} logs say that user {user} came, {went} that he left; he is in it: {is}, and was \
                     at the start: {}",
                    place.founder
                );
                self.report(Invariant::Ordered, what);
            }
        }
    }

    /// Devices have all logs from where the history of their user begins.
    fn compare_devices(&self, room: &store::Room, logs: &[Log]) {
        for d in self.devices.iter().filter(|d| room.member(d.user).is_some()) {
            let lets_in = |l: &&Log| super::feeds::lets_in(l.kind, l.message.as_deref().unwrap_or_default(), d.user);
            let since = logs.iter().rev().find(lets_in).map_or(0, |l| l.log_id);
            let founder = self.place(room.id, d.user).is_some_and(|p| p.founder && !p.ever_out);
            let since = if founder { 0 } else { since };
            let seen = d.rooms.get(&room.id).map_or(&[][..], Vec::as_slice);
            let mut seen = seen.iter().filter(|(id, _)| *id >= since);
            let mut wrong = None;
            for log in logs.iter().filter(|l| l.log_id >= since) {
                let changed = self.registers.contains_key(&Slot::Text(room.id, log.log_id));
                let text = log.message.as_deref().unwrap_or_default();
                let same = seen.next().is_some_and(|(id, s)| *id == log.log_id && (changed || s == text));
                if !same {
                    wrong = wrong.or(Some(log.log_id));
                }
            }
            let more = seen.next().map(|(id, _)| *id);
            if let Some(id) = wrong.or(more) {
                let what = format!("{} has not the logs of room {} that the store has, from {id} on", d.label, room.id);
                self.report(Invariant::Converged, what);
            }
        }
    }

    fn compare_logs(&self, room: i64, logs: &[Log]) {
        let now = self.clock.now();
        let mut texts: BTreeMap<&str, i64> = BTreeMap::new();
        let mut last = 0;
        for log in logs {
            let (id, text) = (log.log_id, log.message.as_deref().unwrap_or_default());
            if id <= last || log.prev_id != last {
                let what = format!("room {room}: log {id} follows {}, the one before it is {last}", log.prev_id);
                self.report(Invariant::Ordered, what);
            }
            last = id;
            let own = log.kind != FEED && log.kind & DELETED == 0 && !is_file(log.kind);
            if let Some(first) = own.then(|| texts.insert(text, id)).flatten() {
                let what = format!("room {room} has {:?} as {first} and as {id}", short(text));
                self.report(Invariant::Once, what);
            }
            if log.kind & DELETED != 0 && (!text.is_empty() || log.attachment.is_some()) {
                self.report(Invariant::Private, format!("room {room}: {id} is deleted, and keeps what it said"));
            } else if let Some(why) = self.is_not_sent((room, id), log.author_id, log.kind, text, now, now) {
                self.report(Invariant::Ordered, format!("room {room}: {id} in the store: {why}"));
            }
        }
        for ((_, id), text) in self.acked.range((room, i64::MIN)..=(room, i64::MAX)) {
            let changed = self.registers.contains_key(&Slot::Text(room, *id));
            let found = logs.binary_search_by_key(id, |l| l.log_id).ok().and_then(|at| logs.get(at));
            if !found.is_some_and(|l| changed || l.message.as_deref() == Some(text)) {
                let what = format!("room {room}: {id} ({:?}) was acknowledged and is not in the store", short(text));
                self.report(Invariant::Durable, what);
            }
        }
        for d in &self.devices {
            for (n, t) in d.tickets.iter().filter(|(_, t)| t.room == room && t.end == End::Failed) {
                if texts.contains_key(t.text.as_str()) && !self.may_fail(room, d.user) {
                    self.report(Invariant::Once, format!("{}: message {n} failed, and is in room {room}", d.label));
                }
            }
        }
    }
}

/// How often the feeds say that a user came into a room, and that he went. The log with which a new room begins names
/// those who are in it from the beginning.
fn comings(user: i64, logs: &[Log], unnamed: bool) -> (i64, i64) {
    let (mut came, mut went) = (0, 0);
    for log in logs.iter().filter(|l| l.kind == FEED) {
        let first = !unnamed && log.prev_id == 0;
        for cause in causes(log.message.as_deref().unwrap_or_default()) {
            match cause {
                Cause::Invited(_, who) | Cause::Joined(who) if who == user && !first => came += 1,
                Cause::Left(who) | Cause::Kicked(who) if who == user => went += 1,
                _ => {}
            }
        }
    }
    (came, went)
}
