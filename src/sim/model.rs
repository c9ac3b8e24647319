//! A simple model beside the system: who is a member of what, what was sent, what was acknowledged, and what each
//! device has been told. It hears the events of the clients; `compare` reads the store at the end.
//!
//! Checks `durable`, `once`, `ordered`, `private`, `matched`, `watermarks` and the client's side of `alive`.

mod compare;
mod feeds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::clock::SimClock;
use super::control::Control;
use super::history::History;
use super::invariants::{Court, Invariant};
use super::trace::digest;
use crate::proto::client::{Action, Event, Failure, Message, Why};
use crate::proto::time::Time;

/// One room as a device has been told of it: log ids and the texts.
type Seen = Vec<(i64, String)>;

/// How a message ended for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Sent(i64),
    Failed,
}

struct Ticket {
    room: i64,
    text: String,
    end: End,
}

/// One client.
pub struct Device {
    /// `u1/main`.
    pub label: Arc<str>,
    /// The user.
    pub user: i64,
    /// Logged in, as far as it knows, since then.
    pub online: Option<Time>,
    /// Whether it wants to be.
    pub wants: bool,
    tickets: BTreeMap<u64, Ticket>,
    rooms: BTreeMap<i64, Seen>,
    left: BTreeSet<i64>,
    next_ticket: u64,
}

/// The model.
pub struct Model {
    clock: SimClock,
    court: Court,
    /// The clients, in the order of the world.
    pub devices: Vec<Device>,
    /// Members of each room at the start.
    members: BTreeMap<i64, BTreeSet<i64>>,
    /// Rooms that a user has wanted to leave: whether he is still in is the server's to say.
    leaving: BTreeSet<(i64, i64)>,
    /// What was acknowledged: room and log id to text.
    acked: BTreeMap<(i64, i64), String>,
    /// All that was ever sent: text to room and user.
    sent: BTreeMap<String, (i64, i64)>,
    /// When what was asked of the logs, for their linearizability.
    history: History,
    /// All log ids that anybody was told of.
    known: BTreeMap<i64, BTreeSet<i64>>,
    /// A fault was active here last; nothing yet.
    pub disturbed: Option<Time>,
    /// After a fault, connections may still break for this long.
    pub quiet_after: Duration,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({} devices, {} acknowledged)", self.devices.len(), self.acked.len())
    }
}

impl Model {
    /// Nobody has done anything.
    #[must_use]
    pub fn new(
        clock: SimClock,
        court: Court,
        members: BTreeMap<i64, BTreeSet<i64>>,
        clients: &[(Arc<str>, i64)],
        quiet_after: Duration,
    ) -> Self {
        let device = |(label, user): &(Arc<str>, i64)| Device {
            label: label.clone(),
            user: *user,
            online: None,
            wants: false,
            tickets: BTreeMap::new(),
            rooms: BTreeMap::new(),
            left: BTreeSet::new(),
            next_ticket: 1,
        };
        Self {
            clock,
            court,
            devices: clients.iter().map(device).collect(),
            members,
            leaving: BTreeSet::new(),
            acked: BTreeMap::new(),
            sent: BTreeMap::new(),
            history: History::default(),
            known: BTreeMap::new(),
            disturbed: None,
            quiet_after,
        }
    }

