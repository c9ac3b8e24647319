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
use crate::spec::format::Case;
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

    fn prepare(&mut self, case: &Case) -> Result<(), TargetError> {
        let config = self.server.config_mut();
        config.min_version.clone_from(&case.settings.min_version);
        if let Some(rooms) = case.settings.rooms_per_page {
            config.rooms_per_page = rooms;
        }
        let mut world = World::default_world();
        for user in &mut world.users {
            if let Some(wanted) = case.world.users.get(&user.name) {
                user.restricted = wanted.restricted;
                user.token_expires_at = wanted.token_expires_at;
            }
        }
        let seeded = self.store.begin().and_then(|mut unit| {
            world.seed(&mut unit, BEGIN)?;
            unit.commit()
        });
        seeded.map_err(|e| TargetError::Unreachable(e.to_string()))
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

#[cfg(test)]
mod tests {
    use bson::{Document, doc};

    use super::super::bytes::Plain;
    use super::super::peer::Peer;
    use super::*;
    use crate::spec::value::Vars;

    /// A session of alice on this device.
    fn session(t: &mut ServerTarget, era: Era, dtype: i32) -> Result<Peer, Box<dyn std::error::Error>> {
        let conn = t.connect(Door::Carriage)?;
        let vars = Vars::default();
        let (mut peer, mut bytes) = Peer::secure(conn, "kicked", era, t.public(), &[], &vars).map_err(|e| e.what)?;
        let body = doc! {"appVer": "1", "os": "android", "duuid": "d", "oauthToken": "alice-token", "dtype": dtype};
        let plain = Plain { id: 1, status: 0, method: "LOGINLIST".into(), body_type: 0, body: body.to_vec()? };
        bytes.extend(peer.seal(&plain.encode()));
        t.write(conn, &bytes);
        Ok(peer)
    }

    /// What each of the connections has got.
    fn heard(t: &mut ServerTarget, peers: &mut [Peer]) -> Vec<(u64, Vec<(String, Document)>)> {
        while let Some(happening) = t.poll(BEGIN) {
            for peer in peers.iter_mut() {
                match &happening {
                    Happening::Bytes(conn, bytes) if *conn == peer.conn => drop(peer.receive(bytes, None)),
                    Happening::Closed(conn) if *conn == peer.conn => peer.closed = true,
                    _ => (),
                }
            }
        }
        let told = |p: &mut Peer| {
            let packets = p.got.drain(..).map(|g| (g.header.method.to_string(), g.body.unwrap_or_default()));
            (p.conn, packets.collect())
        };
        peers.iter_mut().map(told).collect()
    }

    #[test]
    fn a_user_who_is_kicked_hears_why_on_every_device() -> Result<(), Box<dyn std::error::Error>> {
        for era in [Era::E2019, Era::E2023, Era::E2025] {
            let mut t = ServerTarget::new(Quirks::NONE)?;
            let mut peers = vec![session(&mut t, era, 1)?, session(&mut t, era, 2)?];
            for (_, packets) in heard(&mut t, &mut peers) {
                assert_eq!(packets.first().and_then(|(_, b)| b.get_i32("status").ok()), Some(0), "{era}");
            }
            t.handle(Input::Kick { user: 1002, reason: 1 });
            assert!(heard(&mut t, &mut peers).iter().all(|(_, packets)| packets.is_empty()), "{era}: not bob");
            t.handle(Input::Kick { user: 1001, reason: 1 });
            for (_, packets) in heard(&mut t, &mut peers) {
                assert_eq!(packets, [("KICKOUT".to_owned(), doc! {"reason": 1})], "{era}");
            }
            assert!(peers.iter().all(|p| p.closed) && t.server.online().next().is_none(), "{era}");
        }
        Ok(())
    }
}
