//! The second engine: no turmoil, one runtime whose time stands still while anybody works, and the same drivers.
//!
//! It has fewer faults than the world of [`super::world`] and no eye on every byte, and is made for days and thousands:
//! what piles up, what wears out, what a fallen server makes of a thousand clients. There are no steps; time goes on to
//! the next thing that happens.

mod ledger;
mod net;
mod people;
mod pipe;
mod post;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use self::ledger::Ledger;
use self::net::DirectNet;
use self::people::{MEMBERS, Wants, members, population, room};
use super::clock::EPOCH;
use super::disk::SimDisk;
use super::invariants::Invariant;
use super::net::port;
use super::tap::Keys;
use crate::net::Clock;
use crate::net::serve::{BATCH_MAX, Doors, Note, Part, Setup, Unwrapper, serve};
use crate::proto::client::Action;
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::quirk::Quirks;
use crate::proto::secure::{KeyRing, unwrap};
use crate::proto::server::store::Store;
use crate::proto::server::{Config, ConnId, Server};
use crate::proto::time::Time;
use crate::store::Database;

/// The name of the server.
const HOST: &str = "server";
/// How long a fallen server is away.
const DOWN: Duration = Duration::from_secs(20);
/// How long a server has to drain.
const DRAINS: Duration = Duration::from_secs(20);

/// What is run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// Clients, in rooms of ten.
    pub clients: usize,
    /// Between two heartbeats.
    pub heartbeat: Duration,
    /// How long it goes on.
    pub lasts: Duration,
    /// Messages of all clients together, spread over the time.
    pub messages: u64,
    /// How often the power of the server fails.
    pub power_cuts: u64,
    /// How often one connection in ten is cut.
    pub cuts: u64,
    /// Planted bugs.
    pub quirks: Quirks,
}

impl Plan {
    /// A day of a thousand clients, as they live it.
    #[must_use]
    pub const fn day(seed: u64) -> Self {
        Self {
            seed,
            clients: 1000,
            heartbeat: Duration::from_secs(60),
            lasts: Duration::from_secs(24 * 3600),
            messages: 10_000,
            power_cuts: 2,
            cuts: 8,
            quirks: Quirks::NONE,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What did not hold, in words; the first twenty.
    pub violations: Vec<String>,
    /// SHA-256 of all that the clients told.
    pub trace_hash: String,
    /// Simulated time.
    pub simulated: Duration,
    /// What the clients told.
    pub events: u64,
    /// Reads of the server: nearly all are heartbeats.
    pub reads: u64,
    /// Logins.
    pub logins: u64,
    /// Messages that were acknowledged.
    pub acknowledged: u64,
    /// Connections that were cut, each alone.
    pub cut: u64,
}

/// The server's life at present.
struct Life {
    task: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

struct Town {
    plan: Plan,
    net: DirectNet,
    clock: Clock,
    keys: Keys,
    disk: SimDisk,
    ledger: Arc<Mutex<Ledger>>,
    /// Reads, and the connections that the server has now.
    server: Arc<Mutex<(u64, BTreeSet<ConnId>)>>,
    dice: Entropy,
    lives: u64,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs it in this thread.
///
/// # Errors
/// The store or the runtime cannot be made.
pub fn run(plan: &Plan) -> Result<Outcome, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let mut town = Town::new(plan.clone())?;
        town.live().await?;
        Ok(town.outcome())
    })
}

impl Town {
    fn new(plan: Plan) -> Result<Self, String> {
        let clock = Clock::of_runtime(EPOCH);
        let dice = |name: &str| Entropy::named(plan.seed, &format!("direct/{name}"));
        let ways = (Duration::from_millis(5), Duration::from_millis(120));
        let net = DirectNet::new(clock.clone(), ways, dice("net"));
        let disk = SimDisk::new();
        let mut db = Database::on(disk.clone()).map_err(|e| e.to_string())?;
        let mut unit = db.begin().map_err(|e| e.to_string())?;
        population(plan.clients).seed(&mut unit, EPOCH).map_err(|e| e.to_string())?;
        unit.commit().map_err(|e| e.to_string())?;
        drop(db);
        let ledger = Arc::new(Mutex::new(Ledger::new(members(plan.clients), plan.clients)));
        let (keys, server, lives) = (Keys::default(), Arc::default(), 0);
        Ok(Self { dice: dice("town"), net, clock, keys, disk, ledger, server, lives, plan })
    }

