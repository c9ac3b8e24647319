//! What must hold of the messages: acknowledged ones reach every member, each once, in the order of its room.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::proto::client::{Event, Message};
use crate::proto::time::Time;
use crate::sim::invariants::Invariant;

/// Violations that are kept.
const KEPT: usize = 20;

/// What one client has seen.
#[derive(Debug, Default)]
struct Seen {
    logged_in: bool,
    /// The last log of its rooms.
    last: BTreeMap<i64, i64>,
    texts: BTreeSet<u64>,
}

/// The books of a run.
#[derive(Debug)]
pub(super) struct Ledger {
    clients: Vec<Seen>,
    /// Which clients are in a room.
    members: BTreeMap<i64, Vec<usize>>,
    /// What was acknowledged, and where.
    acknowledged: BTreeMap<u64, i64>,
    pub(super) failed: u64,
    pub(super) events: u64,
    pub(super) logins: u64,
    /// Connections that were cut, each alone.
    pub(super) cut: u64,
    pub(super) violations: Vec<(Invariant, Time, String)>,
    hash: Sha256,
}

impl Ledger {
    pub(super) fn new(members: BTreeMap<i64, Vec<usize>>, clients: usize) -> Self {
        Self {
            clients: (0..clients).map(|_| Seen::default()).collect(),
            members,
            acknowledged: BTreeMap::new(),
            failed: 0,
            events: 0,
            logins: 0,
            cut: 0,
            violations: Vec::new(),
            hash: Sha256::new(),
        }
    }

    /// A client has told something.
    pub(super) fn event(&mut self, client: usize, now: Time, event: &Event) {
        self.events += 1;
        self.hash.update(format!("{} {client} {event:?}\n", now.as_micros()));
        match event {
            Event::LoggedIn { .. } => {
                self.logins += 1;
                self.client(client, |c| c.logged_in = true);
            }
            Event::Disconnected { .. } => self.client(client, |c| c.logged_in = false),
            Event::Sent { ticket, room, .. } => {
                let before = self.acknowledged.insert(*ticket, *room);
                if before.is_some() {
                    self.violated(Invariant::Once, now, format!("message {ticket} is acknowledged twice"));
                }
            }
            Event::SendFailed { .. } => self.failed += 1,
            Event::Message(m) => self.message(client, now, m),
            _ => {}
        }
    }

    fn client(&mut self, n: usize, with: impl FnOnce(&mut Seen)) {
        if let Some(c) = self.clients.get_mut(n) {
            with(c);
        }
    }

    fn message(&mut self, client: usize, now: Time, m: &Message) {
        let Some(seen) = self.clients.get_mut(client) else { return };
        let last = seen.last.insert(m.room, m.log_id).unwrap_or_default();
        let fresh = m.text.parse().is_ok_and(|n| seen.texts.insert(n));
        let inside = self.members.get(&m.room).is_some_and(|all| all.contains(&client));
        if !inside {
            self.violated(Invariant::Private, now, format!("client {client} sees room {}", m.room));
        }
        if m.log_id <= last {
            let what = format!("client {client} is told log {} of room {} after {last}", m.log_id, m.room);
            self.violated(Invariant::Ordered, now, what);
        }
        if !fresh {
            self.violated(Invariant::Once, now, format!("client {client} is told {:?} again", m.text));
        }
    }

    pub(super) fn violated(&mut self, invariant: Invariant, now: Time, what: String) {
        if self.violations.len() < KEPT {
            self.violations.push((invariant, now, what));
        }
    }

    /// Who is not logged on.
    pub(super) fn away(&self) -> usize {
        self.clients.iter().filter(|c| !c.logged_in).count()
    }

    /// At the end, when all is well: what was acknowledged has reached everybody.
    pub(super) fn settle(&mut self, now: Time) {
        let mut missing = Vec::new();
        for (text, room) in &self.acknowledged {
            for n in self.members.get(room).into_iter().flatten() {
                if self.clients.get(*n).is_some_and(|c| !c.texts.contains(text)) {
                    missing.push(format!("client {n} has never seen message {text} of room {room}"));
                }
            }
        }
        missing.into_iter().for_each(|what| self.violated(Invariant::Durable, now, what));
        let away = self.away();
        if away > 0 {
            self.violated(Invariant::Converged, now, format!("{away} clients are not logged on at the end"));
        }
    }

    /// What the store has of a room at the end.
    pub(super) fn kept(&mut self, room: i64, texts: &[u64], now: Time) {
        let mut times = BTreeMap::<u64, usize>::new();
        texts.iter().for_each(|text| *times.entry(*text).or_default() += 1);
        let twice: Vec<u64> = times.iter().filter(|(_, n)| **n > 1).map(|(text, _)| *text).collect();
        let mine = self.acknowledged.iter().filter(|(_, at)| **at == room);
        let lost: Vec<u64> = mine.map(|(text, _)| *text).filter(|text| !times.contains_key(text)).collect();
        for text in lost {
            self.violated(Invariant::Durable, now, format!("the store has lost message {text} of room {room}"));
        }
        for text in twice {
            self.violated(Invariant::Once, now, format!("the store has message {text} of room {room} twice"));
        }
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }

    /// SHA-256 of all events, in hex.
    pub(super) fn trace_hash(&self) -> String {
        self.hash.clone().finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}
