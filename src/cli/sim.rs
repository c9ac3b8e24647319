//! `locospec sim`: runs simulations from seeds, for as long as there is time, and says what was found.

mod failures;
mod merge;
mod state;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) use self::failures::{KEEP, parameters, seed_file};
use self::failures::{Shrinking, tell};
use self::state::{Keeper, stop_flag};
use super::{Exit, Failure, Outcome, print, talk};
use crate::net::Clock;
use crate::proto::quirk::Quirk;
use crate::sim::evidence::{FAULTS, OF_TWO_CARRIAGES};
use crate::sim::generate::profile::Profile;
use crate::sim::hunt::report::{Of, Report};
use crate::sim::hunt::seeds::parse_range;
use crate::sim::hunt::shard::Choice;
use crate::sim::hunt::{Asked, End, Hunter, Until};
use crate::sim::run;
use crate::sim::scenario::Scenario;
use crate::sim::sometimes::Place;
use crate::spec::format::Span;

/// How often a hunt whose progress bar nobody sees says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    hunt: HuntArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Other {
    /// Add up the reports of several hunts of different seeds
    Merge(merge::Args),
}

#[derive(Debug, clap::Args)]
struct HuntArgs {
    /// One seed
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "from"], required_unless_present_any = ["seeds", "from"])]
    seed: Option<u64>,
    /// Many seeds, from A up to and without B
    #[arg(long, value_name = "A..B", value_parser = parse_range, conflicts_with = "from")]
    seeds: Option<Range<u64>>,
    /// Fresh seeds from N upward, for ever or as long as --for says
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Begin no run after this time: 90s, 10m, 1h
    #[arg(long = "for", value_name = "TIME", value_parser = Span::parse)]
    time: Option<Span>,
    /// Only the part of one of several machines: 1/8 to 8/8; auto or auto/8 for what the variables of a Kubernetes
    /// indexed job, a SLURM array or a CI matrix say
    #[arg(long, value_name = "I/N", conflicts_with = "seed")]
    shard: Option<Choice>,
    /// Runs at the same time; without it as many as there are processors
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// Plant this bug; may be given several times
    #[arg(long = "quirk", value_name = "NAME", value_parser = parse_quirk)]
    quirks: Vec<String>,
    /// What the scenarios are for: short, sweep (12 clients, 5 minutes), race (steps of 1 ms), soak (a day) or storm (a thousand clients)
    #[arg(long, value_name = "NAME", default_value = "short", value_parser = Profile::parse)]
    profile: Profile,
    /// A fault that never bit and a place that was never reached are failures
    #[arg(long)]
    all_bite: bool,
    /// Keep what is done in this file, and go on with it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Write the report to this file, for `sim merge` and other tools
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Begin no run after so many failures
    #[arg(long, value_name = "N", default_value_t = 10)]
    failures: usize,
    /// Where scenarios that failed are kept
    #[arg(long, value_name = "DIR", default_value = KEEP)]
    keep: PathBuf,
    /// Do not shrink what failed
    #[arg(long)]
    no_shrink: bool,
    /// The most runs that shrinking one failure may take
    #[arg(long, value_name = "N", default_value_t = 300)]
    shrink_runs: u64,
}

pub(crate) fn parse_quirk(text: &str) -> Result<String, String> {
    let names = || Quirk::ALL.iter().map(|q| q.as_str()).collect::<Vec<_>>().join(", ");
    Quirk::parse(text).map(|q| q.as_str().to_owned()).ok_or_else(|| format!("no quirk `{text}`; there are {}", names()))
}

