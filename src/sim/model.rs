//! A simple model beside the system: who is a member of what, what was sent, what was asked for and acknowledged, and
//! what each device has been told. It hears the events of the clients; `compare` reads the store at the end.
//!
//! Checks `durable`, `once`, `ordered`, `private`, `matched`, `watermarks`, `whole`, `ruled` and the client's side of
//! `alive`.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `messages` | what a device is told, and what became of what it sent |
//! | `operations`, `replies` | everything else that a user asks for: what it may change, and what came of it |
//! | `letters` | what 2012 does in its own way |
//! | `marks` | how far somebody has read, as pushed and as listed |
//! | `files` | what goes up and comes down |
//! | [`open`] | open links: owner, pass code, who was kicked |
//! | `told` | what a user's other devices learn of what he does |
//! | [`register`] | a value that many write: which ones a read may see |
//! | [`places`] | who is in a room, as far as that can be known |
//! | [`feeds`] | logs that the server makes of what somebody does |
//! | `settled` | whether all devices have all of their rooms |
//! | `compare`, `shelves` | the store at the end |

mod compare;
pub mod feeds;
mod files;
mod letters;
mod marks;
mod messages;
pub mod open;
mod operations;
pub mod places;
pub mod register;
mod replies;
mod settled;
mod shelves;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::feeds::Ledger;
use self::files::File;
use self::letters::Letter;
use self::marks::ReadMarks;
use self::open::Open;
use self::operations::{Op, Slot};
use self::places::Place;
use self::register::Register;
use super::clock::SimClock;
use super::control::Control;
use super::courier::Errand;
use super::history::History;
use super::invariants::{Court, Invariant};
use super::scenario::Do;
use crate::proto::client::{Action, Event, Why};
use crate::proto::command::CommandId;
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
    /// Of 2012.
    pub old: bool,
    tickets: BTreeMap<u64, Ticket>,
    /// Of the tickets, those that are open.
    unended: usize,
    rooms: BTreeMap<i64, Seen>,
    left: BTreeSet<i64>,
    /// Whom its user blocks, as far as it was told.
    blocks: BTreeSet<i64>,
    next_ticket: u64,
}

/// One room.
#[derive(Debug)]
struct Room {
    /// At most two people, for good: no group.
    direct: bool,
    /// No log says who is in it from the beginning.
    unnamed: bool,
    /// Its open link, 0 for none.
    link: i64,
    /// Users who are or were in it, or whom somebody has wanted in it.
    places: BTreeMap<i64, Place>,
    /// The last log that let a user in, where he came later.
    since: BTreeMap<i64, i64>,
    /// All log ids that anybody was told of, rising.
    known: Vec<i64>,
    /// Acknowledged changes of its settings: when, and with which revision.
    metas: Vec<(Time, i64)>,
}

