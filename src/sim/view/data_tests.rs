//! What the page is told: the shape of it, what may stand in HTML, and what a small page leaves out.

use serde_json::Value;

use super::*;
use crate::sim::generate::generate;
use crate::sim::run::{Outcome, run_recorded};
use crate::sim::scenario::Scenario;
use crate::sim::view::lost_message;

fn told(scenario: &Scenario, outcome: &Outcome, budget: usize) -> Value {
    let story = Story::of(scenario, outcome);
    let json = Data::of(&story, "locospec replay 4", "era 2025", Budget(budget)).to_json().expect("JSON holds it");
    assert!(!json.contains('<') && !json.contains('>') && !json.contains('&'));
    serde_json::from_str(&json).expect("it is JSON")
}

fn len(value: &Value, path: &str) -> usize {
    let v = value.pointer(path).unwrap_or_else(|| panic!("no {path}"));
    v.as_array().map(Vec::len).or(v.as_object().map(|o| o.len())).or(v.as_str().map(str::len)).expect("a list")
}

#[test]
fn every_column_has_every_event_and_every_packet_its_bytes() {
    let scenario = lost_message();
    let outcome = run_recorded(&scenario);
    let data = told(&scenario, &outcome, usize::MAX);
    let n = outcome.trace.events.len();
    for column in ["dt", "lane", "kind", "name", "link", "peer", "room", "id", "len", "status", "at", "size"] {
        assert_eq!(len(&data, &format!("/events/{column}")), n, "{column}");
    }
    let time: u64 = data["events"]["dt"].as_array().expect("a list").iter().filter_map(Value::as_u64).sum();
    assert_eq!(u128::from(time), outcome.trace.events.last().expect("there are events").at.as_micros());
    assert_eq!(len(&data, "/violations"), outcome.violations.len());
    assert_eq!(data["violations"][0]["event"], outcome.violations[0].event);
    assert_eq!(data["left_out"], "");
    let kinds = data["events"]["kind"].as_str().expect("a text");
    let peers = data["events"]["peer"].as_array().expect("a list");
    for (seq, kind) in kinds.chars().enumerate() {
        let (own, peer) = (data["plain"].get(seq.to_string()), peers[seq].to_string());
        match kind {
            '>' => assert!(own.is_some(), "packet {seq} has no bytes"),
            '<' => assert!(own.is_some() || data["plain"].get(&peer).is_some(), "packet {seq} has no bytes"),
            'b' => assert!(data["wire"].get(seq.to_string()).is_some(), "bytes {seq} are not there"),
            _ => {}
        }
    }
}

#[test]
fn a_small_page_keeps_what_the_violation_speaks_of_and_says_what_it_leaves_out() {
    let scenario = lost_message();
    let outcome = run_recorded(&scenario);
    let data = told(&scenario, &outcome, 200_000);
    let said = data["left_out"].as_str().unwrap_or_default();
    assert!(said.contains("are left out") && said.contains("195 KiB"), "{said}");
    let kept = len(&data, "/plain");
    assert!(kept > 10, "{kept}");
    let about = data["violations"][0]["about"].as_array().expect("a list");
    let kinds = data["events"]["kind"].as_str().unwrap_or_default().as_bytes();
    for seq in about.iter().filter_map(Value::as_u64) {
        if kinds[seq as usize] == b'>' {
            assert!(data["plain"].get(seq.to_string()).is_some(), "packet {seq} is what the violation speaks of");
        }
    }
    let clean = generate(2);
    let outcome = crate::sim::run::run(&clean);
    assert!(told(&clean, &outcome, 1000)["left_out"].as_str().is_some_and(|s| s.contains("not recorded")));
}

#[test]
fn nothing_in_the_json_can_end_its_script() {
    let json = embeddable("\"</script><!-- & \u{2028}\"");
    assert_eq!(json, "\"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028\"");
    assert_eq!(serde_json::from_str::<String>(&json).expect("it is JSON"), "</script><!-- & \u{2028}");
}

#[test]
fn base64_is_what_everybody_reads() {
    for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
}
