//! `locospec check`: the cases of the spec against the reference in this process, or against a server on sockets.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::client::parse_era;
use super::discover::discover;
use super::files::{self, CA};
use super::serve::parse_quirk;
use super::{Exit, Failure, Outcome, print, runtime, sim};
use crate::net::{Clock, tls};
use crate::proto::command::Door;
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::{Era, KeyRing, PublicKey, PublicRing};
use crate::spec::corpus::Corpus;
use crate::spec::format::{Case, Role};
use crate::spec::judge::{Plan, run_all};
use crate::spec::lint;
use crate::spec::run::target::{Target, TargetError};
use crate::spec::run::tcp::{self, Attach, TcpTarget};
use crate::spec::run::{Options, reference};
use crate::spec::verdict::{CaseReport, Verdict};
use crate::spec::yaml::Diagnostic;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only cases with one of these in their name or path, or as a tag: `frame/`, `chat.write`, `smoke`
    #[arg(value_name = "CASE")]
    pub only: Vec<String>,
    /// Only this generation of the protocol; may be given more than once
    #[arg(long, value_parser = parse_era)]
    pub era: Vec<Era>,
    /// A server on sockets, instead of the reference in this process: with --ca its booking server, which leads to
    /// the other doors; without it its carriage
    #[arg(long, value_name = "HOST:PORT", requires = "rsa_pub", conflicts_with = "dir")]
    pub server: Option<String>,
    /// Its booking server
    #[arg(long, value_name = "HOST:PORT", requires = "ca")]
    pub booking: Option<String>,
    /// Its ticket server
    #[arg(long, value_name = "HOST:PORT")]
    pub ticket: Option<String>,
    /// Its entry of 2012; without it the carriage's port, where the first bytes decide
    #[arg(long, value_name = "HOST:PORT")]
    pub entry: Option<String>,
    /// Its RSA-2048 public key
    #[arg(long, value_name = "FILE")]
    pub rsa_pub: Option<PathBuf>,
    /// Its RSA-1024 public key; without it 2012 is left out
    #[arg(long, value_name = "FILE")]
    pub rsa_2012_pub: Option<PathBuf>,
    /// The CA of its booking server
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// All of the above from the folder that `serve --dir` has written
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Make the reference wrong in this way: its cases must fail
    #[arg(long, value_parser = parse_quirk, conflicts_with_all = ["server", "dir"])]
    pub quirk: Vec<Quirk>,
    /// The folder of the spec
    #[arg(long, value_name = "DIR")]
    pub spec: Option<PathBuf>,
    /// Simulated seeds after the cases of the reference; 0 for none
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub seeds: u64,
    /// List the cases and stop
    #[arg(long)]
    pub list: bool,
}

/// Runs the cases; the exit code is that of the spec: 1 wrong, 2 usage, 3 incomplete, 4 a fault of the judge.
///
/// # Errors
/// A spec that does not hold, or a server whose files cannot be used.
pub fn run(args: &Args) -> Outcome {
    let corpus = load(args.spec.as_deref())?;
    let mut options = Options::default();
    if !args.era.is_empty() {
        options.eras.clone_from(&args.era);
    }
    let attach = attach(args, &mut options)?;
    if attach.is_some() {
        options.nonce_seed = Clock::system().now().as_micros();
    }
    let mut plan = Plan { only: args.only.clone(), options };
    let cases = plan.cases(&corpus);
    if cases.is_empty() {
        return Err(Failure::usage(format!("no case has {} in its name", args.only.join(" or "))));
    }
    if args.list {
        let lines = cases.iter().map(|c| format!("{:<44} {}\n", c.value.case, c.value.title));
        return print(lines.collect::<String>()).map(|()| Exit::Ok);
    }
    let bar = progress(cases.len());
    let quirks = args.quirk.iter().fold(Quirks::NONE, |all, q| all.with(*q));
    let runtime = tcp::runtime().map_err(Failure::incomplete)?;
    let mut make = |case: &Case, era: Era| -> Result<Box<dyn Target>, TargetError> {
        match &attach {
            Some(a) if case.role == Role::Server => Ok(Box::new(TcpTarget::new(a.clone(), runtime.clone()))),
            Some(_) => Err(TargetError::Unimplemented("a client: it is a server".into())),
            None => reference(case.role, era, quirks),
        }
    };
    if attach.is_some() && plan.only.is_empty() {
        plan.only.push("cases/server/".into());
    }
    let summary = run_all(&corpus, &plan, &mut make, &mut |report| tell(&bar, report));
    bar.finish_and_clear();
    print(format_args!("{summary}\n"))?;
    let judged = match summary.exit_code() {
        0 => Exit::Ok,
        1 => Exit::Found,
        3 => Exit::Incomplete,
        _ => Exit::Internal,
    };
    // Whoever asks for some cases only, or judges somebody else, does not ask for our simulator.
    let seeds = if attach.is_none() && args.only.is_empty() { args.seeds } else { 0 };
    let quirks: Vec<String> = args.quirk.iter().map(|q| q.as_str().to_owned()).collect();
    if seeds == 0 {
        return Ok(judged);
    }
    let simulated = sim::hunt(0..seeds, None, &quirks, Path::new(sim::KEEP))?;
    Ok(if judged == Exit::Ok { simulated } else { judged })
}

