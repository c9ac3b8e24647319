//! Thousands of the machines themselves, `proto::client` against one `proto::server`, without sockets, threads or a
//! runtime: what they say to each other, and when, in virtual time.
//!
//! The bytes are sealed and opened, the store is the real one in memory, the waits are those of the client's own
//! backoff. Ways have a latency, and the processors of the server a speed; nothing else is modelled.

mod play;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::queue::Queue;
use super::work::{Costs, Processors};
use crate::proto::client::{Backoff, Client, ClientConfig, Endpoint};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::{Era, KeyRing, PublicRing, SessionKey, Witness};
use crate::proto::server::{Config, ConnId, Server};
use crate::proto::time::Time;
use crate::store::Database;
use crate::store::world::{World, WorldFormat, WorldRoom, WorldRoomKind, WorldUser};

/// The doors have the ports from here on, in the order of [`Door::ALL`].
const PORT: u16 = 1;
/// The id of the first user.
const USER: i64 = 1001;
/// Two users share a room, from this one on.
const ROOM: i64 = 1 << 40;
/// How long is waited for everybody at most.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What a fleet is like.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// Clients.
    pub machines: usize,
    /// How all of them talk.
    pub era: Era,
    /// Between two heartbeats.
    pub heartbeat: Duration,
    /// One way to the server takes from one to the other, drawn once for each client.
    pub latency: (Duration, Duration),
    /// How they wait before they come again.
    pub backoff: Backoff,
    /// Without jitter they all wait as long as they may.
    pub jitter: bool,
}

/// What the machines did in a time in which nothing happens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calm {
    /// How long it was.
    pub lasted: Duration,
    /// Packets to the server: nearly all are heartbeats.
    pub packets_in: u64,
    /// Packets from it.
    pub packets_out: u64,
    /// Bytes to the server, sealed, without TCP.
    pub bytes_in: u64,
    /// Bytes from it.
    pub bytes_out: u64,
}

/// What came of an outage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Storm {
    /// How long the server was away.
    pub down: Duration,
    /// From its return until so many parts in a hundred were logged on again; nothing when that did not happen.
    pub back: Vec<(u32, Option<Duration>)>,
    /// Tries to connect, by all together, since the outage began.
    pub dials: u64,
    /// Of these, how many met the server.
    pub accepted: u64,
    /// Logins that the server finished, beside those of connections that the client had given up.
    pub logins: u64,
    /// The most connections that came in one second.
    pub busiest_second: u64,
    /// The longest that anything waited for a processor.
    pub longest_wait: Duration,
}

enum What {
    /// A client comes back to its deadline.
    Wake(usize),
    /// A client logs in for the first time.
    Login(usize),
    /// Somebody knocks at a door of the server.
    Knock(Knock),
    /// Something reaches the server's host.
    AtServer(ConnId, ToServer),
    /// A processor of the server is done with it, and the machine takes it.
    Served(ConnId, ToServer),
    /// Something reaches a client, on its connection of this number.
    AtClient(usize, u64, ToClient),
    /// The server comes back to its deadline.
    Tick,
}

/// A try to connect.
#[derive(Clone, Copy)]
struct Knock {
    client: usize,
    conn: u64,
    door: Door,
    /// How often the client's kernel has tried before.
    tries: u32,
}

enum ToServer {
    Accepted(Door),
    Bytes(Vec<u8>),
    Key(SessionKey),
    Closed,
}

enum ToClient {
    Connected(ConnId),
    Failed,
    Bytes(Vec<u8>),
    Closed,
}

struct Peer {
    client: Client,
    lag: Duration,
    /// The connection that it has asked for and not got yet.
    dials: Option<u64>,
    /// The connection at the server's side that its present one has become.
    conn: Option<(u64, ConnId)>,
    /// The earliest wake-up that is on its way.
    wakes_at: Option<Time>,
    on: bool,
}

/// The other end of a connection at the server.
struct Far {
    client: usize,
    conn: u64,
    /// When the server has accepted it, and so can take what comes next.
    ready_at: Time,
}

/// Keys by their RSA blocks, from whoever wrapped them: RSA is a time here, not a calculation.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<BTreeMap<Vec<u8>, SessionKey>>>);

