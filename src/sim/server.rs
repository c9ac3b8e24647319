//! The servers: what their hosts run on each start, and what the harness knows of them.
//!
//! One server has every door; or a front has those before the session, and of two carriages over one store one serves
//! and the other waits for the disk. Who gets the disk is said by [`ServerBox::promote`], and the front is told.

mod hosts;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

pub use self::hosts::{CARRIAGES, FRONT, HOST, first_host, is_server, server_hosts};
use self::hosts::{config, doors, first_carriage, part, sends_to};
use super::clock::SimClock;
use super::control::Control;
use super::disk::SimDisk;
use super::invariants::{Court, Invariant};
use super::net::TurmoilNet;
use super::scenario::Scenario;
use super::sometimes::Place;
use super::tap::Keys;
use super::tokens::Tokens;
use super::trace::{Kind, Tracer};
use super::watch::Watch;
use crate::net::serve::{BATCH_MAX, Doors, Setup, Steer, Unwrapper, serve};
use crate::proto::entropy::Entropy;
use crate::proto::quirk::Quirk;
use crate::proto::secure::{KeyRing, unwrap};
use crate::proto::server::Server;
use crate::store::Database;

/// How a life of a server ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was drained.
    Drained,
    /// The store failed, or could not be opened.
    Failed(String),
}

/// One host of a server.
#[derive(Default)]
struct Host {
    lives: u32,
    stop: Option<oneshot::Sender<()>>,
    /// The next start is none: the host is up, the process is not.
    bare: bool,
    ended: Option<Ended>,
    /// A standby waits for this.
    turn: Option<oneshot::Sender<()>>,
    /// The disk as it was when the standby began to wait, where that bug is planted.
    stale: Option<Vec<u8>>,
    /// A front is told by this where the carriage is.
    steer: Option<mpsc::UnboundedSender<Steer>>,
}

struct Cell {
    disk: SimDisk,
    /// The disk as it was opened last.
    opened: Option<SimDisk>,
    /// Who has the disk; nothing between a fall and the next one's turn.
    active: Option<&'static str>,
    lives: u32,
    hosts: BTreeMap<&'static str, Host>,
}

/// The servers, as the harness has them. Clones are the same ones.
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
}

