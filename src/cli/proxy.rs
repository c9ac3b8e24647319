//! `locospec proxy`: the simulator's byte faults in front of any implementation, on real sockets, from a seed.

use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Exit, Failure, Outcome, files, runtime};
use crate::net::clock::system_entropy;
use crate::proto::secure::KeyRing;
use crate::sim::proxy::schedule::{Family, Schedule};
use crate::sim::proxy::{Done, Plan, What, run as serve};
use crate::spec::format::Span;

/// The word that stands for the keys that everybody has.
const TEST_KEYS: &str = "test";

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What is done to the first, second, third … connection, and when; drawn if it is not given
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Where clients connect; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where the server is
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "plan")]
    pub to: Option<String>,
    /// Only these kinds of fault; without it each connection has each kind, or has it not, as the seed says
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_family)]
    pub only: Vec<Family>,
    /// For how long each connection is troubled, as 30s or 5m; then it is healed
    #[arg(long = "for", value_name = "SPAN", value_parser = Span::parse)]
    pub trouble_for: Option<Span>,
    /// The server's private keys, a folder as `keygen` writes it, or `test` for the keys that everybody has: with them
    /// heartbeats can be lost, late and doubled
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Print what the first N connections would meet in their first minute, and stop
    #[arg(long, value_name = "N")]
    pub plan: Option<u64>,
}

fn parse_family(name: &str) -> Result<Family, String> {
    Family::parse(name).ok_or_else(|| {
        let all: Vec<&str> = Family::ALL.iter().map(|f| f.as_str()).collect();
        format!("a kind of fault is one of {}", all.join(", "))
    })
}

/// Stands between clients and a server until it is interrupted.
///
/// # Errors
/// An address that cannot be used, or keys that are none.
pub fn run(args: &Args) -> Outcome {
    let seed = match args.seed {
        Some(seed) => seed,
        None => system_entropy().map_err(Failure::incomplete)?.u64() >> 32,
    };
    if let Some(connections) = args.plan {
        return plan(seed, connections, args);
    }
    let to = args.to.as_deref().unwrap_or_default();
    let wrong = |e: std::io::Error| Failure::usage(format!("{to}: {e}"));
    let addr =
        to.to_socket_addrs().map_err(wrong)?.next().ok_or_else(|| Failure::usage(format!("{to}: no address")))?;
    let keys = match &args.keys {
        None => None,
        Some(dir) if dir.as_os_str() == TEST_KEYS => Some(Arc::new(KeyRing::test())),
        Some(dir) => Some(Arc::new(files::key_ring(Some(dir))?)),
    };
    let plan = Plan { seed, to: addr, only: args.only.clone(), trouble_for: args.trouble_for.map(|s| s.0), keys };
    let json = args.json;
    runtime()?.block_on(async {
        let wrong = |e: std::io::Error| Failure::usage(format!("{}: {e}", args.listen));
        let listener = TcpListener::bind(args.listen).await.map_err(wrong)?;
        let at = listener.local_addr().map_err(wrong)?;
        let begins = format!("listening on {at}, to {addr}, seed {seed}");
        say(&if json {
            json!({"kind": "listening", "at": at.to_string(), "to": addr.to_string(), "seed": seed}).to_string()
        } else {
            begins
        });
        let tell = Arc::new(move |done: Done| say(&if json { object(&done).to_string() } else { line(&done) }));
        tokio::select! {
            biased;
            stopped = tokio::signal::ctrl_c() => stopped.map(|()| Exit::Ok).map_err(Failure::incomplete),
            ended = serve(listener, plan, tell) => ended.map(|()| Exit::Ok).map_err(Failure::incomplete),
        }
    })
}

/// Prints a line at once. Whoever has stopped reading does not stop the proxy.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn plan(seed: u64, connections: u64, args: &Args) -> Outcome {
    let over = args.trouble_for.map_or(Duration::from_secs(60), |s| s.0);
    for conn in 1..=connections {
        let schedule = Schedule::new(seed, conn, &args.only);
        let (families, at) = (schedule.families().to_vec(), Duration::ZERO);
        let mut all = vec![format!("{} connection {conn}: {}", stamp(at), names(&families))];
        all.extend(schedule.take_while(|(at, _)| *at < over).map(|(at, blow)| format!("{} c{conn} {blow}", stamp(at))));
        super::print(all.iter().map(|l| format!("{l}\n")).collect::<String>())?;
    }
    Ok(Exit::Ok)
}

fn names(families: &[Family]) -> String {
    let all: Vec<&str> = families.iter().map(|f| f.as_str()).collect();
    if all.is_empty() { "no faults".into() } else { all.join(" ") }
}

fn stamp(at: Duration) -> String {
    format!("{:>8.3}", at.as_secs_f64())
}

fn line(done: &Done) -> String {
    let what = match &done.what {
        What::Opened(from, families) => format!("opened from {from}: {}", names(families)),
        What::Ordered(blow) => format!("order: {blow}"),
        What::Bit(what) => format!("bit: {what}"),
        What::Healed => "healed".into(),
        What::Closed(why, counts) => {
            let bit: Vec<String> = counts.iter().map(|(what, n)| format!("{n} {what}")).collect();
            format!("closed: {why}; {}", bit.join(", "))
        }
    };
    format!("{} c{} {what}", stamp(done.at), done.conn)
}

fn object(done: &Done) -> Value {
    let (kind, text) = match &done.what {
        What::Opened(from, _) => ("opened", from.to_string()),
        What::Ordered(blow) => ("order", blow.to_string()),
        What::Bit(what) => ("bit", what.clone()),
        What::Healed => ("healed", String::new()),
        What::Closed(why, _) => ("closed", why.clone()),
    };
    let mut all = json!({"conn": done.conn, "at_ms": done.at.as_millis() as u64, "kind": kind, "text": text});
    match &done.what {
        What::Opened(_, families) => all["families"] = families.iter().map(|f| f.as_str()).collect(),
        What::Closed(_, counts) => all["bit"] = counts.iter().map(|(what, n)| ((*what).to_owned(), json!(n))).collect(),
        _ => (),
    }
    all
}
