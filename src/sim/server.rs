//! The server's host: what it runs on each start, and what the harness knows of it.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::clock::SimClock;
use super::control::Control;
use super::disk::SimDisk;
use super::invariants::{Court, Invariant};
use super::net::{TurmoilNet, port};
use super::scenario::Scenario;
use super::sometimes::Place;
use super::tap::Keys;
use super::timing::Timing;
use super::tokens::Tokens;
use super::trace::{Kind, Tracer};
use super::watch::Watch;
use crate::net::serve::{Doors, Setup, Unwrapper, serve};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::{KeyRing, unwrap};
use crate::proto::server::{Config, Server};
use crate::store::Database;

/// The name of its host.
pub const HOST: &str = "server";

/// How a life of the server ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was drained.
    Drained,
    /// The store failed, or could not be opened.
    Failed(String),
}

struct Cell {
    disk: SimDisk,
    lives: u32,
    stop: Option<oneshot::Sender<()>>,
    /// The next start is none: the host is up, the process is not.
    bare: bool,
    ended: Option<Ended>,
}

/// The server, as the harness has it. Clones are the same one.
#[derive(Clone)]
pub struct ServerBox {
    cell: Arc<Mutex<Cell>>,
    scenario: Arc<Scenario>,
    clock: SimClock,
    trace: Tracer,
    court: Court,
    control: Control,
    keys: Keys,
    watch: Arc<Mutex<Watch>>,
    tokens: Tokens,
    host: Arc<str>,
}

