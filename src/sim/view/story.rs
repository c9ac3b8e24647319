//! What a run tells: its events joined into connections, packets with both their ends, faults with their lanes, and for
//! each violation the events it speaks of. The page, the capture and the timeline show this.

mod accuse;
mod bands;
mod join;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::recording::{Moment, Recording};
use crate::proto::secure::Era;
use crate::sim::net::port;
use crate::sim::run::Outcome;
use crate::sim::scenario::{Scenario, client_name, host_name};
use crate::sim::trace::{Event, Kind};

pub use accuse::Charge;
pub use bands::Band;

/// Where the harness acts.
pub const WORLD: &str = "world";

/// What a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// The harness.
    World,
    /// A server.
    Server,
    /// A client.
    Client,
}

/// Somebody to whom things happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// As the trace calls it.
    pub name: Arc<str>,
    /// The host that it runs on; what a partition cuts off.
    pub host: Arc<str>,
    /// What it is.
    pub kind: LaneKind,
}

/// One connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The number of the client's end.
    pub client: Option<u64>,
    /// The number of the server's end.
    pub server: Option<u64>,
    /// The client's lane.
    pub client_lane: Option<usize>,
    /// The server's lane.
    pub server_lane: Option<usize>,
    /// The number that the server calls it by.
    pub conn: Option<u64>,
    /// The server's door.
    pub door: &'static str,
    /// What it is sealed with; nothing where it has no cipher.
    pub era: Option<Era>,
    /// When it was made.
    pub opened: Moment,
    /// When its last end was let go.
    pub closed: Option<Moment>,
}

/// What is known of an event beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Its lane.
    pub lane: usize,
    /// Its connection.
    pub link: Option<usize>,
    /// The event at the other end of the same packet.
    pub peer: Option<usize>,
    /// The room that it is about.
    pub room: Option<i64>,
    /// Where its packet is in the sealed stream of its sender.
    pub sealed: Option<Range<u64>>,
}

/// A run, told.
#[derive(Debug)]
pub struct Story<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// What came of it.
    pub outcome: &'a Outcome,
    /// Who is in it: the harness, servers, clients by their hosts.
    pub lanes: Vec<Lane>,
    /// One for each event.
    pub told: Vec<Told>,
    /// The connections, as they were made.
    pub links: Vec<Link>,
    /// The faults.
    pub bands: Vec<Band>,
    /// What did not hold.
    pub charges: Vec<Charge>,
}

impl<'a> Story<'a> {
    /// Tells a run. Without a recording there are no connections and no bytes.
    #[must_use]
    pub fn of(scenario: &'a Scenario, outcome: &'a Outcome) -> Self {
        let none = Recording::default();
        let recording = outcome.trace.recording.as_ref().unwrap_or(&none);
        let events = &outcome.trace.events;
        let lanes = lanes(scenario, events, recording);
        let index: BTreeMap<&str, usize> = lanes.iter().enumerate().map(|(i, l)| (&*l.name, i)).collect();
        let mut told: Vec<Told> = events
            .iter()
            .map(|e| Told { lane: index.get(&*e.host).copied().unwrap_or_default(), ..Told::default() })
            .collect();
        let mut links = join::links(recording, &index);
        join::events(&mut told, &mut links, events, recording, &lanes);
        for (event, told) in events.iter().zip(&mut told) {
            told.room = room(event, recording);
        }
        let bands = bands::bands(scenario, events, &lanes);
        let charges = accuse::charges(outcome, recording, &told, &lanes, &links);
        Self { scenario, outcome, lanes, told, links, bands, charges }
    }

    /// The events.
    #[must_use]
    pub fn events(&self) -> &'a [Event] {
        &self.outcome.trace.events
    }

    /// The bytes.
    #[must_use]
    pub fn recording(&self) -> Option<&'a Recording> {
        self.outcome.trace.recording.as_ref()
    }

    /// The plain bytes of a packet event.
    #[must_use]
    pub fn plain(&self, seq: usize) -> Option<&'a [u8]> {
        self.recording()?.plain.get(&seq).map(Vec::as_slice)
    }
}

/// The name of the door behind a port.
#[must_use]
pub const fn door(of: u16) -> &'static str {
    match of {
        port::BOOKING => "booking",
        port::TICKET => "ticket",
        port::ENTRY => "entry",
        port::CARRIAGE => "carriage",
        _ => "door",
    }
}

fn lanes(scenario: &Scenario, events: &[Event], recording: &Recording) -> Vec<Lane> {
    let lane = |name: &str, host: &str, kind| Lane { name: name.into(), host: host.into(), kind };
    let mut all = vec![lane(WORLD, WORLD, LaneKind::World)];
    let mut clients: Vec<Lane> = scenario
        .clients()
        .into_iter()
        .map(|(user, second, host)| lane(&client_name(user, second), &host_name(host), LaneKind::Client))
        .collect();
    clients.sort_by(|a, b| a.host.cmp(&b.host));
    // Who else shows up: servers, and guests that the scenario does not know.
    let known = |all: &[Lane], name: &str| all.iter().any(|l| &*l.name == name);
    let serves = |name: &str| recording.ends.values().any(|e| !e.client && &*e.owner == name);
    let mut guests: Vec<Lane> = Vec::new();
    for event in events {
        let name = &*event.host;
        if known(&all, name) || known(&clients, name) || known(&guests, name) {
            continue;
        }
        if matches!(event.kind, Kind::Server(_)) || serves(name) || name.starts_with("server") {
            all.push(lane(name, name, LaneKind::Server));
        } else {
            guests.push(lane(name, name, LaneKind::Client));
        }
    }
    all.extend(clients);
    all.extend(guests);
    all
}

/// The room that an event is about: the one in its packet, or in its text.
fn room(event: &Event, recording: &Recording) -> Option<i64> {
    match &event.kind {
        Kind::Packet { .. } => {
            let plain = recording.plain.get(&event.seq)?;
            let body = plain.get(crate::proto::limits::HEADER_LEN..)?;
            let limits = crate::proto::limits::Limits::DEFAULT;
            crate::proto::wire::Document::check(body, &limits).ok()?.integer("chatId")
        }
        Kind::Action(text) | Kind::Event(text) | Kind::Violation(text) => room_in(text),
        _ => None,
    }
}

fn room_in(text: &str) -> Option<i64> {
    let words = ["room: ", "chat_id: ", "room "];
    let rest = words.iter().find_map(|w| text.split_once(w))?.1;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
