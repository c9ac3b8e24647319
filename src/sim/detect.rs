//! How fast the simulator finds what is planted: seed after seed with one bug in it, until it was found often enough or
//! the number of seeds is over within which it must be found.
//!
//! Runs go in rounds of a fixed size and are counted whole, so that a row does not depend on how many run at once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::run::{Outcome, sweep, with_quirks};

/// Runs between two looks at whether it was found often enough: few where one finding is enough.
fn round(enough: u64) -> u64 {
    enough.saturating_mul(2).clamp(4, 20)
}

/// What came of the hunt for one bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The bug.
    pub quirk: String,
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
    /// How often each invariant was the first to be violated.
    pub by: BTreeMap<&'static str, u64>,
}

impl Row {
    /// Whether it was found within its number of seeds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.found > 0
    }
}

/// Hunts one bug: seeds from 0 on, until `enough` runs have found it or `within` are over.
#[must_use]
pub fn detect(quirk: &str, within: u64, enough: u64, jobs: usize, progress: impl Fn(&Outcome) + Sync) -> Row {
    let quirks = [quirk.to_owned()];
    let mut row =
        Row { quirk: quirk.to_owned(), within, runs: 0, found: 0, first: None, median_ms: 0, by: BTreeMap::new() };
    let mut times = Vec::new();
    while row.runs < within && row.found < enough {
        let seeds = row.runs..within.min(row.runs + round(enough));
        let done = sweep(seeds, jobs, usize::MAX, |seed| with_quirks(seed, &quirks), &progress);
        row.runs += done.runs;
        row.found += done.failed.len() as u64;
        row.first = row.first.or(done.failed.keys().next().copied());
        for violation in done.failed.values().filter_map(|o| o.violations.first()) {
            *row.by.entry(violation.invariant.name()).or_default() += 1;
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
    let head = ["planted bug", "found", "rate", "first seed", "after", "found by", "stated"].map(str::to_owned);
    let mut lines = vec![head];
    for r in rows {
        let by: Vec<String> = r.by.iter().map(|(name, n)| format!("{name} {n}")).collect();
        lines.push([
            r.quirk.clone(),
            format!("{} of {}", r.found, r.runs),
            format!("{:.0} %", r.found as f64 * 100.0 / r.runs.max(1) as f64),
            r.first.map_or_else(|| "NOT FOUND".to_owned(), |s| s.to_string()),
            format!("{:.1} s", r.median_ms as f64 / 1000.0),
            by.join(", "),
            format!("{} seeds", r.within),
        ]);
    }
    let width = |column: usize| lines.iter().filter_map(|l| l.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..7).map(|c| width(c).unwrap_or_default()).collect();
    let mut text = String::new();
    for (n, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
        if n == 0 {
            widths.iter().for_each(|w| {
                let _ = write!(text, "| {} ", "-".repeat(*w));
            });
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_does_not_depend_on_how_many_run_at_once() {
        let one = detect("push-twice", 10, 2, 1, |_| ());
        assert_eq!(detect("push-twice", 10, 2, 2, |_| ()), one);
        assert!(one.holds() && one.runs <= 10 && one.found >= 2 && one.by.contains_key("once"), "{one:?}");
    }

    #[test]
    fn the_table_says_what_was_not_found() {
        let row = |quirk: &str, found, first| Row {
            quirk: quirk.into(),
            within: 40,
            runs: 40,
            found,
            first,
            median_ms: 1500,
            by: BTreeMap::from([("once", found)]),
        };
        let text = table(&[row("a", 10, Some(3)), row("b", 0, None)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[2].contains("10 of 40") && lines[2].contains("25 %") && lines[2].contains("once 10"), "{text}");
        assert!(lines[3].contains("NOT FOUND"), "{text}");
        assert!(lines.iter().all(|l| l.chars().count() == lines[0].chars().count()), "{text}");
    }
}
