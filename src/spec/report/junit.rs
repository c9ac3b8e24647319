//! JUnit XML: a suite for each case, a test for each instance, with how long it took.
//!
//! What a baseline knows is skipped there, with its reason: the systems that read it know only red and green.

use core::time::Duration;
use std::fmt::Write;

use super::{CaseLine, InstanceLine, Run, Standing};
use crate::spec::verdict::Verdict;

/// The run as XML.
#[must_use]
pub fn junit(run: &Run) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = format!("{} {}", run.head.name, run.head.version);
    let all: Vec<&InstanceLine> = run.cases.iter().flat_map(|c| &c.instances).collect();
    // The schemas know no `skipped` of all suites together.
    let _ = writeln!(out, "<testsuites name=\"{}\" {}>", xml(&name), counts(&all, false));
    for case in &run.cases {
        suite(run, case, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(all: &[&InstanceLine], with_skipped: bool) -> String {
    let of = |kind: Kind| all.iter().filter(|i| kind_of(i) == kind).count();
    let (failures, errors, skipped) = (of(Kind::Failure), of(Kind::Error), of(Kind::Skipped));
    let time = seconds(all.iter().map(|i| i.took).sum());
    let skipped = if with_skipped { format!("skipped=\"{skipped}\" ") } else { String::new() };
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" {skipped}time=\"{time}\"", all.len())
}

/// A duration as the format has it: seconds, to the millisecond.
fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

#[derive(PartialEq, Eq)]
enum Kind {
    Good,
    Skipped,
    Failure,
    Error,
}

fn kind_of(i: &InstanceLine) -> Kind {
    let worst = i.checks.iter().filter(|(c, _)| !i.known.contains_key(c)).map(|(_, v)| *v).max();
    match (i.standing(), worst) {
        (Standing::Wrong, Some(Verdict::Crashed | Verdict::HarnessError)) | (Standing::Open, _) => Kind::Error,
        (Standing::Wrong, _) => Kind::Failure,
        (Standing::Known | Standing::Aside, _) => Kind::Skipped,
        _ => Kind::Good,
    }
}

fn suite(run: &Run, case: &CaseLine, out: &mut String) {
    let all: Vec<&InstanceLine> = case.instances.iter().collect();
    let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", xml(&case.case), counts(&all, true));
    for i in all {
        let (class, name, time) = (xml(&case.case), xml(&i.instance), seconds(i.took));
        let attributes = format!("classname=\"{class}\" name=\"{name}\" time=\"{time}\"");
        let word = match kind_of(i) {
            Kind::Good if !i.flaky.is_empty() => {
                let said = xml(&i.flaky.join(", "));
                let _ = write!(out, "    <testcase {attributes}><system-out>flaky, failed before: {said}</system-out>");
                out.push_str("</testcase>\n");
                continue;
            }
            Kind::Good => {
                let _ = writeln!(out, "    <testcase {attributes}/>");
                continue;
            }
            Kind::Skipped => "skipped",
            Kind::Failure => "failure",
            Kind::Error => "error",
        };
        let bad: Vec<&(String, Verdict)> = i.checks.iter().filter(|c| c.1 > Verdict::Tolerated).collect();
        let told = |c: &str| i.known.get(c).cloned().or_else(|| i.detail.get(c)?.first().cloned()).unwrap_or_default();
        let message = bad.first().map(|(c, v)| format!("{c}: {v}: {}", told(c))).unwrap_or_default();
        let kind = i.verdict();
        let _ = write!(out, "    <testcase {attributes}><{word} message=\"{}\"", xml(&message));
        // The schemas give `skipped` a message and no type.
        let _ = if word == "skipped" { write!(out, ">") } else { write!(out, " type=\"{kind}\">") };
        for (c, v) in bad {
            let _ = writeln!(out, "{}#{}: {v}", xml(&i.instance), xml(c));
            for d in i.detail.get(c).into_iter().flatten() {
                let _ = writeln!(out, "    {}", xml(d));
            }
        }
        for l in &i.timeline {
            let _ = writeln!(out, "      {}", xml(l));
        }
        let _ = writeln!(out, "{} ({})", xml(&i.again(&run.head.again)), xml(&case.file));
        let _ = writeln!(out, "</{word}></testcase>");
    }
    out.push_str("  </testsuite>\n");
}

/// Text in XML 1.0, which has no place for most control characters.
fn xml(text: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n') || (c >= ' ' && !matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'));
    let clean: String = text.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect();
    crate::spec::doc::escape(&clean)
}
