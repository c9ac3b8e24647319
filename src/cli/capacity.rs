//! `locospec capacity`: how many servers keep so many connections, and how fast a fallen one has its clients back.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::{Exit, Failure, Outcome, files, print, talk};
use crate::capacity::fleet::{self, Fleet, users};
use crate::capacity::looks::Looks;
use crate::capacity::model::{SIZES, Size, load, need};
use crate::capacity::process::allow_files;
use crate::capacity::real::{self, Served};
use crate::capacity::report::{Report, Stormed};
use crate::capacity::work::Costs;
use crate::net::{Clock, tls};
use crate::proto::client::{Backoff, Endpoint};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::secure::{Era, KeyRing, SessionKey, unwrap, wrap};
use crate::spec::format::Span;

/// Between two heartbeats of a real run: so short that the server is mostly awake when one comes. Woken for each it takes
/// three times the CPU, and that says nothing of one that has many to serve.
const REAL_HEARTBEAT: Duration = Duration::from_secs(1);
/// Parts of the clients of a real run that are measured first, and foretell all.
const PARTS: [usize; 2] = [4, 2];
/// The most clients of a real run: the server takes 20,000 connections, and a login has two at a time.
const REAL_MAX: u64 = 19_000;
/// Open files of a process beside its connections.
const FILES_BESIDE: u64 = 128;
/// How often RSA is measured.
const RSA_ROUNDS: u32 = 20;
/// Connections that the kernel keeps until the server accepts them, as a listener of tokio asks for.
const BACKLOG: u32 = 1024;
/// How long a storm is waited for.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Connections to be kept: 10000000, 10M or 1e7
    #[arg(long, value_name = "N", default_value = "1e7", value_parser = parse_count)]
    connections: u64,
    /// Between two heartbeats of a client
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_heartbeat)]
    heartbeat: Duration,
    /// How clients talk: 2012, 2019, 2023 or 2025
    #[arg(long, value_name = "ERA", default_value = "2025", value_parser = parse_era)]
    era: Era,
    /// Client machines in virtual time
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=2_000_000))]
    machines: u32,
    /// Clients on real sockets, at most 19,000: they say what a connection costs. 0 for none, and then no servers are
    /// counted
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(0..=REAL_MAX))]
    real: u64,
    /// How long each look at the real run lasts
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = Span::parse)]
    look: Span,
    /// How long the server is away before a storm
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = Span::parse)]
    outage: Span,
    /// Everything simulated follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write the figures as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn parse_count(text: &str) -> Result<u64, String> {
    let (number, times) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (text.get(..at), 1e3),
        Some((at, 'm' | 'M')) => (text.get(..at), 1e6),
        _ => (Some(text), 1.0),
    };
    let n = number.and_then(|n| n.replace('_', "").parse::<f64>().ok()).map(|n| n * times);
    match n {
        Some(n) if (1.0..=1e12).contains(&n) && n.fract() == 0.0 => Ok(n as u64),
        _ => Err("not a whole number from 1 to 10^12, as 10000000, 10M or 1e7".to_owned()),
    }
}

fn parse_heartbeat(text: &str) -> Result<Duration, String> {
    let span = Span::parse(text)?.0;
    let fits = (Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&span);
    if fits { Ok(span) } else { Err("not from 1s to 24h".to_owned()) }
}

fn parse_era(text: &str) -> Result<Era, String> {
    Era::ALL
        .into_iter()
        .find(|e| e.as_str() == text)
        .ok_or_else(|| format!("no such era; there are {}", Era::ALL.map(Era::as_str).join(", ")))
}

/// Measures, simulates and reckons. Exit code 3 when the real run could not be made.
///
/// # Errors
/// The simulation cannot be, or a file cannot be written.
pub fn run(args: &Args) -> Outcome {
    let clock = Clock::system();
    let real = match args.real {
        0 => Err("--real 0".to_owned()),
        n => real_run(args, n).map(|looks| (looks, REAL_HEARTBEAT)),
    };
    let cost = real.as_ref().ok().map(|(looks, _)| looks.cost_of_all());
    let needs: Vec<_> = match &cost {
        Some(cost) => SIZES.map(|size| need(cost, args.connections, args.heartbeat, size)).into(),
        None => Vec::new(),
    };
    let unwrap = rsa(args.era, &clock)?;
    talk!("{} machines in virtual time", args.machines);
    let began = clock.now();
    let mut fleet = Fleet::new(&plan(args, true)).map_err(Failure::incomplete)?;
    fleet.come_in(args.heartbeat).map_err(Failure::incomplete)?;
    let calm = fleet.rest(args.heartbeat * 3).map_err(Failure::incomplete)?;
    let pace = (args.heartbeat * 4).as_secs_f64() / (clock.now() - began).as_secs_f64();
    drop(fleet);
    let mut storms = Vec::new();
    for (need, cost) in needs.iter().zip(std::iter::repeat(cost).flatten()) {
        let costs = costs_of(cost.login, Duration::from_secs_f64(cost.cpu.each.max(0.0)), unwrap);
        for jitter in [true, false] {
            talk!("a storm on a {} server, {} jitter", need.size.name, if jitter { "with" } else { "without" });
            let each_for = need.each as f64 / f64::from(args.machines);
            let storm = storm(args, need.size, costs, each_for, jitter).map_err(Failure::incomplete)?;
            storms.push(Stormed { need: *need, jitter, each_for, storm });
        }
    }
    let load = cost.map(|cost| load(&cost, args.connections as f64, args.heartbeat));
    let machines = usize::try_from(args.machines).unwrap_or(usize::MAX);
    let measured = real.is_ok() || args.real == 0;
    let (connections, heartbeat) = (args.connections, args.heartbeat);
    let report = Report { connections, heartbeat, machines, pace, calm, real, load, needs, unwrap, storms };
    print(report.text())?;
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report.json()).map_err(Failure::incomplete)?;
        files::write(path, &(text + "\n"))?;
    }
    Ok(if measured { Exit::Ok } else { Exit::Incomplete })
}

