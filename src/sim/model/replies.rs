//! What replies and pushes say, held against what was asked: who may do what, revisions that rise, counts of reactions,
//! texts as they are now.

use std::collections::BTreeSet;

use super::feeds::Cause;
use super::messages::DELETED;
use super::operations::{About, Op, Slot, sure};
use super::places::Ending;
use super::{Model, short};
use crate::proto::client::{Failure, read_body};
use crate::proto::command::types::ChatLog;
use crate::proto::command::{CommandId, addmem, chglogmeta, create, forward, getmsgs, setmeta, status};
use crate::sim::invariants::Invariant;
use crate::sim::scenario::Do;

/// How a request has ended that has no reply.
const fn ending(how: Failure) -> Ending {
    match how {
        Failure::NotLoggedOn | Failure::OverLimit | Failure::NotInEra | Failure::Status(_) => Ending::Refused,
        Failure::InDoubt(_) | Failure::BadReply | Failure::TimedOut | Failure::Disconnected => Ending::Doubt,
    }
}

impl Model {
    pub(super) fn request_ended(&mut self, device: usize, ticket: u64, how: Failure) {
        match self.ops.remove(&(device, ticket)) {
            Some(op) => self.end(&op, ending(how)),
            None => self.ended_twice(device, ticket),
        }
    }

    fn ended_twice(&self, device: usize, ticket: u64) {
        let label = self.devices.get(device).map_or("", |d| &*d.label);
        self.report(Invariant::Matched, format!("{label}: request {ticket} ends, and was not under way"));
    }

    pub(super) fn replied(&mut self, device: usize, ticket: u64, status: i32, body: &[u8]) {
        let Some(mut op) = self.ops.remove(&(device, ticket)) else { return self.ended_twice(device, ticket) };
        if status == status::OK && matches!(op.about, About::Foreign) {
            let label = self.devices.get(device).map_or("", |d| &*d.label);
            let what = format!("{label} may {:?} somebody else's message in room {}", op.what, op.room);
            self.report(Invariant::Private, what);
        }
        let ok = status == status::OK || (op.what == Do::Create && status == status::PARTIAL);
        if ok && matches!(op.what, Do::Upload | Do::Download) {
            let Some(stays) = self.sets_out((device, ticket), op, body) else { return };
            op = stays;
        }
        if ok {
            self.learn(device, &mut op, status, body);
        }
        // Only half of it is done: the token for the pass code.
        if ok && matches!(op.about, About::Code(..)) {
            return;
        }
        self.end(&op, if ok { Ending::Done } else { Ending::Refused });
    }