impl ServerBox {
    /// A server on this disk, which has the world already.
    #[must_use]
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        disk: SimDisk,
        scenario: Arc<Scenario>,
        clock: SimClock,
        trace: Tracer,
        court: Court,
        control: Control,
        keys: Keys,
        watch: Arc<Mutex<Watch>>,
        tokens: Tokens,
    ) -> Self {
        let cell = Cell { disk, lives: 0, stop: None, bare: false, ended: None };
        let host = HOST.into();
        Self { cell: Arc::new(Mutex::new(cell)), scenario, clock, trace, court, control, keys, watch, tokens, host }
    }

    fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its disk.
    #[must_use]
    pub fn disk(&self) -> SimDisk {
        self.cell().disk.clone()
    }

    /// The disk of the next life.
    pub fn revive_disk(&self) {
        let mut cell = self.cell();
        cell.disk = cell.disk.revive();
    }

    /// Asks it to stop in an orderly way.
    pub fn drain(&self) {
        if let Some(stop) = self.cell().stop.take() {
            let _ = stop.send(());
        }
    }

    /// Its process is about to be killed.
    pub fn kill(&self) {
        self.control.kill(&self.host);
    }

    /// What its host runs from its next start on: nothing when `bare`, so that connections are refused.
    pub fn set_bare(&self, bare: bool) {
        self.cell().bare = bare;
    }

    /// A start of its host: what is left of the former process goes, then the next one lives.
    pub fn start(&self) -> impl Future<Output = turmoil::Result> + use<> {
        self.control.bury();
        let (me, bare) = (self.clone(), self.cell().bare);
        async move {
            if bare {
                std::future::pending::<()>().await;
            }
            me.live().await;
            Ok(())
        }
    }

    /// How its life ended by itself, once.
    #[must_use]
    pub fn take_ended(&self) -> Option<Ended> {
        self.cell().ended.take()
    }

    /// Starts so far.
    #[must_use]
    pub fn lives(&self) -> u32 {
        self.cell().lives
    }

    fn note(&self, what: String) {
        self.trace.record(&self.host, 0, Kind::Server(what));
    }

    /// One life of the server.
    async fn live(self) {
        let (stop, stopped) = oneshot::channel();
        let (life, disk) = {
            let mut cell = self.cell();
            cell.lives += 1;
            cell.stop = Some(stop);
            cell.ended = None;
            (cell.lives, cell.disk.clone())
        };
        self.note(format!("starts for the {life}. time"));
        let ended = match self.serve(life, disk, stopped).await {
            Ok(()) => Ended::Drained,
            Err(why) => Ended::Failed(why),
        };
        self.note(format!("has stopped: {ended:?}"));
        self.cell().ended = Some(ended);
    }

    async fn serve(&self, life: u32, disk: SimDisk, stopped: oneshot::Receiver<()>) -> Result<(), String> {
        let db = Database::on(disk.clone()).map_err(|e| {
            if !disk.is_dead() && !disk.is_filling() {
                self.court.report(Invariant::Durable, format!("the store cannot be opened after a cut: {e}"));
            }
            e.to_string()
        })?;
        if disk.has_lost() {
            self.control.sometimes().reach(Place::ReopenedTorn);
        }
        let net = TurmoilNet::new(&self.host, None, self.scenario.seed, &self.control, &self.trace, &self.keys);
        let addrs = [
            (Door::Booking, port::BOOKING),
            (Door::Ticket, port::TICKET),
            (Door::Entry, port::ENTRY),
            (Door::Carriage, port::CARRIAGE),
        ]
        .map(|(door, port)| (door, SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)));
        let doors = Doors::bind(&net, &addrs).await.map_err(|e| e.to_string())?;
        let server = Server::new(config(&self.scenario), Entropy::named(self.scenario.seed, &format!("server/{life}")));
        let stopped = async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        serve(net, doors, server, db, self.setup(life, disk), stopped).await.map_err(|e| e.to_string())
    }

    fn setup(&self, life: u32, disk: SimDisk) -> Setup {
        let watch = self.watch.clone();
        let (low, high) = self.scenario.world.commit;
        let mut dice = Entropy::named(self.scenario.seed, &format!("commit/{life}"));
        let (low, spread) = (low.0, high.0.saturating_sub(low.0));
        Setup {
            tls: None,
            clock: self.clock.driver(),
            unwrapper: self.unwrapper(life),
            observer: Some(Arc::new(move |note| watch.lock().unwrap_or_else(PoisonError::into_inner).note(note))),
            pace: Some(Box::new(move || {
                let us = u64::try_from(spread.as_micros()).unwrap_or_default();
                let takes = (!high.0.is_zero()).then(|| low + std::time::Duration::from_micros(dice.below(us + 1)));
                let slow = Some(disk.sync_takes()).filter(|slow| !slow.is_zero());
                takes.map_or(slow, |takes| Some(takes + slow.unwrap_or_default()))
            })),
            operator: Some(self.tokens.operator()),
        }
    }

    fn unwrapper(&self, life: u32) -> Unwrapper {
        let entropy = Entropy::named(self.scenario.seed, &format!("rsa/{life}"));
        let ring = Arc::new(KeyRing::test());
        if self.scenario.world.real_rsa {
            return Unwrapper::Inline(ring, entropy);
        }
        // A block that no client of ours made is unwrapped for real. Blinding has no part in the result.
        let keys = self.keys.clone();
        Unwrapper::By(Arc::new(move |era, wrapped| {
            keys.get(wrapped).unwrap_or_else(|| {
                let key = unwrap(era, wrapped, &ring, &mut entropy.clone());
                keys.put(wrapped, &key);
                key
            })
        }))
    }
}

/// The settings of the simulated server: the reference's, with shorter times and pages.
fn config(scenario: &Scenario) -> Config {
    let timing = Timing::of(scenario);
    Config {
        host: HOST.to_owned(),
        ticket_port: port::TICKET,
        carriage_port: port::CARRIAGE,
        heartbeat: timing.heartbeat,
        heartbeat_2012: timing.heartbeat,
        rooms_per_page: 3,
        logs_per_page: 10,
        limits: Limits {
            body_len_max: 192 << 10,
            bson_string_len_max: 64 << 10,
            pending_bytes_max: 256 << 10,
            send_queue_bytes_max: scenario.world.send_queue,
            connections_max: 2000,
            login_within: timing.login_within,
            idle_after: timing.login_within,
            ..Limits::DEFAULT
        },
        quirks: scenario.quirk_set(),
        ..Config::default()
    }
}
