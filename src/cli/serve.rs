//! `locospec serve`: the reference server on real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::files::{self, CA, ENDPOINTS, RSA, RSA_2012};
use super::stop::Asked;
use super::{Exit, Failure, Outcome, print, runtime, talk};
use crate::capacity::process::raise_files;
use crate::net::clock::system_entropy;
use crate::net::serve::{BATCH_MAX, Doors, Note, Observer, Part, Setup, Threads, Unwrapper, serve};
use crate::net::tls::Authority;
use crate::net::{Clock, Tcp};
use crate::proto::command::Door;
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::server::{Config, Server};
use crate::store::Database;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where clients find what they need: ca.pem, rsa.pub.pem, rsa-2012.pub.pem, endpoints.json (written last)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep users, rooms and messages here; without it they are kept in memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Users and rooms; without it alice, bob and carol in rooms 7000 and 7001
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Private keys, as `keygen` writes them; without it the test keys that everybody has
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// The address to listen on. Anything but loopback is your decision: the keys are known to everybody
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The host that clients are sent to; without it the address of --bind
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Port of booking (GETCONF over TLS); 0 takes a free one, as for all four
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    booking_port: u16,
    /// Port of the ticket server (CHECKIN)
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    ticket_port: u16,
    /// Port of the entry of 2012 (BUY, CHECKIN)
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    entry_port: u16,
    /// Port of the carriage server
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    carriage_port: u16,
    /// Seconds between heartbeats that modern clients are told
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    heartbeat: u64,
    /// Run this many times as fast as the clock on the wall: heartbeats, limits, whatever waits. For who tests what takes
    /// long
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    time_scale: u32,
    /// Commit after at most so many inputs; fewer is slower, and shows what sharing commits is good for
    #[arg(long, value_name = "N", default_value_t = BATCH_MAX, value_parser = clap::value_parser!(usize), hide = true)]
    batch: usize,
    /// The oldest version of an app that may come in, e.g. 10.0.0; without it every one may
    #[arg(long, value_name = "VERSION", value_parser = parse_version)]
    min_version: Option<String>,
    /// Be wrong in this way on purpose; may be given several times
    #[arg(long = "quirk", value_name = "NAME", value_parser = parse_quirk)]
    quirks: Vec<Quirk>,
    /// Say on stderr what happens to connections
    #[arg(long, short)]
    verbose: bool,
}

fn parse_version(text: &str) -> Result<String, String> {
    let number = |part: &str| part.parse::<u32>().is_ok();
    if text.split('.').all(number) { Ok(text.to_owned()) } else { Err("not numbers with dots between them".to_owned()) }
}

pub(crate) fn parse_quirk(name: &str) -> Result<Quirk, String> {
    Quirk::parse(name).ok_or_else(|| {
        let all: Vec<&str> = Quirk::ALL.iter().map(|q| q.as_str()).collect();
        format!("no such quirk; there are: {}", all.join(", "))
    })
}

/// Serves until Ctrl-C, then drains.
///
/// # Errors
/// A file, folder or port that cannot be used; a store that fails.
pub fn run(args: Args) -> Outcome {
    let world = files::world(args.world.as_deref())?;
    let ring = files::key_ring(args.keys.as_deref())?;
    let host = advertised(&args)?;
    let mut db = match &args.data {
        Some(dir) => Database::open_file(dir),
        None => Database::in_memory(),
    }
    .map_err(Failure::usage)?;
    let clock = match args.time_scale {
        1 => Clock::system(),
        n => Clock::system().scaled(f64::from(n)),
    };
    let seeded = {
        let mut unit = db.begin().map_err(Failure::incomplete)?;
        let seeded = world.seed(&mut unit, clock.now()).map_err(Failure::usage)?;
        unit.commit().map_err(Failure::incomplete)?;
        seeded
    };
    talk!(
        "world: {} users and {} rooms added, {} users changed",
        seeded.users_added,
        seeded.rooms_added,
        seeded.users_changed
    );
    let authority = match args.data.as_ref().or(args.dir.as_ref()) {
        Some(dir) => Authority::load_or_make(dir),
        None => Authority::generate(),
    }
    .map_err(Failure::usage)?;
    // Each connection is a file. Where the limit cannot be raised, accepting fails when it is reached.
    raise_files();
    runtime()?.block_on(listen(args, host, ring, db, clock, authority))
}

