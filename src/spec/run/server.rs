//! The reference server as a target: the core's machine and its store in this process, on virtual time.
//!
//! It does what `net::serve` does: commit, then transmit. Virtual time stands still while there is anything to do.

use core::time::Duration;
use std::collections::VecDeque;

use super::peer::unwrap_once;
use super::target::{Conn, Happening, Target, TargetError};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::quirk::Quirks;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::proto::server::{Config, Input, Output, Server};
use crate::proto::time::Time;
use crate::spec::format::step::Finish;
use crate::store::{Database, World};

/// When every case begins.
pub const BEGIN: Time = Time::from_secs(1_700_000_000);

/// The machine, its store and its clock.
#[derive(Debug)]
pub struct ServerTarget {
    server: Server,
    store: Database,
    keys: KeyRing,
    public: PublicRing,
    entropy: Entropy,
    now: Time,
    next: Conn,
    queue: VecDeque<Happening>,
}

impl ServerTarget {
    /// A fresh server with the default world.
    ///
    /// # Errors
    /// The store in memory cannot be made.
    pub fn new(quirks: Quirks) -> Result<Self, TargetError> {
        let store = Database::in_memory().map_err(|e| TargetError::Unreachable(e.to_string()))?;
        let config = Config { ticket_port: 5228, carriage_port: 5229, quirks, ..Config::default() };
        let keys = KeyRing::test();
        let mut t = Self {
            server: Server::new(config, Entropy::named(0, "server under judgement")),
            store,
            public: keys.public_ring(),
            keys,
            entropy: Entropy::named(0, "unwrapping"),
            now: BEGIN,
            next: 1,
            queue: VecDeque::new(),
        };
        let seeded = t.store.begin().and_then(|mut unit| {
            World::default_world().seed(&mut unit, BEGIN)?;
            unit.commit()
        });
        seeded.map_err(|e| TargetError::Unreachable(e.to_string()))?;
        Ok(t)
    }

    /// One unit of work: handle, commit, transmit; then what the machine asked for.
    fn handle(&mut self, input: Input<'_>) {
        let mut unwraps = self.batch(input);
        while let Some((conn, era, wrapped)) = unwraps.pop() {
            let key = unwrap_once(era, &wrapped, &self.keys, &mut self.entropy);
            unwraps.extend(self.batch(Input::Unwrapped { conn, key }));
        }
    }

    fn batch(&mut self, input: Input<'_>) -> Vec<(Conn, Era, Vec<u8>)> {
        let now = self.now;
        let done = self.store.begin().and_then(|mut unit| {
            self.server.handle(input, now, &mut unit)?;
            unit.commit()
        });
        if done.is_err() {
            self.server.abandon();
        }
        let mut unwraps = Vec::new();
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Transmit { conn, bytes } => {
                    let len = bytes.len();
                    self.queue.push_back(Happening::Bytes(conn, bytes));
                    self.sent(conn, len);
                }
                Output::Unwrap { conn, era, wrapped } => unwraps.push((conn, era, wrapped)),
                Output::Close { conn, .. } => self.queue.push_back(Happening::Closed(conn)),
            }
        }
        unwraps
    }

    /// The judge reads at once.
    fn sent(&mut self, conn: Conn, bytes: usize) {
        let now = self.now;
        if let Ok(mut unit) = self.store.begin() {
            let _ = self.server.handle(Input::Sent { conn, bytes }, now, &mut unit);
        }
    }
}

impl Target for ServerTarget {
    fn has(&self, profile: &str) -> bool {
        profile != "client.driven"
    }

    fn now(&self) -> Time {
        self.now
    }

    fn poll(&mut self, until: Time) -> Option<Happening> {
        loop {
            if let Some(h) = self.queue.pop_front() {
                return Some(h);
            }
            match self.server.deadline().filter(|d| *d <= until) {
                Some(deadline) => {
                    // A deadline that has passed is the machine's to clear; time moves on whatever it does.
                    self.now = self.now.max(deadline);
                    self.handle(Input::Tick);
                    if self.queue.is_empty() && self.server.deadline().is_some_and(|d| d <= self.now) {
                        self.now = self.now + Duration::from_micros(1);
                    }
                }
                None => {
                    self.now = self.now.max(until);
                    return None;
                }
            }
            if self.now > until {
                return None;
            }
        }
    }

    fn connect(&mut self, door: Door) -> Result<Conn, TargetError> {
        let conn = self.next;
        self.next += 1;
        self.handle(Input::Accepted { conn, door });
        Ok(conn)
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.handle(Input::Bytes { conn, bytes });
        }
    }

    fn finish(&mut self, conn: Conn, how: Finish) {
        self.handle(Input::Closed { conn });
        if how == Finish::Write {
            // The driver closes its side when the peer's is at its end.
            self.queue.push_back(Happening::Closed(conn));
        }
    }

    fn public(&self) -> &PublicRing {
        &self.public
    }
}
