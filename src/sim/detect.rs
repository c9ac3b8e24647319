//! How fast the simulator finds what is planted: seed after seed with one bug in it, until it was found often enough or
//! the number of seeds is over within which it must be found.
//!
//! A run finds a bug when the first invariant that it violates is one of those that the bug may break: another one
//! would be chance, or a fault of the watch. Runs go in rounds of a fixed size and are counted whole, so that a row does
//! not depend on how many run at once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::generate::profile::Profile;
use super::invariants::Invariant;
use super::run::{Outcome, run, scenario_of, sweep};
use crate::spec::format::catalogue::Quirk;

/// So many seeds for a bug for which no number is stated.
const WITHIN: u64 = 200;

/// Runs between two looks at whether it was found often enough: few where one finding is enough.
fn round(enough: u64) -> u64 {
    enough.saturating_mul(2).clamp(4, 20)
}

/// A bug, and how it is hunted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunted {
    /// Its name.
    pub quirk: String,
    /// For what the worlds are made.
    pub profile: Profile,
    /// It must be found within so many seeds.
    pub within: u64,
    /// The invariants that find it; without any it is found by each.
    pub by: Vec<Invariant>,
}

impl From<&Quirk> for Hunted {
    fn from(q: &Quirk) -> Self {
        Self { quirk: q.id.clone(), profile: q.profile, within: q.within.unwrap_or(WITHIN), by: q.by.clone() }
    }
}

impl Hunted {
    /// What is violated first by the run of this seed.
    #[must_use]
    pub fn first_violated(&self, seed: u64) -> Option<Invariant> {
        let outcome = run(&scenario_of(self.profile, seed, std::slice::from_ref(&self.quirk)));
        outcome.violations.first().map(|v| v.invariant)
    }

    /// Whether this invariant finds it.
    #[must_use]
    pub fn is_found_by(&self, invariant: Invariant) -> bool {
        self.by.is_empty() || self.by.contains(&invariant)
    }
}

/// What came of the hunt for one bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The bug.
    pub quirk: String,
    /// For what the worlds were made.
    pub profile: Profile,
    /// It must be found within so many seeds.
    pub within: u64,
    /// Runs.
    pub runs: u64,
    /// Runs that found it.
    pub found: u64,
    /// The first seed that found it.
    pub first: Option<u64>,
    /// The middle one of the simulated times at which it was found, in milliseconds.
    pub median_ms: u64,
    /// How often each invariant that finds it was the first to be violated.
    pub by: BTreeMap<&'static str, u64>,
    /// How often each other one was.
    pub besides: BTreeMap<&'static str, u64>,
}

impl Row {
    /// Whether it was found within its number of seeds, and by nothing that does not find it.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.found > 0 && self.besides.is_empty()
    }
}

/// Hunts one bug: seeds from 0 on, until `enough` runs have found it or its number of seeds is over.
#[must_use]
pub fn detect(hunted: &Hunted, enough: u64, jobs: usize, progress: impl Fn(&Outcome) + Sync) -> Row {
    let (profile, within, quirks) = (hunted.profile, hunted.within, std::slice::from_ref(&hunted.quirk));
    let mut row = Row {
        quirk: hunted.quirk.clone(),
        profile,
        within,
        runs: 0,
        found: 0,
        first: None,
        median_ms: 0,
        by: BTreeMap::new(),
        besides: BTreeMap::new(),
    };
    let mut times = Vec::new();
    while row.runs < within && row.found < enough {
        let seeds = row.runs..within.min(row.runs + round(enough));
        let done = sweep(seeds, jobs, usize::MAX, |seed| scenario_of(profile, seed, quirks), &progress);
        row.runs += done.runs;
        for (seed, violation) in done.failed.iter().filter_map(|(seed, o)| Some((*seed, o.violations.first()?))) {
            let name = violation.invariant.name();
            if !hunted.is_found_by(violation.invariant) {
                *row.besides.entry(name).or_default() += 1;
                continue;
            }
            *row.by.entry(name).or_default() += 1;
            row.found += 1;
            row.first = row.first.or(Some(seed));
            times.push(violation.at);
        }
    }
    times.sort();
    let middle = times.get(times.len() / 2).copied().unwrap_or(Duration::ZERO);
    row.median_ms = u64::try_from(middle.as_millis()).unwrap_or(u64::MAX);
    row
}

/// The rows as a table that Markdown and people read.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let head = ["planted bug", "profile", "found", "rate", "first seed", "after", "found by", "stated"];
    let line = |r: &Row| {
        let names = |all: &BTreeMap<&str, u64>, mark: &str| {
            all.iter().map(|(name, n)| format!("{mark}{name} {n}")).collect::<Vec<_>>()
        };
        vec![
            r.quirk.clone(),
            r.profile.to_string(),
            format!("{} of {}", r.found, r.runs),
            format!("{:.0} %", r.found as f64 * 100.0 / r.runs.max(1) as f64),
            r.first.map_or_else(|| "NOT FOUND".to_owned(), |s| s.to_string()),
            format!("{:.1} s", r.median_ms as f64 / 1000.0),
            [names(&r.by, ""), names(&r.besides, "NOT ")].concat().join(", "),
            format!("{} seeds", r.within),
        ]
    };
    crate::table::table(&head, &rows.iter().map(line).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunted(by: &[Invariant]) -> Hunted {
        Hunted { quirk: "push-twice".to_owned(), profile: Profile::Short, within: 10, by: by.to_vec() }
    }

    #[test]
    fn a_row_does_not_depend_on_how_many_run_at_once() {
        let one = detect(&hunted(&[Invariant::Once]), 2, 1, |_| ());
        assert_eq!(detect(&hunted(&[Invariant::Once]), 2, 2, |_| ()), one);
        assert!(one.holds() && one.runs <= 10 && one.found >= 2 && one.by.contains_key("once"), "{one:?}");
    }

    #[test]
    fn what_another_invariant_shows_is_not_found() {
        let row = detect(&Hunted { within: 4, ..hunted(&[Invariant::Durable]) }, 2, 1, |_| ());
        assert!(!row.holds() && row.found == 0 && row.first.is_none() && row.besides.contains_key("once"), "{row:?}");
    }

    #[test]
    fn the_table_says_what_was_not_found() {
        let row = |quirk: &str, found, first, besides: &[&'static str]| Row {
            quirk: quirk.into(),
            profile: Profile::Race,
            within: 40,
            runs: 40,
            found,
            first,
            median_ms: 1500,
            by: BTreeMap::from([("once", found)]),
            besides: besides.iter().map(|name| (*name, 1)).collect(),
        };
        let text = table(&[row("a", 10, Some(3), &[]), row("b", 0, None, &["honest"])]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[2].contains("| race ") && lines[2].contains("10 of 40") && lines[2].contains("25 %"), "{text}");
        assert!(lines[2].contains("| once 10 "), "{text}");
        assert!(lines[3].contains("NOT FOUND") && lines[3].contains("NOT honest 1"), "{text}");
        assert!(lines.iter().all(|l| l.chars().count() == lines[0].chars().count()), "{text}");
    }
}
