//! The client against the reference server, over a network that cuts, joins, delays, loses and breaks by one seed.
//! The simulator does this in full; here it is done on plain values, in a moment, wherever the core is tested.

mod restarts;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::fake::{ALICE, BOB, config};
use super::memory::Memory;
use crate::proto::client::{Action, Client, ConnId, Event, Input, Output};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::{Era, KeyRing, unwrap};
use crate::proto::server::store::{Membership, Room, RoomKind, User};
use crate::proto::server::{self, Server};
use crate::proto::time::Time;

/// Messages of one run.
const MESSAGES: u64 = 60;

fn world() -> Memory {
    let user =
        |id, name: &str| User { id, name: name.to_owned(), nick_name: name.to_owned(), token: format!("{name}-token") };
    let mut store = Memory { users: vec![user(ALICE, "alice"), user(BOB, "bob")], ..Memory::default() };
    for (id, kind) in [(7000, RoomKind::Direct), (7001, RoomKind::Multi)] {
        let member = |user_id| Membership { user_id, joined_at: 0, watermark: 0, muted: false };
        let members = vec![member(ALICE), member(BOB)];
        store.rooms.insert(id, Room { id, kind, members, last_log_id: 0, updated_at: 0, link_id: 0 });
    }
    store
}

/// What travels.
enum Parcel {
    Connected,
    Refused,
    ToServer(Vec<u8>),
    ToClient(Vec<u8>),
    /// The client learns that the server has closed.
    ClosedByServer,
    /// The server learns that the client has closed.
    ClosedByClient,
}

/// One connection: whose it is, and until when each direction is busy, so that nothing overtakes.
struct Wire {
    device: usize,
    conn: ConnId,
    busy: Time,
    /// Everything on it vanishes and nobody is told.
    black: bool,
    /// The client that it was for is no more.
    orphan: bool,
}

/// A device of a user.
struct Device {
    client: Client,
    logs: BTreeMap<i64, Vec<i64>>,
    sent: BTreeMap<u64, (i64, i64)>,
    failed: Vec<Event>,
}

struct World {
    now: Time,
    server: Server,
    up: bool,
    store: Memory,
    devices: Vec<Device>,
    wires: Vec<Wire>,
    parcels: BTreeMap<(Time, u64), (usize, Parcel)>,
    posted: u64,
    dice: Entropy,
    keys: KeyRing,
    lost: u64,
    restarts: u64,
}

fn server(era: Era, seed: u64) -> Server {
    let config = server::Config {
        ticket_port: 2,
        carriage_port: 3,
        heartbeat: Duration::from_secs(10),
        heartbeat_2012: Duration::from_secs(10),
        cache_expire: Duration::from_secs(60),
        logs_per_page: 7,
        // NCHATLIST has no pages.
        rooms_per_page: if era.is_modern() { 1 } else { 100 },
        ..server::Config::default()
    };
    Server::new(config, Entropy::named(seed, "server"))
}

impl World {
    fn new(era: Era, seed: u64, quirks: Quirks) -> Self {
        let alice = config(era);
        let mut bob = config(era);
        (bob.user_id, bob.token) = (BOB, "bob-token".to_owned());
        let devices = [alice.clone(), alice.second_device(), bob].map(|mut config| {
            config.request_timeout = Duration::from_secs(5);
            config.connect_timeout = Duration::from_secs(5);
            config.quirks = quirks;
            config.backoff.max = Duration::from_secs(8);
            config
        });
        let device = |(n, config)| Device {
            client: Client::new(config, Entropy::named(seed, &format!("device {n}"))),
            logs: BTreeMap::new(),
            sent: BTreeMap::new(),
            failed: Vec::new(),
        };
        Self {
            now: Time::from_secs(1_400_000_000),
            server: server(era, seed),
            up: true,
            store: world(),
            devices: devices.into_iter().enumerate().map(device).collect(),
            wires: Vec::new(),
            parcels: BTreeMap::new(),
            posted: 0,
            dice: Entropy::named(seed, "dice"),
            keys: KeyRing::test(),
            lost: 0,
            restarts: 0,
        }
    }

    fn post(&mut self, wire: usize, parcel: Parcel) {
        let w = &mut self.wires[wire];
        let at = w.busy.max(self.now + Duration::from_millis(self.dice.range(1, 60)));
        w.busy = at;
        self.posted += 1;
        self.parcels.insert((at, self.posted), (wire, parcel));
    }

