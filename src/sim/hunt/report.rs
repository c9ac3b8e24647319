//! What came of many runs, in a form that can be kept, gone on with and merged: `locospec-sweep/1`.
//!
//! The file of a hunt that goes on and the report at its end are the same thing at different times.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seeds::Seeds;
use crate::sim::invariants::{Invariant, Violation};
use crate::sim::run::Outcome;
use crate::sim::version::written_by;

/// Which format a report is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The first.
    #[default]
    #[serde(rename = "locospec-sweep/1")]
    V1,
}

/// What decides what a seed stands for: runs of different kinds are never added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// The build: the versions of crate and lock file.
    pub written_by: String,
    /// The profile that scenarios are generated for.
    pub profile: String,
    /// Planted bugs.
    pub quirks: Vec<String>,
}

impl Of {
    /// Runs of this build.
    #[must_use]
    pub fn this_build(profile: &str, quirks: &[String]) -> Self {
        Self { written_by: written_by(), profile: profile.to_owned(), quirks: quirks.to_vec() }
    }

    /// How it differs from `other`, called so.
    fn difference(&self, name: &str, other: &Self, other_name: &str) -> Option<String> {
        let none_or = |q: &[String]| if q.is_empty() { "no quirk".to_owned() } else { q.join(", ") };
        let all = [
            ("is by", self.written_by.clone(), other.written_by.clone()),
            ("has profile", self.profile.clone(), other.profile.clone()),
            ("has", none_or(&self.quirks), none_or(&other.quirks)),
        ];
        let (verb, mine, theirs) = all.into_iter().find(|(_, mine, theirs)| mine != theirs)?;
        Some(format!("{name} {verb} {mine}, {other_name} {verb} {theirs}: their seeds stand for different runs"))
    }
}

/// A counter over many runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Over all runs.
    pub total: u64,
    /// Runs in which it was above zero.
    pub seeds: u64,
}

/// A run that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// What did not hold.
    pub violations: Vec<Said>,
    /// SHA-256 of its trace; empty when it did not come to its end.
    #[serde(default)]
    pub trace: String,
}

/// A violation as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The name of the invariant.
    pub invariant: String,
    /// When, in simulated milliseconds.
    pub at_ms: u64,
    /// What was seen.
    pub what: String,
    /// The place in the trace.
    pub event: usize,
}

impl From<&Violation> for Said {
    fn from(v: &Violation) -> Self {
        Self { invariant: v.invariant.name().to_owned(), at_ms: ms(v.at), what: v.what.clone(), event: v.event }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, at_ms, what, event } = self;
        let (s, ms) = (at_ms / 1000, at_ms % 1000);
        write!(f, "{invariant} is violated at {s}.{ms:03}s (event {event}): {what}")?;
        let known = Invariant::ALL.iter().find(|i| i.name() == invariant);
        known.map_or(Ok(()), |i| write!(f, "\n    must hold: {}", i.sentence()))
    }
}

impl Failed {
    /// The invariants that were violated first.
    #[must_use]
    pub fn first_violated(&self) -> Vec<&str> {
        let first = self.violations.iter().map(|v| v.at_ms).min();
        self.violations.iter().filter(|v| Some(v.at_ms) == first).map(|v| &*v.invariant).collect()
    }
}

/// What came of many runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `locospec-sweep/1`.
    pub format: Format,
    /// What the seeds stand for.
    pub of: Of,
    /// Which seeds were asked for: `0..1000`, `from 5, shard 2/8`. Empty in what was merged.
    pub asked: String,
    /// The seeds that were run.
    pub done: Seeds,
    /// Those that failed.
    pub failed: BTreeMap<u64, Failed>,
    /// The counters.
    pub evidence: BTreeMap<String, Count>,
    /// Simulated time of all of them.
    pub simulated_ms: u64,
    /// The longest way from mended to well.
    pub slowest_converged_ms: u64,
    /// How long it took on a clock on the wall, all machines together.
    pub took_ms: u64,
}

