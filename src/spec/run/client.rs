//! The reference client as a target: the core's machine in this process, on virtual time; the judge plays its servers.
//!
//! It does what `net::connect` does. Every connection that the client asks for is there at once.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use bson::{Bson, Document, doc};

use super::server::BEGIN;
use super::target::{Conn, Happening, Order, Target, TargetError};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event, Input, Output, RoomSummary};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::quirk::Quirks;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::proto::time::Time;
use crate::spec::format::driving::EventKind;
use crate::spec::format::step::Finish;
use crate::store::World;

/// The machine and its clock. It is made when the case says who logs in.
#[derive(Debug)]
pub struct ClientTarget {
    era: Era,
    quirks: Quirks,
    client: Option<Client>,
    keys: KeyRing,
    public: PublicRing,
    now: Time,
    queue: VecDeque<Happening>,
    /// The case's names of what it told the client to send.
    tickets: Vec<String>,
}

impl ClientTarget {
    /// A client of this era that nobody has told anything yet.
    #[must_use]
    pub fn new(era: Era, quirks: Quirks) -> Self {
        let keys = KeyRing::test();
        Self {
            era,
            quirks,
            client: None,
            public: keys.public_ring(),
            keys,
            now: BEGIN,
            queue: VecDeque::new(),
            tickets: Vec::new(),
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = self.now;
        let Some(client) = &mut self.client else { return };
        client.handle(input, now);
        let mut connected = Vec::new();
        loop {
            while let Some(output) = client.poll_output() {
                match output {
                    Output::Connect { conn, door, .. } => {
                        self.queue.push_back(Happening::Accepted(conn, door));
                        connected.push(conn);
                    }
                    Output::Transmit { conn, bytes } => self.queue.push_back(Happening::Bytes(conn, bytes)),
                    Output::Close { conn } => self.queue.push_back(Happening::Closed(conn)),
                    Output::Event(e) => {
                        self.queue.extend(said(&e, &self.tickets).map(|(kind, with)| Happening::Said(kind, with)));
                    }
                }
            }
            match connected.pop() {
                Some(conn) => client.handle(Input::Connected { conn }, now),
                None => return,
            }
        }
    }

    fn log_in(&mut self, user: &str) -> Result<(), TargetError> {
        if self.client.is_none() {
            let world = World::default_world();
            let found = world.user(user);
            let u = found.ok_or_else(|| TargetError::Unreachable(format!("the world has no user `{user}`")))?;
            let first = Endpoint::new("127.0.0.1", 443);
            let mut config = ClientConfig::new(self.era, u.id, u.token.clone(), first, Arc::new(self.public.clone()));
            config.quirks = self.quirks;
            self.client = Some(Client::new(config, Entropy::named(0, "client under judgement")));
        }
        self.handle(Input::Do(Action::Login));
        Ok(())
    }
}

impl Target for ClientTarget {
    fn has(&self, _profile: &str) -> bool {
        true
    }

    fn now(&self) -> Time {
        self.now
    }

    fn poll(&mut self, until: Time) -> Option<Happening> {
        loop {
            if let Some(h) = self.queue.pop_front() {
                return Some(h);
            }
            let deadline = self.client.as_ref().and_then(Client::deadline).filter(|d| *d <= until);
            let Some(deadline) = deadline else {
                self.now = self.now.max(until);
                return None;
            };
            // Time moves on even if the machine does not clear a deadline that has passed.
            self.now = deadline.max(self.now);
            self.handle(Input::Tick);
            let stuck = self.client.as_ref().and_then(Client::deadline).is_some_and(|d| d <= self.now);
            if stuck && self.queue.is_empty() {
                self.now = self.now + Duration::from_micros(1);
            }
            if self.now > until && self.queue.is_empty() {
                return None;
            }
        }
    }

    fn connect(&mut self, _door: Door) -> Result<Conn, TargetError> {
        Err(TargetError::Unimplemented("a door to connect to: it is a client".into()))
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.handle(Input::Bytes { conn, bytes });
        }
    }

    fn finish(&mut self, conn: Conn, _how: Finish) {
        self.handle(Input::Closed { conn });
    }

    fn order(&mut self, order: &Order) -> Result<(), TargetError> {
        let action = match order {
            Order::Login { user } => return self.log_in(user),
            Order::SendText { ticket, room, text } => {
                self.tickets.push(ticket.clone());
                let ticket = u64::try_from(self.tickets.len()).unwrap_or(u64::MAX);
                Action::Send { ticket, room: *room, text: text.clone() }
            }
            Order::Read { room, watermark } => Action::MarkRead { room: *room, log_id: *watermark },
            Order::Leave { room } => Action::Leave { room: *room },
            Order::Close => Action::Logout,
        };
        self.handle(Input::Do(action));
        Ok(())
    }

    fn public(&self) -> &PublicRing {
        &self.public
    }

    fn private(&self) -> Option<&KeyRing> {
        Some(&self.keys)
    }
}

/// What a case can observe of an event; `tickets` are the names that its sender has for what was sent, from ticket 1.
pub(crate) fn said(e: &Event, tickets: &[String]) -> Option<(EventKind, Document)> {
    let ticket = |t: u64| {
        let n = usize::try_from(t).unwrap_or(0);
        n.checked_sub(1).and_then(|n| tickets.get(n)).cloned().unwrap_or_default()
    };
    Some(match e {
        Event::LoggedIn { user_id, rooms } => {
            (EventKind::LoggedIn, doc! {"user_id": *user_id, "rooms": rooms.iter().map(room).collect::<Vec<_>>()})
        }
        Event::LoginRefused { status } => (EventKind::LoginRefused, doc! {"status": *status}),
        Event::Message(m) => (
            EventKind::Message,
            doc! {
                "room": m.room, "log_id": m.log_id, "author": m.author_id, "text": m.text.as_str(), "own": m.own,
            },
        ),
        Event::Sent { ticket: t, room, log_id } => {
            (EventKind::Sent, doc! {"as": ticket(*t), "room": *room, "log_id": *log_id})
        }
        Event::SendFailed { ticket: t, .. } => (EventKind::SendFailed, doc! {"as": ticket(*t)}),
        Event::ReadMark { room, user_id, watermark } => {
            (EventKind::ReadMark, doc! {"room": *room, "user": *user_id, "watermark": *watermark})
        }
        Event::Kicked { reason } => (EventKind::Kicked, doc! {"reason": *reason}),
        Event::ServerMoves => (EventKind::ServerMoves, Document::new()),
        Event::Disconnected { door, .. } => (EventKind::Disconnected, doc! {"door": door.as_str()}),
        _ => return None,
    })
}

fn room(r: &RoomSummary) -> Bson {
    Bson::Document(doc! {
        "room": r.room, "kind": r.kind.as_str(), "last_log_id": r.last_log_id, "unread": r.unread,
    })
}
