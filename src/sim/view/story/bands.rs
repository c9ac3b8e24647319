//! The faults of a run as it played: from when to when, over which lanes, and what they are called.

use std::fmt::Write as _;

use super::{Lane, LaneKind};
use crate::sim::scenario::{Fault, Scenario};
use crate::sim::trace::{Event, Kind};

/// Something is broken for a while, or in one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// What it is called, such as `partition phones-1`.
    pub label: String,
    /// The event with which it begins.
    pub from: usize,
    /// The event with which it ends: the same one where it is a moment.
    pub to: usize,
    /// The lanes that it is about.
    pub lanes: Vec<usize>,
}

/// A band that goes on: the text that ends it.
struct Open {
    ends: String,
    band: usize,
    /// Mending everything ends it.
    heals: bool,
}

/// The bands, as they begin.
pub(super) fn bands(scenario: &Scenario, events: &[Event], lanes: &[Lane]) -> Vec<Band> {
    let texts: Vec<String> = scenario.faults.iter().map(|f| format!("{f:?}")).collect();
    let (mut bands, mut open): (Vec<Band>, Vec<Open>) = (Vec::new(), Vec::new());
    for event in events {
        let Kind::Fault(text) = &event.kind else { continue };
        let (from, to) = (event.seq, event.seq);
        if let Some(what) = text.strip_prefix("begins: ") {
            let fault = texts.iter().position(|t| t == what).and_then(|i| scenario.faults.get(i));
            let (label, over) = match fault {
                Some(fault) => (label(fault), concerns(fault, lanes)),
                None => (what.to_owned(), Vec::new()),
            };
            if fault.is_none_or(is_lasting) {
                open.push(Open { ends: format!("ends: {what}"), band: bands.len(), heals: true });
            }
            bands.push(Band { label, from, to, lanes: over });
        } else if let Some(down) = text.strip_suffix("is started").or(text.contains(" is down for ").then_some("")) {
            if down.is_empty() {
                let name = text.split(" is down for ").next().unwrap_or_default();
                open.push(Open { ends: format!("{name} is started"), band: bands.len(), heals: false });
                bands.push(Band {
                    label: text.trim_start_matches("the ").to_owned(),
                    from,
                    to,
                    lanes: fallen(name, lanes),
                });
            }
        } else if text == "everything is mended" {
            close(&mut open, &mut bands, event.seq, |o| o.heals);
        }
        close(&mut open, &mut bands, event.seq, |o| o.ends == *text);
    }
    let last = events.len().saturating_sub(1);
    // What has no end by then lasts to the end of the run.
    for o in &open {
        if let Some(band) = bands.get_mut(o.band) {
            band.to = last;
        }
    }
    bands
}

fn close(open: &mut Vec<Open>, bands: &mut [Band], seq: usize, which: impl Fn(&Open) -> bool) {
    open.retain(|o| {
        let ends = which(o);
        if ends && let Some(band) = bands.get_mut(o.band) {
            band.to = seq;
        }
        !ends
    });
}

/// Whether it goes on for a while by itself; the others are moments.
fn is_lasting(fault: &Fault) -> bool {
    serde_json::to_value(fault).is_ok_and(|v| v.get("for").is_some())
}

/// A fault in a few words: its kind and what it is about.
fn label(fault: &Fault) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(fault) else { return format!("{fault:?}") };
    let word = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut text = fields.get("kind").map(&word).unwrap_or_default().replace('_', " ");
    if let Some(target) = fault.target() {
        let _ = write!(text, " {target}");
    }
    let named =
        |name: &str| name == "at" || name == "kind" || fields.get(name).and_then(|v| v.as_str()) == fault.target();
    for (name, value) in fields.iter().filter(|(name, _)| !named(name)) {
        let _ = write!(text, ", {} {}", name.replace('_', " "), word(value));
    }
    text
}

/// The lanes of a fault: those of its host, its client, or the servers; a storm is about all clients.
fn concerns(fault: &Fault, lanes: &[Lane]) -> Vec<usize> {
    let of = |holds: &dyn Fn(&Lane) -> bool| -> Vec<usize> {
        lanes.iter().enumerate().filter(|(_, l)| holds(l)).map(|(i, _)| i).collect()
    };
    match fault.target() {
        Some(name) => of(&|l| &*l.name == name || &*l.host == name),
        None if matches!(fault, Fault::Storm { .. }) => of(&|l| l.kind == LaneKind::Client),
        None => of(&|l| l.kind == LaneKind::Server),
    }
}

fn fallen(text: &str, lanes: &[Lane]) -> Vec<usize> {
    let servers: Vec<usize> =
        lanes.iter().enumerate().filter(|(_, l)| l.kind == LaneKind::Server).map(|(i, _)| i).collect();
    let named: Vec<usize> =
        servers.iter().copied().filter(|i| lanes.get(*i).is_some_and(|l| text.ends_with(&*l.name))).collect();
    if named.is_empty() { servers } else { named }
}
