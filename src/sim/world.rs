//! The world of one run: one server host and a few hosts with many clients, in one turmoil simulation.
//!
//! A host is what a partition cuts off; a client is a task on a host, for turmoil's work grows with the cube of hosts.
//! The drivers are those of `net`, unchanged. What happens when is `run`'s business.

mod errands;
mod people;
mod population;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use turmoil::Sim;

use self::errands::Carriers;
use self::population::{first_disk, members, population};
use self::settings::{bounds, build};
use super::clock::{OwnClock, SimClock};
use super::control::Control;
use super::courier::{Carriage, Courier};
use super::invariants::{Court, Invariant};
use super::links::Links;
use super::model::Model;
use super::net::{TurmoilNet, port};
use super::scenario::{Scenario, client_name, host_name};
use super::server::{ServerBox, first_host};
use super::tap::Keys;
use super::timing::Timing;
use super::tokens::Tokens;
use super::trace::{Kind, Tracer};
use super::watch::{LOOK_EVERY, Watch};
use crate::net::connect::{Setup, connect};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event, Why};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::{KeyRing, PublicRing};

/// Actions that may wait for one client.
const ACTIONS_MAX: usize = 4096;
/// A client that backs off connects at most this often within the time below: it starts with up to 300 ms.
const DIALS_MAX: usize = 60;
/// The time above.
const DIALS_WITHIN: Duration = Duration::from_secs(5);
/// A first wait may end in one of so many steps, or nobody looks whether those who fall together rise together.
const SPREAD_MIN: u32 = 6;
/// The user id of `u1` is one above this.
const USER_BASE: i64 = 1000;
/// The id of the first room.
pub const ROOM_BASE: i64 = 7000;

/// A client, as the harness has it.
struct Handle {
    label: Arc<str>,
    /// Who carries its files, and the host on which he does.
    courier: Courier,
    host: usize,
    clock: OwnClock,
    actions: Option<mpsc::Sender<Action>>,
    events: mpsc::UnboundedReceiver<Event>,
}

/// The world of one run.
pub struct World {
    /// What is simulated.
    pub scenario: Arc<Scenario>,
    /// The times of it.
    pub timing: Timing,
    /// turmoil.
    pub sim: Sim<'static>,
    /// The harness clock.
    pub clock: SimClock,
    /// The trace.
    pub trace: Tracer,
    /// Violations.
    pub court: Court,
    /// Faults of streams.
    pub control: Control,
    /// The session keys that were wrapped.
    pub keys: Keys,
    /// The links.
    pub links: Links,
    /// The server.
    pub server: ServerBox,
    /// Who watches the server.
    pub watch: Arc<Mutex<Watch>>,
    /// The model.
    pub model: Model,
    /// The tokens of the users.
    pub tokens: Tokens,
    clients: Vec<Handle>,
    files: Carriers,
    /// Clients whose login was refused for good: their users must ask for the next one.
    refused: BTreeSet<usize>,
    host: Arc<str>,
    /// When to look next at what only time can show.
    look_at: Duration,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({} clients)", self.clients.len())
    }
}

impl World {
    /// The world of this scenario, at rest: hosts are up, no client has logged in.
    ///
    /// # Errors
    /// The scenario cannot be, or the store could not be made.
    pub fn new(scenario: &Scenario) -> Result<Self, String> {
        if let Some((path, what)) = scenario.wrong() {
            return Err(format!("{path}: {what}"));
        }
        let scenario = Arc::new(scenario.clone());
        let timing = Timing::of(&scenario);
        let clock = SimClock::default();
        let trace = Tracer::new(clock.clone());
        let court = Court::new(clock.clone(), trace.clone());
        let control = Control::new(clock.clone());
        let keys = Keys::default();
        let population = population(&scenario);
        let members = members(&population);
        let disk = first_disk(&population)?;
        let bounds = bounds(&scenario, &timing);
        let watch = Watch::new(clock.clone(), trace.clone(), court.clone(), keys.clone(), bounds, members.clone());
        let tokens = Tokens::default();
        let watch = Arc::new(Mutex::new(watch.seeing(control.sometimes().clone(), tokens.clone())));
        control.sometimes().replies_within(timing.request_timeout);
        let mut sim = build(&scenario);
        let server = ServerBox::new(
            disk,
            scenario.clone(),
            clock.clone(),
            trace.clone(),
            court.clone(),
            control.clone(),
            keys.clone(),
            watch.clone(),
            tokens.clone(),
        );
        for host in server.hosts() {
            let life = server.clone();
            sim.host(*host, move || life.start(host));
        }
        let who = who(&scenario);
        let model = Model::new(clock.clone(), court.clone(), members, &who, timing.converge_bound());
        let hosts: Vec<Arc<str>> = (1..=scenario.world.client_hosts).map(|n| host_name(n).into()).collect();
        let links = Links::new(
            control.clone(),
            server.hosts(),
            &hosts,
            (scenario.world.latency.0.0, scenario.world.latency.1.0),
        );
        let host = "world".into();
        let clients = Vec::new();
        let mut world = Self {
            scenario,
            timing,
            sim,
            clock,
            trace,
            court,
            control,
            keys,
            links,
            server,
            watch,
            model,
            tokens,
            clients,
            files: Carriers::default(),
            refused: BTreeSet::new(),
            host,
            look_at: Duration::ZERO,
        };
        world.add_clients(&hosts);
        Ok(world)
    }

