//! A run as columns of JSON, for the page: one array for each property of its events, and the bytes as base64.
//!
//! Numbers that a script cannot hold (ids beyond 2^53) are only in texts and in bytes. Bytes beyond a budget are left
//! out, those far from what did not hold first, and the document says so.

mod meanings;
mod payload;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::shortened;
use super::story::{LaneKind, Story};
use crate::sim::trace::{Kind, Way};
use crate::spec::catalogue::Catalogue;

pub use meanings::Meanings;
pub use payload::Budget;
use payload::Payload;
pub(crate) use payload::base64;

/// The document. Absent values are -1, and every table begins with its most used entry.
#[derive(Debug, Serialize)]
pub struct Data<'a> {
    format: &'static str,
    version: &'static str,
    title: &'a str,
    seed: u64,
    /// What the run is replayed with.
    replay: &'a str,
    parameters: &'a str,
    scenario: String,
    hash: &'a str,
    simulated_us: u64,
    heal_us: u64,
    converged_us: i64,
    quirks: &'a [String],
    lanes: Vec<LaneRow>,
    links: Vec<LinkRow>,
    bands: Vec<BandRow<'a>>,
    violations: Vec<ViolationRow<'a>>,
    evidence: Vec<(String, u64)>,
    meanings: Meanings<'a>,
    methods: Vec<&'a str>,
    texts: Vec<Cow<'a, str>>,
    events: Columns,
    plain: BTreeMap<usize, String>,
    wire: BTreeMap<usize, String>,
    /// What was left out of the bytes, as a sentence; empty when nothing was.
    left_out: String,
}

#[derive(Debug, Serialize)]
struct LaneRow {
    name: String,
    host: String,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct LinkRow {
    client: i64,
    server: i64,
    from: i64,
    to: i64,
    conn: i64,
    door: &'static str,
    era: String,
    opened: usize,
    closed: i64,
}

#[derive(Debug, Serialize)]
struct BandRow<'a> {
    label: &'a str,
    from: usize,
    to: usize,
    lanes: &'a [usize],
}

#[derive(Debug, Serialize)]
struct ViolationRow<'a> {
    invariant: &'a str,
    sentence: &'a str,
    what: &'a str,
    event: usize,
    about: &'a [usize],
}

/// One entry for each event.
#[derive(Debug, Default, Serialize)]
struct Columns {
    /// Microseconds since the event before.
    dt: Vec<u64>,
    lane: Vec<usize>,
    /// A letter each: `>` sent, `<` came, `b` bytes, `l` line, `f` fault, `a` action, `e` event, `s` server, `v` violation.
    kind: String,
    /// The method, or the text.
    name: Vec<i64>,
    link: Vec<i64>,
    peer: Vec<i64>,
    room: Vec<i64>,
    id: Vec<i64>,
    /// Of the body, or of the bytes.
    len: Vec<usize>,
    /// The status of a reply; nothing is -2^31.
    status: Vec<i64>,
    /// Where the sealed packet begins in its sender's stream, and how long it is.
    at: Vec<i64>,
    size: Vec<u64>,
}

/// No status.
const NONE: i64 = i32::MIN as i64;

/// Texts by their numbers.
#[derive(Default)]
struct Names<'a> {
    all: Vec<&'a str>,
    index: BTreeMap<&'a str, i64>,
}

impl<'a> Names<'a> {
    fn of(&mut self, text: &'a str) -> i64 {
        *self.index.entry(text).or_insert_with(|| {
            self.all.push(text);
            self.all.len() as i64 - 1
        })
    }
}

fn number(n: Option<u64>) -> i64 {
    n.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1)
}

fn place(n: Option<usize>) -> i64 {
    number(n.map(|n| n as u64))
}