fn ms(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

impl Report {
    /// A report of no runs.
    #[must_use]
    pub fn new(of: Of, asked: String) -> Self {
        Self {
            format: Format::V1,
            of,
            asked,
            done: Seeds::default(),
            failed: BTreeMap::new(),
            evidence: BTreeMap::new(),
            simulated_ms: 0,
            slowest_converged_ms: 0,
            took_ms: 0,
        }
    }

    /// Adds a run.
    pub fn add(&mut self, outcome: &Outcome) {
        self.done.insert(outcome.seed);
        for (name, n) in outcome.evidence.iter() {
            let count = self.evidence.entry(name.to_string()).or_default();
            count.total += n;
            count.seeds += u64::from(n > 0);
        }
        self.simulated_ms += ms(outcome.simulated);
        self.slowest_converged_ms = self.slowest_converged_ms.max(ms(outcome.converged_in.unwrap_or_default()));
        if !outcome.violations.is_empty() {
            let violations = outcome.violations.iter().map(Said::from).collect();
            self.failed.insert(outcome.seed, Failed { violations, trace: outcome.trace_hash.clone() });
        }
    }

    /// Adds another report of other seeds; the names are for the refusal.
    ///
    /// # Errors
    /// They are of different builds, profiles or quirks, or have run the same seeds.
    pub fn merge(&mut self, name: &str, other: &Self, other_name: &str) -> Result<(), String> {
        if let Some(difference) = self.of.difference(name, &other.of, other_name) {
            return Err(difference);
        }
        if let Some(both) = self.done.overlap(&other.done) {
            let (start, end) = (both.start, both.end);
            return Err(format!("{name} and {other_name} have both run seeds {start}..{end}: they would count twice"));
        }
        other.done.ranges().for_each(|r| self.done.add(r));
        self.failed.extend(other.failed.clone());
        for (name, count) in &other.evidence {
            let mine = self.evidence.entry(name.clone()).or_default();
            mine.total += count.total;
            mine.seeds += count.seeds;
        }
        self.simulated_ms += other.simulated_ms;
        self.slowest_converged_ms = self.slowest_converged_ms.max(other.slowest_converged_ms);
        self.took_ms += other.took_ms;
        if self.asked != other.asked {
            self.asked.clear();
        }
        Ok(())
    }

    /// Why this report, kept in `file`, cannot be gone on with for what is asked now.
    #[must_use]
    pub fn refuses(&self, file: &Path, of: &Of, asked: &str) -> Option<String> {
        let name = file.display().to_string();
        let again = "begin a new file, or ask for the same";
        if let Some(difference) = self.of.difference(&name, of, "this") {
            return Some(format!("{difference}; {again}"));
        }
        let mine = if self.asked.is_empty() { "several hunts, merged" } else { &*self.asked };
        (self.asked != asked).then(|| format!("{name} is of {mine}, and this is of {asked}; {again}"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, took) = (self.done.len() as f64, (self.took_ms as f64 / 1000.0).max(1e-9));
        writeln!(
            f,
            "{runs} runs, {} failed; {:.1} seeds a second ({:.0} an hour), {:.0} simulated seconds a second; \
             slowest to become well: {:.1} s",
            self.failed.len(),
            runs / took,
            runs / took * 3600.0,
            self.simulated_ms as f64 / 1000.0 / took,
            self.slowest_converged_ms as f64 / 1000.0,
        )?;
        for (name, Count { total, seeds }) in &self.evidence {
            writeln!(f, "  {name:<44} {total:>12}  in {seeds} of {runs} seeds")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(seeds: std::ops::Range<u64>) -> Report {
        let mut report = Report::new(Of::this_build("sweep", &[]), "0..10".to_owned());
        for seed in seeds {
            let violation = Violation {
                invariant: Invariant::Once,
                at: Duration::from_millis(seed),
                what: "twice".into(),
                event: 4,
            };
            let violations = if seed % 4 == 3 { vec![violation] } else { vec![] };
            let simulated = Duration::from_secs(seed);
            report.add(&Outcome { violations, simulated, converged_in: Some(simulated), ..Outcome::nothing(seed) });
        }
        report
    }

    #[test]
    fn two_halves_are_the_whole() -> Result<(), String> {
        let (whole, mut half, other) = (report(0..10), report(0..4), report(4..10));
        half.merge("a.json", &other, "b.json")?;
        assert_eq!(half, whole);
        assert_eq!(half.failed.keys().copied().collect::<Vec<_>>(), [3, 7]);
        let text = serde_json::to_string(&whole).map_err(|e| e.to_string())?;
        assert_eq!(serde_json::from_str::<Report>(&text).map_err(|e| e.to_string())?, whole);
        assert!(text.contains(r#""format":"locospec-sweep/1""#) && text.contains(r#""done":["0..10"]"#), "{text}");
        Ok(())
    }

    #[test]
    fn what_does_not_belong_together_is_refused_with_the_reason() {
        let mut a = report(0..5);
        let said = |a: &mut Report, b: &Report| a.merge("a.json", b, "b.json").expect_err("merged");
        assert_eq!(said(&mut a, &report(3..8)), "a.json and b.json have both run seeds 3..5: they would count twice");
        let mut other = report(5..8);
        other.of.profile = "race".to_owned();
        assert!(said(&mut a, &other).starts_with("a.json has profile sweep, b.json has profile race:"));
        other = report(5..8);
        other.of.quirks = vec!["push-twice".to_owned()];
        assert!(said(&mut a, &other).starts_with("a.json has no quirk, b.json has push-twice:"));
        other = report(5..8);
        other.of.written_by = "locospec 9".to_owned();
        assert!(said(&mut a, &other).contains("b.json is by locospec 9:"));
        assert_eq!(a, report(0..5), "nothing was added");
    }

    #[test]
    fn a_file_of_something_else_is_not_gone_on_with() {
        let (a, file) = (report(0..5), Path::new("state.json"));
        assert_eq!(a.refuses(file, &Of::this_build("sweep", &[]), "0..10"), None);
        let other = a.refuses(file, &Of::this_build("race", &[]), "0..10").unwrap_or_default();
        assert!(other.starts_with("state.json has profile sweep, this has profile race:"), "{other}");
        let other = a.refuses(file, &Of::this_build("sweep", &[]), "0..20").unwrap_or_default();
        assert!(other.starts_with("state.json is of 0..10, and this is of 0..20;"), "{other}");
    }
}