fn plan(args: &Args, jitter: bool) -> fleet::Plan {
    fleet::Plan {
        seed: args.seed,
        machines: usize::try_from(args.machines).unwrap_or(usize::MAX),
        era: args.era,
        heartbeat: args.heartbeat,
        latency: (Duration::from_millis(10), Duration::from_millis(80)),
        backoff: Backoff { base: Duration::from_millis(500), max: Duration::from_secs(30) },
        jitter,
    }
}

fn storm(args: &Args, size: Size, costs: Costs, each_for: f64, jitter: bool) -> Result<fleet::Storm, String> {
    let mut fleet = Fleet::new(&plan(args, jitter))?;
    fleet.come_in(args.heartbeat)?;
    let cores = usize::try_from(size.cores).unwrap_or(usize::MAX);
    let backlog = (f64::from(BACKLOG) / each_for).ceil() as usize;
    fleet.outage(args.outage.0, (cores, costs.slower(each_for)), backlog, PATIENCE)
}

/// Where the CPU of a login goes: two unwrapped keys, some six reads that cost as much as a heartbeat, and the rest for
/// its three connections.
fn costs_of(login: Duration, read: Duration, unwrap: Duration) -> Costs {
    let rest = login.saturating_sub(unwrap * 2).saturating_sub(read * 6);
    Costs { connection: rest / 3, unwrap, read }
}

/// The CPU of one RSA block, by the best of many.
fn rsa(era: Era, clock: &Clock) -> Result<Duration, Failure> {
    let ring = KeyRing::test();
    let entropy = &mut Entropy::named(1, "capacity/rsa");
    let key = SessionKey::generate(entropy);
    let block = wrap(era, &key, &ring.public_ring(), entropy).map_err(|e| Failure::incomplete(format!("{e:?}")))?;
    let mut best = Duration::MAX;
    for _ in 0..RSA_ROUNDS {
        let began = clock.now();
        let got = unwrap(era, &block.wrapped, &ring, entropy);
        best = best.min(clock.now() - began);
        if got != key {
            return Err(Failure::incomplete("RSA does not give back what it wrapped"));
        }
    }
    Ok(best)
}

/// A server in a process of its own, until this is dropped.
struct Serving {
    child: Child,
    scratch: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

fn real_run(args: &Args, clients: u64) -> Result<Looks, String> {
    allow_files(clients + FILES_BESIDE)?;
    let clients = usize::try_from(clients).unwrap_or(usize::MAX);
    let scratch = std::env::temp_dir().join(format!("locospec-capacity-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    let (serving, served) = start(scratch, args.era, clients)?;
    let plan = real::Plan {
        clients: PARTS.iter().map(|part| clients / part).chain([clients]).collect(),
        era: args.era,
        heartbeat: REAL_HEARTBEAT,
        look: args.look.0,
    };
    let looks = real::run(&served, &plan, &|what| talk!("real run: {what}"))?;
    drop(serving);
    match looks[..] {
        [empty, quarter, half, all] => Ok(Looks { empty, quarter, half, all }),
        _ => Err("not all looks were made".to_owned()),
    }
}

/// Starts `serve` with so many users.
fn start(scratch: PathBuf, era: Era, clients: usize) -> Result<(Serving, Served), String> {
    let said = |f: Failure| f.1;
    let world = scratch.join("world.json");
    let text = serde_json::to_string(&users(clients)).map_err(|e| e.to_string())?;
    files::write(&world, &text).map_err(said)?;
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let child = Command::new(&program)
        .args(["serve", "--heartbeat", &REAL_HEARTBEAT.as_secs().to_string(), "--dir"])
        .arg(&scratch)
        .arg("--world")
        .arg(&world)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let mut serving = Serving { child, scratch };
    let said_ready = serving.child.stdout.take().and_then(|out| BufReader::new(out).lines().next());
    if !matches!(said_ready, Some(Ok(_))) {
        return Err("the server has ended before it was ready".to_owned());
    }
    let served = served(&serving, era)?;
    Ok((serving, served))
}

fn served(serving: &Serving, era: Era) -> Result<Served, String> {
    let (dir, said): (&Path, _) = (&serving.scratch, |f: Failure| f.1);
    let door = if era.is_modern() { Door::Booking } else { Door::Entry };
    let first = files::endpoint(dir, door).map_err(said)?;
    let ca = files::read(&dir.join(files::CA)).map_err(said)?;
    Ok(Served {
        pid: serving.child.id(),
        first: Endpoint::new(first.ip().to_string(), first.port()),
        tls: tls::connector(&ca).map_err(|e| e.to_string())?,
        keys: Arc::new(files::public_ring(dir).map_err(said)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_people_write_them() {
        for (text, n) in [("1e7", 10_000_000), ("10M", 10_000_000), ("250k", 250_000), ("1_000", 1000), ("7", 7)] {
            assert_eq!(parse_count(text), Ok(n), "{text}");
        }
        for text in ["", "0", "-1", "1.5", "1e13", "M", "many", "inf", "nan"] {
            assert!(parse_count(text).is_err(), "{text}");
        }
    }
}