fn progress(cases: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} cases  {msg}");
    ProgressBar::new(cases as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Failures go to stdout as they happen: they are what the run is for.
fn tell(bar: &ProgressBar, report: &CaseReport) {
    if report.verdict() > Verdict::Tolerated && report.verdict() != Verdict::NotApplicable {
        // What cannot be written now cannot be at the end either, and is said there.
        let _ = bar.suspend(|| print(format_args!("{} ({})\n{}", report.case, report.file, report.explain())));
    }
    bar.set_message(report.case.clone());
    bar.inc(1);
}

/// The spec, which must hold in itself before anybody is judged by it.
pub(crate) fn load(dir: Option<&Path>) -> Result<Corpus, Failure> {
    let corpus = read_spec(dir)?;
    let found = lint::corpus(&corpus);
    if found.is_empty() { Ok(corpus) } else { Err(lines(&found)) }
}

fn lines(all: &[Diagnostic]) -> Failure {
    Failure::usage(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// The spec as its files have it: each is understood, but they may contradict each other.
pub(crate) fn read_spec(dir: Option<&Path>) -> Result<Corpus, Failure> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let root = match dir {
        Some(dir) => dir.to_path_buf(),
        None if Path::new("spec/cases").is_dir() => PathBuf::from("spec"),
        None => built_in,
    };
    Corpus::load(&root).map_err(|all| lines(&all))
}

/// The server on sockets, if one is named.
fn attach(args: &Args, options: &mut Options) -> Result<Option<Attach>, Failure> {
    let mut doors = BTreeMap::new();
    let (public, ca) = if let Some(dir) = &args.dir {
        for door in Door::ALL {
            doors.insert(door, files::endpoint(dir, door)?);
        }
        (files::public_ring(dir)?, Some(dir.join(CA)))
    } else if let (Some(server), Some(rsa)) = (&args.server, &args.rsa_pub) {
        let first = resolve(server)?;
        match (&args.ca, &args.booking) {
            (Some(ca), None) => doors.extend(by_booking(first, files::public_key(rsa)?, ca)?),
            _ => {
                doors.insert(Door::Carriage, first);
            }
        }
        for (door, at) in [(Door::Booking, &args.booking), (Door::Ticket, &args.ticket), (Door::Entry, &args.entry)] {
            if let Some(at) = at {
                doors.insert(door, resolve(at)?);
            }
        }
        if let Some(carriage) = doors.get(&Door::Carriage).copied() {
            doors.entry(Door::Entry).or_insert(carriage);
        }
        let old = match &args.rsa_2012_pub {
            Some(file) => files::public_key(file)?,
            None => {
                options.eras.retain(|e| e.is_modern());
                KeyRing::test().public_ring().old
            }
        };
        let ring = PublicRing::new(files::public_key(rsa)?, old).map_err(Failure::usage)?;
        (ring, args.ca.clone())
    } else {
        return Ok(None);
    };
    let tls = match ca {
        Some(file) => Some(tls::connector(&files::read(&file)?).map_err(Failure::usage)?),
        None => None,
    };
    Ok(Some(Attach { doors, public, tls, clock: Clock::system() }))
}

/// The doors that the booking server at this address leads to.
fn by_booking(booking: SocketAddr, rsa: PublicKey, ca: &Path) -> Result<BTreeMap<Door, SocketAddr>, Failure> {
    let tls = tls::connector(&files::read(ca)?).map_err(Failure::usage)?;
    let keys = PublicRing::new(rsa, KeyRing::test().public_ring().old).map_err(Failure::usage)?;
    let found = runtime()?.block_on(discover(booking, keys, tls))?;
    found.into_iter().map(|(door, (host, port))| Ok((door, resolve(&format!("{host}:{port}"))?))).collect()
}

fn resolve(at: &str) -> Result<SocketAddr, Failure> {
    let found = at.to_socket_addrs().map_err(|e| Failure::usage(format!("{at}: {e}")))?.next();
    found.ok_or_else(|| Failure::usage(format!("{at}: no address")))
}
