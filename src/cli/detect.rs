//! `locospec detect`: plants the bugs of `spec/quirks.yaml` one after the other, and says how fast each is found.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::check::read_spec;
use super::{Exit, Failure, Outcome, print};
use crate::sim::detect::{Hunted, Row, detect, table};
use crate::spec::format::catalogue::{Finder, Quirk};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these bugs; without any, all that the simulator is to find
    #[arg(value_name = "QUIRK")]
    only: Vec<String>,
    /// So many seeds for each, instead of the number that is stated for it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    within: Option<u64>,
    /// A bug that was found in so many runs is hunted no longer
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    enough: u64,
    /// Runs at the same time; without it as many as there are processors
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// Write the rows as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The folder of the spec
    #[arg(long, value_name = "DIR")]
    spec: Option<PathBuf>,
}

/// Hunts. The table goes to stdout; `Found` when a bug was not found within its number of seeds.
///
/// # Errors
/// A name that is no bug, or a spec or file that cannot be used.
pub fn run(args: &Args) -> Outcome {
    let wanted = wanted(args)?;
    let jobs = match args.jobs {
        Some(jobs) => usize::try_from(jobs).unwrap_or(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let bar = ProgressBar::with_draw_target(Some(wanted.len() as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} bugs, {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut rows: Vec<Row> = Vec::new();
    for hunted in wanted {
        bar.set_message(hunted.quirk.clone());
        rows.push(detect(&hunted, args.enough, jobs, |_| ()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    print(table(&rows))?;
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&rows).map_err(Failure::incomplete)?;
        std::fs::write(path, text + "\n").map_err(|e| Failure::incomplete(format!("{}: {e}", path.display())))?;
    }
    let named = |which: fn(&Row) -> bool| rows.iter().filter(|r| which(r)).map(|r| &*r.quirk).collect::<Vec<_>>();
    let (missed, strange) = (named(|r| r.found == 0), named(|r| !r.besides.is_empty()));
    let mut wrong = Vec::new();
    if !strange.is_empty() {
        wrong.push(format!("found by an invariant that spec/quirks.yaml does not state: {}", strange.join(", ")));
    }
    if !missed.is_empty() {
        wrong.push(format!("not found within the stated number of seeds: {}", missed.join(", ")));
    }
    if wrong.is_empty() { Ok(Exit::Ok) } else { Err(Failure::found(wrong.join("; "))) }
}

/// The bugs to hunt, each with its number of seeds.
fn wanted(args: &Args) -> Result<Vec<Hunted>, Failure> {
    let corpus = read_spec(args.spec.as_deref())?;
    let all: Vec<_> = corpus.quirks.iter().flat_map(|f| &f.value.quirks).collect();
    if let Some(name) = args.only.iter().find(|name| !all.iter().any(|q| q.id == **name)) {
        let names: Vec<&str> = all.iter().map(|q| &*q.id).collect();
        return Err(Failure::usage(format!("no quirk `{name}`; there are {}", names.join(", "))));
    }
    let for_us = |q: &&Quirk| q.within.is_some() || q.found_by == Finder::Simulation;
    let chosen = all.into_iter().filter(|q| if args.only.is_empty() { for_us(q) } else { args.only.contains(&q.id) });
    Ok(chosen.map(Hunted::from).map(|h| Hunted { within: args.within.unwrap_or(h.within), ..h }).collect())
}