/// How many runs at the same time: as told, or as many as there are processors.
pub(crate) fn jobs(told: Option<u64>) -> usize {
    match told {
        Some(jobs) => usize::try_from(jobs).unwrap_or(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Runs the seeds. Evidence goes to stdout; progress and failures to stderr.
///
/// # Errors
/// A file that cannot be read or written, or that is of another hunt; a shard that there is not.
pub fn run(args: &Args) -> Outcome {
    let args = match &args.other {
        Some(Other::Merge(args)) => return merge::run(args),
        None => &args.hunt,
    };
    let (first, end) = match (args.seed, &args.seeds, args.from) {
        (Some(seed), ..) => (seed, Some(seed.checked_add(1).ok_or_else(|| Failure::usage("the seed is too large"))?)),
        (_, Some(seeds), _) => (seeds.start, Some(seeds.end)),
        (.., from) => (from.unwrap_or_default(), None),
    };
    let shard = args.shard.map(|choice| choice.shard(|name| std::env::var(name).ok())).transpose();
    let asked = Asked { first, end, shard: shard.map_err(Failure::usage)? };
    let of = Of::this_build(args.profile.as_str(), &args.quirks);
    let make = |seed| run::scenario_of(args.profile, seed, &args.quirks);
    let keeper = Keeper::open(args.state.as_deref(), of, &asked.to_string())?;
    let until = Until { time: args.time.map(|t| t.0), failures: args.failures };
    let (report, end) = hunt_on(asked, jobs(args.jobs), until, &make, keeper)?;
    if let Some(path) = &args.report {
        state::write(path, &report)?;
    }
    print(&report)?;
    let jobs = jobs(args.jobs);
    let budget = if args.no_shrink || end == End::Stopped { 0 } else { args.shrink_runs };
    let shrinking = Shrinking { jobs, runs_max: budget };
    tell(&report, &args.keep, make, shrinking)?;
    Ok(match end {
        _ if !report.failed.is_empty() => Exit::Found,
        End::Stopped => Exit::Incomplete,
        _ if args.all_bite && never(&report) => Exit::Found,
        _ => Exit::Ok,
    })
}

/// Says which faults never bit and which places were never reached; whether there are any.
fn never(report: &Report) -> bool {
    let alone = report.of.profile == Profile::Short.as_str();
    let faults = FAULTS.iter().copied().filter(|name| !(alone && OF_TWO_CARRIAGES.contains(name)));
    let all = faults.chain(Place::ALL.iter().map(|p| p.name()));
    let missing: Vec<_> = all.filter(|name| report.evidence.get(*name).is_none_or(|n| n.total == 0)).collect();
    missing.iter().for_each(|name| talk!("never: {name}"));
    !missing.is_empty()
}

/// Runs the seeds and says what came of them.
///
/// # Errors
/// A scenario that failed could not be written.
pub(crate) fn hunt(seeds: Range<u64>, told: Option<u64>, quirks: &[String], keep: &Path) -> Outcome {
    let asked = Asked { first: seeds.start, end: Some(seeds.end), shard: None };
    let keeper = Keeper::open(None, Of::this_build(Profile::Short.as_str(), quirks), &asked.to_string())?;
    let jobs = jobs(told);
    let make = |seed| run::with_quirks(seed, quirks);
    let (report, _) = hunt_on(asked, jobs, Until { time: None, failures: 10 }, &make, keeper)?;
    print(&report)?;
    tell(&report, keep, make, Shrinking { jobs, runs_max: 0 })?;
    Ok(if report.failed.is_empty() { Exit::Ok } else { Exit::Found })
}

/// Hunts with a progress bar, goes on with what is kept, and keeps it.
fn hunt_on(
    asked: Asked,
    jobs: usize,
    until: Until,
    make: &(dyn Fn(u64) -> Scenario + Sync),
    mut keeper: Keeper,
) -> Result<(Report, End), Failure> {
    let seeds = asked.seeds().map_err(Failure::usage)?;
    let mut report = keeper.take();
    let bar = bar(asked, &seeds);
    bar.set_position(report.done.len());
    bar.reset_eta();
    if !report.done.is_empty() {
        bar.suspend(|| talk!("goes on after {} runs", report.done.len()));
    }
    let (stop, clock) = (stop_flag()?, Clock::system());
    let (keeper, said) = (Mutex::new(keeper), Mutex::new(clock.now()));
    let hunter = Hunter {
        jobs,
        until,
        make,
        stop: &|| stop() || locked(&keeper).is_broken(),
        each: &|outcome, report| {
            let failed = !outcome.violations.is_empty();
            if failed {
                bar.set_message(format!("seed {} FAILED", outcome.seed));
            }
            bar.inc(1);
            locked(&keeper).keep(report, clock.now(), failed);
            let mut said = locked(&said);
            if bar.is_hidden() && clock.now() - *said >= SAY_EVERY {
                *said = clock.now();
                let (runs, failed, s) = (report.done.len(), report.failed.len(), report.took_ms / 1000);
                talk!("{runs} runs, {failed} failed, after {}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
            }
        },
        clock: clock.clone(),
    };
    let end = hunter.hunt(seeds, &mut report);
    bar.finish_and_clear();
    let keeper = keeper.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    keeper.finish(&report)?;
    Ok((report, end))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn bar(asked: Asked, seeds: &Range<u64>) -> ProgressBar {
    let (len, template) = match asked.end {
        Some(_) => (Some(seeds.end - seeds.start), "{bar:30} {pos}/{len} seeds, {per_sec}, {eta} left {msg}"),
        None => (None, "{spinner} {pos} seeds, {per_sec}, {elapsed} {msg}"),
    };
    let bar = ProgressBar::with_draw_target(len, ProgressDrawTarget::stderr());
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
