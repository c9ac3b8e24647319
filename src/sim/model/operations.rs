//! What users ask for besides writing and reading: for each request, which values it may change, which feeds it may
//! make, and who may be in or out of a room by it. Nothing is certain until it is acknowledged, and what is in doubt
//! stays possible.

use std::collections::BTreeSet;

use super::feeds::Cause;
use super::files::Stand;
use super::places::{Ending, Move, Place};
use super::register::Register;
use super::{Model, Room};
use crate::proto::client::{Action, call};
use crate::proto::command::{
    Call, action, addmem, bladditem, bldelitem, create, deletemsg, forward, getmsgs, modifymsg, setmcmeta, setmeta,
    updatechat,
};
use crate::proto::time::Time;
use crate::sim::scenario::Do;

/// A value that is written by many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// Room, log: the text of a message, empty when it is deleted.
    Text(i64, i64),
    /// Room, kind: a setting that all members share.
    Meta(i64, i32),
    /// User, room: the name that the user has given to the room.
    OwnName(i64, i64),
    /// Room, user: whether it alerts.
    Muted(i64, i64),
    /// Room, log, user: a reaction.
    Reaction(i64, i64, i64),
    /// User, other: whether the one has blocked the other.
    Block(i64, i64),
    /// Link: the user whose it is.
    Owner(i64),
    /// Link: the pass code, empty for none.
    PassCode(i64),
    /// Link: whether it is deleted.
    Gone(i64),
    /// Link, user: whether he was kicked out and not forgiven.
    Kicked(i64, i64),
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Op {
    pub what: Do,
    pub room: i64,
    pub began: Time,
    pub writes: Vec<(Slot, usize)>,
    pub causes: Vec<Cause>,
    pub moves: Vec<(i64, Move)>,
    pub about: About,
}

/// What its reply is held against.
#[derive(Debug)]
pub(super) enum About {
    Nothing,
    /// Someone else's message: it must be refused.
    Foreign,
    /// The text that was forwarded.
    Text(String),
    /// Everybody who shall be in a new room, and the room of the same two that is there already.
    People(BTreeSet<i64>, Option<i64>),
    /// A text to people, and the room of these two that is there already.
    Letter(String, Option<i64>),
    /// Read up to this log.
    Mark(i64),
    /// The other, and whether he shall be blocked.
    Other(i64, bool),
    /// A file that goes up.
    File(usize),
    /// A file that comes down, and how the user stood to its room.
    Get(usize, Stand),
    /// A link, which its owner alone may govern.
    Rule(i64),
    /// A link, and what is said for its pass code.
    Code(i64, String),
    /// A link to come in by, and whether with a token for the pass code.
    Join(i64, bool),
}

/// The kind of a text.
const TEXT: i32 = 1;
/// The own setting that is written.
pub(super) const OWN_NAME: &str = "name";
/// Blocked, and not.
pub(super) const YES_NO: [&str; 2] = ["no", "yes"];

const fn yes(is: bool) -> &'static str {
    if is { YES_NO[1] } else { YES_NO[0] }
}

impl Model {
    /// Begins a request of this device.
    pub(super) fn ask<'b, C: Call<'b>>(&mut self, device: usize, op: Op, body: &C) -> Option<Action> {
        let d = self.devices.get_mut(device)?;
        let ticket = d.next_ticket;
        d.next_ticket += 1;
        for cause in &op.causes {
            self.ledger.begin(op.room, *cause);
        }
        self.ops.insert((device, ticket), op);
        Some(call(ticket, body))
    }

    pub(super) fn op(&self, what: Do, room: i64, about: About) -> Op {
        let began = self.clock.now();
        Op { what, room, began, writes: Vec::new(), causes: Vec::new(), moves: Vec::new(), about }
    }

    /// The op may give this value to a slot, in which `initial` was before anybody wrote.
    pub(super) fn writes(&mut self, op: &mut Op, slot: Slot, initial: &str, value: &str) {
        let register = self.registers.entry(slot).or_insert_with(|| Register::new(initial));
        op.writes.push((slot, register.begin(value, op.began)));
    }

    pub(super) fn moves(&mut self, op: &mut Op, user: i64, into: bool) {
        if into {
            self.rooms_of.entry(user).or_default().insert(op.room);
        }
        if let Some(r) = self.rooms.get_mut(&op.room) {
            let place = r.places.entry(user).or_insert_with(|| Place::new(false));
            op.moves.push((user, place.begin(into)));
        }
    }

    pub(super) fn user(&self, device: usize) -> Option<i64> {
        self.devices.get(device).map(|d| d.user)
    }

