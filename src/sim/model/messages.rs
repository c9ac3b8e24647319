//! What a device is told, and what became of what it sent.

use std::collections::BTreeSet;

use super::feeds::{self, FEED};
use super::files::is_file;
use super::open::may_be_closed;
use super::operations::Slot;
use super::places::Place;
use super::{End, Model, short};
use crate::proto::client::{Failure, Message, Source};
use crate::proto::time::Time;
use crate::sim::invariants::Invariant;
use crate::sim::trace::digest;

/// Set in the type of a message that was deleted for everyone.
pub(super) const DELETED: i32 = 0x4000;

impl Model {
    pub(super) fn message(&mut self, device: usize, m: &Message) {
        let now = self.clock.now();
        let Some(d) = self.devices.get_mut(device) else { return };
        let (label, user) = (d.label.clone(), d.user);
        let lets_in = feeds::lets_in(m.kind, &m.text, user);
        if lets_in {
            d.left.remove(&m.room);
        }
        let gone = d.left.contains(&m.room);
        let asked = d.online.filter(|_| m.source == Source::Sync).unwrap_or_default();
        let seen = d.rooms.entry(m.room).or_default();
        let last = seen.last().map_or(0, |(id, _)| *id);
        seen.push((m.log_id, m.text.clone()));
        self.deliver(m.room, &m.text);
        self.adopt(m);
        self.know(m.room, m.log_id);
        let changed = self.registers.contains_key(&Slot::Text(m.room, m.log_id));
        if !changed && let Some(what) = self.history.told(m.room, m.log_id, m.author_id, digest(m.text.as_bytes())) {
            self.report(Invariant::Ordered, format!("{label} is told otherwise than another device: {what}"));
        }
        let at = format!("message {} of room {}", m.log_id, m.room);
        if m.log_id == last {
            self.report(Invariant::Once, format!("{label} is told of {at} twice"));
        } else if m.log_id < last {
            self.report(Invariant::Ordered, format!("{label} is told of {at} after {last}"));
        } else if m.prev_id != 0 && m.prev_id != last && !lets_in {
            let what = format!("{label} is told of {at}, which follows {}, after {last}", m.prev_id);
            self.report(Invariant::Ordered, what);
        }
        let place = self.place(m.room, user);
        if gone || place.is_none_or(|p| !p.ever_in) {
            self.report(Invariant::Private, format!("{label} is told of {at}, and is no member"));
        } else if last == 0 && !lets_in && place.is_some_and(|p| !p.founder) {
            self.report(Invariant::Private, format!("{label} is told of {at}, from before it came in"));
        }
        if let Some(why) = self.not_sent(m, asked, now) {
            self.report(Invariant::Ordered, format!("{label} is told of {at}: {why}"));
        }
    }

    /// Notes a log id, and who begins to see the room with it.
    pub(super) fn know(&mut self, room: i64, log_id: i64) {
        if let Some(r) = self.rooms.get_mut(&room)
            && let Err(at) = r.known.binary_search(&log_id)
        {
            r.known.insert(at, log_id);
        }
    }

    /// Whether anybody was told of this log.
    pub(super) fn is_known(&self, room: i64, log_id: i64) -> bool {
        self.rooms.get(&room).is_some_and(|r| r.known.binary_search(&log_id).is_ok())
    }

    /// A feed may tell of a room that somebody has made, before he knows it himself; and it lets people in.
    fn adopt(&mut self, m: &Message) {
        if m.kind != FEED {
            return;
        }
        let invited: Vec<(i64, i64)> = feeds::causes(&m.text).into_iter().filter_map(feeds::comes_in).collect();
        if !self.rooms.contains_key(&m.room)
            && let Some((by, _)) = invited.first()
        {
            let all: BTreeSet<i64> = invited.iter().map(|(_, who)| *who).chain([*by]).collect();
            if self.creating.contains(&(*by, all.clone())) {
                self.create(m.room, *by, &all, false);
            }
        }
        let Some(room) = self.rooms.get_mut(&m.room) else { return };
        for (_, who) in invited {
            if room.places.get(&who).is_some_and(|p| !p.founder || p.ever_out) {
                let since = room.since.entry(who).or_default();
                *since = m.log_id.max(*since);
            }
        }
    }

