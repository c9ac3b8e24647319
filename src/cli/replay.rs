//! `locospec replay`: runs one scenario again, from a file or a seed, and shows what happened: as a timeline on the
//! terminal, as a page for a browser, as a capture for Wireshark.

mod compare;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::check::read_spec;
use super::files::write;
use super::sim::parameters;
use super::{Exit, Failure, Outcome, talk};
use crate::sim::generate::generate;
use crate::sim::run::{self, Outcome as Run};
use crate::sim::scenario::Scenario;
use crate::sim::view::data::{Budget, Data};
use crate::sim::view::story::Story;
use crate::sim::view::timeline::{self, Filter};
use crate::sim::view::{capture, page};
use crate::spec::catalogue::Catalogue;
use crate::spec::format::Span;

/// Events shown before what did not hold.
const AROUND: usize = 40;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A scenario file, or a seed
    #[arg(value_name = "FILE|SEED")]
    what: PathBuf,
    /// Show every event as it is recorded, the bytes of streams too; without it a timeline
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
    /// Write a page to look at the run in a browser: one file, which opens at what did not hold
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// How many MiB of packets the page takes; beyond it those far from what did not hold are left out
    #[arg(long, value_name = "MIB", default_value = "12", value_parser = clap::value_parser!(u64).range(0..=1024))]
    html_bytes: u64,
    /// Write a capture for Wireshark: every connection as it went over the wire, and unsealed on a second interface
    #[arg(long, value_name = "FILE")]
    pcapng: Option<PathBuf>,
    #[command(flatten)]
    timeline: Timeline,
}

/// What of the timeline to show.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Timeline")]
struct Timeline {
    /// Only this client, server or host, such as u1/main, server or phones-1; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Only packets of this method; may be given several times
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,
    /// Only what is about this room
    #[arg(long, value_name = "ID")]
    room: Option<i64>,
    /// Not before this time, such as 90s or 98500ms
    #[arg(long, value_name = "TIME", value_parser = span)]
    from: Option<Duration>,
    /// Not after this time
    #[arg(long, value_name = "TIME", value_parser = span)]
    to: Option<Duration>,
    /// So many events before what did not hold first, those that it speaks of, and a few behind; a run that failed is
    /// shown like this with 40 events, unless something else is asked for
    #[arg(long, value_name = "EVENTS", conflicts_with = "all")]
    around: Option<usize>,
    /// The whole run, though it failed
    #[arg(long)]
    all: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    Span::parse(text).map(|s| s.0)
}

/// Runs it. The timeline goes to stdout; `Found` when something did not hold.
///
/// # Errors
/// A file that cannot be read or is no scenario, or one that cannot be written.
pub fn run(args: &Args) -> Outcome {
    let scenario = scenario(&args.what)?;
    if let Some(path) = &args.write {
        let text = scenario.to_yaml().map_err(Failure::incomplete)?;
        std::fs::write(path, text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    }
    if let Some(compared) = args.with.compare(&scenario) {
        return compared;
    }
    let outcome =
        if args.hash || args.trace && !args.writes() { run::run(&scenario) } else { run::run_recorded(&scenario) };
    let story = Story::of(&scenario, &outcome);
    look(args, &story)?;
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    let said = if args.hash {
        writeln!(out, "{}", outcome.trace_hash)
    } else {
        let lines = args.lines(&story)?;
        tell(&mut out, &scenario, &outcome, &lines)
    };
    match said.and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => return Err(Failure::incomplete(e)),
        _ => {}
    }
    Ok(if outcome.violations.is_empty() { Exit::Ok } else { Exit::Found })
}

impl Args {
    /// Whether somebody wants to see the bytes.
    const fn writes(&self) -> bool {
        self.html.is_some() || self.pcapng.is_some()
    }

    /// What is shown of the run.
    fn lines(&self, story: &Story<'_>) -> Result<Vec<String>, Failure> {
        if self.trace {
            return Ok(story.events().iter().map(ToString::to_string).collect());
        }
        let t = &self.timeline;
        let filter = Filter { only: t.only.clone(), methods: t.method.clone(), room: t.room, from: t.from, to: t.to };
        let unknown = timeline::unknown(story, &filter);
        if !unknown.is_empty() {
            let lanes: Vec<&str> = story.lanes.iter().map(|l| &*l.name).collect();
            let what = format!(
                "there is no {} in this run; there are {}, and the methods of its packets",
                unknown.join(", "),
                lanes.join(", ")
            );
            return Err(Failure::usage(what));
        }
        Ok(match t.around {
            Some(events) => timeline::around(story, &filter, events),
            None if !t.all && filter.is_empty() => timeline::around(story, &filter, AROUND),
            None => timeline::lines(story, &filter),
        })
    }
}

/// Writes the files to look at.
fn look(args: &Args, story: &Story<'_>) -> Result<(), Failure> {
    let (scenario, outcome) = (story.scenario, story.outcome);
    if let Some(path) = &args.html {
        let replay = format!("locospec replay {}", args.what.display());
        let parameters = parameters(scenario);
        let budget = Budget(usize::try_from(args.html_bytes << 20).unwrap_or(usize::MAX));
        let corpus = read_spec(None);
        let data = Data::of(story, &replay, &parameters, budget);
        let data = match &corpus {
            Ok(corpus) => data.explained(&Catalogue::new(corpus)),
            Err(Failure(_, why)) => {
                talk!("the page does not say what fields mean, for the spec cannot be read: {why}");
                data
            }
        };
        let title = format!("seed {}: {}", scenario.seed, if outcome.violations.is_empty() { "ok" } else { "FAILED" });
        write(path, &page::html(&data, &title).map_err(Failure::incomplete)?)?;
    }
    if let Some(path) = &args.pcapng {
        let wrong = |e| Failure::usage(format!("{}: {e}", path.display()));
        std::fs::write(path, capture::pcapng(story)).map_err(wrong)?;
    }
    Ok(())
}

fn scenario(what: &Path) -> Result<Scenario, Failure> {
    match what.to_str().and_then(|s| s.parse().ok()) {
        Some(seed) if !what.exists() => Ok(generate(seed)),
        _ => Scenario::read(what).map_err(Failure::usage),
    }
}

fn tell(out: &mut impl Write, scenario: &Scenario, outcome: &Run, lines: &[String]) -> io::Result<()> {
    writeln!(out, "seed {}: {}", scenario.seed, parameters(scenario))?;
    for line in lines {
        writeln!(out, "{line}")?;
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