    /// The whole run.
    async fn live(&mut self) -> Result<(), String> {
        let mut life = self.start().await?;
        let clients = self.people();
        let begin = self.clock.now();
        for n in 0..clients.len() {
            self.want(&clients, n, Action::Login);
        }
        for (at, what) in self.day() {
            sleep(self.clock.until(begin + at)).await;
            match what {
                What::Write(text) => self.write(&clients, text),
                What::Cut => lock(&self.ledger).cut += self.net.cut_some(10) as u64,
                What::PowerCut => {
                    life.task.abort();
                    self.disk.power_cut(&mut self.dice);
                    self.net.cut_all();
                    sleep(DOWN).await;
                    self.disk = self.disk.revive();
                    life = self.start().await?;
                }
            }
        }
        sleep(self.clock.until(begin + self.plan.lasts)).await;
        lock(&self.ledger).settle(self.clock.now());
        for n in 0..clients.len() {
            self.want(&clients, n, Action::Logout);
        }
        sleep(DRAINS).await;
        let left = lock(&self.server).1.len();
        if left != 0 {
            let what = format!("{left} connections are left after all have logged out");
            lock(&self.ledger).violated(Invariant::Bounded, self.clock.now(), what);
        }
        if let Some(stop) = life.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(DRAINS, life.task).await;
        self.look_into_the_store()
    }

    /// What was acknowledged is on the disk, once, as the next start would find it.
    fn look_into_the_store(&self) -> Result<(), String> {
        let mut db = Database::on(self.disk.revive()).map_err(|e| e.to_string())?;
        let unit = db.begin().map_err(|e| e.to_string())?;
        let mut ledger = lock(&self.ledger);
        for at in 0..self.plan.clients.div_ceil(MEMBERS) {
            let chat = room(at * MEMBERS);
            let logs = unit.logs(chat, 0, i64::MAX, usize::MAX).map_err(|e| e.to_string())?;
            let texts: Vec<u64> = logs.iter().filter_map(|log| log.message.as_deref()?.parse().ok()).collect();
            ledger.kept(chat, &texts, self.clock.now());
        }
        Ok(())
    }

    /// What happens when, from the seed. The last tenth is quiet, so that all can be well at the end.
    fn day(&mut self) -> Vec<(Duration, What)> {
        let busy = u64::try_from(self.plan.lasts.as_micros()).unwrap_or(u64::MAX) / 10 * 9;
        let mut all: Vec<(u64, What)> = (0..self.plan.messages).map(|n| (0, What::Write(n))).collect();
        all.extend((0..self.plan.power_cuts).map(|_| (0, What::PowerCut)));
        all.extend((0..self.plan.cuts).map(|_| (0, What::Cut)));
        for (at, _) in &mut all {
            *at = self.dice.below(busy.max(1));
        }
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(at, what)| (Duration::from_micros(at), what)).collect()
    }

    fn write(&mut self, clients: &[Wants], text: u64) {
        let n = usize::try_from(self.dice.below(clients.len().max(1) as u64)).unwrap_or_default();
        self.want(clients, n, Action::Send { ticket: text, room: room(n), text: text.to_string() });
    }

    fn want(&self, clients: &[Wants], n: usize, action: Action) {
        if clients.get(n).is_some_and(|c| c.push(action).is_err()) {
            let what = format!("client {n} takes no more actions");
            lock(&self.ledger).violated(Invariant::Bounded, self.clock.now(), what);
        }
    }

