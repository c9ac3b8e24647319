//! Who is in the town: users in rooms of ten, each with a client and its driver.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::ledger::Ledger;
use super::{HOST, Town, lock};
use crate::net::connect::{self, Seat, drive};
use crate::net::{Clock, remember};
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
    /// The clients, each with its driver and with somebody who writes down what it tells.
    pub(super) fn people(&self) -> Vec<Wants> {
        let ring = KeyRing::test().public_ring();
        let ring = Arc::new(PublicRing { witness: Some(self.keys.witness()), ..ring });
        (0..self.plan.clients).map(|n| self.person(n, ring.clone())).collect()
    }

    fn person(&self, n: usize, ring: Arc<PublicRing>) -> Wants {
        let era = [Era::E2019, Era::E2023, Era::E2025][n % 3];
        let first = Endpoint::new(HOST, port::BOOKING);
        let config = ClientConfig::new(era, USER + n as i64, format!("u{n}-token"), first, ring);
        let config =
            ClientConfig { booking_tls: false, heartbeat: self.plan.heartbeat, quirks: self.plan.quirks, ..config };
        let client = Client::new(config, Entropy::named(self.plan.seed, &format!("direct/client/{n}")));
        let setup = connect::Setup { clock: self.clock.clone(), tls: None };
        let wants = Wants::default();
        let seat = Person { n, wants: wants.clone(), ledger: self.ledger.clone(), clock: self.clock.clone() };
        tokio::spawn(drive(self.net.clone(), client, setup, seat));
        wants
    }
}

/// What somebody wants of a client. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Wants(Arc<Mutex<Todo>>);

#[derive(Default)]
struct Todo {
    actions: VecDeque<Action>,
    client: Option<Waker>,
}

impl Wants {
    /// Has the client do this.
    ///
    /// # Errors
    /// It takes no more.
    pub(super) fn push(&self, action: Action) -> Result<(), Action> {
        let mut todo = lock(&self.0);
        if todo.actions.len() >= ACTIONS_MAX {
            return Err(action);
        }
        todo.actions.push_back(action);
        todo.client.take().into_iter().for_each(Waker::wake);
        Ok(())
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Action> {
        let mut todo = lock(&self.0);
        if let Some(action) = todo.actions.pop_front() {
            return Poll::Ready(action);
        }
        // A client that nobody wants anything of holds no memory for it.
        todo.actions = VecDeque::new();
        remember(&mut todo.client, cx);
        Poll::Pending
    }
}

/// Who sits at a client: what it tells goes into the books at once.
struct Person {
    n: usize,
    wants: Wants,
    ledger: Arc<Mutex<Ledger>>,
    clock: Clock,
}

impl Seat for Person {
    type Order = Action;

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        self.wants.poll_next(cx).map(Some)
    }

    fn turn(&mut self, order: Action, _: &Client) -> Option<Action> {
        Some(order)
    }

    fn tell(&mut self, event: Event) -> bool {
        lock(&self.ledger).event(self.n, self.clock.now(), &event);
        true
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
