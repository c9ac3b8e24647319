//! Whether another build, or another day, had the same trace: the first event that differs, with its neighbours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::{Exit, Failure, Outcome, print};
use crate::sim::run::run;
use crate::sim::scenario::Scenario;
use crate::sim::trace::first_difference;

/// What a run is compared with.
#[derive(Debug, clap::Args)]
pub(super) struct With {
    /// Compare with a trace that `replay --trace` has written to this file
    #[arg(long, value_name = "TRACE", conflicts_with_all = ["trace", "hash", "compare"])]
    against: Option<PathBuf>,
    /// Compare with what another build of locospec does
    #[arg(long, value_name = "BINARY", conflicts_with_all = ["trace", "hash"])]
    compare: Option<PathBuf>,
}

impl With {
    /// Compares, if it is asked for: `Found` when the traces differ.
    ///
    /// # Errors
    /// The other trace cannot be had.
    pub(super) fn compare(&self, scenario: &Scenario) -> Option<Outcome> {
        let (name, text) = match (&self.against, &self.compare) {
            (Some(file), _) => {
                (file, fs::read_to_string(file).map_err(|e| Failure::usage(format!("{}: {e}", file.display()))))
            }
            (None, Some(binary)) => (binary, told_by(binary, scenario)),
            (None, None) => return None,
        };
        Some(text.and_then(|text| tell(scenario, name, &text)))
    }
}

fn tell(scenario: &Scenario, name: &Path, text: &str) -> Outcome {
    let theirs = events_in(text);
    if theirs.is_empty() {
        let name = name.display();
        return Err(Failure::usage(format!("{name}: it has no events: `locospec replay … --trace` writes them")));
    }
    let events: Vec<String> = run(scenario).trace.events.iter().map(ToString::to_string).collect();
    let mine = events_in(&events.join("\n"));
    match first_difference(&mine, &theirs) {
        None => {
            print(format_args!("the same {} events\n", mine.len()))?;
            Ok(Exit::Ok)
        }
        Some(difference) => {
            print(format_args!("left is this build, right is {}; {difference}\n", name.display()))?;
            Ok(Exit::Found)
        }
    }
}

/// The lines of events in what `replay --trace` says, without what it says before and after them.
fn events_in(text: &str) -> Vec<String> {
    let mut events = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let is_next = words.next() == Some(&*events.len().to_string());
        if is_next && words.next().is_some_and(|time| time.parse::<f64>().is_ok() && time.contains('.')) {
            events.push(line.to_owned());
        }
    }
    events
}

/// What another build says about the same scenario: from a file, for its generator may be another one.
fn told_by(binary: &Path, scenario: &Scenario) -> Result<String, Failure> {
    let file = std::env::temp_dir().join(format!("locospec-{}-{}.yaml", std::process::id(), scenario.seed));
    fs::write(&file, scenario.to_yaml().map_err(Failure::incomplete)?)
        .map_err(|e| Failure::incomplete(format!("{}: {e}", file.display())))?;
    let told = Command::new(binary).arg("replay").arg(&file).arg("--trace").output();
    let _ = fs::remove_file(&file);
    let told = told.map_err(|e| Failure::usage(format!("{}: {e}", binary.display())))?;
    match told.status.code() {
        Some(0 | 1) => Ok(String::from_utf8_lossy(&told.stdout).into_owned()),
        _ => {
            Err(Failure::incomplete(format!("{}: {}", binary.display(), String::from_utf8_lossy(&told.stderr).trim())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_among_everything_else() {
        let text = "seed 7: era 2025, 3 clients\n     0    0.000000 server  starts\n     1    0.020000 u1/main c2 <- PING\n\
                    second line of it\n     2    1.5 world       VIOLATION 3 4.0\n  fault/storm   1\ntrace abc (3 events)\n";
        let found = events_in(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.last().is_some_and(|l| l.contains("VIOLATION")));
    }
}
