//! Two runs beside each other: which checks got better, worse, came or went.

use std::collections::BTreeSet;
use std::fmt;

use super::Run;
use crate::spec::verdict::Verdict;

/// What differs between two runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Checks that got better.
    pub better: Vec<Change>,
    /// Checks that got worse.
    pub worse: Vec<Change>,
    /// Checks that are as good as before, but not the same.
    pub other: Vec<Change>,
    /// Checks that only the second run has.
    pub new: Vec<(String, Verdict)>,
    /// Checks that only the first run has.
    pub gone: Vec<(String, Verdict)>,
    /// How many are the same.
    pub same: usize,
}

/// A check of both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `case[instance]#check`.
    pub check: String,
    /// In the first run.
    pub before: Verdict,
    /// In the second.
    pub after: Verdict,
}

/// How bad a verdict is, where two are compared: what was not reached is as bad as what fails.
const fn rank(v: Verdict) -> u8 {
    match v {
        Verdict::Pass | Verdict::Info => 0,
        Verdict::Tolerated => 1,
        Verdict::NotApplicable | Verdict::Skipped | Verdict::Unimplemented => 2,
        Verdict::CouldNotRun | Verdict::Fail | Verdict::Hung | Verdict::Crashed => 3,
        Verdict::HarnessError => 4,
    }
}

impl Diff {
    /// From one run to another.
    #[must_use]
    pub fn of(before: &Run, after: &Run) -> Self {
        let (a, b) = (before.checks(), after.checks());
        let mut out = Self::default();
        for check in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
            match (a.get(check).copied(), b.get(check).copied()) {
                (Some(before), Some(after)) if before == after => out.same += 1,
                (Some(before), Some(after)) => {
                    let list = match rank(after).cmp(&rank(before)) {
                        std::cmp::Ordering::Less => &mut out.better,
                        std::cmp::Ordering::Greater => &mut out.worse,
                        std::cmp::Ordering::Equal => &mut out.other,
                    };
                    list.push(Change { check: check.clone(), before, after });
                }
                (None, Some(v)) => out.new.push((check.clone(), v)),
                (Some(v), None) => out.gone.push((check.clone(), v)),
                (None, None) => (),
            }
        }
        out
    }

    /// Whether the second run is worse: a check got worse, or a new one fails.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        !self.worse.is_empty() || self.new.iter().any(|(_, v)| v.is_failure())
    }
}

/// The changes line by line, worse ones first, then the counts.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, list) in [("worse", &self.worse), ("better", &self.better), ("changed", &self.other)] {
            for c in list {
                writeln!(f, "{word:<8} {}: {} → {}", c.check, c.before, c.after)?;
            }
        }
        for (word, list) in [("new", &self.new), ("gone", &self.gone)] {
            for (check, v) in list {
                writeln!(f, "{word:<8} {check}: {v}")?;
            }
        }
        let Self { better, worse, other, new, gone, same } = self;
        let (better, worse, other, new, gone) = (better.len(), worse.len(), other.len(), new.len(), gone.len());
        writeln!(f, "{worse} worse, {better} better, {other} changed, {new} new, {gone} gone, {same} the same")
    }
}
