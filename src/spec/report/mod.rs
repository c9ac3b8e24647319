//! What a run leaves behind, for people and for other programs.
//!
//! | file | what |
//! | --- | --- |
//! | here | a run as JSON lines, `locospec-check/1`, written and read |
//! | [`junit`] | JUnit XML, for the test pages of CI systems |
//! | [`badge`] | an SVG to put into a README |
//! | [`mod@capture`] | the bytes of an instance for Wireshark |
//! | [`diff`] | two runs beside each other: better, worse, new, gone |
//! | [`mod@matrix`] | requirements × implementations |
//! | [`html`] | the matrix and every failure as one page without a network |
//!
//! Nothing here reads a clock: the same run gives the same bytes, but for the durations in JUnit, which were measured.

pub mod badge;
pub mod capture;
pub mod diff;
pub mod failure;
pub mod html;
pub mod junit;
pub mod matrix;

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::{Case, Role};
use super::verdict::{CaseReport, CheckResult, Evidence, InstanceReport, Verdict};

/// The most bytes of one line that are read.
const LINE_LEN_MAX: usize = 16 << 20;

/// A run: who was judged, and what came of each case.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Who, and how.
    pub head: Head,
    /// The cases in the order in which they ran.
    pub cases: Vec<CaseLine>,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// `locospec-check/1`.
    pub format: String,
    /// The version of the judge.
    pub locospec: String,
    /// The implementation.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is.
    pub role: Vec<Role>,
    /// The command that runs this again, to which the name of a case is added.
    pub again: String,
}

/// The format of the first line.
pub const FORMAT: &str = "locospec-check/1";

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Its name.
    pub case: String,
    /// The behaviour, as a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The file that it stands in.
    pub file: String,
    /// The requirements that it proves.
    pub proves: Vec<String>,
    /// Its instances.
    pub instances: Vec<InstanceLine>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceLine {
    /// Its name, `case[2019,len=4]`.
    pub instance: String,
    /// Each check with what it came to.
    pub checks: Vec<(String, Verdict)>,
    /// What is said of checks that are not `pass`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, Vec<String>>,
    /// Checks whose failure the baseline knows, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, String>,
    /// The checks that failed when it was tried before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<String>,
    /// The cases that have to be run before it, against the same server, for it to fail again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What happened, where something failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<String>,
    /// The bytes behind it.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// How long it took on the wall clock. JUnit alone tells, for it differs from run to run.
    #[serde(skip)]
    pub took: Duration,
}

/// The last line: a file without it was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tail {
    /// How many lines stand before it.
    cases: usize,
}

impl CaseLine {
    /// A report of a case as a line; `full` keeps timeline and bytes of what failed.
    #[must_use]
    pub fn of(report: &CaseReport, case: Option<&Case>, full: bool) -> Self {
        Self {
            case: report.case.clone(),
            title: case.map(|c| c.title.clone()).unwrap_or_default(),
            file: report.file.clone(),
            proves: case.map(|c| c.proves.clone()).unwrap_or_default(),
            instances: report.instances.iter().map(|i| InstanceLine::of(i, full)).collect(),
        }
    }
}

impl InstanceLine {
    fn of(i: &InstanceReport, full: bool) -> Self {
        let told = |c: &&CheckResult| c.verdict != Verdict::Pass && !c.detail.is_empty();
        let keep = full && i.verdict() >= Verdict::CouldNotRun;
        Self {
            instance: i.id.clone(),
            checks: i.checks.iter().map(|c| (c.check.clone(), c.verdict)).collect(),
            detail: i.checks.iter().filter(told).map(|c| (c.check.clone(), c.detail.clone())).collect(),
            known: i.known.clone(),
            flaky: i.flaky.clone(),
            after: i.after.clone(),
            timeline: if keep { i.timeline.clone() } else { Vec::new() },
            evidence: if keep { i.evidence.clone() } else { Evidence::default() },
            took: i.took,
        }
    }

    /// The command that runs it again, for a shell: `command`, and what it takes for it to fail as it did.
    #[must_use]
    pub fn again(&self, command: &str) -> String {
        if self.after.is_empty() {
            return again(command, &self.instance);
        }
        // Whole cases: an instance that is named leaves all others out.
        let own = self.instance.split('[').next().filter(|own| !self.after.iter().any(|c| c == own));
        let names = self.after.iter().map(String::as_str).chain(own);
        names.fold(format!("{command} --jobs 1"), |all, name| again(&all, name))
    }