    /// What speaks against it that this author has this text in a room, in a reply that was asked and came then.
    fn not_sent(&self, m: &Message, asked: Time, now: Time) -> Option<String> {
        let text = if m.kind & DELETED == 0 { m.text.as_str() } else { "" };
        if m.kind & DELETED != 0 && !m.text.is_empty() {
            return Some(format!("it is deleted, and reads {:?}", short(&m.text)));
        }
        self.is_not_sent((m.room, m.log_id), m.author_id, m.kind, text, asked, now)
    }

    /// The same for any log.
    pub(super) fn is_not_sent(
        &self,
        (room, log_id): (i64, i64),
        author: i64,
        kind: i32,
        text: &str,
        asked: Time,
        answered: Time,
    ) -> Option<String> {
        if kind == FEED {
            return (!self.ledger.explains(room, text)).then(|| format!("nobody has caused the feed {text}"));
        }
        if is_file(kind) {
            return self.is_not_uploaded(room, log_id, author);
        }
        if kind & DELETED == 0 {
            if self.sent.get(text) != Some(&(room, author)) {
                return Some(format!("{author} never sent {:?} there", short(text)));
            }
            if self.edits.get(text).is_some_and(|log| *log != log_id) {
                return Some(format!("it has the new text of another message, {:?}", short(text)));
            }
        }
        match self.registers.get(&Slot::Text(room, log_id)) {
            None if kind & DELETED != 0 => Some("it is deleted, and nobody asked for that".to_owned()),
            Some(r) if !r.may_be(text, asked, answered) => {
                let may = r.possible(answered);
                Some(format!("it reads {:?}, and can only be {:?}", short(text), may))
            }
            _ => None,
        }
    }

    pub(super) fn sent_as(&mut self, device: usize, ticket: u64, room: i64, log_id: i64) {
        let Some(d) = self.devices.get_mut(device) else { return };
        let label = d.label.clone();
        let Some(t) = d.tickets.get_mut(&ticket) else { return };
        let (before, text) = (t.end, t.text.clone());
        t.end = End::Sent(log_id);
        let there = t.room == room;
        if before == End::Open {
            d.unended -= 1;
        }
        if before != End::Open || !there {
            let what = format!("{label}: message {ticket} ends twice: {before:?}, sent as {log_id}");
            self.report(Invariant::Matched, what);
        }
        self.acknowledge(room, log_id, &text);
    }

    /// The server has said that a text is a log.
    pub(super) fn acknowledge(&mut self, room: i64, log_id: i64, text: &str) {
        self.history.sent(room, text, log_id, self.clock.now());
        self.know(room, log_id);
        if let Some(other) = self.acked.insert((room, log_id), text.to_owned()).filter(|o| *o != text) {
            let what = format!("log {log_id} acknowledges {:?} and {:?}", short(&other), short(text));
            self.report(Invariant::Matched, what);
        }
    }

    pub(super) fn send_failed(&mut self, device: usize, ticket: u64, why: Failure) {
        let Some(d) = self.devices.get_mut(device) else { return };
        let (label, user) = (d.label.clone(), d.user);
        let Some(t) = d.tickets.get_mut(&ticket) else { return };
        let (before, room) = (t.end, t.room);
        t.end = End::Failed;
        if before == End::Open {
            d.unended -= 1;
        }
        if before != End::Open {
            self.report(Invariant::Matched, format!("{label}: message {ticket} ends twice: {before:?}, then {why:?}"));
        }
        if !self.may_fail(room, user) {
            self.report(Invariant::Once, format!("{label}: message {ticket} to room {room} is given up: {why:?}"));
        }
    }

    /// Whether a message of this user to this room may come to nothing: he may be out, or be blocked by the only other.
    pub(super) fn may_fail(&self, room: i64, user: i64) -> bool {
        let Some(r) = self.rooms.get(&room) else { return true };
        let blocked = |other: &i64| self.registers.contains_key(&Slot::Block(*other, user));
        let out = r.places.get(&user).is_none_or(|p: &Place| p.ever_out);
        out || may_be_closed(self, r) || (r.direct && r.places.keys().any(blocked))
    }
}
