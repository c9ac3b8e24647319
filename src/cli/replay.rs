//! `locospec replay`: runs one scenario again, from a file or a seed, and shows what happened.

mod compare;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::sim::parameters;
use super::{Exit, Failure, Outcome};
use crate::sim::generate::generate;
use crate::sim::run::{self, Outcome as Run};
use crate::sim::scenario::Scenario;
use crate::sim::trace::Kind;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A scenario file, or a seed
    #[arg(value_name = "FILE|SEED")]
    what: PathBuf,
    /// Show every event, the bytes of streams too; without it the timeline of packets, faults and events
    #[arg(long, conflicts_with = "hash")]
    trace: bool,
    /// Show the hash of the trace and nothing else
    #[arg(long)]
    hash: bool,
    /// Write the scenario to this file too: what a seed stands for
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    #[command(flatten)]
    with: compare::With,
}

/// Runs it. The timeline goes to stdout; `Found` when something did not hold.
///
/// # Errors
/// A file that cannot be read or is no scenario.
pub fn run(args: &Args) -> Outcome {
    let scenario = scenario(&args.what)?;
    if let Some(path) = &args.write {
        let text = scenario.to_yaml().map_err(Failure::incomplete)?;
        std::fs::write(path, text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    }
    if let Some(compared) = args.with.compare(&scenario) {
        return compared;
    }
    let outcome = run::run(&scenario);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let said = if args.hash {
        writeln!(out, "{}", outcome.trace_hash)
    } else {
        tell(&mut out, &scenario, &outcome, args.trace)
    };
    match said.and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => return Err(Failure::incomplete(e)),
        _ => {}
    }
    Ok(if outcome.violations.is_empty() { Exit::Ok } else { Exit::Found })
}

fn scenario(what: &Path) -> Result<Scenario, Failure> {
    match what.to_str().and_then(|s| s.parse().ok()) {
        Some(seed) if !what.exists() => Ok(generate(seed)),
        _ => Scenario::read(what).map_err(Failure::usage),
    }
}

fn tell(out: &mut impl Write, scenario: &Scenario, outcome: &Run, all: bool) -> io::Result<()> {
    writeln!(out, "seed {}: {}", scenario.seed, parameters(scenario))?;
    for event in &outcome.trace.events {
        if all || !matches!(event.kind, Kind::Bytes { .. }) {
            writeln!(out, "{event}")?;
        }
    }
    writeln!(out, "{}", outcome.evidence)?;
    writeln!(out, "trace {} ({} events)", outcome.trace_hash, outcome.trace.events.len())?;
    match outcome.converged_in {
        Some(d) => writeln!(out, "all was well {:.2} s after everything was mended", d.as_secs_f64())?,
        None => writeln!(out, "all was never well")?,
    }
    for violation in &outcome.violations {
        writeln!(out, "{violation}")?;
    }
    writeln!(out, "{}", if outcome.violations.is_empty() { "ok: every invariant holds" } else { "FAILED" })
}