    /// Bytes go in pieces.
    fn send(&mut self, wire: usize, bytes: &[u8], make: fn(Vec<u8>) -> Parcel) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let most = if self.dice.chance(1, 2) { 40 } else { 4000 };
            let n = usize::try_from(self.dice.range(1, most)).unwrap_or(1).min(rest.len());
            let (piece, after) = rest.split_at(n);
            self.post(wire, make(piece.to_vec()));
            rest = after;
        }
    }

    fn tell_client(&mut self, device: usize, input: Input<'_>) {
        let now = self.now;
        self.devices[device].client.handle(input, now);
        while let Some(output) = self.devices[device].client.poll_output() {
            match output {
                Output::Connect { conn, door, .. } => {
                    let wire = self.wires.len();
                    self.wires.push(Wire { device, conn, busy: now, black: false, orphan: false });
                    if self.up {
                        let input = server::Input::Accepted { conn: wire as u64, door };
                        self.tell_server(input);
                    }
                    let up = self.up;
                    self.post(wire, if up { Parcel::Connected } else { Parcel::Refused });
                    assert!(door != Door::Booking || self.devices[device].client.config().era.is_modern());
                }
                Output::Transmit { conn, bytes } => {
                    let wire = self.wire(device, conn);
                    self.send(wire, &bytes, Parcel::ToServer);
                }
                Output::Close { conn } => {
                    let wire = self.wire(device, conn);
                    self.post(wire, Parcel::ClosedByClient);
                }
                Output::Event(event) => self.learn(device, event),
            }
        }
    }

    fn learn(&mut self, device: usize, event: Event) {
        let d = &mut self.devices[device];
        match event {
            Event::Message(m) => d.logs.entry(m.room).or_default().push(m.log_id),
            Event::Sent { ticket, room, log_id } if !d.sent.contains_key(&ticket) => {
                d.sent.insert(ticket, (room, log_id));
            }
            Event::Sent { .. }
            | Event::SendFailed { .. }
            | Event::GaveUp { .. }
            | Event::LoginRefused { .. }
            | Event::Kicked { .. } => {
                d.failed.push(event);
            }
            _ => (),
        }
    }

    fn wire(&self, device: usize, conn: ConnId) -> usize {
        self.wires.iter().rposition(|w| w.device == device && w.conn == conn).expect("it was connected")
    }

    fn tell_server(&mut self, input: server::Input<'_>) {
        self.server.handle(input, self.now, &mut self.store).expect("the memory does not fail");
        while let Some(output) = self.server.poll_output() {
            match output {
                server::Output::Transmit { conn, bytes } => {
                    let wire = usize::try_from(conn).expect("small");
                    self.send(wire, &bytes, Parcel::ToClient);
                    let sent = server::Input::Sent { conn, bytes: bytes.len() };
                    self.server.handle(sent, self.now, &mut self.store).expect("the memory does not fail");
                }
                server::Output::Unwrap { conn, era, wrapped } => {
                    let key = unwrap(era, &wrapped, &self.keys, &mut self.dice);
                    let input = server::Input::Unwrapped { conn, key };
                    self.server.handle(input, self.now, &mut self.store).expect("the memory does not fail");
                }
                server::Output::Close { conn, .. } => {
                    let wire = usize::try_from(conn).expect("small");
                    self.post(wire, Parcel::ClosedByServer);
                }
            }
        }
    }

    fn deliver(&mut self, wire: usize, parcel: Parcel) {
        let Wire { device, conn, black, orphan, .. } = self.wires[wire];
        let number = wire as u64;
        if black {
            self.lost += 1;
            return;
        }
        match parcel {
            Parcel::ToServer(bytes) => self.tell_server(server::Input::Bytes { conn: number, bytes: &bytes }),
            Parcel::ClosedByClient => self.tell_server(server::Input::Closed { conn: number }),
            _ if orphan => (),
            Parcel::Connected => self.tell_client(device, Input::Connected { conn }),
            Parcel::Refused => self.tell_client(device, Input::ConnectFailed { conn }),
            Parcel::ToClient(bytes) => self.tell_client(device, Input::Bytes { conn, bytes: &bytes }),
            Parcel::ClosedByServer => self.tell_client(device, Input::Closed { conn }),
        }
    }

    /// Runs until `until`, whoever is due first.
    fn run(&mut self, until: Time) {
        loop {
            let parcel = self.parcels.first_key_value().map(|(key, _)| key.0);
            let client = self.devices.iter().enumerate().filter_map(|(n, d)| Some((d.client.deadline()?, n))).min();
            let server = self.server.deadline().filter(|_| self.up);
            let next = parcel.into_iter().chain(client.map(|c| c.0)).chain(server).min();
            let Some(at) = next.filter(|at| *at <= until) else { break };
            self.now = self.now.max(at);
            if parcel == Some(at) {
                if let Some((_, (wire, parcel))) = self.parcels.pop_first() {
                    self.deliver(wire, parcel);
                }
            } else if client.is_some_and(|c| c.0 == at) {
                self.tell_client(client.map_or(0, |c| c.1), Input::Tick);
            } else {
                self.tell_server(server::Input::Tick);
            }
        }
        self.now = until;
    }

    /// Something breaks.
    fn fault(&mut self, era: Era, seed: u64) {
        let device = |(n, d): (usize, &Device)| Some(self.wire(n, d.client.connection()?));
        let live: Vec<usize> = self.devices.iter().enumerate().filter_map(device).collect();
        let any = live.get(usize::try_from(self.dice.below(live.len() as u64)).unwrap_or(0)).copied();
        match (self.dice.below(4), any) {
            (0, Some(wire)) => self.wires[wire].black = true,
            // Both sides learn of it; what was under way is lost.
            (1, Some(wire)) => {
                self.parcels.retain(|_, (w, _)| *w != wire);
                self.post(wire, Parcel::ClosedByServer);
                self.post(wire, Parcel::ClosedByClient);
            }
            // The server falls and stands up again with what it had committed.
            (2, _) => {
                self.parcels.retain(|_, (_, p)| !matches!(p, Parcel::ToServer(_) | Parcel::ClosedByClient));
                self.server = server(era, seed);
                for wire in live {
                    self.post(wire, Parcel::ClosedByServer);
                }
            }
            (3, _) if self.dice.chance(1, 3) => self.tell_server(server::Input::Drain),
            _ => (),
        }
    }
}

