//! Who is in the town: users in rooms of ten, each with a client and its driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::{HOST, Town, lock};
use crate::net::connect::{self, connect};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event};
use crate::proto::entropy::Entropy;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::sim::net::port;
use crate::store::world::{World, WorldFormat, WorldRoom, WorldRoomKind, WorldUser};

/// The id of the first user, and of the first room.
const USER: i64 = 1001;
const ROOM: i64 = 7000;
/// Members of a room.
pub(super) const MEMBERS: usize = 10;
/// Actions that may wait for one client.
const ACTIONS_MAX: usize = 64;

impl Town {
    /// The clients, each with its driver and with somebody who reads what it tells.
    pub(super) fn people(&self) -> Vec<mpsc::Sender<Action>> {
        let ring = KeyRing::test().public_ring();
        let ring = Arc::new(PublicRing { witness: Some(self.keys.witness()), ..ring });
        (0..self.plan.clients).map(|n| self.person(n, ring.clone())).collect()
    }

    fn person(&self, n: usize, ring: Arc<PublicRing>) -> mpsc::Sender<Action> {
        let era = [Era::E2019, Era::E2023, Era::E2025][n % 3];
        let first = Endpoint::new(HOST, port::BOOKING);
        let config = ClientConfig::new(era, USER + n as i64, format!("u{n}-token"), first, ring);
        let config =
            ClientConfig { booking_tls: false, heartbeat: self.plan.heartbeat, quirks: self.plan.quirks, ..config };
        let client = Client::new(config, Entropy::named(self.plan.seed, &format!("direct/client/{n}")));
        let setup = connect::Setup { clock: self.clock.clone(), tls: None };
        let (actions, todo) = mpsc::channel(ACTIONS_MAX);
        let (tell, mut events) = mpsc::unbounded_channel::<Event>();
        tokio::spawn(connect(self.net.clone(), client, setup, todo, tell));
        let (ledger, clock) = (self.ledger.clone(), self.clock.clone());
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                lock(&ledger).event(n, clock.now(), &event);
            }
        });
        actions
    }
}

pub(super) const fn room(n: usize) -> i64 {
    ROOM + (n / MEMBERS) as i64
}

pub(super) fn population(clients: usize) -> World {
    let name = |n: usize| format!("u{n}");
    let user = |n: usize| WorldUser {
        id: USER + n as i64,
        name: name(n),
        token: format!("u{n}-token"),
        ..WorldUser::default()
    };
    let house = |at: usize| WorldRoom {
        id: room(at * MEMBERS),
        kind: WorldRoomKind::Multi,
        members: (at * MEMBERS..clients.min((at + 1) * MEMBERS)).map(name).collect(),
    };
    World {
        format: WorldFormat::V1,
        users: (0..clients).map(user).collect(),
        rooms: (0..clients.div_ceil(MEMBERS)).map(house).collect(),
    }
}

/// Which clients are in which room.
pub(super) fn members(clients: usize) -> BTreeMap<i64, Vec<usize>> {
    (0..clients).fold(BTreeMap::new(), |mut all, n| {
        all.entry(room(n)).or_default().push(n);
        all
    })
}
