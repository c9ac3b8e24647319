//! What the clients' ends show: requests and replies, what they are in doubt about, what they tell their users.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Place, Sometimes, State};
use crate::proto::client::{Action, Event, Why};
use crate::proto::time::Time;
use crate::proto::wire::Value;
use crate::sim::tap::Seen;
use crate::sim::trace::{Way, digest};

/// Requests whose time of sending is kept, for who looks whether their replies are late.
const SENT_MAX: usize = 4096;

struct Asked {
    method: String,
    room: i64,
    /// A push of the same room has come since.
    raced: bool,
    /// How often its link had been put on hold.
    holds: u32,
}

/// One connection of a client.
struct Line {
    owner: Arc<str>,
    asked: BTreeMap<u32, Asked>,
    answered_pings: BTreeSet<u32>,
    syncs: BTreeMap<i64, u32>,
    lists: u32,
}

/// What one client has done on all of its connections.
#[derive(Default)]
struct Owner {
    /// Texts that went out, each with its last connection.
    written: BTreeMap<String, u64>,
    /// Logs that replies have named.
    replied: BTreeSet<(i64, i64)>,
    /// Messages in doubt when their connection ended, and the life of the server in which they were written.
    falls_before: BTreeMap<String, u64>,
    /// Texts of tickets.
    tickets: BTreeMap<u64, String>,
}

/// All clients.
#[derive(Default)]
pub(super) struct Clients {
    lines: BTreeMap<u64, Line>,
    owners: BTreeMap<Arc<str>, Owner>,
    /// When a request went out, by its id and the digest of its body.
    sent: BTreeMap<(u32, u64), Time>,
    /// How often the server has fallen.
    falls: u64,
    draining: bool,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clients({} lines)", self.lines.len())
    }
}

impl Clients {
    /// When this request went out, taken out.
    pub(super) fn take_sent(&mut self, p: &Seen) -> Option<Time> {
        self.sent.remove(&(p.id, digest(&p.body)))
    }
}

impl Sometimes {
    /// A packet went by at a client's end; `holds`: so often its link was put on hold.
    pub fn client_packet(&self, owner: &Arc<str>, line: u64, way: Way, p: &Seen, holds: u32) {
        let now = self.clock.now();
        let mut s = self.lock();
        s.clients.lines.entry(line).or_insert_with(|| Line {
            owner: owner.clone(),
            asked: BTreeMap::new(),
            answered_pings: BTreeSet::new(),
            syncs: BTreeMap::new(),
            lists: 0,
        });
        match way {
            Way::Out => s.asks(line, p, holds, now),
            Way::In => s.is_told(line, p, holds),
        }
    }

    /// A client's connection is gone.
    pub fn client_closed(&self, line: u64) {
        let mut s = self.lock();
        let Some(closed) = s.clients.lines.remove(&line) else { return };
        for asked in closed.asked.values() {
            match asked.method.as_str() {
                "LEAVE" => s.reach(Place::LeaveInDoubt),
                "WRITE" | "CWRITE" => s.reach(Place::WriteInDoubt),
                _ => {}
            }
        }
        let falls = s.clients.falls;
        if let Some(o) = s.clients.owners.get_mut(&closed.owner) {
            let mine: Vec<_> = o.written.iter().filter(|(_, on)| **on == line).map(|(text, _)| text.clone()).collect();
            for text in mine {
                o.falls_before.entry(text).or_insert(falls);
            }
        }
    }

    /// What a user wants.
    pub fn client_action(&self, owner: &Arc<str>, action: &Action) {
        if let Action::Send { ticket, text, .. } = action {
            let mut s = self.lock();
            let o = s.clients.owners.entry(owner.clone()).or_default();
            o.tickets.insert(*ticket, text.clone());
        }
    }

