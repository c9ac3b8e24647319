//! `locospec claims`: LOCO beside WebSocket and HTTP, measured.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Exit, Failure, Outcome, print, runtime, talk};
use crate::claims::certs::Trust;
use crate::claims::everything::{Wish, simulate};
use crate::claims::loopback::{Amount, CROWDS, Kind, crowd, pairs, serve_here};
use crate::claims::report::{FORMAT, Report};
use crate::claims::transport::{Habits, Transport};
use crate::claims::{page, table};

/// Messages of a conversation.
const MESSAGES: usize = 400;
const MESSAGES_QUICK: usize = 40;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Less of everything: short conversations, a small crowd, the usual intervals only
    #[arg(long)]
    quick: bool,
    /// Only what is simulated: it comes out the same each time
    #[arg(long, conflicts_with = "loopback")]
    simulated: bool,
    /// Only what is measured on this machine
    #[arg(long)]
    loopback: bool,
    /// Only these transports
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Transport::parse)]
    transports: Vec<Transport>,
    /// Where the simulated part follows from
    #[arg(long, value_name = "N", default_value_t = 2011)]
    seed: u64,
    /// Messages of a conversation; 400 without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=9_999))]
    messages: Option<u64>,
    /// Seconds between two polls
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    poll: u64,
    /// Seconds between two heartbeats
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    heartbeat: u64,
    /// The crowd on this machine; 10000 without it, 0 for none
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=100_000))]
    connections: Option<u64>,
    /// Runs at the same time; without it as many as there are processors
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// Take the figures of an earlier run instead of measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "simulated", "loopback"])]
    from: Option<PathBuf>,
    /// Write the figures as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write one page with plots, without a network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write README.md, claims.json, claims.html and the plots as SVG into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Be a server for another process
    #[arg(long, hide = true, value_parser = Kind::parse)]
    serve: Option<Kind>,
}

/// Measures. The tables go to stdout.
///
/// # Errors
/// A run that failed, a file that cannot be read or written.
pub fn run(args: &Args) -> Outcome {
    if let Some(kind) = args.serve {
        let crowd = usize::try_from(args.connections.unwrap_or_default()).unwrap_or_default();
        let said = |line: &str| {
            let _ = print(format_args!("{line}\n"));
        };
        runtime()?.block_on(serve_here(kind, crowd, said)).map_err(Failure::incomplete)?;
        return Ok(Exit::Ok);
    }
    let report = match &args.from {
        Some(path) => read(path)?,
        None => measure(args)?,
    };
    print(table::text(&report))?;
    if let Some(path) = &args.json {
        write(path, &json(&report)?)?;
    }
    if let Some(path) = &args.html {
        write(path, &page::html(&report))?;
    }
    if let Some(dir) = &args.out {
        std::fs::create_dir_all(dir).map_err(|e| Failure::usage(format!("{}: {e}", dir.display())))?;
        write(&dir.join("claims.json"), &json(&report)?)?;
        for (name, text) in page::files(&report) {
            write(&dir.join(name), &text)?;
        }
    }
    Ok(Exit::Ok)
}

fn json(report: &Report) -> Result<String, Failure> {
    serde_json::to_string(report).map(|text| text + "\n").map_err(Failure::incomplete)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|e| Failure::incomplete(format!("{}: {e}", path.display())))
}

fn read(path: &Path) -> Result<Report, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let report: Report = serde_json::from_str(&text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    if report.format != FORMAT {
        return Err(Failure::usage(format!("{}: format {}, wanted {FORMAT}", path.display(), report.format)));
    }
    Ok(report)
}

/// The arguments that change figures, as one would type them.
fn command(args: &Args, messages: usize, connections: usize) -> String {
    let mut words = format!(
        "locospec claims --seed {} --messages {messages} --poll {} --heartbeat {} --connections {connections}",
        args.seed, args.poll, args.heartbeat
    );
    for (word, on) in [("--quick", args.quick), ("--simulated", args.simulated), ("--loopback", args.loopback)] {
        if on {
            words.push(' ');
            words.push_str(word);
        }
    }
    if !args.transports.is_empty() {
        let names: Vec<&str> = args.transports.iter().map(|t| t.id()).collect();
        words.push_str(&format!(" --transports {}", names.join(",")));
    }
    words
}

fn measure(args: &Args) -> Result<Report, Failure> {
    let size = |asked: Option<u64>, usual| asked.and_then(|n| usize::try_from(n).ok()).unwrap_or(usual);
    let messages = size(args.messages, if args.quick { MESSAGES_QUICK } else { MESSAGES });
    let connections = size(args.connections, if args.quick { 200 } else { 10_000 });
    let transports = if args.transports.is_empty() { Transport::ALL.to_vec() } else { args.transports.clone() };
    let jobs = size(args.jobs, std::thread::available_parallelism().map_or(1, usize::from));
    let habits = Habits {
        heartbeat: Duration::from_secs(args.heartbeat),
        poll: Duration::from_secs(args.poll),
        ..Habits::USUAL
    };
    let mut report = Report {
        format: FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command(args, messages, connections),
        seed: args.seed,
        messages,
        chain_len: Trust::fixed().map_err(Failure::incomplete)?.chain_len(),
        poll_s: args.poll,
        heartbeat_s: args.heartbeat,
        simulated: Vec::new(),
        intervals: Default::default(),
        loopback: Vec::new(),
        crowds: Vec::new(),
    };
    if !args.loopback {
        let wish = Wish { seed: args.seed, messages, transports: transports.clone(), habits, quick: args.quick, jobs };
        let bar = bar("simulated runs");
        let found = simulate(&wish, |done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        (report.simulated, report.intervals) = found.map_err(Failure::incomplete)?;
    }
    if !args.simulated {
        let amount = match args.quick {
            true => Amount { slices: 1, messages: 50, logins: 3 },
            false => Amount { slices: 5, messages: 400, logins: 20 },
        };
        talk!("pairs of devices on this machine");
        report.loopback = runtime()?.block_on(pairs(&transports, amount)).map_err(Failure::incomplete)?;
        for transport in CROWDS.into_iter().filter(|t| connections > 0 && transports.contains(t)) {
            talk!("{connections} connections on this machine: {}", transport.id());
            // A runtime of its own: what is left of a crowd ends with it.
            report.crowds.push(runtime()?.block_on(crowd(transport, connections)));
        }
    }
    Ok(report)
}

fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