    fn learn(&mut self, device: usize, op: &mut Op, status: i32, body: &[u8]) {
        match op.what {
            // Who was in already makes no feed.
            Do::Invite if read_body::<addmem::Reply<'_>>(body).is_ok_and(|r| r.chat_log.is_none()) => {
                for cause in std::mem::take(&mut op.causes) {
                    self.ledger.end(op.room, cause, Ending::Refused);
                }
            }
            Do::Forward => {
                if let (Ok(reply), About::Text(text)) = (read_body::<forward::Reply<'_>>(body), &op.about) {
                    self.acknowledge(op.room, reply.chat_log.log_id, text);
                }
            }
            Do::SetMeta => {
                if let Ok(reply) = read_body::<setmeta::Reply<'_>>(body) {
                    self.meta_set(op, reply.meta.revision);
                }
            }
            Do::Create => {
                if let Ok(reply) = read_body::<create::Reply<'_>>(body) {
                    self.created(device, op, status, reply.chat_id);
                }
            }
            Do::Fetch => {
                if let Ok(reply) = read_body::<getmsgs::Reply<'_>>(body) {
                    reply.chat_logs.iter().for_each(|log| self.fetched(device, op, log));
                }
            }
            Do::Cwrite => self.written_to(op, body),
            Do::Upseen => {
                if let (About::Mark(log), Some(user)) = (&op.about, self.user(device)) {
                    self.marked(device, op.room, user, *log);
                }
            }
            Do::Block => {
                if let About::Other(other, blocked) = op.about {
                    self.has_blocked(device, other, blocked);
                }
            }
            _ => self.link_granted(device, op, body),
        }
    }

    /// Revisions rise: one that began after another had ended has a higher one, and no two have the same.
    fn meta_set(&mut self, op: &Op, revision: i64) {
        let now = self.clock.now();
        let Some(room) = self.rooms.get_mut(&op.room) else { return };
        let wrong = room.metas.iter().find(|(ended, r)| *r == revision || (*ended < op.began && *r > revision));
        let wrong = wrong.map(|(_, r)| *r);
        room.metas.push((now, revision));
        if let Some(other) = wrong {
            let what = format!("room {}: a setting has revision {revision}, and an earlier one {other}", op.room);
            self.report(Invariant::Ordered, what);
        }
    }

    fn created(&mut self, device: usize, op: &Op, status: i32, room: i64) {
        let (Some(user), About::People(all, there)) = (self.devices.get(device).map(|d| d.user), &op.about) else {
            return;
        };
        let still = there.filter(|id| self.rooms.get(id).is_some_and(|r| sure(r) == *all));
        if let Some(other) = still.filter(|other| *other != room && status == status::OK) {
            self.report(Invariant::Once, format!("room {room} is of the same two as room {other}"));
        }
        if status == status::OK || !self.rooms.contains_key(&room) {
            self.create(room, user, all, all.len() == 2);
        }
    }

    fn fetched(&self, device: usize, op: &Op, log: &ChatLog<'_>) {
        let text = log.message.unwrap_or_default();
        let label = self.devices.get(device).map_or("", |d| &*d.label);
        let wrong = if log.kind & DELETED != 0 && !text.is_empty() {
            Some(format!("it is deleted, and reads {:?}", short(text)))
        } else {
            let place = (log.chat_id, log.log_id);
            self.is_not_sent(place, log.author_id, log.kind, text, op.began, self.clock.now())
        };
        if let Some(why) = wrong {
            let what = format!("{label} fetches message {} of room {}: {why}", log.log_id, log.chat_id);
            self.report(Invariant::Ordered, what);
        }
    }

    /// A push that the client has only looked at.
    pub(super) fn pushed(&mut self, device: usize, command: CommandId, body: &[u8]) {
        match command {
            CommandId::ChgLogMeta => self.reactions_told(device, body),
            CommandId::BlSync => self.blocks_told(device, body),
            _ => {}
        }
    }

    fn reactions_told(&self, device: usize, body: &[u8]) {
        let Ok(push) = read_body::<chglogmeta::Push<'_>>(body) else { return };
        let Ok(serde_json::Value::Object(counts)) = serde_json::from_str(push.content) else { return };
        let told: u64 = counts.values().filter_map(serde_json::Value::as_u64).sum();
        let (room, log) = (push.chat_id, push.log_id);
        let slots = Slot::Reaction(room, log, i64::MIN)..=Slot::Reaction(room, log, i64::MAX);
        let most = self.registers.range(slots).count() as u64;
        if told > most {
            let label = self.devices.get(device).map_or("", |d| &*d.label);
            let what =
                format!("{label} is told of {told} reactions to {log} of room {room}; {most} users ever reacted");
            self.report(Invariant::Once, what);
        }
    }

    /// The client says that it is out of a room.
    pub(super) fn left(&mut self, device: usize, room: i64) {
        let Some(d) = self.devices.get_mut(device) else { return };
        d.left.insert(room);
        let user = d.user;
        if self.place(room, user).is_none_or(|p| !p.ever_out) {
            self.report(Invariant::Private, format!("user {user} is out of room {room} and never left it"));
        }
        if let Some(op) = self.leaving.remove(&(device, room)) {
            // Another device of his may have been the one: then this request may still be refused, and has no feed.
            let others: BTreeSet<usize> = self.leaving.keys().filter(|(_, r)| *r == room).map(|(d, _)| *d).collect();
            let alone = !others.iter().any(|o| self.devices.get(*o).is_some_and(|d| d.user == user));
            self.end(&op, if alone && self.left_once(room, user) { Ending::Done } else { Ending::Doubt });
        }
    }

    /// Whether nobody but this one request has ever wanted the user out.
    fn left_once(&self, room: i64, user: i64) -> bool {
        self.ledger.begun(room, Cause::Left(user)) == 1 && self.ledger.begun(room, Cause::Kicked(user)) == 0
    }

    pub(super) fn not_left(&mut self, device: usize, room: i64, why: Failure) {
        if let Some(op) = self.leaving.remove(&(device, room)) {
            self.end(&op, ending(why));
        }
    }
}
