//! Many connections to one server: what each costs when it comes, when it is idle, and when it beats.

use std::io;
use std::time::Duration;

use tokio::task::JoinSet;

use super::child::one_of_many;
use super::{Child, Kind};
use crate::capacity::process::{Unmeasured, available, cpu, raise_files, resident};
use crate::claims::certs::Trust;
use crate::claims::device::{Device, Doing};
use crate::claims::report::{Crowd, Figure};
use crate::claims::simulate::device;
use crate::claims::transport::{Habits, Tls, Transport, Way};
use crate::net::{Clock, Tcp};
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;

/// Those of which a crowd is made: the oldest and the newest LOCO, and what keeps a connection otherwise.
pub const CROWDS: [Transport; 4] = [
    Transport::Loco(Era::E2012),
    Transport::Loco(Era::E2025),
    Transport::WebSocket,
    Transport::Poll(Way::KeepAlive, Tls::V13),
];

/// At the same time.
const AT_ONCE: usize = 64;
/// Beats of each connection.
const ROUNDS: usize = 3;
/// Files beside the connections.
const OTHER_FILES: u64 = 200;
/// What both ends of a connection may take here, at most.
const BYTES_EACH: f64 = 200e3;
/// How long all of it may take for each connection.
const PATIENCE_EACH: Duration = Duration::from_millis(60);

/// Does the same with each device, a few at the same time.
async fn all(devices: &[Box<dyn Device>], what: fn(&dyn Device) -> Doing<()>) -> io::Result<()> {
    let mut under_way = JoinSet::new();
    for device in devices {
        if under_way.len() >= AT_ONCE {
            finished(under_way.join_next().await)?;
        }
        under_way.spawn(what(device.as_ref()));
    }
    while !under_way.is_empty() {
        finished(under_way.join_next().await)?;
    }
    Ok(())
}

fn finished(one: Option<Result<io::Result<()>, tokio::task::JoinError>>) -> io::Result<()> {
    match one {
        Some(Ok(done)) => done,
        Some(Err(e)) => Err(io::Error::other(e)),
        None => Ok(()),
    }
}

/// The same in microseconds.
fn us(took: Result<Duration, Unmeasured>) -> Result<f64, Unmeasured> {
    took.map(|took| took.as_secs_f64() * 1e6)
}

/// Why this machine cannot bear so many connections, if it cannot.
fn too_small(connections: usize) -> Option<String> {
    let (files, needs) = (raise_files(), connections as u64 + OTHER_FILES);
    if files < needs {
        return Some(format!("{needs} open files are needed, {files} are allowed: raise `ulimit -n`"));
    }
    let (memory, needs) = (available().ok()? as f64, connections as f64 * BYTES_EACH);
    (memory < needs).then(|| format!("{:.1} GB of memory are needed, {:.1} GB are free", needs / 1e9, memory / 1e9))
}

/// Opens so many connections, leaves them idle, and lets all of them beat.
pub async fn crowd(transport: Transport, connections: usize) -> Crowd {
    let found = match too_small(connections) {
        Some(why) => Err(why),
        None => {
            let patience = PATIENCE_EACH * u32::try_from(connections).unwrap_or(u32::MAX) + PATIENCE_EACH * 1000;
            let run = tokio::time::timeout(patience, run(transport, connections)).await;
            run.unwrap_or_else(|_| Err(format!("it took more than {} s", patience.as_secs())))
        }
    };
    found.unwrap_or_else(|why| {
        let not = || Figure::not(why.clone());
        Crowd {
            transport: transport.id().to_owned(),
            connections,
            logins_per_s: not(),
            cpu_login_us: not(),
            bytes_each: not(),
            beats_per_s: not(),
            cpu_beat_us: not(),
        }
    })
}

async fn run(transport: Transport, connections: usize) -> Result<Crowd, String> {
    let (trust, clock) = (Trust::fixed()?, Clock::system());
    let kind = if matches!(transport, Transport::Loco(_)) { Kind::Loco } else { Kind::Web };
    let child = Child::start(kind, connections)?;
    let place = child.place();
    let mut devices = Vec::with_capacity(connections);
    for n in 0..connections {
        let (user, token) = one_of_many(n);
        let entropy = Entropy::named(n as u64, transport.id());
        let seat = device(&Tcp, transport, (user, &token, 0), &place, &trust, &Habits::QUIET, &clock, entropy)?;
        devices.push(seat.0);
    }
    let text = |e: io::Error| e.to_string();
    let (cpu, resident) = (|| us(cpu(child.pid())), || resident(child.pid()).map(|bytes| bytes as f64));
    let n = connections as f64;
    let each = |from: Result<f64, _>, to: Result<f64, _>, of: f64| -> Figure {
        from.and_then(|from| to.map(|to: f64| (to - from) / of)).into()
    };
    let (memory, from, at) = (resident(), cpu(), clock.now());
    all(&devices, |d| d.login()).await.map_err(text)?;
    let (logged_in, took) = (cpu(), clock.now().since(at).as_secs_f64());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bytes_each = each(memory, resident(), n);
    let (before, at) = (cpu(), clock.now());
    for _ in 0..ROUNDS {
        all(&devices, |d| d.beat()).await.map_err(text)?;
    }
    let beats = n * ROUNDS as f64;
    Ok(Crowd {
        transport: transport.id().to_owned(),
        connections,
        logins_per_s: Figure::Is(n / took),
        cpu_login_us: each(from, logged_in, n),
        bytes_each,
        beats_per_s: Figure::Is(beats / clock.now().since(at).as_secs_f64()),
        cpu_beat_us: each(before, cpu(), beats),
    })
}