    /// The texts that a device knows in a room, latest first: those of its own user, or of the others.
    #[must_use]
    pub fn texts(&self, device: usize, room: i64, own: bool) -> Vec<(i64, String)> {
        let Some(d) = self.devices.get(device) else { return Vec::new() };
        let wrote = |text: &str| self.sent.get(text).map(|(_, user)| (*user == d.user) == own);
        let all = d.rooms.get(&room).into_iter().flatten().rev();
        all.filter(|(_, text)| wrote(text) == Some(true)).take(16).cloned().collect()
    }

    /// DELETEMSG: the message keeps its place and loses its text. One of somebody else must be refused.
    pub fn delete(&mut self, device: usize, room: i64, (log, text): &(i64, String), own: bool) -> Option<Action> {
        let mut op = self.op(Do::Delete, room, if own { About::Nothing } else { About::Foreign });
        if own {
            self.writes(&mut op, Slot::Text(room, *log), text, "");
            op.causes.push(Cause::Deleted(*log));
        }
        self.ask(device, op, &deletemsg::Request { chat_id: room, log_id: *log })
    }

    /// MODIFYMSG: the message gets another text. One of somebody else must be refused.
    pub fn edit(&mut self, device: usize, room: i64, (log, text): &(i64, String), own: bool) -> Option<Action> {
        let d = self.devices.get(device)?;
        let (user, new) = (d.user, format!("{} changes {log} to {}", d.label, d.next_ticket));
        let mut op = self.op(Do::Edit, room, if own { About::Nothing } else { About::Foreign });
        if own {
            self.writes(&mut op, Slot::Text(room, *log), text, &new);
            self.sent.insert(new.clone(), (room, user));
            self.edits.insert(new.clone(), *log);
            op.causes.push(Cause::Edited(*log));
        }
        let body = modifymsg::Request { chat_id: room, log_id: *log, kind: Some(TEXT), msg: &new, extra: None };
        self.ask(device, op, &body)
    }

    /// ACTION: a reaction to a message, or none any more.
    pub fn react(&mut self, device: usize, room: i64, log_id: i64, kind: i32) -> Option<Action> {
        let user = self.user(device)?;
        let mut op = self.op(Do::React, room, About::Nothing);
        self.writes(&mut op, Slot::Reaction(room, log_id, user), "0", &kind.to_string());
        let body = action::Request { chat_id: room, log_id: Some(log_id), kind, link_id: None };
        self.ask(device, op, &body)
    }

    /// GETMSGS: how messages read now.
    pub fn fetch(&mut self, device: usize, room: i64, log_ids: Vec<i64>) -> Option<Action> {
        let op = self.op(Do::Fetch, room, About::Nothing);
        self.ask(device, op, &getmsgs::Request { chat_ids: vec![room; log_ids.len()], log_ids })
    }

    /// FORWARD: a text into a room. Nobody looks it up after a break, so it may come to nothing.
    pub fn forward(&mut self, device: usize, room: i64) -> Option<Action> {
        let d = self.devices.get(device)?;
        let (label, text) = (d.label.clone(), format!("{} forwards {} to {room}", d.label, d.next_ticket));
        self.sent.insert(text.clone(), (room, d.user));
        self.history.send(&label, room, &text, self.clock.now());
        let op = self.op(Do::Forward, room, About::Text(text.clone()));
        let body = forward::Request { chat_id: room, kind: TEXT, msg: Some(&text), ..Default::default() };
        self.ask(device, op, &body)
    }

    /// Who may be invited into a room, and by this it is a group: those who are not in it for sure.
    #[must_use]
    pub fn strangers(&self, room: i64) -> Vec<i64> {
        let Some(r) = self.rooms.get(&room).filter(|r| !r.direct && r.link == 0) else { return Vec::new() };
        let mut users: Vec<i64> = self.devices.iter().map(|d| d.user).collect();
        users.dedup();
        users.retain(|u| !r.places.get(u).is_some_and(Place::is_in));
        users
    }

    /// ADDMEM: somebody comes into a group, and sees nothing from before.
    pub fn invite(&mut self, device: usize, room: i64, who: i64) -> Option<Action> {
        let user = self.user(device)?;
        let mut op = self.op(Do::Invite, room, About::Nothing);
        op.causes.push(Cause::Invited(user, who));
        self.moves(&mut op, who, true);
        self.ask(device, op, &addmem::Request { chat_id: room, member_ids: vec![who] })
    }

    /// CREATE: a room with others; with one other it is the room of these two, and there is one only.
    pub fn new_room(&mut self, device: usize, others: Vec<i64>) -> Option<Action> {
        let user = self.user(device)?;
        let all: BTreeSet<i64> = others.iter().copied().chain([user]).collect();
        let same = |(_, r): &(&i64, &Room)| r.direct && sure(r) == all;
        let there = self.rooms.iter().find(same).map(|(id, _)| *id);
        self.creating.push((user, all.clone()));
        let op = self.op(Do::Create, 0, About::People(all, there));
        self.ask(device, op, &create::Request { member_ids: others, ..Default::default() })
    }

