//! Baselines: what they know, and when they are stale.

use super::*;

const TODAY: Date = Date { year: 2026, month: 11, day: 28 };

fn applied(entries: &str) -> Result<Applied, String> {
    let text = format!("format: locospec-baseline/1\nentries:\n{entries}");
    let file = yaml::parse::<Baseline>("b.yaml", &text).map_err(|d| d.to_string())?;
    let wrong = faults(&file);
    if wrong.is_empty() { Ok(Applied::new(file, TODAY)) } else { Err(wrong.iter().map(|d| format!("{d}\n")).collect()) }
}

fn report(case: &str, instances: &[(&str, &[(&str, Verdict)])]) -> CaseReport {
    let check = |(name, verdict): &(&str, Verdict)| CheckResult {
        check: (*name).into(),
        verdict: *verdict,
        detail: vec![format!("{name} is \"{verdict}\"")],
    };
    let instance = |(of, checks): &(&str, &[(&str, Verdict)])| {
        InstanceReport::new(format!("{case}[{of}]"), checks.iter().map(check).collect())
    };
    CaseReport { case: case.into(), file: "f".into(), instances: instances.iter().map(instance).collect() }
}

/// What is stale after these reports, and the checks that were known.
fn outcome(entries: &str, reports: &[CaseReport]) -> (Vec<String>, Vec<String>) {
    let mut a = match applied(entries) {
        Ok(a) => a,
        Err(e) => panic!("{e}"),
    };
    let mut known = Vec::new();
    for r in reports {
        let mut r = r.clone();
        a.mark(&mut r);
        known.extend(r.instances.iter().flat_map(|i| i.known.keys().map(move |c| format!("{}#{c}", i.id))));
    }
    (a.faults(["a.b", "c.d", "e.f"].into_iter()).iter().map(ToString::to_string).collect(), known)
}

use Verdict::*;

#[test]
fn an_entry_knows_a_check_an_instance_or_many() {
    let r = [report("a.b", &[("2012", &[("ack", Pass), ("push", Fail)]), ("2025", &[("ack", Fail), ("push", Hung)])])];
    for (check, expect, known) in [
        ("a.b#push", "fail", vec!["a.b[2012]#push"]),
        ("a.b[2025]#push", "hung", vec!["a.b[2025]#push"]),
        ("a.*#*", "fail", vec!["a.b[2012]#push", "a.b[2025]#ack"]),
        ("a.b[2025]", "fail", vec!["a.b[2025]#ack"]),
    ] {
        let entry = format!("- {{check: \"{check}\", expect: {expect}, because: so}}\n");
        assert_eq!(outcome(&entry, &r), (vec![], known.into_iter().map(str::to_owned).collect()), "{check}");
    }
}

#[test]
fn an_entry_that_does_not_hold_is_a_fault_with_its_place() {
    let r = [report("a.b", &[("2012", &[("ack", Pass), ("push", Fail), ("late", CouldNotRun)])])];
    for (entry, want) in [
        ("check: \"a.b#ack\", expect: fail", "b.yaml:3:1: `a.b#ack`: expects fail and came to pass"),
        ("check: \"a.b#push\", expect: hung", "b.yaml:3:1: `a.b#push`: expects hung and came to fail"),
        ("check: \"a.b#late\", expect: fail", "b.yaml:3:1: `a.b#late`: it was not reached"),
        ("check: \"a.b#psuh\", expect: fail", "b.yaml:3:1: `a.b#psuh`: matches no check of this run"),
        ("check: \"x.y#ack\", expect: fail", "b.yaml:3:1: `x.y#ack`: matches no check of this run"),
        ("check: \"a.b#push\", expect: fail, expires: \"2026-11-28\"", "b.yaml:3:1: `a.b#push`: it expired"),
    ] {
        let (stale, known) = outcome(&format!("- {{{entry}, because: so}}\n"), &r);
        assert!(stale.len() == 1 && stale.iter().all(|s| s.starts_with(want)), "{entry}: {stale:?}");
        assert!(known.is_empty(), "{entry}: {known:?}");
    }
    let (stale, known) = outcome("- {check: \"a.b#push\", expect: fail, because: so, expires: \"2026-11-29\"}\n", &r);
    assert!(stale.is_empty() && known.len() == 1);
    let (stale, _) = outcome("- {check: \"c.*#push\", expect: fail, because: so}\n", &r);
    assert!(stale.is_empty(), "c.d is not part of this run: {stale:?}");
}

