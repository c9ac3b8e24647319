//! All benches: `cargo bench`, or some: `cargo bench -- count write/`. See `README.md` here.
//!
//! Each part gives rows of figures; they are printed as a table, written as JSON with `--json FILE`, and two such files
//! are compared with `--compare OLD NEW`.

use std::env;
use std::process::ExitCode;

use report::{Failure, Report};

mod codec;
mod count;
mod load;
mod node;
mod ops;
mod pins;
mod report;
mod scale;

/// A part: its name, what it says, and what measures it for the operations or loads that the words name.
type Part = (&'static str, &'static str, fn(&Order, &mut Report) -> Result<(), Failure>);

const PARTS: [Part; 8] = [
    ("count", "instructions of each operation, under callgrind, beside what is pinned", count::run),
    ("codec", "wall time of the same operations, and of node-kakao's", codec::run),
    ("ping", "packets a second and latency of PING, beside an echo", load::ping::run),
    ("write", "WRITEs a second and latency, with fan-out, and how writers share commits", load::write::run),
    ("fair", "latency beside a connection that sends without end", load::fair::run),
    ("handshakes", "handshakes a second, and latency of PING while they come", load::handshakes::run),
    ("scale", "simulated seconds for one of CPU, by hosts, clients and engine", scale::run),
    ("idle", "memory and CPU of 10,000 connections at rest", load::idle::run),
];

/// What is asked for.
#[derive(Default)]
pub struct Order {
    /// Parts of names: only what has one of them; all where there is none.
    pub filters: Vec<String>,
    /// Pins what is counted, instead of comparing.
    pub update: bool,
}

impl Order {
    /// Whether `name` is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|f| name.contains(f.as_str()))
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|a| *a != "--bench").collect();
    let done = match words.as_slice() {
        ["--run", name, rounds] => count::rounds(name, rounds).map(|()| true),
        ["--echo"] => load::echo::run().map(|()| true),
        ["--compare", old, new] => report::compare(old, new),
        ["--help" | "-h", ..] => {
            help();
            Ok(true)
        }
        // `cargo test --benches` starts it so: that everything works is enough then.
        _ if words.len() == args.len() => {
            ops::OPS.iter().for_each(|op| op.start()());
            Ok(true)
        }
        words => measure(words),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(3)
        }
    }
}

fn help() {
    println!("cargo bench -- [PART…] [NAME…] [--json FILE] [--update]\ncargo bench -- --compare OLD.json NEW.json\n");
    for (name, what, _) in PARTS {
        println!("  {name:<12}{what}");
    }
    println!("\nA NAME is a part of the names that are measured. --update pins the instructions that are counted.");
}

/// Whether no goal was missed and nothing pinned has moved.
fn measure(words: &[&str]) -> Result<bool, Failure> {
    let (mut order, mut json, mut parts) = (Order::default(), None, Vec::new());
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--json" => json = Some(*words.next().ok_or("--json needs a file")?),
            "--update" => order.update = true,
            word if word.starts_with('-') => return Err(format!("{word}: no such option; there is --help").into()),
            word => match PARTS.iter().find(|(name, ..)| *name == word) {
                Some(part) => parts.push(part),
                None => order.filters.push(word.to_owned()),
            },
        }
    }
    if parts.is_empty() {
        parts = PARTS.iter().collect();
    }
    let mut report = Report::default();
    for (name, what, run) in parts {
        println!("\n{name}: {what}");
        report.part(name);
        run(&order, &mut report)?;
    }
    if let Some(path) = json {
        report.write(path)?;
    }
    Ok(report.is_good())
}
