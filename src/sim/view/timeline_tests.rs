//! The timeline of a run that a planted bug breaks, and what filters leave of it.

use super::*;
use crate::sim::run::run_recorded;
use crate::sim::view::lost_message;

fn plain(lines: &[String]) -> String {
    anstream::adapter::strip_str(&lines.join("\n")).to_string()
}

#[test]
fn a_failed_run_is_told_around_what_did_not_hold() {
    let scenario = lost_message();
    let outcome = run_recorded(&scenario);
    let story = Story::of(&scenario, &outcome);
    let text = plain(&around(&story, &Filter::default(), 20));
    let whole = plain(&lines(&story, &Filter::default()));
    assert!(text.contains("▲ VIOLATION") && text.contains("is down for") && text.contains("other events"), "{text}");
    assert!(text.lines().count() < 120 && text.lines().count() * 4 < whole.lines().count(), "{text}");
    assert!(!whole.contains("PING #") && whole.contains("──>  server  LOGINLIST #1, "), "{whole}");
    assert!(whole.contains(" ms\n") && whole.contains("MSG push, "));

    let only = Filter { only: vec!["u1/main".into()], methods: vec!["write".into()], ..Filter::default() };
    let text = plain(&lines(&story, &only));
    let packets: Vec<_> = text.lines().filter(|l| l.contains("──") && l.contains("server")).collect();
    assert!(!packets.is_empty(), "{text}");
    assert!(packets.iter().all(|l| l.contains("u1/main") && l.contains(" WRITE #")), "{text}");
    let late = Filter { from: Some(Duration::from_secs(10)), to: Some(Duration::from_secs(20)), ..Filter::default() };
    let text = plain(&lines(&story, &late));
    let times: Vec<u64> = text.lines().filter_map(|l| l.get(..5)?.trim().parse().ok()).collect();
    assert!(!times.is_empty() && times.iter().all(|t| (10..=20).contains(t)), "{text}");

    let typo = Filter { only: vec!["u9/main".into()], methods: vec!["WRIET".into()], ..Filter::default() };
    assert_eq!(unknown(&story, &typo), ["u9/main", "WRIET"]);
    assert!(unknown(&story, &only).is_empty());
}