impl Known {
    fn witness(&self) -> Witness {
        let known = self.0.clone();
        Witness::new(move |wrapped, key| {
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(wrapped.to_vec(), key.clone());
        })
    }

    fn take(&self, wrapped: &[u8]) -> Option<SessionKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(wrapped)
    }
}

/// The fleet.
pub struct Fleet {
    peers: Vec<Peer>,
    server: Server,
    db: Database,
    known: Known,
    queue: Queue<What>,
    now: Time,
    up: bool,
    /// Connections of the server's life before are forgotten.
    conns: BTreeMap<ConnId, Far>,
    next_conn: ConnId,
    ticks_at: Option<Time>,
    costs: Costs,
    processors: Processors,
    bytes: (u64, u64),
    /// Connections that wait to be accepted, at each door, and how many may.
    waiting: BTreeMap<Door, usize>,
    backlog: usize,
    on: usize,
    dials: u64,
    /// Connections that were accepted since the last outage began, by the second.
    accepted: BTreeMap<u64, u64>,
    entropy: Entropy,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fleet({} machines)", self.peers.len())
    }
}

impl Fleet {
    /// A server with its users, all of them away.
    ///
    /// # Errors
    /// The store cannot be made.
    pub fn new(plan: &Plan) -> Result<Self, String> {
        let mut db = Database::in_memory().map_err(|e| e.to_string())?;
        let now = Time::from_secs(1_767_225_600);
        let mut unit = db.begin().map_err(|e| e.to_string())?;
        users(plan.machines).seed(&mut unit, now).map_err(|e| e.to_string())?;
        unit.commit().map_err(|e| e.to_string())?;
        let known = Known::default();
        let ring = Arc::new(PublicRing { witness: Some(known.witness()), ..KeyRing::test().public_ring() });
        let mut entropy = Entropy::named(plan.seed, "fleet");
        let (low, high) = plan.latency;
        let spread = u64::try_from(high.saturating_sub(low).as_micros()).unwrap_or(u64::MAX - 1);
        let peers = (0..plan.machines)
            .map(|n| {
                let lag = low + Duration::from_micros(entropy.below(spread + 1));
                let client = Client::new(config(plan, n, ring.clone()), entropy.fork());
                Peer { client, lag, dials: None, conn: None, wakes_at: None, on: false }
            })
            .collect();
        Ok(Self {
            peers,
            server: Server::new(server_config(plan), entropy.fork()),
            db,
            known,
            queue: Queue::new(),
            now,
            up: true,
            conns: BTreeMap::new(),
            next_conn: 1,
            ticks_at: None,
            costs: Costs::default(),
            processors: Processors::new(1),
            bytes: (0, 0),
            waiting: BTreeMap::new(),
            backlog: usize::MAX,
            on: 0,
            dials: 0,
            accepted: BTreeMap::new(),
            entropy,
        })
    }

    /// Everybody logs in, one after the other over this time, at a server that is never busy.
    ///
    /// # Errors
    /// The store fails, or not everybody comes in.
    pub fn come_in(&mut self, over: Duration) -> Result<(), String> {
        let all = self.peers.len();
        let span = u64::try_from(over.as_micros()).unwrap_or(u64::MAX - 1);
        for n in 0..all {
            let at = self.now + Duration::from_micros(self.entropy.below(span + 1));
            self.queue.put(at, What::Login(n));
        }
        self.run_until(self.now + over + PATIENCE, |f| f.on == all)?;
        if self.on < all {
            return Err(format!("{} of {all} clients have not come in", all - self.on));
        }
        Ok(())
    }

    /// Nothing happens for this time.
    ///
    /// # Errors
    /// The store fails.
    pub fn rest(&mut self, lasts: Duration) -> Result<Calm, String> {
        let (before, bytes) = (self.server.stats(), self.bytes);
        self.run_until(self.now + lasts, |_| false)?;
        let after = self.server.stats();
        Ok(Calm {
            lasted: lasts,
            packets_in: after.packets_in - before.packets_in,
            packets_out: after.packets_out - before.packets_out,
            bytes_in: self.bytes.0 - bytes.0,
            bytes_out: self.bytes.1 - bytes.1,
        })
    }