    /// Messages that were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.acked.len()
    }

    /// Messages that were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.sent.len()
    }

    /// The rooms in which the user of this device may still write: those that he has not wanted to leave.
    #[must_use]
    pub fn rooms_of(&self, device: usize) -> Vec<i64> {
        let Some(d) = self.devices.get(device) else { return Vec::new() };
        let mine = |(room, m): (&i64, &BTreeSet<i64>)| m.contains(&d.user).then_some(*room);
        let in_room = |room: &i64| !self.leaving.contains(&(*room, d.user));
        self.members.iter().filter_map(mine).filter(in_room).collect()
    }

    /// A log that the device was told of in a room: the last one, or one of `back` before it.
    #[must_use]
    pub fn seen(&self, device: usize, room: i64, back: usize) -> Option<i64> {
        self.devices.get(device)?.rooms.get(&room)?.iter().rev().take(back + 1).next_back().map(|(id, _)| *id)
    }

    /// Somebody who is no device of the model will send this text.
    pub fn expect(&mut self, room: i64, user: i64, text: &str) {
        self.sent.insert(text.to_owned(), (room, user));
    }

    /// A message of this device: a text that nobody else sends, padded to `len` bytes.
    pub fn write(&mut self, device: usize, room: i64, len: usize) -> Option<Action> {
        let d = self.devices.get_mut(device)?;
        let ticket = d.next_ticket;
        d.next_ticket += 1;
        let mut text = format!("{} says {ticket} in {room} ", d.label);
        text.extend(std::iter::repeat_n('.', len.saturating_sub(text.len())));
        d.tickets.insert(ticket, Ticket { room, text: text.clone(), end: End::Open });
        self.sent.insert(text.clone(), (room, d.user));
        self.history.send(&d.label, room, &text, self.clock.now());
        Some(Action::Send { ticket, room, text })
    }

    /// The user of this device wants to leave.
    pub fn leave(&mut self, device: usize, room: i64) -> Option<Action> {
        let d = self.devices.get(device)?;
        self.leaving.insert((room, d.user));
        Some(Action::Leave { room })
    }

    /// The user of this device looks where the log of a room ends.
    pub fn open(&mut self, device: usize, room: i64) -> Option<Action> {
        let d = self.devices.get(device)?;
        self.history.look(&d.label, room, self.clock.now());
        Some(Action::Open { room })
    }

    fn report(&self, invariant: Invariant, what: String) {
        self.court.report(invariant, what);
    }

    /// Hears what a client tells its user.
    pub fn event(&mut self, device: usize, event: &Event) {
        let now = self.clock.now();
        let Some(d) = self.devices.get_mut(device) else { return };
        match event {
            Event::LoggedIn { user_id, .. } => {
                d.online = Some(now);
                if *user_id != d.user {
                    let what = format!("{} is logged in as {user_id}, and is {}", d.label, d.user);
                    self.report(Invariant::Private, what);
                }
            }
            Event::Disconnected { why, .. } => self.disconnected(device, *why, now),
            Event::Kicked { .. } | Event::LoginRefused { .. } | Event::GaveUp { .. } => {
                d.online = None;
                let what = format!("{} is turned away: {event:?}", d.label);
                if !self.is_disturbed(now) {
                    self.report(Invariant::Alive, what);
                }
            }
            Event::Message(m) => self.message(device, m),
            Event::Sent { ticket, room, log_id } => self.sent_as(device, *ticket, *room, *log_id),
            Event::SendFailed { ticket, why } => self.send_failed(device, *ticket, *why),
            Event::RoomOpened { room, last_log_id, .. } => self.history.looked(&d.label, *room, *last_log_id, now),
            Event::Left { room } => {
                d.left.insert(*room);
                let (room, user) = (*room, d.user);
                if !self.leaving.contains(&(room, user)) {
                    self.report(Invariant::Private, format!("user {user} is out of room {room} and never left it"));
                }
            }
            Event::ReadMark { room, watermark, .. } => {
                let known = *watermark == 0 || self.known.get(room).is_some_and(|k| k.contains(watermark));
                // A device that was told of a read mark need not have been told of the message yet.
                if !known && !self.acked.contains_key(&(*room, *watermark)) {
                    let what = format!("{} is told that {watermark} is read in room {room}: no such message", d.label);
                    self.report(Invariant::Watermarks, what);
                }
            }
            _ => {}
        }
    }

    /// Looks at what only time can show. `client_bound`: a client finds a dead server within this.
    pub fn tick(&mut self, control: &Control, client_bound: Duration) {
        let now = self.clock.now();
        for d in &mut self.devices {
            let heard = d.online.map(|since| since.max(control.came_last(&d.label).unwrap_or(since)));
            if heard.is_some_and(|at| now - at > client_bound) {
                // Once is enough.
                d.online = None;
                let what = format!("{} has heard nothing for {client_bound:?} and still feels logged in", d.label);
                self.court.report(Invariant::Alive, what);
            }
        }
    }

    /// Whether a fault may still explain what happens now.
    #[must_use]
    pub fn is_disturbed(&self, now: Time) -> bool {
        self.disturbed.is_some_and(|at| now - at < self.quiet_after)
    }

    fn disconnected(&mut self, device: usize, why: Why, now: Time) {
        let Some(d) = self.devices.get_mut(device) else { return };
        d.online = None;
        self.history.lost(&d.label);
        let what = format!("{} lost its connection in a world without faults: {why:?}", d.label);
        let planned = matches!(why, Why::Logout | Why::Dismissed);
        if !planned && !self.is_disturbed(now) {
            self.report(Invariant::Alive, what);
        }
    }

    fn message(&mut self, device: usize, m: &Message) {
        let Some(d) = self.devices.get_mut(device) else { return };
        let (label, user) = (d.label.clone(), d.user);
        let seen = d.rooms.entry(m.room).or_default();
        let last = seen.last().map_or(0, |(id, _)| *id);
        seen.push((m.log_id, m.text.clone()));
        let gone = d.left.contains(&m.room);
        self.known.entry(m.room).or_default().insert(m.log_id);
        if let Some(what) = self.history.told(m.room, m.log_id, m.author_id, digest(m.text.as_bytes())) {
            self.report(Invariant::Ordered, format!("{label} is told otherwise than another device: {what}"));
        }
        let at = format!("message {} of room {}", m.log_id, m.room);
        if m.log_id == last {
            self.report(Invariant::Once, format!("{label} is told of {at} twice"));
        } else if m.log_id < last {
            self.report(Invariant::Ordered, format!("{label} is told of {at} after {last}"));
        } else if m.prev_id != 0 && m.prev_id != last {
            self.report(
                Invariant::Ordered,
                format!("{label} is told of {at}, which follows {}, after {last}", m.prev_id),
            );
        }
        if gone || !self.members.get(&m.room).is_some_and(|r| r.contains(&user)) {
            self.report(Invariant::Private, format!("{label} is told of {at}, and is no member"));
        }
        if !self.is_sent(m.room, m.author_id, m.kind, &m.text) {
            let what = format!("{label} is told of {at}: {} never sent {:?} there", m.author_id, short(&m.text));
            self.report(Invariant::Ordered, what);
        }
    }

    fn sent_as(&mut self, device: usize, ticket: u64, room: i64, log_id: i64) {
        let Some(d) = self.devices.get_mut(device) else { return };
        let label = d.label.clone();
        let Some(t) = d.tickets.get_mut(&ticket) else { return };
        let (before, text) = (t.end, t.text.clone());
        t.end = End::Sent(log_id);
        self.history.sent(room, &text, log_id, self.clock.now());
        if before != End::Open || t.room != room {
            self.report(
                Invariant::Matched,
                format!("{label}: message {ticket} ends twice: {before:?}, sent as {log_id}"),
            );
        }
        self.known.entry(room).or_default().insert(log_id);
        if let Some(other) = self.acked.insert((room, log_id), text.clone()).filter(|o| *o != text) {
            let what = format!("log {log_id} acknowledges {:?} and {:?}", short(&other), short(&text));
            self.report(Invariant::Matched, what);
        }
    }

    fn send_failed(&mut self, device: usize, ticket: u64, why: Failure) {
        let Some(d) = self.devices.get_mut(device) else { return };
        let (label, user) = (d.label.clone(), d.user);
        let Some(t) = d.tickets.get_mut(&ticket) else { return };
        let (before, room) = (t.end, t.room);
        t.end = End::Failed;
        if before != End::Open {
            self.report(Invariant::Matched, format!("{label}: message {ticket} ends twice: {before:?}, then {why:?}"));
        }
        if !self.leaving.contains(&(room, user)) {
            self.report(Invariant::Once, format!("{label}: message {ticket} to room {room} is given up: {why:?}"));
        }
    }

    /// Why not everything is well yet; `None` when it is.
    #[must_use]
    pub fn unsettled(&self) -> Option<String> {
        for d in &self.devices {
            if d.online.is_none() {
                return Some(format!("{} is not logged in", d.label));
            }
            if let Some((n, t)) = d.tickets.iter().find(|(_, t)| t.end == End::Open) {
                return Some(format!("{}: message {n} to room {} has not ended", d.label, t.room));
            }
        }
        for (room, members) in &self.members {
            let mut first: Option<(&Device, &Seen)> = None;
            let empty = Seen::new();
            for d in &self.devices {
                if !members.contains(&d.user) || self.leaving.contains(&(*room, d.user)) {
                    continue;
                }
                let seen = d.rooms.get(room).unwrap_or(&empty);
                match first {
                    None => first = Some((d, seen)),
                    Some((other, its)) if its != seen => {
                        let (a, b) = (its.len(), seen.len());
                        return Some(format!("room {room}: {} has {a} messages, {} has {b}", other.label, d.label));
                    }
                    Some(_) => {}
                }
            }
            if let Some((d, seen)) = first {
                let acked = self.acked.range((*room, i64::MIN)..=(*room, i64::MAX)).map(|((_, id), _)| id);
                let missing = acked.filter(|id| !seen.iter().any(|(s, _)| s == *id)).count();
                if missing > 0 {
                    return Some(format!("room {room}: {} lacks {missing} acknowledged messages", d.label));
                }
            }
        }
        None
    }

    /// Whether somebody has asked to leave a room and does not know what came of it. Nobody waits for the messages of
    /// such a room, so a device may sit on a dead connection and all may still look well.
    #[must_use]
    pub fn is_leave_in_doubt(&self) -> bool {
        let knows = |room, user| self.devices.iter().any(|d| d.user == user && d.left.contains(&room));
        self.leaving.iter().any(|(room, user)| !knows(*room, *user))
    }
}

fn short(text: &str) -> &str {
    text.trim_end_matches('.')
}
