//! Runs in virtual time: turmoil's network, the real libraries, one seed.

use std::fmt::Display;
use std::future::{Future, pending};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use turmoil::Sim;
use turmoil::net::{TcpListener, TcpStream};

use super::band::{Band, Outages};
use super::certs::Trust;
use super::device::{Device, Heard};
use super::loco::{self, House, Identity};
use super::meter::{Event, Meter, MeteredNet};
use super::transport::{Habits, Transport, Way};
use super::web::pipe::Address;
use super::web::rooms::Rooms;
use super::web::serve::{Speaks, serve};
use super::web::{asking, socket};
use super::{ROOM, SERVER, USERS};
use crate::net::serve::Doors;
use crate::net::{BoxStream, Clock, Network};
use crate::proto::client::Endpoint;
use crate::proto::entropy::Entropy;
use crate::proto::time::Time;
use crate::sim::clock::EPOCH;
use crate::sim::net::port;
use crate::store::{Database, World};

/// The ports of the small server.
const HTTP: u16 = 8443;
const WEB_SOCKET: u16 = 8444;
/// How long a refusal takes: turmoil gives it at once.
const REFUSED_AFTER: Duration = Duration::from_millis(20);
/// The devices' hosts.
const HOSTS: [&str; 2] = ["alice", "bob"];

/// turmoil's network as it is, but for one thing: there a connection stands when its SYN has come to the other end, and
/// in life when the answer has come back. So much longer does it take here: the mean of one way.
#[derive(Clone, Copy, Debug)]
struct Bare {
    back: Duration,
}

impl Network for Bare {
    type Listener = TcpListener;

    async fn bind(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(addr).await
    }

    fn local_addr(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<BoxStream> {
        Ok(Box::new(listener.accept().await?.0))
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        match TcpStream::connect((host, port)).await {
            Ok(stream) => {
                tokio::time::sleep(self.back).await;
                Ok(Box::new(stream))
            }
            Err(e) => {
                tokio::time::sleep(REFUSED_AFTER).await;
                Err(e)
            }
        }
    }
}

/// The time of the host that asks. Outside of all hosts, the last that was asked for.
fn clock() -> Clock {
    let last = AtomicU64::new(0);
    Clock::of(move || {
        let elapsed = turmoil::sim_elapsed().map(|e| u64::try_from(e.as_micros()).unwrap_or(u64::MAX));
        let us = elapsed.unwrap_or_default().max(last.load(Ordering::Relaxed));
        last.store(us, Ordering::Relaxed);
        EPOCH + Duration::from_micros(us)
    })
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Over what.
    pub transport: Transport,
    /// On which network.
    pub band: Band,
    /// How that fails.
    pub outages: Outages,
    /// What happens by itself.
    pub habits: Habits,
    /// From which everything follows.
    pub seed: u64,
    /// The run ends here at the latest.
    pub limit: Duration,
}

/// What a program has: a device on its host.
pub struct Seat {
    /// The device.
    pub device: Box<dyn Device>,
    /// What it hears.
    pub heard: Heard,
    /// The time of its host.
    pub clock: Clock,
    /// Counts its connections.
    pub meter: Meter,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seat")
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// What each device's connections carried.
    pub events: [Vec<Event>; 2],
    /// Whether both programs came to their end.
    pub ended: bool,
}

/// When the programs of all runs begin.
pub const START: Time = EPOCH;

/// A store with the built-in world.
///
/// # Errors
/// It cannot be made.
pub fn store(world: &World, now: Time) -> Result<Database, String> {
    fn text(e: impl Display) -> String {
        format!("the store: {e}")
    }
    let mut db = Database::in_memory().map_err(text)?;
    let mut unit = db.begin().map_err(text)?;
    world.seed(&mut unit, now).map_err(text)?;
    unit.commit().map_err(text)?;
    Ok(db)
}

/// Runs one program on each device until both have ended.
///
/// # Errors
/// The world cannot be made, or a host failed.
pub fn run<A, B, FA, FB>(setting: &Setting, alice: A, bob: B) -> Result<Ran, String>
where
    A: FnOnce(Seat) -> FA + 'static,
    B: FnOnce(Seat) -> FB + 'static,
    FA: Future<Output = io::Result<()>> + 'static,
    FB: Future<Output = io::Result<()>> + 'static,
{
    let band = setting.band;
    let mut sim = turmoil::Builder::new()
        .rng_seed(setting.seed)
        .epoch(UNIX_EPOCH + Duration::from_micros(EPOCH.as_micros()))
        .tick_duration(Duration::from_millis(band.tick_ms))
        .min_message_latency(Duration::from_millis(band.least_ms))
        .max_message_latency(Duration::from_millis(band.most_ms))
        .simulation_duration(Duration::from_secs(1 << 32))
        .tcp_capacity(4096)
        .build();
    let trust = Trust::fixed()?;
    serve_on(&mut sim, setting, &trust)?;
    let meters = [(); 2].map(|()| Meter::new(clock(), band.up, band.down));
    let ended = Arc::new(AtomicUsize::new(0));
    sit_down(&mut sim, setting, &trust, 0, &meters, &ended, alice);
    sit_down(&mut sim, setting, &trust, 1, &meters, &ended, bob);
    let plans = HOSTS.map(|host| setting.outages.plan(setting.seed, host, setting.limit));
    while ended.load(Ordering::Relaxed) < 2 && sim.elapsed() < setting.limit {
        for (host, plan) in HOSTS.iter().zip(&plans) {
            break_and_mend(&sim, setting, host, plan);
        }
        sim.step().map_err(|e| format!("{}: {e}", setting.transport.id()))?;
    }
    let ended = ended.load(Ordering::Relaxed) == 2;
    let events = [meters[0].events(), meters[1].events()];
    Ok(Ran { events, ended })
}

/// Does to the network of one host what is due in this step.
fn break_and_mend(sim: &Sim<'_>, setting: &Setting, host: &str, plan: &[(Duration, Duration)]) {
    let now = sim.elapsed();
    let step = Duration::from_millis(setting.band.tick_ms);
    let due = |at: Duration| at >= now && at < now + step;
    for &(from, to) in plan {
        match setting.outages {
            Outages::Shadow if due(from) => sim.hold(host, SERVER),
            Outages::Shadow if due(to) => sim.release(host, SERVER),
            Outages::Lost if due(from) => sim.partition(host, SERVER),
            Outages::Lost if due(to) => sim.repair(host, SERVER),
            _ => (),
        }
    }
}

/// Starts the server that this transport needs.
fn serve_on(sim: &mut Sim<'_>, setting: &Setting, trust: &Trust) -> Result<(), String> {
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let (trust, setting) = (trust.clone(), setting.clone());
    let tls = trust.acceptor()?;
    sim.host(SERVER, move || {
        let (tls, setting) = (tls.clone(), setting.clone());
        async move {
            let bare = Bare { back: Duration::ZERO };
            let clock = clock();
            let db = store(&World::default_world(), clock.now())?;
            if let Transport::Loco(_) = setting.transport {
                let doors = Doors::bind(&bare, &loco::addrs(any, port::of)).await.map_err(|e| e.to_string())?;
                let entropy = Entropy::named(setting.seed, "claims/server");
                let house =
                    House { host: SERVER.to_owned(), db, tls, clock, entropy, heartbeat: setting.habits.heartbeat };
                return Ok(loco::run(bare, doors, house).await?);
            }
            let rooms = Rooms::new(db, clock);
            for (port, speaks) in [(HTTP, Speaks::Http), (WEB_SOCKET, Speaks::WebSocket)] {
                let listener = bare.bind(SocketAddr::new(any, port)).await?;
                tokio::spawn(serve(bare, listener, tls.clone(), rooms.clone(), speaks));
            }
            pending().await
        }
    });
    Ok(())
}

/// Puts a program on the host of one device.
fn sit_down<F, P>(
    sim: &mut Sim<'_>,
    setting: &Setting,
    trust: &Trust,
    who: usize,
    meters: &[Meter; 2],
    ended: &Arc<AtomicUsize>,
    program: P,
) where
    P: FnOnce(Seat) -> F + 'static,
    F: Future<Output = io::Result<()>> + 'static,
{
    let (setting, trust, meter, ended) = (setting.clone(), trust.clone(), meters[who].clone(), ended.clone());
    sim.client(HOSTS[who], async move {
        let place = Place { host: SERVER, doors: [port::BOOKING, port::ENTRY], http: HTTP, web_socket: WEB_SOCKET };
        let net = MeteredNet::new(Bare { back: setting.band.round_trip() / 2 }, meter.clone());
        let entropy = Entropy::named(setting.seed, &format!("claims/{}", HOSTS[who]));
        let clock = clock();
        let user = (USERS[who].0, USERS[who].1, ROOM);
        let (device, heard) = device(&net, setting.transport, user, &place, &trust, &setting.habits, &clock, entropy)?;
        program(Seat { device, heard, clock, meter }).await?;
        ended.fetch_add(1, Ordering::Relaxed);
        pending().await
    });
}

/// Where the servers are.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Their host.
    pub host: &'a str,
    /// Booking and the entry of 2012.
    pub doors: [u16; 2],
    /// HTTP.
    pub http: u16,
    /// WebSocket.
    pub web_socket: u16,
}

