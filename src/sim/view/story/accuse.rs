//! The events that a violation speaks of: those with its messages, its connections, its clients.

use std::collections::BTreeSet;

use super::{Lane, LaneKind, Link, Told};
use crate::sim::run::Outcome;
use crate::sim::trace::{Event, Kind};
use crate::sim::view::recording::Recording;

/// Events of one violation, at most.
const ABOUT_MAX: usize = 60;
/// Events of a client or a connection that is named, and nothing else.
const NEAR_MAX: usize = 16;
/// Numbers below this are counts and rooms, not ids.
const ID_MIN: i64 = 1_000_000;

/// A violation with its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The name of what did not hold.
    pub invariant: &'static str,
    /// What must hold.
    pub sentence: &'static str,
    /// What was seen.
    pub what: String,
    /// Where.
    pub event: usize,
    /// The events it speaks of, in their order; the violation itself is one of them.
    pub about: Vec<usize>,
}

/// What to look for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Clues {
    ids: Vec<i64>,
    texts: Vec<String>,
    lanes: Vec<usize>,
    conns: Vec<u64>,
}

/// The violations of a run, each with its events.
pub(super) fn charges(
    outcome: &Outcome,
    recording: &Recording,
    told: &[Told],
    lanes: &[Lane],
    links: &[Link],
) -> Vec<Charge> {
    let events = &outcome.trace.events;
    let charge = |v: &crate::sim::invariants::Violation| {
        let clues = clues(&v.what, lanes);
        let mut about = direct(&clues, v.event, events, recording);
        if about.len() < 2 {
            about.extend(near(&clues, v.event, events, told, links));
        }
        // The nearest ones, and what fell whatever its distance.
        let skip = about.len().saturating_sub(ABOUT_MAX);
        let mut about: BTreeSet<usize> = about.into_iter().skip(skip).collect();
        about.extend(falls(v.event, events));
        if v.event < events.len() {
            about.insert(v.event);
        }
        Charge {
            invariant: v.invariant.name(),
            sentence: v.invariant.sentence(),
            what: v.what.clone(),
            event: v.event,
            about: about.into_iter().collect(),
        }
    };
    outcome.violations.iter().map(charge).collect()
}

fn clues(what: &str, lanes: &[Lane]) -> Clues {
    let mut clues = Clues::default();
    let mut quoted = what.split('"').skip(1);
    while let Some(text) = quoted.next() {
        let text = text.trim_end_matches('…').trim_end();
        if text.len() >= 4 {
            clues.texts.push(text.to_owned());
        }
        quoted.next();
    }
    for word in what.split(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '-') {
        if let Ok(n) = word.parse::<i64>()
            && n >= ID_MIN
        {
            clues.ids.push(n);
        } else if let Some(n) = word.strip_prefix('c').and_then(|n| n.parse().ok()) {
            clues.conns.push(n);
        } else if let Some(lane) = lanes.iter().position(|l| &*l.name == word && l.kind != LaneKind::World) {
            clues.lanes.push(lane);
        }
    }
    clues
}

/// Events before the violation in which an id or a text of it is.
fn direct(clues: &Clues, before: usize, events: &[Event], recording: &Recording) -> BTreeSet<usize> {
    let ids: Vec<String> = clues.ids.iter().map(ToString::to_string).collect();
    let mut needles: Vec<Vec<u8>> = clues.ids.iter().map(|n| n.to_le_bytes().to_vec()).collect();
    needles.extend(clues.texts.iter().map(|t| t.clone().into_bytes()));
    let mut found = BTreeSet::new();
    for event in events.iter().take(before) {
        let has = match &event.kind {
            Kind::Action(text) | Kind::Event(text) => {
                ids.iter().any(|n| text.contains(n.as_str())) || clues.texts.iter().any(|t| text.contains(t.as_str()))
            }
            Kind::Packet { .. } => {
                recording.plain.get(&event.seq).is_some_and(|bytes| needles.iter().any(|n| contains(bytes, n)))
            }
            _ => false,
        };
        if has {
            found.insert(event.seq);
        }
    }
    found
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| b == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(needle) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// The last events of the connections and clients that are named.
fn near(clues: &Clues, before: usize, events: &[Event], told: &[Told], links: &[Link]) -> BTreeSet<usize> {
    let is_named = |event: &&Event| {
        let Some(t) = told.get(event.seq) else { return false };
        if matches!(event.kind, Kind::Bytes { .. }) {
            return false;
        }
        let link = t.link.and_then(|i| links.get(i));
        let conn = link.and_then(|l| l.conn);
        conn.is_some_and(|n| clues.conns.contains(&n)) || clues.lanes.contains(&t.lane)
    };
    events.iter().take(before).rev().filter(is_named).take(NEAR_MAX).map(|e| e.seq).collect()
}

/// The last falls and starts of servers before the violation: what was lost was lost there.
fn falls(before: usize, events: &[Event]) -> BTreeSet<usize> {
    let falls = |e: &&Event| match &e.kind {
        Kind::Fault(text) => text.contains(" is down ") || text.contains("power is gone"),
        Kind::Server(text) => text.starts_with("starts"),
        _ => false,
    };
    events.iter().take(before).rev().filter(falls).take(3).map(|e| e.seq).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_gives_its_clues() {
        let lanes = ["world", "server", "u1/main"].map(|name| Lane {
            name: name.into(),
            host: name.into(),
            kind: if name == "world" { LaneKind::World } else { LaneKind::Client },
        });
        let found = clues("u1/main: c12 of room 7000, 529448767376588800 (\"u4/main says 10 …\")", &lanes);
        assert_eq!(found.lanes, [2]);
        assert_eq!(found.conns, [12]);
        assert_eq!(found.ids, [529_448_767_376_588_800]);
        assert_eq!(found.texts, ["u4/main says 10"]);
    }

    #[test]
    fn a_needle_is_found_wherever_it_is() {
        assert!(contains(b"aab", b"ab") && contains(b"ab", b"ab") && contains(b"xaab", b"aab"));
        assert!(!contains(b"aa", b"ab") && !contains(b"", b"a") && !contains(b"a", b""));
    }
}