/// The model.
pub struct Model {
    clock: SimClock,
    court: Court,
    /// The clients, in the order of the world.
    pub devices: Vec<Device>,
    rooms: BTreeMap<i64, Room>,
    /// The rooms that a user is or was in.
    rooms_of: BTreeMap<i64, BTreeSet<i64>>,
    /// What was acknowledged: room and log id to text.
    acked: BTreeMap<(i64, i64), String>,
    /// All that was ever sent: text to room and user.
    sent: BTreeMap<String, (i64, i64)>,
    /// Texts that replace another: which message.
    edits: BTreeMap<String, i64>,
    /// When what was asked of the logs, for their linearizability.
    history: History,
    /// Requests under way.
    ops: BTreeMap<(usize, u64), Op>,
    /// Leaving is under way: device and room.
    leaving: BTreeMap<(usize, i64), Op>,
    /// Values that are written by many.
    registers: BTreeMap<Slot, Register>,
    /// How far everybody has read.
    marks: ReadMarks,
    /// Texts to people whose room nobody knows yet.
    letters: BTreeMap<String, Letter>,
    /// All files that somebody has wanted to send.
    files: Vec<File>,
    /// Files that have to set out, and requests whose files are on their way.
    errands: Vec<Errand>,
    carried: BTreeMap<(usize, u64), Op>,
    /// Links that were acknowledged.
    links: BTreeMap<i64, Open>,
    /// What devices do next, because of what they were answered.
    next: Vec<(usize, Action)>,
    /// What was asked for that makes a feed.
    ledger: Ledger,
    /// Rooms that somebody wants to make: who, with everybody who shall be in it.
    creating: Vec<(i64, BTreeSet<i64>)>,
    /// Of each kind of request: acknowledged, refused, in doubt.
    tally: BTreeMap<Do, [u64; 3]>,
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
            old: false,
            tickets: BTreeMap::new(),
            unended: 0,
            rooms: BTreeMap::new(),
            left: BTreeSet::new(),
            blocks: BTreeSet::new(),
            next_ticket: 1,
        };
        let mut model = Self {
            clock,
            court,
            devices: clients.iter().map(device).collect(),
            rooms: BTreeMap::new(),
            rooms_of: BTreeMap::new(),
            acked: BTreeMap::new(),
            sent: BTreeMap::new(),
            edits: BTreeMap::new(),
            history: History::default(),
            ops: BTreeMap::new(),
            leaving: BTreeMap::new(),
            registers: BTreeMap::new(),
            marks: ReadMarks::default(),
            letters: BTreeMap::new(),
            files: Vec::new(),
            errands: Vec::new(),
            carried: BTreeMap::new(),
            links: BTreeMap::new(),
            next: Vec::new(),
            ledger: Ledger::default(),
            creating: Vec::new(),
            tally: BTreeMap::new(),
            disturbed: None,
            quiet_after,
        };
        for (room, users) in members {
            model.add_room(room, &users, users.len() == 2, true);
        }
        model
    }

    fn add_room(&mut self, room: i64, users: &BTreeSet<i64>, direct: bool, unnamed: bool) {
        let places = users.iter().map(|u| (*u, Place::new(true))).collect();
        let (since, known, metas) = (BTreeMap::new(), Vec::new(), Vec::new());
        self.rooms.insert(room, Room { direct, unnamed, link: 0, places, since, known, metas });
        for user in users {
            self.rooms_of.entry(*user).or_default().insert(room);
        }
    }

    /// What devices do next, because of what they were answered.
    pub fn take_next(&mut self) -> Vec<(usize, Action)> {
        std::mem::take(&mut self.next)
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

    /// The rooms that the user of this device is in for sure.
    #[must_use]
    pub fn rooms_of(&self, device: usize) -> Vec<i64> {
        let Some(d) = self.devices.get(device) else { return Vec::new() };
        let all = self.rooms_of.get(&d.user).into_iter().flatten().copied();
        all.filter(|room| self.place(*room, d.user).is_some_and(Place::is_in)).collect()
    }

    fn place(&self, room: i64, user: i64) -> Option<&Place> {
        self.rooms.get(&room)?.places.get(&user)
    }

    /// Of each kind of request: acknowledged, refused, in doubt.
    #[must_use]
    pub fn requests(&self, what: Do) -> [u64; 3] {
        self.tally.get(&what).copied().unwrap_or_default()
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
        d.unended += 1;
        self.sent.insert(text.clone(), (room, d.user));
        self.history.send(&d.label, room, &text, self.clock.now());
        Some(Action::Send { ticket, room, text })
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
            Event::RoomOpened { room, last_log_id, watermarks, .. } => {
                if let Some(asked) = self.history.looked(&d.label, *room, *last_log_id, now) {
                    self.marks_listed(device, *room, watermarks, asked);
                }
            }
            Event::Left { room } => self.left(device, *room),
            Event::ActionFailed { method, room, why } if *method == CommandId::Leave.method() => {
                self.not_left(device, *room, *why);
            }
            Event::ReadMark { room, user_id, watermark } => self.marked(device, *room, *user_id, *watermark),
            Event::Reply { ticket, status, body } => self.replied(device, *ticket, *status, body),
            Event::RequestEnded { ticket, how } => self.request_ended(device, *ticket, *how),
            Event::Pushed { command, body } => self.pushed(device, *command, body),
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
}

fn short(text: &str) -> &str {
    text.trim_end_matches('.')
}
