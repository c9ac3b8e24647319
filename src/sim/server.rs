//! The server's host: what it runs on each start, and what the harness knows of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::clock::SimClock;
use super::control::Control;
use super::disk::SimDisk;
use super::invariants::{Court, Invariant};
use super::net::{TurmoilNet, port};
use super::scenario::Scenario;
use super::tap::Keys;
use super::timing::Timing;
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
    ) -> Self {
        let cell = Cell { disk, lives: 0, stop: None, ended: None };
        let host = HOST.into();
        Self { cell: Arc::new(Mutex::new(cell)), scenario, clock, trace, court, control, keys, watch, host }
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

    /// One life of the server, to be run on its host.
    pub async fn live(self) {
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
            if !disk.is_dead() {
                self.court.report(Invariant::Durable, format!("the store cannot be opened after a cut: {e}"));
            }
            e.to_string()
        })?;
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
        serve(net, doors, server, db, self.setup(life), stopped).await.map_err(|e| e.to_string())
    }

    fn setup(&self, life: u32) -> Setup {
        let watch = self.watch.clone();
        let (low, high) = self.scenario.world.commit;
        let mut dice = Entropy::named(self.scenario.seed, &format!("commit/{life}"));
        let (low, spread) = (low.0, high.0.saturating_sub(low.0));
        Setup {
            tls: None,
            clock: self.clock.driver(),
            unwrapper: self.unwrapper(life),
            observer: Some(Arc::new(move |note| watch.lock().unwrap_or_else(PoisonError::into_inner).note(note))),
            pace: (!high.0.is_zero()).then(|| -> crate::net::serve::Pace {
                Box::new(move || {
                    let us = u64::try_from(spread.as_micros()).unwrap_or_default();
                    low + std::time::Duration::from_micros(dice.below(us + 1))
                })
            }),
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
            keys.get(wrapped).unwrap_or_else(|| unwrap(era, wrapped, &ring, &mut entropy.clone()))
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