    /// What a client tells its user.
    pub fn client_event(&self, owner: &Arc<str>, event: &Event) {
        let mut s = self.lock();
        match event {
            Event::Sent { ticket, room, log_id } => {
                let falls = s.clients.falls;
                let Some(o) = s.clients.owners.get_mut(owner) else { return };
                let Some(text) = o.tickets.remove(ticket) else { return };
                let (written, before) = (o.written.remove(&text), o.falls_before.remove(&text));
                if written.is_some() && !o.replied.remove(&(*room, *log_id)) {
                    s.reach(Place::LookupFound);
                    if before.is_some_and(|f| f < falls) {
                        s.reach(Place::FallenCommitFound);
                    }
                }
            }
            Event::LoginRefused { status: -950 } => s.reach(Place::TokenRefused),
            Event::Disconnected { why: Why::ConnectTimeout, .. } => s.reach(Place::ConnectTimedOut),
            Event::Disconnected { why: Why::TimedOut(_), .. } => s.reach(Place::ServerFoundSilent),
            Event::Disconnected { why: Why::Malformed(_), .. } => s.reach(Place::BadBytesFound),
            _ => {}
        }
    }

    /// A client begins to connect.
    pub fn client_dials(&self) {
        let mut s = self.lock();
        if s.clients.draining {
            s.reach(Place::KnockedInDrain);
        }
    }

    /// The server is asked to stop, or is up again.
    pub fn drains(&self, draining: bool) {
        self.lock().clients.draining = draining;
    }

    /// The server's process ends.
    pub fn server_falls(&self) {
        let mut s = self.lock();
        s.clients.falls += 1;
        s.conns.clear();
    }
}

impl State {
    fn asks(&mut self, line: u64, p: &Seen, holds: u32, now: Time) {
        let c = &mut self.clients;
        let Some(l) = c.lines.get_mut(&line) else { return };
        let mut reached = Vec::new();
        let mut room = 0;
        match p.method.as_str() {
            "LCHATLIST" => {
                l.lists += 1;
                reached.extend((l.lists == 1).then_some(Place::RoomPages));
            }
            "LEAVE" => room = p.integer("chatId").unwrap_or_default(),
            "SYNCMSG" => {
                room = p.integer("chatId").unwrap_or_default();
                let pages = l.syncs.entry(room).or_default();
                *pages += 1;
                reached.extend((*pages == 2).then_some(Place::SyncPages));
            }
            "WRITE" | "CWRITE" => {
                if c.sent.len() >= SENT_MAX {
                    c.sent.clear();
                }
                c.sent.insert((p.id, digest(&p.body)), now);
                let Some(d) = p.document() else { return };
                room = d.integer("chatId").unwrap_or_default();
                if let Some(Value::String(text)) = d.get("msg") {
                    let before = c.owners.entry(l.owner.clone()).or_default().written.insert(text.to_owned(), line);
                    reached.extend(before.filter(|b| *b != line).map(|_| Place::LookupMissed));
                }
            }
            _ => {}
        }
        l.asked.insert(p.id, Asked { method: p.method.clone(), room, raced: false, holds });
        reached.into_iter().for_each(|place| self.reach(place));
    }

    fn is_told(&mut self, line: u64, p: &Seen, holds: u32) {
        let c = &mut self.clients;
        let Some(l) = c.lines.get_mut(&line) else { return };
        if p.method == "PING" && l.answered_pings.contains(&p.id) && !l.asked.contains_key(&p.id) {
            return self.reach(Place::DoubleAnswer);
        }
        match l.asked.remove(&p.id) {
            Some(asked) if asked.method == p.method => match p.method.as_str() {
                "LOGINLIST" | "LOGIN" if asked.holds < holds => self.reach(Place::LoginInHold),
                "PING" => {
                    l.answered_pings.insert(p.id);
                }
                "WRITE" | "CWRITE" => {
                    if let Some(log) = p.integer("logId") {
                        c.owners.entry(l.owner.clone()).or_default().replied.insert((asked.room, log));
                    }
                    if asked.raced {
                        self.reach(Place::PushRacedReply);
                    }
                }
                _ => {}
            },
            other => {
                if let Some(asked) = other {
                    l.asked.insert(p.id, asked);
                }
                let room = if p.method == "MSG" { p.integer("chatId") } else { None };
                for asked in l.asked.values_mut().filter(|a| Some(a.room) == room) {
                    asked.raced |= matches!(asked.method.as_str(), "WRITE" | "CWRITE");
                }
            }
        }
    }
}
