//! What devices of 2012 do in their own way: CWRITE, a text to people and not to a room, and UPSEEN.

use std::collections::BTreeSet;

use super::Model;
use super::feeds::Cause;
use super::operations::{About, Op, sure};
use crate::proto::client::{Action, read_body};
use crate::proto::command::field::Nullable;
use crate::proto::command::{chaton, cwrite, status, upseen};
use crate::sim::invariants::Invariant;
use crate::sim::scenario::Do;

/// A text to these people: it is in the room of exactly them, wherever that is.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    user: i64,
    people: BTreeSet<i64>,
}

impl Model {
    /// CWRITE: into the room of exactly these people and this device's user, which is made if there is none.
    pub fn write_to(&mut self, device: usize, others: Vec<i64>) -> Option<Action> {
        let d = self.devices.get(device)?;
        let (user, text) = (d.user, format!("{} writes {} to {others:?}", d.label, d.next_ticket));
        let people: BTreeSet<i64> = others.iter().copied().chain([user]).collect();
        let there = self.rooms.iter().find(|(_, r)| r.direct && sure(r) == people).map(|(id, _)| *id);
        self.letters.insert(text.clone(), Letter { user, people: people.clone() });
        let op = self.op(Do::Cwrite, 0, About::Letter(text.clone(), there));
        let body = cwrite::Request { member_ids: others, msg: &text, extra: Nullable(None), push_alert: None };
        self.ask(device, op, &body)
    }

    /// UPSEEN of 2012: read up to a log that the device knows.
    pub fn upseen(&mut self, device: usize, room: i64, back: usize) -> Option<Action> {
        let log = self.seen(device, room, back)?;
        self.wants_mark(device, room, log);
        let op = self.op(Do::Upseen, room, About::Mark(log));
        self.ask(device, op, &upseen::Request { chat_id: room, max: Some(log), count: None, cursor: None })
    }

    /// CHATON of 2012: a room is on the screen.
    pub fn chaton(&mut self, device: usize, room: i64) -> Option<Action> {
        let op = self.op(Do::Chaton, room, About::Nothing);
        self.ask(device, op, &chaton::Request { chat_id: room })
    }

    /// Somebody is told of a text that was written to people, in this room: it is theirs, and there if it was not.
    pub(super) fn deliver(&mut self, room: i64, text: &str) {
        let Some(letter) = self.letters.get(text).cloned() else { return };
        let known = self.rooms.get(&room);
        let theirs = |r: &super::Room| letter.people.iter().all(|u| r.places.get(u).is_some_and(|p| p.ever_in));
        if known.is_some_and(|r| !theirs(r)) {
            let what = format!("room {room} has a text to users {:?}, who are not all in it", letter.people);
            self.report(Invariant::Private, what);
        }
        if known.is_none() {
            self.add_room(room, &letter.people, letter.people.len() == 2, false);
            // It may be one that CREATE has made and nobody was told of: then it begins with its feed.
            for (by, people) in &self.creating {
                for who in people.iter().filter(|who| people == &letter.people && *who != by) {
                    self.ledger.begin(room, Cause::Invited(*by, *who));
                }
            }
        }
        self.letters.remove(text);
        self.sent.insert(text.to_owned(), (room, letter.user));
    }

    /// CWRITE was answered.
    pub(super) fn written_to(&mut self, op: &Op, body: &[u8]) {
        let (Ok(reply), About::Letter(text, there)) = (read_body::<cwrite::Reply<'_>>(body), &op.about) else { return };
        if reply.status != status::OK {
            return;
        }
        let room = reply.chat_id;
        self.deliver(room, text);
        let people = self.rooms.get(&room).map(sure);
        let still = there.filter(|id| self.rooms.get(id).map(sure) == people);
        // A group from which all others have gone is a room of these two as well.
        let direct = self.rooms.get(&room).is_some_and(|r| r.direct);
        if let Some(other) = still.filter(|other| *other != room && direct) {
            self.report(Invariant::Once, format!("room {room} is of the same two as room {other}"));
        }
        self.acknowledge(room, reply.log_id, text);
    }
}