    /// As bad as the worst check.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|c| c.1).max().unwrap_or(Verdict::CouldNotRun)
    }

    /// How it stands in reports.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let of = |(check, verdict): &(String, Verdict)| Standing::of(*verdict, self.known.contains_key(check));
        let worst = self.checks.iter().map(of).max().unwrap_or(Standing::Open);
        if self.flaky.is_empty() { worst } else { worst.max(Standing::Tolerated) }
    }
}

/// How a check, an instance or a requirement stands, harmless first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Not judged: not applicable, not implemented, left out.
    Aside,
    /// As it should be.
    Pass,
    /// Not as it should be, but allowed.
    Tolerated,
    /// Not reached.
    Open,
    /// Wrong, and the baseline knows.
    Known,
    /// Wrong.
    Wrong,
}

impl Standing {
    /// Every standing, harmless first.
    pub const ALL: [Self; 6] = [Self::Aside, Self::Pass, Self::Tolerated, Self::Open, Self::Known, Self::Wrong];

    /// The standing of a verdict.
    #[must_use]
    pub const fn of(verdict: Verdict, known: bool) -> Self {
        match verdict {
            _ if known => Self::Known,
            Verdict::Pass | Verdict::Info => Self::Pass,
            Verdict::Tolerated => Self::Tolerated,
            Verdict::NotApplicable | Verdict::Skipped | Verdict::Unimplemented => Self::Aside,
            Verdict::CouldNotRun => Self::Open,
            Verdict::Fail | Verdict::Hung | Verdict::Crashed | Verdict::HarnessError => Self::Wrong,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Aside => "not judged",
            Self::Pass => "pass",
            Self::Tolerated => "tolerated",
            Self::Open => "could not run",
            Self::Known => "known to fail",
            Self::Wrong => "fails",
        }
    }
}

impl Run {
    /// The run as JSON lines.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn to_lines(&self) -> Result<String, serde_json::Error> {
        let mut out = serde_json::to_string(&self.head)? + "\n";
        for case in &self.cases {
            out.push_str(&serde_json::to_string(case)?);
            out.push('\n');
        }
        out.push_str(&serde_json::to_string(&Tail { cases: self.cases.len() })?);
        out.push('\n');
        Ok(out)
    }

    /// Reads what [`Run::to_lines`] wrote; `file` is its name in errors.
    ///
    /// # Errors
    /// `file:line` and what is wrong with it; a file that was cut.
    pub fn from_lines(file: &str, text: &str) -> Result<Self, String> {
        let wrong = |n: usize, what: &dyn std::fmt::Display| format!("{file}:{}: {what}", n + 1);
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or_else(|| wrong(0, &"an empty file is no run"))?;
        let head: Head = serde_json::from_str(first)
            .map_err(|e| wrong(0, &format!("no run as `check --report json=FILE` writes it: {e}")))?;
        if head.format != FORMAT {
            return Err(wrong(0, &format!("format `{}` is not {FORMAT}", head.format)));
        }
        let mut cases: Vec<CaseLine> = Vec::new();
        for (n, line) in lines {
            if line.len() > LINE_LEN_MAX {
                return Err(wrong(n, &format!("{} bytes are more than a line may have", line.len())));
            }
            if let Ok(tail) = serde_json::from_str::<Tail>(line)
                && !line.contains("\"case\"")
            {
                let right = tail.cases == cases.len();
                return if right { Ok(Self { head, cases }) } else { Err(wrong(n, &"lines are missing before this")) };
            }
            cases.push(serde_json::from_str(line).map_err(|e| wrong(n, &e))?);
        }
        Err(wrong(cases.len(), &"the file was cut: its last line is missing"))
    }

    /// Every check by name, `case[instance]#check`.
    #[must_use]
    pub fn checks(&self) -> BTreeMap<String, Verdict> {
        let instances = self.cases.iter().flat_map(|c| &c.instances);
        instances.flat_map(|i| i.checks.iter().map(|(c, v)| (format!("{}#{c}", i.instance), *v))).collect()
    }

    /// How many instances stand how.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Standing, usize> {
        let mut out = BTreeMap::new();
        for i in self.cases.iter().flat_map(|c| &c.instances) {
            *out.entry(i.standing()).or_default() += 1;
        }
        out
    }
}

/// The command that runs a case or instance again, for a shell.
#[must_use]
pub fn again(command: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '#');
    if name.chars().all(plain) {
        format!("{command} {name}")
    } else {
        format!("{command} '{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;