/// The host that clients are sent to.
fn advertised(args: &Args) -> Result<String, Failure> {
    match &args.advertise {
        Some(host) => Ok(host.clone()),
        None if args.bind.is_unspecified() => Err(Failure::usage(format!(
            "--bind {} is every address: say with --advertise which to send clients to",
            args.bind
        ))),
        None => Ok(args.bind.to_string()),
    }
}

async fn listen(
    args: Args,
    host: String,
    ring: crate::proto::secure::KeyRing,
    db: Database,
    clock: Clock,
    authority: Authority,
) -> Outcome {
    let ports = [args.booking_port, args.ticket_port, args.entry_port, args.carriage_port];
    let addrs: Vec<_> = Door::ALL.into_iter().zip(ports).map(|(d, p)| (d, SocketAddr::new(args.bind, p))).collect();
    let doors = Doors::bind(&Tcp, &addrs).await.map_err(Failure::usage)?;
    let port = |door| doors.addr(door).map_or(0, |a| a.port());
    let mut entropy = system_entropy().map_err(Failure::incomplete)?;
    let config = Config {
        host,
        ticket_port: port(Door::Ticket),
        carriage_port: port(Door::Carriage),
        heartbeat: Duration::from_secs(args.heartbeat),
        min_version: args.min_version.clone(),
        quirks: args.quirks.iter().fold(Quirks::NONE, |all, q| all.with(*q)),
        ..Config::default()
    };
    let server = Server::new(config, entropy.fork());
    let public = ring.public_ring();
    let setup = Setup {
        tls: Some(authority.acceptor().map_err(Failure::incomplete)?),
        clock,
        unwrapper: Unwrapper::Threads(Threads::new(ring, entropy)),
        observer: args.verbose.then(talk),
        pace: None,
        operator: None,
        batch: args.batch,
        part: Part::default(),
    };
    // Whoever sees the endpoints may stop the server: the signal must be caught before they are written.
    let stop = stop_signal()?;
    let endpoints = files::endpoints_json(|d| doors.addr(d));
    if let Some(dir) = &args.dir {
        files::make_dir(dir)?;
        files::write(&dir.join(CA), authority.cert_pem())?;
        files::write(&dir.join(RSA), &public.modern.to_pem().map_err(Failure::incomplete)?)?;
        files::write(&dir.join(RSA_2012), &public.old.to_pem().map_err(Failure::incomplete)?)?;
        files::write(&dir.join(ENDPOINTS), &endpoints)?;
    }
    print(format_args!("{endpoints}\n"))?;
    talk!("ready; Ctrl-C drains and stops");
    // In a task of its own: the runtime asks its root future only between two looks at the sockets.
    let served = tokio::spawn(async move { serve(Tcp, doors, server, db, setup, stop).await });
    served.await.map_err(Failure::incomplete)?.map_err(Failure::incomplete)?;
    if let Some(dir) = &args.dir {
        let _ = std::fs::remove_file(dir.join(ENDPOINTS));
    }
    talk!("drained");
    Ok(Exit::Ok)
}

/// Ready at the first SIGINT, SIGTERM, SIGHUP or SIGQUIT.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut asked = Asked::listen()?;
    // In a task of its own: the hub asks at each packet whether to stop, and a channel answers that at once.
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        asked.next().await;
        talk!("draining");
        let _ = stop.send(());
    });
    Ok(async move {
        let _ = stopped.await;
    })
}

fn talk() -> Observer {
    Arc::new(|note| match note {
        Note::Accepted(conn, door) => talk!("{conn}: accepted at {}", door.as_str()),
        Note::Read(conn, bytes) => talk!("{conn}: {} bytes in", bytes.len()),
        Note::Written(conn, bytes) => talk!("{conn}: {} bytes out", bytes.len()),
        Note::Closing(conn, why) => talk!("{conn}: closing, {why:?}"),
        Note::Gone(conn) => talk!("{conn}: gone"),
        Note::Committed | Note::Sent(..) => (),
        Note::AcceptFailed(door, e) => talk!("accept at {}: {e}", door.as_str()),
    })
}