    /// SETMETA: the title of a room, or its notice.
    pub fn set_meta(&mut self, device: usize, room: i64, kind: i32) -> Option<Action> {
        let d = self.devices.get(device)?;
        let content = format!("{} sets {kind} by {}", d.label, d.next_ticket);
        let mut op = self.op(Do::SetMeta, room, About::Nothing);
        self.writes(&mut op, Slot::Meta(room, kind), "", &content);
        self.ask(device, op, &setmeta::Request { chat_id: room, kind, content: &content })
    }

    /// SETMCMETA: what a room is called for this user alone.
    pub fn own_name(&mut self, device: usize, room: i64) -> Option<Action> {
        let d = self.devices.get(device)?;
        let (user, content) = (d.user, format!("{} calls it {}", d.label, d.next_ticket));
        let mut op = self.op(Do::OwnName, room, About::Nothing);
        self.writes(&mut op, Slot::OwnName(user, room), "", &content);
        self.ask(device, op, &setmcmeta::Request { chat_id: room, kind: OWN_NAME, content: &content })
    }

    /// UPDATECHAT: whether a room alerts this user.
    pub fn mute(&mut self, device: usize, room: i64, muted: bool) -> Option<Action> {
        let user = self.user(device)?;
        let mut op = self.op(Do::Mute, room, About::Nothing);
        self.writes(&mut op, Slot::Muted(room, user), yes(false), yes(muted));
        self.ask(device, op, &updatechat::Request { chat_id: room, push_alert: !muted })
    }

    /// BLADDITEM or BLDELITEM: the user of this device blocks another, or does so no more.
    pub fn block(&mut self, device: usize, other: i64, blocked: bool) -> Option<Action> {
        let user = self.user(device).filter(|u| *u != other)?;
        let mut op = self.op(Do::Block, 0, About::Other(other, blocked));
        self.writes(&mut op, Slot::Block(user, other), yes(false), yes(blocked));
        let ids = Some(vec![other]);
        if blocked {
            self.ask(device, op, &bladditem::Request { ids, ..Default::default() })
        } else {
            self.ask(device, op, &bldelitem::Request { ids, ..Default::default() })
        }
    }

    /// LEAVE. It has no ticket: it ends with the room being left, or with the action having failed.
    pub fn leave(&mut self, device: usize, room: i64) -> Option<Action> {
        let user = self.user(device)?;
        // One at a time from one device: the next could not be told from it.
        if self.leaving.contains_key(&(device, room)) {
            return None;
        }
        let mut op = self.op(Do::Leave, room, About::Nothing);
        op.causes.push(Cause::Left(user));
        self.ledger.begin(room, Cause::Left(user));
        self.moves(&mut op, user, false);
        self.leaving.insert((device, room), op);
        Some(Action::Leave { room })
    }

    /// A request has ended.
    pub(super) fn end(&mut self, op: &Op, how: Ending) {
        let now = self.clock.now();
        for (slot, write) in &op.writes {
            if let Some(r) = self.registers.get_mut(slot) {
                match how {
                    Ending::Done => r.done(*write, now),
                    Ending::Refused => r.refused(*write),
                    Ending::Doubt => {}
                }
            }
        }
        for cause in &op.causes {
            self.ledger.end(op.room, *cause, how);
        }
        if let Some(r) = self.rooms.get_mut(&op.room) {
            for (user, change) in &op.moves {
                if let Some(place) = r.places.get_mut(user) {
                    place.end(*change, how);
                }
            }
        }
        if let Some(n) = self.tally.entry(op.what).or_default().get_mut(how as usize) {
            *n += 1;
        }
    }

    /// A room that one of us has made.
    pub(super) fn create(&mut self, room: i64, by: i64, all: &BTreeSet<i64>, direct: bool) {
        if self.rooms.contains_key(&room) {
            return;
        }
        self.add_room(room, all, direct, false);
        if !direct {
            for who in all.iter().filter(|who| **who != by) {
                // That it was made is known: it is there.
                self.ledger.begin(room, Cause::Invited(by, *who));
                self.ledger.end(room, Cause::Invited(by, *who), Ending::Done);
            }
        }
    }
}

/// Those who are in a room for sure.
pub(super) fn sure(room: &Room) -> BTreeSet<i64> {
    room.places.iter().filter(|(_, p)| p.is_in()).map(|(u, _)| *u).collect()
}