    /// The server's process ends, all connections with it, and comes back after `down`, with so many processors of this
    /// speed; then until everybody is logged on again, or for `patience`. Of the connections that wait to be accepted the
    /// kernel keeps `backlog` at each door; who comes to a full one hears nothing, and his kernel tries again.
    ///
    /// # Errors
    /// The store fails.
    pub fn outage(
        &mut self,
        down: Duration,
        (cores, costs): (usize, Costs),
        backlog: usize,
        patience: Duration,
    ) -> Result<Storm, String> {
        self.fall();
        let returns = self.now + down;
        self.run_until(returns, |_| false)?;
        self.up = true;
        (self.costs, self.processors, self.backlog) = (costs, Processors::new(cores), backlog.max(1));
        let all = self.peers.len();
        let mut back = Vec::new();
        for percent in [50, 90, 99, 100] {
            let wanted = (all * percent).div_ceil(100);
            self.run_until(returns + patience, |f| f.on >= wanted)?;
            let percent = u32::try_from(percent).unwrap_or_default();
            back.push((percent, (self.on >= wanted).then(|| self.now - returns)));
        }
        Ok(Storm {
            down,
            back,
            dials: self.dials,
            accepted: self.accepted.values().sum(),
            logins: self.server.stats().logins,
            busiest_second: self.accepted.values().copied().max().unwrap_or_default(),
            longest_wait: self.processors.longest_wait,
        })
    }

    /// The process ends: who had a connection to it hears so.
    fn fall(&mut self) {
        self.up = false;
        let config = self.server.config().clone();
        self.server = Server::new(config, self.entropy.fork());
        self.conns.clear();
        (self.dials, self.accepted, self.ticks_at) = (0, BTreeMap::new(), None);
        self.waiting.clear();
        for n in 0..self.peers.len() {
            let Some((conn, _)) = self.peers.get_mut(n).and_then(|p| p.conn.take()) else { continue };
            self.reach_client(n, conn, ToClient::Closed);
        }
    }
}

/// Users, and a room for each two of them.
#[must_use]
pub fn users(n: usize) -> World {
    let name = |n: usize| format!("u{n}");
    let user =
        |n: usize| WorldUser { id: id(n), name: name(n), token: token(n), nick_name: None, ..WorldUser::default() };
    let room = |n: usize| WorldRoom {
        id: ROOM + id(n),
        kind: WorldRoomKind::Direct,
        members: vec![name(2 * n), name(2 * n + 1)],
    };
    World { format: WorldFormat::V1, users: (0..n).map(user).collect(), rooms: (0..n / 2).map(room).collect() }
}

fn id(n: usize) -> i64 {
    USER + i64::try_from(n).unwrap_or_default()
}

fn token(n: usize) -> String {
    format!("u{n}-token")
}

/// Id and token of the n-th user.
pub(super) fn identity(n: usize) -> (i64, String) {
    (id(n), token(n))
}

fn config(plan: &Plan, n: usize, keys: Arc<PublicRing>) -> ClientConfig {
    let door = if plan.era.is_modern() { Door::Booking } else { Door::Entry };
    let config = ClientConfig::new(plan.era, id(n), token(n), Endpoint::new("server", port(door)), keys);
    let quirks = if plan.jitter { Quirks::NONE } else { Quirks::NONE.with(Quirk::NoJitter) };
    ClientConfig { booking_tls: false, heartbeat: plan.heartbeat, backoff: plan.backoff, quirks, ..config }
}

fn server_config(plan: &Plan) -> Config {
    Config {
        host: "server".to_owned(),
        ticket_port: port(Door::Ticket),
        carriage_port: port(Door::Carriage),
        heartbeat: plan.heartbeat,
        heartbeat_2012: plan.heartbeat,
        limits: Limits { connections_max: usize::MAX, ..Limits::DEFAULT },
        ..Config::default()
    }
}

fn port(door: Door) -> u16 {
    let at = Door::ALL.iter().position(|d| *d == door).and_then(|at| u16::try_from(at).ok());
    PORT + at.unwrap_or_default()
}
