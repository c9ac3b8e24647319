//! Verdicts: on each check (`case#check`), and what a whole run comes to.
//!
//! A declared check that was never reached is `could-not-run`, never `pass`. Who gives verdicts is the runner; who
//! prints them is the command line.

use core::time::Duration;
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came of a check. Ordered from harmless to grave: a case is as bad as its worst check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Nothing is judged, something is told.
    Info,
    /// Not as it should be, but the case allows it.
    Tolerated,
    /// The target lacks what the case needs, or the era.
    NotApplicable,
    /// Left out by whoever started the run.
    Skipped,
    /// The target says that it does not have this.
    Unimplemented,
    /// Declared and never reached.
    CouldNotRun,
    /// Wrong.
    Fail,
    /// Nothing came, neither packet nor close, within the time.
    Hung,
    /// The target died.
    Crashed,
    /// The judge itself is wrong.
    HarnessError,
}

impl Verdict {
    /// Every verdict, harmless first.
    pub const ALL: [Self; 11] = [
        Self::Pass,
        Self::Info,
        Self::Tolerated,
        Self::NotApplicable,
        Self::Skipped,
        Self::Unimplemented,
        Self::CouldNotRun,
        Self::Fail,
        Self::Hung,
        Self::Crashed,
        Self::HarnessError,
    ];

    /// Its word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Tolerated => "tolerated",
            Self::NotApplicable => "not-applicable",
            Self::Skipped => "skipped",
            Self::Unimplemented => "unimplemented",
            Self::CouldNotRun => "could-not-run",
            Self::Fail => "fail",
            Self::Hung => "hung",
            Self::Crashed => "crashed",
            Self::HarnessError => "harness-error",
        }
    }

    /// Whether the target is found wanting.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Hung | Self::Crashed)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One check of one instance of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The check's name within the case.
    pub check: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What to tell the reader; one line for each thing.
    pub detail: Vec<String>,
}

/// One instance of a case: one era, one value of each `vary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceReport {
    /// `chat.write.fanout-two-members[2019,announced=64]`.
    pub id: String,
    /// The checks in the order in which the case declares them.
    pub checks: Vec<CheckResult>,
    /// What happened on the connections, line by line; kept for the reader of a failure.
    pub timeline: Vec<String>,
    /// What was compared, and the bytes behind the timeline.
    pub evidence: Evidence,
    /// Whether the target was heard at all: a connection, a byte, a word.
    pub heard: bool,
    /// Checks whose failure a baseline knows, and why it does.
    pub known: BTreeMap<String, String>,
    /// The checks that failed when it was tried before, with what they came to: it does not do the same each time.
    pub flaky: Vec<String>,
    /// The cases that have to be run before it, against the same server, for it to fail again.
    pub after: Vec<String>,
    /// How long it took on the wall clock; differs from run to run.
    pub took: Duration,
}

/// What a reader of a failure wants to see beside the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was expected and what came, for checks that are not `pass`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Compared>,
    /// The bytes of lines of the timeline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<Bytes>,
}

/// One expectation beside what came nearest to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The check.
    pub check: String,
    /// The expectation as the case writes it, one key on each line.
    pub expected: String,
    /// What came nearest, in the same form; empty when nothing came.
    pub actual: String,
    /// The fields in which they differ, `body.chatLog.message`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
}

/// The bytes of one line of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// The line, from 0.
    pub line: usize,
    /// Header and body, in the clear: hex, two digits a byte.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plain: String,
    /// What went over the wire: hex.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wire: String,
    /// How many bytes more there were than are kept here, in the clear and on the wire.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl InstanceReport {
    /// An instance with these checks and nothing more to show.
    #[must_use]
    pub fn new(id: impl Into<String>, checks: Vec<CheckResult>) -> Self {
        let (timeline, evidence, known) = (Vec::new(), Evidence::default(), BTreeMap::new());
        let (flaky, after, took) = (Vec::new(), Vec::new(), Duration::ZERO);
        Self { id: id.into(), checks, timeline, evidence, heard: true, known, flaky, after, took }
    }

    /// The target has died: the first check that is not as it should be is `crashed`, or the last one.
    pub fn crashed(&mut self, why: Vec<String>) {
        let found = self.checks.iter().position(|c| c.verdict >= Verdict::CouldNotRun);
        let at = found.unwrap_or(self.checks.len().saturating_sub(1));
        if let Some(c) = self.checks.get_mut(at) {
            (c.verdict, c.detail) = (Verdict::Crashed, why);
        }
    }

    /// Whether a check is found wanting that no baseline knows.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.checks.iter().any(|c| c.verdict.is_failure() && !self.known.contains_key(&c.check))
    }

    /// Takes what nobody reads when all is well: timeline and evidence.
    pub fn forget(&mut self) {
        (self.timeline, self.evidence) = (Vec::new(), Evidence::default());
    }

    /// As bad as the worst check; an instance without any check proves nothing and could not run.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|c| c.verdict).max().unwrap_or(Verdict::CouldNotRun)
    }
}