    fn add_clients(&mut self, hosts: &[Arc<str>]) {
        let ring = KeyRing::test().public_ring();
        let ring = Arc::new(PublicRing { witness: Some(self.keys.witness()), ..ring });
        let mut tasks: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for (n, (user, second, host)) in self.scenario.clients().into_iter().enumerate() {
            let label: Arc<str> = client_name(user, second).into();
            let at = host as usize - 1;
            let (actions, todo) = mpsc::channel(ACTIONS_MAX);
            let (tell, events) = mpsc::unbounded_channel();
            let config = self.client_config(n, user, second, ring.clone());
            let clock = OwnClock::new(self.clock.clone());
            let courier = self.courier(&label, hosts.get(at), &config, &clock);
            if let Some(d) = self.model.devices.get_mut(n) {
                d.old = !config.era.is_modern();
            }
            let entropy = Entropy::named(self.scenario.seed, &format!("client/{label}"));
            let net = self.network(&label, hosts.get(at));
            let setup = Setup { clock: clock.driver(), tls: None };
            tasks.entry(at).or_default().push(connect(net, Client::new(config, entropy), setup, todo, tell));
            self.clients.push(Handle { label, courier, host: at, clock, actions: Some(actions), events });
        }
        for (at, host) in hosts.iter().enumerate() {
            let tasks = tasks.remove(&at).unwrap_or_default();
            let (carrier, mut files) = mpsc::unbounded_channel::<Carriage>();
            self.files.hosts.push(carrier);
            self.sim.client(host.to_string(), async move {
                for task in tasks {
                    tokio::spawn(task);
                }
                while let Some(file) = files.recv().await {
                    tokio::spawn(file);
                }
                pending().await
            });
        }
    }

    /// The network as `owner` on `host` sees it.
    #[must_use]
    pub fn network(&self, owner: &Arc<str>, host: Option<&Arc<str>>) -> TurmoilNet {
        TurmoilNet::new(owner, host, self.scenario.seed, &self.control, &self.trace, &self.keys)
    }

    /// Adds a host with a program of the caller's own: somebody else's client.
    pub fn guest(&mut self, host: &str, program: impl Future<Output = turmoil::Result> + 'static) {
        self.sim.client(host, program);
        let name: Arc<str> = host.into();
        self.links.add(&name);
    }

    fn client_config(&self, n: usize, user: u32, second: bool, ring: Arc<PublicRing>) -> ClientConfig {
        let era = self.scenario.era_of(n);
        let door = if era.is_modern() { port::BOOKING } else { port::ENTRY };
        let first = Endpoint::new(first_host(self.scenario.world.carriages), door);
        let config = ClientConfig::new(era, USER_BASE + i64::from(user), format!("u{user}-token"), first, ring);
        let config = if second { config.second_device() } else { config };
        ClientConfig {
            device_id: client_name(user, second),
            booking_tls: false,
            heartbeat: self.timing.heartbeat,
            request_timeout: self.timing.request_timeout,
            connect_timeout: self.timing.connect_timeout,
            backoff: self.timing.backoff,
            limits: Limits { body_len_max: 192 << 10, pending_bytes_max: 512 << 10, ..Limits::DEFAULT },
            quirks: self.scenario.quirk_set(),
            ..config
        }
    }

