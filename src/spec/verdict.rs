//! Verdicts: on each check (`case#check`), and what a whole run comes to.
//!
//! A declared check that was never reached is `could-not-run`, never `pass`. Who gives verdicts is the runner; who
//! prints them is the command line.

use std::collections::BTreeMap;
use std::fmt;

/// What came of a check. Ordered from harmless to grave: a case is as bad as its worst check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

impl InstanceReport {
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

/// What a run comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many cases were run.
    pub cases: usize,
    /// How many instances of them.
    pub instances: usize,
    /// How many checks came to each verdict.
    pub checks: BTreeMap<Verdict, usize>,
    /// Instances in which not one check was reached.
    pub empty: usize,
}

impl Summary {
    /// Counts one more case.
    pub fn add(&mut self, case: &CaseReport) {
        self.cases += 1;
        self.instances += case.instances.len();
        for i in &case.instances {
            if i.checks.is_empty() {
                self.empty += 1;
            }
            for c in &i.checks {
                *self.checks.entry(c.verdict).or_default() += 1;
            }
        }
    }

    /// How many checks came to `v`.
    #[must_use]
    pub fn count(&self, v: Verdict) -> usize {
        self.checks.get(&v).copied().unwrap_or(0)
    }

    /// 0 as expected, 1 the target is wrong, 3 incomplete, 4 the judge is wrong. (2 is usage, and not ours to say.)
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let any = |vs: &[Verdict]| vs.iter().any(|v| self.count(*v) > 0);
        if any(&[Verdict::HarnessError]) {
            4
        } else if any(&[Verdict::Fail, Verdict::Hung, Verdict::Crashed]) {
            1
        } else if self.cases == 0 || self.empty > 0 || self.count(Verdict::Pass) == 0 || any(&[Verdict::CouldNotRun]) {
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(verdicts: &[Verdict]) -> Summary {
        let checks = verdicts.iter().map(|v| CheckResult { check: "c".into(), verdict: *v, detail: vec![] }).collect();
        let instances = vec![InstanceReport { id: "a.b[2019]".into(), checks, timeline: vec![] }];
        let mut s = Summary::default();
        s.add(&CaseReport { case: "a.b".into(), file: "f".into(), instances });
        s
    }

    #[test]
    fn the_exit_code_says_the_gravest() {
        use Verdict::*;
        for (verdicts, code) in [
            (&[Pass, Tolerated, NotApplicable, Info][..], 0),
            (&[Pass, Fail], 1),
            (&[Pass, Hung, CouldNotRun], 1),
            (&[Pass, Crashed], 1),
            (&[Pass, CouldNotRun], 3),
            (&[NotApplicable], 3),
            (&[], 3),
            (&[Fail, HarnessError], 4),
        ] {
            assert_eq!(run(verdicts).exit_code(), code, "{verdicts:?}");
        }
        assert_eq!(Summary::default().exit_code(), 3, "nothing was run");
    }

    #[test]
    fn a_summary_counts_what_there_is() {
        let s = run(&[Verdict::Pass, Verdict::Pass, Verdict::Fail]);
        assert_eq!(s.to_string(), "1 cases, 1 runs: 2 pass, 1 fail");
    }
}