fn micros(d: std::time::Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

impl<'a> Data<'a> {
    /// The document of a run, with at most so many bytes of its packets.
    #[must_use]
    pub fn of(story: &'a Story<'a>, replay: &'a str, parameters: &'a str, budget: Budget) -> Self {
        let (scenario, outcome) = (story.scenario, story.outcome);
        let (events, methods, texts) = columns(story);
        let Payload { plain, wire, left_out } = Payload::of(story, budget);
        Self {
            format: "locospec-view/1",
            version: env!("CARGO_PKG_VERSION"),
            title: &scenario.title,
            seed: scenario.seed,
            replay,
            parameters,
            scenario: scenario.to_yaml().unwrap_or_default(),
            hash: &outcome.trace_hash,
            simulated_us: micros(outcome.simulated),
            heal_us: micros(scenario.heal_at.0),
            converged_us: outcome.converged_in.map_or(-1, |d| i64::try_from(micros(d)).unwrap_or(-1)),
            quirks: &scenario.quirks,
            lanes: lanes(story),
            links: links(story),
            bands: story
                .bands
                .iter()
                .map(|b| BandRow { label: &b.label, from: b.from, to: b.to, lanes: &b.lanes })
                .collect(),
            violations: story
                .charges
                .iter()
                .map(|c| ViolationRow {
                    invariant: c.invariant,
                    sentence: c.sentence,
                    what: &c.what,
                    event: c.event,
                    about: &c.about,
                })
                .collect(),
            evidence: evidence(&outcome.evidence.to_string()),
            meanings: Meanings::default(),
            methods,
            texts,
            events,
            plain,
            wire,
            left_out,
        }
    }

    /// The same, with what this catalogue says of its packets.
    #[must_use]
    pub fn explained(self, catalogue: &Catalogue<'a>) -> Self {
        Self { meanings: Meanings::of(catalogue, &self.methods), ..self }
    }

    /// As JSON that may stand inside a `<script>` element: no `<` is in it.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string(self).map(|s| embeddable(&s)).map_err(|e| e.to_string())
    }
}

/// JSON without what could end a script or begin a comment in HTML. These letters stand in strings only.
#[must_use]
pub fn embeddable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// The evidence as it prints itself: lines of a name and a number.
fn evidence(text: &str) -> Vec<(String, u64)> {
    let line = |l: &str| {
        let (name, n) = l.trim().rsplit_once(char::is_whitespace)?;
        Some((name.trim().to_owned(), n.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

fn lanes(story: &Story<'_>) -> Vec<LaneRow> {
    let kind = |k| match k {
        LaneKind::World => "world",
        LaneKind::Server => "server",
        LaneKind::Client => "client",
    };
    story
        .lanes
        .iter()
        .map(|l| LaneRow { name: l.name.to_string(), host: l.host.to_string(), kind: kind(l.kind) })
        .collect()
}

fn links(story: &Story<'_>) -> Vec<LinkRow> {
    let row = |l: &super::story::Link| LinkRow {
        client: number(l.client),
        server: number(l.server),
        from: place(l.client_lane),
        to: place(l.server_lane),
        conn: number(l.conn),
        door: l.door,
        era: l.era.map_or_else(|| "plain".to_owned(), |e| e.to_string()),
        opened: l.opened.seq,
        closed: place(l.closed.map(|m| m.seq)),
    };
    story.links.iter().map(row).collect()
}

fn columns<'a>(story: &'a Story<'a>) -> (Columns, Vec<&'a str>, Vec<Cow<'a, str>>) {
    let (mut c, mut methods, mut texts) = (Columns::default(), Names::default(), Names::default());
    let mut before = 0;
    for (event, told) in story.events().iter().zip(&story.told) {
        let at = micros(event.at);
        c.dt.push(at.saturating_sub(before));
        before = at;
        c.lane.push(told.lane);
        c.link.push(place(told.link));
        c.peer.push(place(told.peer));
        c.room.push(told.room.unwrap_or(-1));
        c.at.push(number(told.sealed.as_ref().map(|r| r.start)));
        c.size.push(told.sealed.as_ref().map_or(0, |r| r.end - r.start));
        let (mut id, mut len, mut status) = (-1, 0, NONE);
        let (kind, name) = match &event.kind {
            Kind::Packet { way, method, id: n, body_len, status: s } => {
                (id, len, status) = (i64::from(*n), *body_len, s.unwrap_or(NONE));
                (if *way == Way::Out { '>' } else { '<' }, methods.of(method))
            }
            Kind::Bytes { len: n, .. } => {
                len = *n;
                ('b', -1)
            }
            Kind::Line(text) => ('l', texts.of(text)),
            Kind::Fault(text) => ('f', texts.of(text)),
            Kind::Action(text) => ('a', texts.of(text)),
            Kind::Event(text) => ('e', texts.of(text)),
            Kind::Server(text) => ('s', texts.of(text)),
            Kind::Violation(text) => ('v', texts.of(text)),
        };
        c.kind.push(kind);
        c.name.push(name);
        c.id.push(id);
        c.len.push(len);
        c.status.push(status);
    }
    (c, methods.all, texts.all.into_iter().map(shortened).collect())
}

#[cfg(test)]
#[path = "data_tests.rs"]
mod tests;
