//! `baseline.yaml`, format `locospec-baseline/1`: which failures of an implementation are known, why, and until when.
//!
//! A failure that an entry expects does not make a run fail. An entry that does not hold any more does: one that
//! matches nothing, whose check passes now or fails in another way, or whose time is over.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::judge::split_check;
use super::verdict::{CaseReport, CheckResult, InstanceReport, Verdict};
use super::yaml::{self, Diagnostic, Located};
use crate::proto::time::Time;

/// The known failures of one implementation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "baseline")]
pub struct Baseline {
    /// `locospec-baseline/1`.
    pub format: BaselineFormat,
    /// The failures.
    pub entries: Vec<Entry>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum BaselineFormat {
    /// Version 1.
    #[serde(rename = "locospec-baseline/1")]
    V1,
}

/// One known failure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `case[instance]#check`; without the brackets every instance; `*` stands for any text.
    pub check: String,
    /// What it comes to.
    pub expect: Verdict,
    /// Why it does.
    pub because: String,
    /// Where that is followed up.
    pub issue: Option<String>,
    /// From this day on the entry does not hold any more, `"2027-01-31"` in quotes.
    pub expires: Option<Date>,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: u32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
}

impl Date {
    /// Reads `2027-01-31`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lens: Vec<usize> = text.split('-').map(str::len).collect();
        let parts: Option<Vec<u32>> = text.split('-').map(|p| p.parse().ok()).collect();
        let date = match parts.as_deref() {
            Some(&[year, month, day]) if lens == [4, 2, 2] => Self { year, month, day },
            _ => return None,
        };
        let leap = date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
        let days = match date.month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (1..=days).contains(&date.day).then_some(date)
    }

    /// The day, in UTC, of this time.
    #[must_use]
    pub fn of(time: Time) -> Self {
        // Days since 0000-03-01, in eras of 400 years, so that the leap day is the last of its year.
        let days = time.unix_secs() / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, late) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Self { year: small(year + era * 400 + late), month: small(month), day: small(day) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no day: write \"2027-01-31\"")))
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}

/// What became of an entry in a run.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    /// Checks that came to what the entry expects.
    held: usize,
    /// Another verdict that a matching check came to.
    other: Option<Verdict>,
}

/// A baseline at work: hears of every case, then says what does not hold.
#[derive(Debug)]
pub struct Applied {
    file: Located<Baseline>,
    fates: Vec<Fate>,
    /// The names of cases that were run.
    seen: BTreeSet<String>,
    today: Date,
}

impl Applied {
    /// The baseline in the file at `path`, on this day.
    ///
    /// # Errors
    /// What is wrong with the file, with line and column.
    pub fn read(path: &Path, today: Date) -> Result<Self, Vec<Diagnostic>> {
        let file: Located<Baseline> = yaml::read(path, &path.display().to_string()).map_err(|d| vec![d])?;
        let wrong = faults(&file);
        if wrong.is_empty() { Ok(Self::new(file, today)) } else { Err(wrong) }
    }

    fn new(file: Located<Baseline>, today: Date) -> Self {
        let fates = vec![Fate::default(); file.value.entries.len()];
        Self { file, fates, seen: BTreeSet::new(), today }
    }

    /// Marks what is known in the report of a case.
    pub fn mark(&mut self, report: &mut CaseReport) {
        self.seen.insert(report.case.clone());
        for i in &mut report.instances {
            for c in &i.checks {
                if let Some(why) = self.knows(&i.id, c) {
                    i.known.insert(c.check.clone(), why);
                }
            }
        }
    }

    /// Why this check fails, if an entry expects that.
    fn knows(&mut self, instance: &str, c: &CheckResult) -> Option<String> {
        let mut because = None;
        for (n, e) in self.file.value.entries.iter().enumerate().filter(|(_, e)| e.matches(instance, &c.check)) {
            let Some(fate) = self.fates.get_mut(n) else { continue };
            if c.verdict != e.expect {
                fate.other = fate.other.max(Some(c.verdict));
                continue;
            }
            fate.held += 1;
            if e.expires.is_none_or(|d| self.today < d) {
                because.get_or_insert_with(|| e.because.clone());
            }
        }
        because
    }