/// A device of a user, with his token, that speaks `transport` and talks in `room`.
///
/// # Errors
/// TLS cannot be set up.
#[allow(clippy::too_many_arguments)]
pub fn device<N: Network>(
    net: &N,
    transport: Transport,
    (user, token, room): (i64, &str, i64),
    place: &Place<'_>,
    trust: &Trust,
    habits: &Habits,
    clock: &Clock,
    entropy: Entropy,
) -> Result<(Box<dyn Device>, Heard), String> {
    let token = token.to_owned();
    let to = |port, tls| Address { host: place.host.to_owned(), port, token: token.clone(), tls };
    Ok(match transport {
        Transport::Loco(era) => {
            let first = Endpoint::new(place.host, place.doors[usize::from(!era.is_modern())]);
            let tls = trust.connector(super::transport::Tls::V13, false)?;
            let who = Identity { era, user, token, first, tls, clock: clock.clone() };
            let (device, heard) = loco::start(net.clone(), who, room, habits, entropy);
            (Box::new(device), heard)
        }
        Transport::WebSocket => {
            let to = to(place.web_socket, trust.connector(super::transport::Tls::V13, false)?);
            let (device, heard) = socket::start(net, &to, habits, entropy);
            (Box::new(device), heard)
        }
        Transport::LongPoll => {
            let to = to(place.http, trust.connector(super::transport::Tls::V13, false)?);
            let (device, heard) = asking::start(net, &to, Way::KeepAlive, true, habits, entropy);
            (Box::new(device), heard)
        }
        Transport::Poll(way, tls) => {
            let to = to(place.http, trust.connector(tls, way == Way::H2)?);
            let (device, heard) = asking::start(net, &to, way, false, habits, entropy);
            (Box::new(device), heard)
        }
    })
}
