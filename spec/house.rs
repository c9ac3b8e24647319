//! The reference server with its built-in world on real sockets, for the tests that need a kernel.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use locospec::net::Tcp;
use locospec::net::clock::{Clock, system_entropy};
use locospec::net::serve::{BATCH_MAX, Doors, Observer, Part, Setup, Threads, Unwrapper, serve};
use locospec::proto::command::Door;
use locospec::proto::limits::Limits;
use locospec::proto::secure::KeyRing;
use locospec::proto::server::{Config, Server};
use locospec::store::{Database, World};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Nothing here should take this long; a test that does has found something.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server on free ports of this machine.
pub struct House {
    pub booking: SocketAddr,
    pub ticket: SocketAddr,
    pub entry: SocketAddr,
    pub carriage: SocketAddr,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

/// A server with the built-in world and these limits, on free ports, in memory.
pub async fn house(limits: Limits) -> io::Result<House> {
    house_on(Database::in_memory().map_err(io::Error::other)?, limits, None).await
}

/// The same on this store, and `observer` hears of what happens.
pub async fn house_on(mut db: Database, limits: Limits, observer: Option<Observer>) -> io::Result<House> {
    let addrs: Vec<_> = Door::ALL.iter().map(|d| (*d, SocketAddr::from(([127, 0, 0, 1], 0)))).collect();
    let doors = Doors::bind(&Tcp, &addrs).await.map_err(io::Error::other)?;
    let at = |door| doors.addr(door).ok_or(ErrorKind::AddrNotAvailable);
    let (booking, ticket) = (at(Door::Booking)?, at(Door::Ticket)?);
    let (entry, carriage) = (at(Door::Entry)?, at(Door::Carriage)?);
    let clock = Clock::system();
    let mut unit = db.begin().map_err(io::Error::other)?;
    World::default_world().seed(&mut unit, clock.now()).map_err(io::Error::other)?;
    unit.commit().map_err(io::Error::other)?;
    let mut entropy = system_entropy()?;
    let (ticket_port, carriage_port) = (ticket.port(), carriage.port());
    let config = Config { ticket_port, carriage_port, limits, ..Config::default() };
    let server = Server::new(config, entropy.fork());
    let unwrapper = Unwrapper::Threads(Threads::new(KeyRing::test(), entropy));
    let setup = Setup {
        tls: None,
        clock,
        unwrapper,
        observer,
        pace: None,
        operator: None,
        batch: BATCH_MAX,
        part: Part::default(),
    };
    let (stop, stopped) = oneshot::channel();
    let done = tokio::spawn(async move {
        let stop = async {
            let _ = stopped.await;
        };
        assert!(serve(Tcp, doors, server, db, setup, stop).await.is_ok());
    });
    Ok(House { booking, ticket, entry, carriage, stop, done })
}

impl House {
    pub async fn close(self) {
        let _ = self.stop.send(());
        assert!(matches!(timeout(PATIENCE, self.done).await, Ok(Ok(()))), "the server stops when it is told to");
    }
}