    /// The entries that do not hold. One about cases that `all` has and that were not run is not judged.
    #[must_use]
    pub fn faults<'n>(&self, all: impl Iterator<Item = &'n str>) -> Vec<Diagnostic> {
        let not_run: Vec<&str> = all.filter(|n| !self.seen.contains(*n)).collect();
        let mut out = Vec::new();
        for (n, (e, fate)) in self.file.value.entries.iter().zip(&self.fates).enumerate() {
            let case = e.check.split(['[', '#']).next().unwrap_or_default();
            let elsewhere = not_run.iter().any(|name| glob(case, name));
            let what = match (fate.held, fate.other, e.expires) {
                (_, _, Some(d)) if d <= self.today => format!("it expired on {d}"),
                (1.., ..) => continue,
                (0, Some(Verdict::CouldNotRun), _) => "it was not reached: something in front of it fails".into(),
                (0, Some(v), _) => format!("expects {} and came to {v}", e.expect),
                (0, None, _) if elsewhere => continue,
                (0, None, _) => "matches no check of this run".into(),
            };
            out.push(self.file.wrong(&format!("entries[{n}]"), format!("`{}`: {what}", e.check)));
        }
        out
    }
}

impl Entry {
    fn matches(&self, instance: &str, check: &str) -> bool {
        let (of, wanted) = split_check(&self.check);
        let wanted = wanted.unwrap_or("*");
        let bare = instance.split('[').next().unwrap_or_default();
        glob(wanted, check) && (glob(of, instance) || (!of.contains('[') && glob(of, bare)))
    }
}

/// Whether `text` is like `pattern`, in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn faults(file: &Located<Baseline>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut seen = BTreeSet::new();
    for (n, e) in file.value.entries.iter().enumerate() {
        let mut wrong = |at: &str, what: String| out.push(file.wrong(&format!("entries[{n}]{at}"), what));
        if !seen.insert((&e.check, e.expect)) {
            wrong("", format!("`{}` stands here twice", e.check));
        }
        if e.check.trim_matches('*').is_empty() {
            wrong(".check", "names no check: `case#check`".into());
        }
        if e.because.trim().is_empty() {
            wrong(".because", "says nothing".into());
        }
        if !(e.expect.is_failure() || matches!(e.expect, Verdict::CouldNotRun | Verdict::Tolerated)) {
            wrong(".expect", format!("`{}` needs no entry", e.expect));
        }
    }
    out
}

/// A baseline that expects all that is wrong in these reports, to be looked at: what happened stands where the reason
/// belongs.
#[must_use]
pub fn propose(reports: &[CaseReport]) -> String {
    let mut out = String::from("format: locospec-baseline/1\nentries:");
    let mut any = false;
    for r in reports {
        for (check, expect, because, of) in failures(r) {
            let all = of.len() == r.instances.len();
            let ids = if all { vec![r.case.as_str()] } else { of.iter().map(|i| i.id.as_str()).collect() };
            for id in ids {
                let name = serde_json::Value::from(format!("{id}#{check}"));
                let because = serde_json::Value::from(because.as_str());
                out.push_str(&format!("\n- check: {name}\n  expect: {expect}\n  because: {because}"));
                any = true;
            }
        }
    }
    out.push_str(if any { "\n" } else { " []\n" });
    out
}

/// A check, what it came to, what is said of it, and the instances in which it did.
type Failure<'r> = (&'r str, Verdict, String, Vec<&'r InstanceReport>);

fn failures(r: &CaseReport) -> Vec<Failure<'_>> {
    let mut out: Vec<Failure<'_>> = Vec::new();
    for i in &r.instances {
        let failed = i.checks.iter().any(|c| c.verdict.is_failure());
        let open = |c: &&CheckResult| c.verdict == Verdict::CouldNotRun && !failed;
        for c in i.checks.iter().filter(|c| c.verdict.is_failure() || open(c)) {
            match out.iter_mut().find(|f| f.0 == c.check && f.1 == c.verdict) {
                Some(f) => f.3.push(i),
                None => {
                    let said = c.detail.first().map_or("nothing more is known", String::as_str);
                    let said: String = said.chars().take(200).collect();
                    out.push((&c.check, c.verdict, said, vec![i]));
                }
            }
        }
    }
    out
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