/// Three devices write and things break for a while; then nothing breaks any more.
fn run(era: Era, seed: u64, quirks: Quirks) -> World {
    run_with(era, seed, quirks, false)
}

fn run_with(era: Era, seed: u64, quirks: Quirks, restarts: bool) -> World {
    let mut w = World::new(era, seed, quirks);
    for device in 0..3 {
        w.tell_client(device, Input::Do(Action::Login));
    }
    for n in 0..MESSAGES {
        let pause = Duration::from_millis(w.dice.range(10, 2500));
        let until = w.now + pause;
        w.run(until);
        let (device, room) = (usize::try_from(w.dice.below(3)).unwrap_or(0), 7000 + i64::from(w.dice.chance(1, 2)));
        w.tell_client(device, Input::Do(Action::Send { ticket: n, room, text: format!("message {n}") }));
        if w.dice.chance(1, 4) {
            w.fault(era, seed + n);
        }
        // At any moment: with a message written or not, answered or not, in the middle of catching up.
        if restarts && w.dice.chance(1, 3) {
            let until = w.now + Duration::from_millis(w.dice.below(120));
            w.run(until);
            w.restart(device);
        }
    }
    let until = w.now + Duration::from_secs(120);
    w.run(until);
    w
}

/// The first promise that is not kept.
fn broken(w: &World) -> Option<String> {
    let said = |holds: bool, what: &str| (!holds).then(|| what.to_owned());
    let texts: BTreeSet<_> = w.store.logs.values().filter_map(|l| l.message.as_ref()).collect();
    let once = w.store.logs.len() as u64 == MESSAGES && texts.len() as u64 == MESSAGES;
    let acknowledged: BTreeSet<_> = w.devices.iter().flat_map(|d| d.sent.keys()).collect();
    said(once, "each message is in the log once")
        .or_else(|| w.devices.iter().enumerate().find_map(|(n, d)| broken_on(w, d).map(|e| format!("device {n}: {e}"))))
        .or_else(|| said(acknowledged.len() as u64 == MESSAGES, "each message is acknowledged"))
}

fn broken_on(w: &World, d: &Device) -> Option<String> {
    let t = d.client.tally();
    if t.sent != t.replied + t.timed_out + t.disconnected + d.client.pending_requests() as u64 {
        return Some(format!("every request ends once: {t:?}"));
    }
    if !d.client.is_settled() || !d.failed.is_empty() {
        return Some(format!("logged on and settled: {}, {:?}", d.client.state(), d.failed));
    }
    for room in [7000, 7001] {
        let all: Vec<_> = w.store.logs.keys().filter(|k| k.0 == room).map(|k| k.1).collect();
        if d.logs.get(&room).unwrap_or(&Vec::new()) != &all {
            return Some(format!("room {room}: all messages, once, in order"));
        }
    }
    let text = |place| w.store.logs.get(place).and_then(|l| l.message.clone());
    let wrong = d.sent.iter().find(|(ticket, place)| text(*place) != Some(format!("message {ticket}")));
    wrong.map(|(ticket, place)| format!("ticket {ticket} is not at {place:?}"))
}

#[test]
fn every_device_holds_every_message_once_and_in_order_whatever_breaks() {
    let (mut lost, mut again) = (0, 0);
    for era in Era::ALL {
        for seed in 0..8 {
            let w = run(era, seed, Quirks::NONE);
            assert_eq!(broken(&w), None, "{era} seed {seed}");
            lost += w.lost;
            again += w.devices.iter().map(|d| d.client.tally().logins.saturating_sub(1)).sum::<u64>();
        }
    }
    assert!(lost > 100 && again > 100, "the faults bite: {lost} parcels lost, {again} logins again");
}

#[test]
fn a_client_that_is_wrong_on_purpose_is_found() {
    for quirk in [Quirk::ResendsBlindly, Quirk::ForgetsPending, Quirk::NeverPings, Quirk::MatchesByOrder] {
        let found = (0..20).find_map(|seed| broken(&run(Era::E2025, seed, Quirks::NONE.with(quirk))));
        assert!(found.is_some(), "{} survives", quirk.as_str());
    }
}

#[test]
fn the_same_seed_runs_alike() {
    let once = |seed| {
        let w = run(Era::E2025, seed, Quirks::NONE);
        (w.posted, w.now, w.store.logs.keys().copied().collect::<Vec<_>>(), w.lost)
    };
    assert_eq!(once(5), once(5));
    assert_ne!(once(5), once(6));
}