#[test]
fn a_baseline_that_says_nothing_is_refused() {
    for (entry, want) in [
        ("check: \"a#b\", expect: fail, because: \"\"", "b.yaml:3:32: says nothing"),
        ("check: \"a#b\", expect: pass, because: so", "b.yaml:3:18: `pass` needs no entry"),
        ("check: \"*\", expect: fail, because: so", "b.yaml:3:4: names no check"),
        ("check: \"a#b\", expect: fails, because: so", "unknown variant `fails`"),
        ("check: \"a#b\", expect: fail, because: so, expires: \"2026-02-30\"", "`2026-02-30` is no day"),
        ("check: \"a#b\", expect: fail", "missing field `because`"),
    ] {
        let said = applied(&format!("- {{{entry}}}\n")).err().unwrap_or_default();
        assert!(said.contains(want), "{entry}: {said}");
    }
    let twice = "- {check: \"a#b\", expect: fail, because: so}\n".repeat(2);
    assert!(applied(&twice).err().unwrap_or_default().contains("b.yaml:4:1: `a#b` stands here twice"));
}

#[test]
fn what_is_proposed_knows_all_of_the_run() {
    let reports = [
        report("a.b", &[("2012", &[("ack", Fail), ("late", CouldNotRun)]), ("2025", &[("ack", Fail), ("late", Fail)])]),
        report("c.d", &[("2012", &[("ack", Pass), ("run", CouldNotRun)]), ("2025", &[("ack", Pass), ("run", Pass)])]),
    ];
    let text = propose(&reports);
    let want = "format: locospec-baseline/1\nentries:\
        \n- check: \"a.b#ack\"\n  expect: fail\n  because: \"ack is \\\"fail\\\"\"\
        \n- check: \"a.b[2025]#late\"\n  expect: fail\n  because: \"late is \\\"fail\\\"\"\
        \n- check: \"c.d[2012]#run\"\n  expect: could-not-run\n  because: \"run is \\\"could-not-run\\\"\"\n";
    assert_eq!(text, want);
    let entries = text.trim_start_matches("format: locospec-baseline/1\nentries:\n");
    let (stale, known) = outcome(entries, &reports);
    assert!(stale.is_empty(), "{stale:?}");
    assert_eq!(known, ["a.b[2012]#ack", "a.b[2025]#ack", "a.b[2025]#late", "c.d[2012]#run"]);
    assert_eq!(propose(&[]), "format: locospec-baseline/1\nentries: []\n");
}

#[test]
fn days_are_those_of_the_calendar() {
    for (secs, day) in [
        (0, "1970-01-01"),
        (951_782_399, "2000-02-28"),
        (951_782_400, "2000-02-29"),
        (951_868_800, "2000-03-01"),
        (1_700_000_000, "2023-11-14"),
        (4_107_542_400, "2100-03-01"),
    ] {
        assert_eq!(Date::of(Time::from_secs(secs)).to_string(), day);
        assert_eq!(Date::parse(day), Some(Date::of(Time::from_secs(secs))));
    }
    for bad in ["2026-13-01", "2026-00-10", "2026-1-01", "2026-04-31", "2100-02-29", "x", "2026-01-01-01"] {
        assert_eq!(Date::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_star_is_any_text() {
    for (pattern, text, fits) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a*", "a", true),
        ("*b", "ab", true),
        ("a*c*e", "abcde", true),
        ("a*c*e", "abde", false),
        ("*", "", true),
        ("a*a", "a", false),
    ] {
        assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
    }
}
