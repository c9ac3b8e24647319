//! `locospec sim`: runs simulations from seeds, and says what was found.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Exit, Failure, Outcome};
use crate::net::Clock;
use crate::proto::quirk::Quirk;
use crate::sim::run::{self, Sweep};
use crate::sim::scenario::Scenario;

/// Failures after which no new run begins.
const FAILURES_MAX: usize = 10;
/// Where scenarios that failed are kept unless somebody says otherwise.
pub(crate) const KEEP: &str = "locospec-failures";

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One seed
    #[arg(long, value_name = "N", conflicts_with = "seeds", required_unless_present = "seeds")]
    seed: Option<u64>,
    /// Many seeds, from A up to and without B
    #[arg(long, value_name = "A..B", value_parser = parse_seeds)]
    seeds: Option<Range<u64>>,
    /// Runs at the same time; without it as many as there are processors
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// Plant this bug; may be given several times
    #[arg(long = "quirk", value_name = "NAME", value_parser = parse_quirk)]
    quirks: Vec<String>,
    /// Where scenarios that failed are kept
    #[arg(long, value_name = "DIR", default_value = KEEP)]
    keep: PathBuf,
}

fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds: write 0..1000");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (from, to) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    if from < to { Ok(from..to) } else { Err(format!("`{text}` is empty: the end is not part of it")) }
}

fn parse_quirk(text: &str) -> Result<String, String> {
    let names = || Quirk::ALL.iter().map(|q| q.as_str()).collect::<Vec<_>>().join(", ");
    Quirk::parse(text).map(|q| q.as_str().to_owned()).ok_or_else(|| format!("no quirk `{text}`; there are {}", names()))
}

/// Runs the seeds. Evidence goes to stdout; progress and failures to stderr.
///
/// # Errors
/// A scenario that failed could not be written.
pub fn run(args: &Args) -> Outcome {
    let seeds = args.seeds.clone().or(args.seed.and_then(|s| Some(s..s.checked_add(1)?)));
    let Some(seeds) = seeds else { return Err(Failure::usage("no seed")) };
    hunt(seeds, args.jobs, &args.quirks, &args.keep)
}

/// Runs the seeds and says what came of them.
///
/// # Errors
/// A scenario that failed could not be written.
pub(crate) fn hunt(seeds: Range<u64>, jobs: Option<u64>, quirks: &[String], keep: &Path) -> Outcome {
    let jobs = match jobs {
        Some(jobs) => usize::try_from(jobs).unwrap_or(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let (sweep, took) = sweep(seeds, jobs, quirks);
    let secs = took.as_secs_f64().max(1e-9);
    println!(
        "{} runs, {} failed; {:.1} seeds a second, {:.0} simulated seconds a second; slowest to become well: {:.1} s",
        sweep.runs,
        sweep.failed.len(),
        sweep.runs as f64 / secs,
        sweep.simulated.as_secs_f64() / secs,
        sweep.slowest_converged.as_secs_f64(),
    );
    print!("{}", sweep.evidence);
    report(&sweep, keep, quirks)
}

/// Runs the seeds with a progress bar, and measures.
pub(crate) fn sweep(seeds: Range<u64>, jobs: usize, quirks: &[String]) -> (Sweep, Duration) {
    let bar = ProgressBar::with_draw_target(Some(seeds.end - seeds.start), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} seeds, {per_sec}, {eta} left {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let clock = Clock::system();
    let start = clock.now();
    let sweep = run::sweep(
        seeds,
        jobs,
        FAILURES_MAX,
        |seed| run::with_quirks(seed, quirks),
        |outcome| {
            if !outcome.violations.is_empty() {
                bar.set_message(format!("seed {} FAILED", outcome.seed));
            }
            bar.inc(1);
        },
    );
    bar.finish_and_clear();
    (sweep, clock.now() - start)
}

/// Says what failed: seed and parameters first, the command that replays it last.
pub(crate) fn report(sweep: &Sweep, keep: &Path, quirks: &[String]) -> Outcome {
    for (seed, outcome) in &sweep.failed {
        let scenario = run::with_quirks(*seed, quirks);
        let path = keep_scenario(&scenario, keep)?;
        eprintln!("\nseed {seed} FAILED");
        eprintln!("  {}", parameters(&scenario));
        for violation in &outcome.violations {
            eprintln!("  {violation}");
        }
        eprintln!("  replay: locospec replay {}", path.display());
    }
    Ok(if sweep.failed.is_empty() { Exit::Ok } else { Exit::Found })
}

/// Writes a scenario where it is found again.
pub(crate) fn keep_scenario(scenario: &Scenario, dir: &Path) -> Result<PathBuf, Failure> {
    let path = dir.join(format!("seed-{}.yaml", scenario.seed));
    let text = scenario.to_yaml().map_err(Failure::incomplete)?;
    fs::create_dir_all(dir).map_err(|e| Failure::incomplete(format!("{}: {e}", dir.display())))?;
    fs::write(&path, text).map_err(|e| Failure::incomplete(format!("{}: {e}", path.display())))?;
    Ok(path)
}

/// The parameters of a scenario in one line.
pub(crate) fn parameters(s: &Scenario) -> String {
    let (w, l) = (&s.world, &s.workload);
    let quirks = if s.quirks.is_empty() { String::new() } else { format!(", quirks {}", s.quirks.join(" ")) };
    format!(
        "era {}, {} clients of {} users on {} hosts, {} rooms, tick {}, latency {} to {}, commit up to {}, heartbeat {}, \
         {} actions, {} faults, mended at {}{quirks}",
        s.era,
        s.clients().len(),
        w.users,
        w.client_hosts,
        w.rooms,
        w.tick,
        w.latency.0,
        w.latency.1,
        w.commit.1,
        w.heartbeat,
        l.actions,
        s.faults.len(),
        s.heal_at,
    )
}