    /// Starts the server on what its disk has.
    async fn start(&mut self) -> Result<Life, String> {
        self.lives += 1;
        let name = |what: &str| format!("direct/{what}/{}", self.lives);
        let entropy = |what: &str| Entropy::named(self.plan.seed, &name(what));
        let db = Database::on(self.disk.clone()).map_err(|e| format!("the store after a power cut: {e}"))?;
        let doors = [Door::Booking, Door::Ticket, Door::Entry, Door::Carriage];
        let at = |door| (door, SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port::of(door)));
        let doors = Doors::bind(&self.net, &doors.map(at)).await.map_err(|e| e.to_string())?;
        let server = Server::new(self.config(), entropy("server"));
        let (keys, ring, rsa) = (self.keys.clone(), KeyRing::test(), entropy("rsa"));
        let open = move |era, wrapped: &[u8]| {
            keys.get(wrapped).unwrap_or_else(|| unwrap(era, wrapped, &ring, &mut rsa.clone()))
        };
        lock(&self.server).1.clear();
        let counts = self.server.clone();
        let setup = Setup {
            tls: None,
            clock: self.clock.clone(),
            unwrapper: Unwrapper::By(Arc::new(open)),
            observer: Some(Arc::new(move |note| match note {
                Note::Read(..) => lock(&counts).0 += 1,
                Note::Accepted(conn, _) => drop(lock(&counts).1.insert(*conn)),
                Note::Gone(conn) => drop(lock(&counts).1.remove(conn)),
                _ => {}
            })),
            pace: None,
            operator: None,
            part: Part::default(),
            batch: BATCH_MAX,
        };
        let (stop, stopped) = oneshot::channel();
        let (net, ledger, clock) = (self.net.clone(), self.ledger.clone(), self.clock.clone());
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            if let Err(e) = serve(net, doors, server, db, setup, stopped).await {
                lock(&ledger).violated(Invariant::Honest, clock.now(), format!("the server has stopped: {e}"));
            }
        });
        Ok(Life { task, stop: Some(stop) })
    }

    fn config(&self) -> Config {
        Config {
            host: HOST.to_owned(),
            ticket_port: port::TICKET,
            carriage_port: port::CARRIAGE,
            heartbeat: self.plan.heartbeat,
            limits: Limits { connections_max: self.plan.clients * 4 + 16, ..Limits::DEFAULT },
            quirks: self.plan.quirks,
            ..Config::default()
        }
    }

    fn outcome(&self) -> Outcome {
        let ledger = lock(&self.ledger);
        let words = |(invariant, at, what): &(Invariant, Time, String)| {
            format!("{} is violated at {:.3}s: {what}", invariant.name(), (*at - EPOCH).as_secs_f64())
        };
        Outcome {
            violations: ledger.violations.iter().map(words).collect(),
            trace_hash: ledger.trace_hash(),
            simulated: self.clock.now() - EPOCH,
            events: ledger.events,
            reads: lock(&self.server).0,
            logins: ledger.logins,
            acknowledged: ledger.acknowledged(),
            cut: ledger.cut,
        }
    }
}

/// What happens in a day.
enum What {
    Write(u64),
    Cut,
    PowerCut,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::quirk::Quirk;

    fn hour(seed: u64, quirk: Option<Quirk>) -> Plan {
        let quirks = quirk.map_or(Quirks::NONE, |q| Quirks::NONE.with(q));
        Plan { clients: 30, lasts: Duration::from_secs(3600), messages: 300, quirks, ..Plan::day(seed) }
    }

    #[test]
    fn an_hour_is_clean_and_the_same_again() {
        let first = run(&hour(1, None)).expect("it runs");
        assert_eq!(first.violations, Vec::<String>::new());
        assert!(first.acknowledged == 300 && first.cut > 5 && first.logins > 90, "{first:?}");
        assert_eq!(run(&hour(1, None)).expect("it runs"), first);
        assert_ne!(run(&hour(2, None)).expect("it runs").trace_hash, first.trace_hash);
    }

    #[test]
    fn planted_bugs_are_found_by_what_they_break() {
        for (quirk, by) in [
            (Quirk::AckWithoutPush, "durable is violated at 3600.000s: client"),
            (Quirk::CommitWithoutSync, "durable is violated at 3620.000s: the store"),
            (Quirk::ReportsAgain, "ordered"),
        ] {
            let found = run(&hour(1, Some(quirk))).expect("it runs");
            assert!(found.violations.iter().any(|v| v.starts_with(by)), "{quirk:?}: {:?}", found.violations);
        }
    }
}