    /// One step of simulated time.
    pub fn step(&mut self) {
        let tick = self.scenario.world.tick.0;
        if let Err(e) = self.sim.step() {
            self.court.report(Invariant::Honest, format!("a host failed: {e}"));
        }
        self.clock.set(self.clock.elapsed() + tick);
        // What bit in this step explains what the clients tell in it.
        self.model.disturbed = self.model.disturbed.max(self.control.bitten());
        for i in 0..self.clients.len() {
            while let Some(event) = self.clients.get_mut(i).and_then(|c| c.events.try_recv().ok()) {
                let Some(c) = self.clients.get(i) else { continue };
                self.trace.record(&c.label, 0, Kind::Event(brief(&event)));
                self.control.sometimes().client_event(&c.label, &event);
                match &event {
                    Event::LoginRefused { .. } => drop(self.refused.insert(i)),
                    Event::Disconnected { door: Door::Carriage, why: Why::Closed } => self.hung_up(&c.label),
                    _ => {}
                }
                self.model.event(i, &event);
            }
        }
        self.carry();
        self.watch().tick();
        if self.elapsed() < self.look_at {
            return;
        }
        self.look_at = self.elapsed() + LOOK_EVERY;
        self.model.tick(&self.control, self.timing.client_bound());
        if let Some(owner) =
            self.control.late_dial(self.timing.by_slowest(self.timing.connect_timeout) + self.timing.slack)
        {
            self.court.report(Invariant::Alive, format!("{owner} waits for a connection beyond its timeout"));
        }
        if let Some(owner) = self.control.rush(DIALS_MAX, DIALS_WITHIN) {
            let what = format!("{owner} connects more than {DIALS_MAX} times in {DIALS_WITHIN:?}");
            self.court.report(Invariant::Bounded, what);
        }
        // Where a step is not much shorter than the wait there is little to choose from.
        let spreads = self.timing.backoff.base >= self.scenario.world.tick.0 * SPREAD_MIN;
        if let Some((clients, at_once)) = self.control.crowd().filter(|_| spreads) {
            let what = format!("of {clients} clients that lost their connections at once {at_once} come back at once");
            self.court.report(Invariant::Bounded, what);
        }
    }

    /// The other end, or the network, has ended the connection of a client.
    fn hung_up(&self, label: &Arc<str>) {
        self.control.lost(label);
        if self.control.was_told_to_move(label) {
            let what = format!("{label} was told to change servers, and stayed until its connection was closed");
            self.court.report(Invariant::Drained, what);
        }
    }

    /// Who watches the server.
    pub fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a client what its user wants.
    pub fn act(&mut self, client: usize, action: Action) {
        let Some(c) = self.clients.get(client) else { return };
        self.trace.record(&c.label, 0, Kind::Action(brief(&action)));
        self.control.sometimes().client_action(&c.label, &action);
        match action {
            Action::Login => self.wants(client, true),
            Action::Logout => {
                self.wants(client, false);
                if let Some(d) = self.model.devices.get_mut(client) {
                    d.online = None;
                }
            }
            _ => {}
        }
        if let Some(actions) = self.clients.get(client).and_then(|c| c.actions.as_ref())
            && actions.try_send(action).is_err()
        {
            self.court.report(Invariant::Bounded, format!("client {client} takes no more actions"));
        }
    }

    fn wants(&mut self, client: usize, wants: bool) {
        if let Some(d) = self.model.devices.get_mut(client) {
            d.wants = wants;
        }
    }

    /// The number of a client.
    #[must_use]
    pub fn client(&self, label: &str) -> Option<usize> {
        self.clients.iter().position(|c| &*c.label == label)
    }

    /// How many clients there are.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// The clients end with their work: their drivers stop.
    pub fn dismiss(&mut self) {
        for c in &mut self.clients {
            c.actions = None;
        }
    }

    /// Records what the harness does.
    pub fn fault(&self, what: impl Into<String>) {
        self.trace.record(&self.host, 0, Kind::Fault(what.into()));
    }

    /// How long the run has lasted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}

/// A value in one line, without long texts.
fn brief(value: &impl std::fmt::Debug) -> String {
    let mut text = format!("{value:?}");
    let dots = "................";
    while let Some(at) = text.find(dots) {
        let end = text.get(at..).and_then(|t| t.find(|c| c != '.')).map_or(text.len(), |n| at + n);
        text.replace_range(at..end, "…");
    }
    text
}

/// The clients with their users.
fn who(scenario: &Scenario) -> Vec<(Arc<str>, i64)> {
    let name = |(u, second, _): (u32, bool, u32)| (client_name(u, second).into(), USER_BASE + i64::from(u));
    scenario.clients().into_iter().map(name).collect()
}