impl ServerBox {
    /// Servers on this disk, which has the world already.
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
        let carriages = scenario.world.carriages;
        let hosts = server_hosts(carriages).iter().map(|h| (*h, Host::default())).collect();
        let active = Some(first_carriage(carriages));
        let cell = Arc::new(Mutex::new(Cell { disk, opened: None, active, lives: 0, hosts }));
        Self { cell, scenario, clock, trace, court, control, keys, watch, tokens }
    }

    fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn host<T>(&self, host: &str, with: impl FnOnce(&mut Host) -> T) -> Option<T> {
        self.cell().hosts.get_mut(host).map(with)
    }

    /// The hosts, the first one being that to which clients come.
    #[must_use]
    pub fn hosts(&self) -> &'static [&'static str] {
        server_hosts(self.scenario.world.carriages)
    }

    /// Who has the disk.
    #[must_use]
    pub fn active(&self) -> Option<&'static str> {
        self.cell().active
    }

    /// The host that a fault means: `server` is whoever has the disk.
    #[must_use]
    pub fn meant(&self, host: &str) -> Option<&'static str> {
        if host == HOST { self.active() } else { self.hosts().iter().copied().find(|h| *h == host) }
    }

    /// The disk.
    #[must_use]
    pub fn disk(&self) -> SimDisk {
        self.cell().disk.clone()
    }

    /// The disk of the next life: whoever had it open has it no more.
    pub fn revive_disk(&self) {
        let mut cell = self.cell();
        cell.disk = cell.disk.revive();
    }

    /// Nobody has the disk, until somebody is promoted.
    pub fn vacate(&self) {
        self.cell().active = None;
    }

    /// The disk is for this carriage now, and the front sends clients there.
    pub fn promote(&self, carriage: &'static str) {
        let mut cell = self.cell();
        cell.active = Some(carriage);
        if let Some(turn) = cell.hosts.get_mut(carriage).and_then(|h| h.turn.take()) {
            let _ = turn.send(());
        }
        if let Some(front) = cell.hosts.get(FRONT).and_then(|h| h.steer.as_ref()) {
            let _ = front.send(sends_to(carriage));
        }
    }

    /// Asks one to stop in an orderly way. Whether it serves, so that it can.
    pub fn drain(&self, host: &str) -> bool {
        self.host(host, |h| h.stop.take()).flatten().is_some_and(|stop| stop.send(()).is_ok())
    }

    /// The process on this host is about to be killed.
    pub fn kill(&self, host: &str) {
        self.control.kill(&host.into());
    }

    /// What a host runs from its next start on: nothing when `bare`, so that connections are refused.
    pub fn set_bare(&self, host: &str, bare: bool) {
        self.host(host, |h| h.bare = bare);
    }

    /// A start of a host: what is left of the former process goes, then the next one lives.
    pub fn start(&self, host: &'static str) -> impl Future<Output = turmoil::Result> + use<> {
        self.control.bury(&host.into());
        let (me, bare) = (self.clone(), self.host(host, |h| h.bare).unwrap_or_default());
        async move {
            if bare {
                pending::<()>().await;
            }
            me.live(host).await;
            Ok(())
        }
    }

    /// How the life on this host ended by itself, once.
    #[must_use]
    pub fn take_ended(&self, host: &str) -> Option<Ended> {
        self.host(host, |h| h.ended.take()).flatten()
    }

    /// Starts of servers with the disk so far.
    #[must_use]
    pub fn lives(&self) -> u32 {
        self.cell().lives
    }

    fn note(&self, host: &str, what: String) {
        self.trace.record(&host.into(), 0, Kind::Server(what));
    }

    /// Randomness of one life on one host.
    fn entropy(&self, what: &str, host: &str, life: u32) -> Entropy {
        let name = if host == HOST { format!("{what}/{life}") } else { format!("{what}/{host}/{life}") };
        Entropy::named(self.scenario.seed, &name)
    }

    /// The turn of a carriage to have the disk, when it is not its turn yet.
    fn turn(&self, host: &'static str) -> Option<oneshot::Receiver<()>> {
        let mut cell = self.cell();
        if host == FRONT || cell.active == Some(host) {
            return None;
        }
        let (turn, comes) = oneshot::channel();
        let planted = self.scenario.quirk_set().has(Quirk::StandbyServesOldDisk);
        let stale = planted.then(|| cell.disk.image());
        let waiting = cell.hosts.get_mut(host)?;
        (waiting.turn, waiting.stale) = (Some(turn), stale);
        Some(comes)
    }

    /// One life on a host.
    async fn live(self, host: &'static str) {
        if let Some(turn) = self.turn(host) {
            self.note(host, "waits for the disk".to_owned());
            if turn.await.is_err() {
                pending::<()>().await;
            }
        }
        let (stop, stopped) = oneshot::channel();
        let life = self.host(host, |h| {
            h.lives += 1;
            h.stop = Some(stop);
            h.ended = None;
            h.lives
        });
        let life = life.unwrap_or_default();
        let disk = if host == FRONT { SimDisk::new() } else { self.take_disk(host) };
        self.note(host, format!("starts for the {life}. time"));
        let ended = match self.serve(host, life, disk, stopped).await {
            Ok(()) => Ended::Drained,
            Err(why) => Ended::Failed(why),
        };
        self.note(host, format!("has stopped: {ended:?}"));
        self.host(host, |h| h.ended = Some(ended));
    }

    /// The disk, for a life on this host. Whoever had it before must be dead or cut off.
    fn take_disk(&self, host: &str) -> SimDisk {
        let mut cell = self.cell();
        cell.lives += 1;
        let disk = cell.disk.clone();
        if let Some(stale) = cell.hosts.get_mut(host).and_then(|h| h.stale.take()) {
            disk.become_old(stale);
        }
        if cell.opened.replace(disk.clone()).is_some_and(|before| !before.is_dead()) {
            self.court.report(Invariant::Fenced, format!("{host} opens a disk that somebody else still has"));
        }
        disk
    }

    async fn serve(
        &self,
        host: &'static str,
        life: u32,
        disk: SimDisk,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), String> {
        let db = Database::on(disk.clone()).map_err(|e| {
            if !disk.is_dead() && !disk.is_filling() {
                self.court.report(Invariant::Durable, format!("the store cannot be opened after a cut: {e}"));
            }
            e.to_string()
        })?;
        if disk.has_lost() {
            self.control.sometimes().reach(Place::ReopenedTorn);
        }
        let net = TurmoilNet::new(&host.into(), None, self.scenario.seed, &self.control, &self.trace, &self.keys);
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let addrs: Vec<_> = doors(host).iter().map(|(door, port)| (*door, SocketAddr::new(any, *port))).collect();
        let doors = Doors::bind(&net, &addrs).await.map_err(|e| e.to_string())?;
        // A front that starts before the next carriage has the disk sends clients to where one was.
        let carriage = (host == FRONT).then(|| self.active().unwrap_or(CARRIAGES[0]));
        let server = Server::new(config(&self.scenario, host, carriage), self.entropy("server", host, life));
        let stopped = async {
            if stopped.await.is_err() {
                pending::<()>().await;
            }
        };
        serve(net, doors, server, db, self.setup(host, life, disk), stopped).await.map_err(|e| e.to_string())
    }

    fn setup(&self, host: &'static str, life: u32, disk: SimDisk) -> Setup {
        let (watch, name): (_, Arc<str>) = (self.watch.clone(), host.into());
        let (low, high) = self.scenario.world.commit;
        let mut dice = self.entropy("commit", host, life);
        let (low, spread) = (low.0, high.0.saturating_sub(low.0));
        let steer = (host == FRONT).then(|| {
            let (steer, steered) = mpsc::unbounded_channel();
            self.host(host, |h| h.steer = Some(steer));
            steered
        });
        Setup {
            tls: None,
            clock: self.clock.driver(),
            unwrapper: self.unwrapper(host, life),
            observer: Some(Arc::new(move |note| {
                watch.lock().unwrap_or_else(PoisonError::into_inner).hear(&name, note);
            })),
            pace: Some(Box::new(move || {
                let us = u64::try_from(spread.as_micros()).unwrap_or_default();
                let takes = (!high.0.is_zero()).then(|| low + Duration::from_micros(dice.below(us + 1)));
                let slow = Some(disk.sync_takes()).filter(|slow| !slow.is_zero());
                takes.map_or(slow, |takes| Some(takes + slow.unwrap_or_default()))
            })),
            batch: BATCH_MAX,
            operator: (host != FRONT).then(|| self.tokens.operator()),
            part: part(self.hosts(), host, steer),
        }
    }

    fn unwrapper(&self, host: &str, life: u32) -> Unwrapper {
        let entropy = self.entropy("rsa", host, life);
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