/// A case with all its instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// The case's name.
    pub case: String,
    /// The file that it stands in.
    pub file: String,
    /// Its instances.
    pub instances: Vec<InstanceReport>,
}

impl CaseReport {
    /// As bad as the worst instance.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.instances.iter().map(InstanceReport::verdict).max().unwrap_or(Verdict::CouldNotRun)
    }

    /// Every check that is not `pass`, as text for a person: `case[2019]#ack: fail`, then why, then the timeline.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut out = String::new();
        for i in &self.instances {
            let bad: Vec<&CheckResult> = i.checks.iter().filter(|c| c.verdict > Verdict::Tolerated).collect();
            for c in &bad {
                out.push_str(&format!("{}#{}: {}\n", i.id, c.check, c.verdict));
                c.detail.iter().for_each(|d| out.push_str(&format!("    {d}\n")));
            }
            if bad.iter().any(|c| c.verdict.is_failure() || c.verdict == Verdict::HarnessError) {
                i.timeline.iter().for_each(|l| out.push_str(&format!("      {l}\n")));
            }
        }
        out
    }
}

/// How much the failures of a case weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// They are told, and do not make the run fail.
    Told,
    /// They make the run fail.
    #[default]
    Full,
    /// What is tolerated makes the run fail too.
    Strict,
}

/// What a run comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many cases were run.
    pub cases: usize,
    /// How many instances of them.
    pub instances: usize,
    /// How many checks came to each verdict, those that a baseline knows aside.
    pub checks: BTreeMap<Verdict, usize>,
    /// Failures that a baseline knows.
    pub known: usize,
    /// Instances that failed, and did not when they were tried again.
    pub flaky: usize,
    /// Entries of a baseline that do not hold any more.
    pub stale: usize,
    /// Instances in which not one check was reached.
    pub empty: usize,
    /// Checks that make the run fail.
    pub wrong: usize,
    /// Checks that were not reached although nothing in front of them failed.
    pub open: usize,
}

impl Summary {
    /// Counts one more case.
    pub fn add(&mut self, case: &CaseReport) {
        self.add_weighed(case, Weight::Full);
    }

    /// Counts one more case, whose failures weigh so much.
    pub fn add_weighed(&mut self, case: &CaseReport, weight: Weight) {
        self.cases += 1;
        self.instances += case.instances.len();
        for i in &case.instances {
            self.flaky += usize::from(!i.flaky.is_empty());
            if i.checks.is_empty() {
                self.empty += 1;
            }
            // What stands behind a failure is not reached, and says nothing more.
            let failed = i.checks.iter().any(|c| c.verdict.is_failure());
            for c in &i.checks {
                if i.known.contains_key(&c.check) {
                    self.known += 1;
                    continue;
                }
                *self.checks.entry(c.verdict).or_default() += 1;
                self.wrong += usize::from(match weight {
                    Weight::Told => false,
                    Weight::Full => c.verdict.is_failure(),
                    Weight::Strict => c.verdict.is_failure() || c.verdict == Verdict::Tolerated,
                });
                self.open += usize::from(c.verdict == Verdict::CouldNotRun && !failed);
            }
        }
    }

    /// How many checks came to `v`.
    #[must_use]
    pub fn count(&self, v: Verdict) -> usize {
        self.checks.get(&v).copied().unwrap_or(0)
    }

    /// 0 as expected, 1 the target is wrong or a baseline is stale, 3 incomplete, 4 the judge is wrong. (2 is usage, and
    /// not ours to say.)
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.count(Verdict::HarnessError) > 0 {
            4
        } else if self.wrong > 0 || self.stale > 0 {
            1
        } else if self.cases == 0 || self.empty > 0 || self.open > 0 || self.count(Verdict::Pass) == 0 {
            3
        } else {
            0
        }
    }
}

/// `62 cases, 201 runs: 640 pass, 3 tolerated`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cases, {} runs:", self.cases, self.instances)?;
        let mut sep = " ";
        for v in Verdict::ALL {
            if self.count(v) > 0 {
                write!(f, "{sep}{} {v}", self.count(v))?;
                sep = ", ";
            }
        }
        for (n, what) in
            [(self.known, "known to fail"), (self.flaky, "flaky"), (self.stale, "entries of the baseline do not hold")]
        {
            if n > 0 {
                write!(f, "{sep}{n} {what}")?;
                sep = ", ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
