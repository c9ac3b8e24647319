//! `locospec shrink`: from a scenario that fails to the smallest one that fails in the same way.

use std::path::{Path, PathBuf};

use super::sim::{KEEP, jobs, parameters, parse_quirk, seed_file};
use super::{Exit, Failure, Outcome, files, print, talk};
use crate::sim::generate::profile::Profile;
use crate::sim::run::scenario_of;
use crate::sim::scenario::Scenario;
use crate::sim::shrink::{Budget, Shrunk, Size, page, shrink};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A scenario file, or a seed
    #[arg(value_name = "FILE|SEED")]
    what: PathBuf,
    /// Plant this bug in the scenario of a seed; may be given several times
    #[arg(long = "quirk", value_name = "NAME", value_parser = parse_quirk)]
    quirks: Vec<String>,
    /// What the scenario of a seed is for: short, sweep, race, soak or storm
    #[arg(long, value_name = "NAME", default_value = "short", value_parser = Profile::parse)]
    profile: Profile,
    /// The most runs that it may take
    #[arg(long, value_name = "N", default_value_t = 2000)]
    runs: u64,
    /// Runs at the same time; the result does not depend on it
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// Where to write it; without this seed-N.min.yaml in the folder of failures
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Shrinks it. Each step goes to stderr, the scenario to a file and to stdout.
///
/// # Errors
/// A file that cannot be read or written, or is no scenario.
pub fn run(args: &Args) -> Outcome {
    let scenario = scenario(args)?;
    let path = args.out.clone().unwrap_or_else(|| seed_file(Path::new(KEEP), scenario.seed, ".min.yaml"));
    talk!("seed {}: {}", scenario.seed, parameters(&scenario));
    let budget = Budget { jobs: jobs(args.jobs), runs_max: args.runs };
    let Some((_, text)) = shrink_to(&scenario, budget, &path)? else {
        talk!("it does not fail: every invariant holds");
        return Ok(Exit::Ok);
    };
    print(&text)?;
    talk!("\nkept: {}", path.display());
    talk!("for ever: {}", keep_command(&path));
    talk!("replay: locospec replay {}", path.display());
    Ok(Exit::Found)
}

fn scenario(args: &Args) -> Result<Scenario, Failure> {
    match args.what.to_str().and_then(|s| s.parse().ok()) {
        Some(seed) if !args.what.exists() => Ok(scenario_of(args.profile, seed, &args.quirks)),
        _ if !args.quirks.is_empty() => Err(Failure::usage("a file says by itself which bugs are planted")),
        _ => Scenario::read(&args.what).map_err(Failure::usage),
    }
}

/// Shrinks a scenario into the file at `path`; gives back its text too, or `None` when it does not fail.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn shrink_to(scenario: &Scenario, budget: Budget, path: &Path) -> Result<Option<(Shrunk, String)>, Failure> {
    talk!("shrink: {:>6} {}", "", Size::of(scenario));
    let Some(shrunk) = shrink(scenario, budget, &|step| talk!("shrink: {step}")) else { return Ok(None) };
    let text = page::page(&shrunk, path).map_err(|e| Failure(Exit::Internal, e))?;
    if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        files::make_dir(dir)?;
    }
    files::write(path, &text)?;
    Ok(Some((shrunk, text)))
}

/// How a shrunk scenario becomes a test.
pub(crate) fn keep_command(path: &Path) -> String {
    format!("cp {} sims/regressions/", path.display())
}
