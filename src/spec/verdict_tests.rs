//! What a run comes to, and with which exit code.

use super::*;

fn run(verdicts: &[Verdict]) -> Summary {
    let checks = verdicts.iter().map(|v| CheckResult { check: "c".into(), verdict: *v, detail: vec![] }).collect();
    let instances = vec![InstanceReport::new("a.b[2019]", checks)];
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
fn what_is_known_or_weighs_nothing_does_not_fail_a_run() {
    use Verdict::*;
    let checks = |all: &[(&str, Verdict)]| {
        let one = |(name, verdict): &(&str, Verdict)| CheckResult {
            check: (*name).into(),
            verdict: *verdict,
            detail: vec![],
        };
        all.iter().map(one).collect::<Vec<_>>()
    };
    let mut known = InstanceReport::new("a.b[2019]", checks(&[("x", Fail), ("y", CouldNotRun), ("z", Pass)]));
    known.known.insert("x".into(), "so it is".into());
    let fails = InstanceReport::new("a.b[2023]", checks(&[("x", Fail), ("z", Pass)]));
    let tolerated = InstanceReport::new("a.b[2023]", checks(&[("x", Tolerated), ("z", Pass)]));
    for (instance, weight, code) in [
        (&known, Weight::Full, 0),
        (&fails, Weight::Full, 1),
        (&fails, Weight::Told, 0),
        (&tolerated, Weight::Full, 0),
        (&tolerated, Weight::Strict, 1),
    ] {
        let mut s = Summary::default();
        s.add_weighed(&CaseReport { case: "a.b".into(), file: "f".into(), instances: vec![instance.clone()] }, weight);
        assert_eq!(s.exit_code(), code, "{instance:?} {weight:?}");
        let stale = Summary { stale: 1, ..s };
        assert_eq!(stale.exit_code(), 1);
    }
    let mut dead = fails;
    dead.crashed(vec!["exit code 3".into()]);
    assert_eq!(dead.checks.first().map(|c| c.verdict), Some(Crashed));
}

#[test]
fn a_summary_counts_what_there_is() {
    let s = run(&[Verdict::Pass, Verdict::Pass, Verdict::Fail]);
    assert_eq!(s.to_string(), "1 cases, 1 runs: 2 pass, 1 fail");
}
