//! `locospec soak`: a long time of many clients, by the engine that is made for it.

use std::time::Duration;

use super::serve::parse_quirk;
use super::{Exit, Failure, Outcome, print};
use crate::capacity::process;
use crate::proto::quirk::{Quirk, Quirks};
use crate::sim::direct::{self, Plan};
use crate::spec::format::Span;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Everything follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Clients, in rooms of ten
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    clients: u32,
    /// How long it goes on in their world
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = parse_lasts)]
    lasts: Duration,
    /// Between two heartbeats
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_heartbeat)]
    heartbeat: Duration,
    /// Messages of all clients together
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    messages: u64,
    /// How often the power of the server fails
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(..=10_000))]
    power_cuts: u64,
    /// How often one connection in ten is cut
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(..=100_000))]
    cuts: u64,
    /// Plant this bug; may be given several times
    #[arg(long = "quirk", value_name = "NAME", value_parser = parse_quirk)]
    quirks: Vec<Quirk>,
}

fn parse_span(text: &str, low: Duration, high: Duration) -> Result<Duration, String> {
    let span = Span::parse(text)?.0;
    if (low..=high).contains(&span) { Ok(span) } else { Err(format!("not from {low:?} to {high:?}")) }
}

fn parse_lasts(text: &str) -> Result<Duration, String> {
    parse_span(text, Duration::from_secs(600), Duration::from_secs(366 * 86_400))
}

fn parse_heartbeat(text: &str) -> Result<Duration, String> {
    parse_span(text, Duration::from_secs(1), Duration::from_secs(86_400))
}

/// Runs one soak. `Found` when something did not hold.
///
/// # Errors
/// The store or the runtime cannot be made.
pub fn run(args: &Args) -> Outcome {
    let plan = Plan {
        seed: args.seed,
        clients: usize::try_from(args.clients).unwrap_or(usize::MAX),
        heartbeat: args.heartbeat,
        lasts: args.lasts,
        messages: args.messages,
        power_cuts: args.power_cuts,
        cuts: args.cuts,
        quirks: args.quirks.iter().fold(Quirks::NONE, |all, q| all.with(*q)),
    };
    let cpu = || process::cpu(std::process::id()).ok();
    let began = cpu();
    let outcome = direct::run(&plan).map_err(Failure::incomplete)?;
    let took = match (began, cpu()) {
        (Some(began), Some(now)) => format!("{:.1} s of CPU", (now - began).as_secs_f64()),
        _ => "CPU not measured: this system has no /proc".to_owned(),
    };
    print(format_args!(
        "seed {}: {} clients, {:.1} h simulated, {took}\n\
         {} reads of the server, {} logins, {} of {} messages acknowledged, {} connections cut, {} events\n\
         trace {}\n",
        plan.seed,
        plan.clients,
        outcome.simulated.as_secs_f64() / 3600.0,
        outcome.reads,
        outcome.logins,
        outcome.acknowledged,
        plan.messages,
        outcome.cut,
        outcome.events,
        outcome.trace_hash,
    ))?;
    for violation in &outcome.violations {
        print(format_args!("{violation}\n"))?;
    }
    if outcome.violations.is_empty() {
        return print("clean\n").map(|()| Exit::Ok);
    }
    let mut again =
        format!("locospec soak --seed {} --clients {} --for {}s", plan.seed, plan.clients, plan.lasts.as_secs());
    again.push_str(&format!(" --heartbeat {}s --messages {}", plan.heartbeat.as_secs(), plan.messages));
    again.push_str(&format!(" --power-cuts {} --cuts {}", plan.power_cuts, plan.cuts));
    args.quirks.iter().for_each(|q| again.push_str(&format!(" --quirk {}", q.as_str())));
    print(format_args!("FAILED; again: {again}\n"))?;
    Ok(Exit::Found)
}
