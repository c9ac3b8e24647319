//! What a run says on the terminal: each thing that is wrong once, in how many instances, and how to run it again.

use std::fmt::Write;

use crate::spec::report::{CaseLine, InstanceLine, Run, Standing};
use crate::spec::verdict::Verdict;

/// Findings that are printed without `--verbose`.
const SHOWN_MAX: usize = 40;
/// Lines of detail for each.
const DETAIL_MAX: usize = 3;
/// Instances that are named for each.
const NAMED_MAX: usize = 6;

/// Everything that is wrong, case by case; `all` prints what happened too.
pub fn failures(run: &Run, all: bool) -> String {
    let mut out = String::new();
    let mut shown = 0;
    let mut left = 0;
    for case in &run.cases {
        for f in findings(case) {
            if shown >= SHOWN_MAX && !all {
                left += 1;
                continue;
            }
            shown += 1;
            one(run, case, &f, all, &mut out);
        }
    }
    for i in run.cases.iter().flat_map(|c| &c.instances).filter(|i| !i.flaky.is_empty()) {
        let _ = writeln!(out, "flaky: {}: at first {}", i.instance, i.flaky.join(", "));
    }
    if left > 0 {
        let _ = writeln!(out, "… and {left} more: --verbose prints them, --report html=FILE shows them");
    }
    out
}

/// A check with what it came to, in these instances.
struct Finding<'r> {
    check: &'r str,
    /// Checks behind it of which the same is to be said.
    more: usize,
    verdict: Verdict,
    of: Vec<&'r InstanceLine>,
}

fn findings(case: &CaseLine) -> Vec<Finding<'_>> {
    let mut out: Vec<Finding<'_>> = Vec::new();
    for i in &case.instances {
        let failed = i.checks.iter().any(|(_, v)| v.is_failure());
        for (check, verdict) in &i.checks {
            let wrong = Standing::of(*verdict, i.known.contains_key(check)) == Standing::Wrong;
            // What stands behind a failure is not reached, and says nothing more.
            let open = *verdict == Verdict::CouldNotRun && !failed && !i.known.contains_key(check);
            if !wrong && !open {
                continue;
            }
            match out.iter_mut().find(|f| f.check == check && f.verdict == *verdict) {
                Some(f) => f.of.push(i),
                None => out.push(Finding { check, more: 0, verdict: *verdict, of: vec![i] }),
            }
        }
    }
    out.dedup_by(|later, first| {
        later.says_the_same(first) && {
            first.more += 1;
            true
        }
    });
    out
}

impl Finding<'_> {
    /// Whether it tells nothing that the other does not: one that died failed all its checks by that.
    fn says_the_same(&self, other: &Self) -> bool {
        let of = |f: &Self| f.of.iter().map(|i| i.detail.get(f.check).cloned()).collect::<Vec<_>>();
        let instances = |f: &Self| f.of.iter().map(|i| i.instance.clone()).collect::<Vec<_>>();
        self.verdict == other.verdict
            && self.verdict == Verdict::Crashed
            && instances(self) == instances(other)
            && of(self) == of(other)
    }
}

fn one(run: &Run, case: &CaseLine, f: &Finding<'_>, all: bool, out: &mut String) {
    let Some(first) = f.of.first() else { return };
    let named: Vec<&str> = f.of.iter().take(NAMED_MAX).map(|i| values(&i.instance)).collect();
    let more = f.of.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let checks = if f.more > 0 { format!(" and {} more checks", f.more) } else { String::new() };
    let _ = writeln!(out, "{}: {}#{}{checks} in {}{more}", f.verdict, case.case, f.check, named.join(" "));
    let detail = first.detail.get(f.check).map(Vec::as_slice).unwrap_or_default();
    let lines = if all { detail.len() } else { DETAIL_MAX };
    for d in detail.iter().take(lines) {
        let _ = writeln!(out, "    {d}");
    }
    if all {
        for l in &first.timeline {
            let _ = writeln!(out, "      {l}");
        }
    }
    let _ = writeln!(out, "    {}", first.again(&run.head.again));
}

/// `2019,len=4` of `case[2019,len=4]`.
fn values(instance: &str) -> &str {
    instance.split_once('[').map_or("the run", |(_, rest)| rest.trim_end_matches(']'))
}
