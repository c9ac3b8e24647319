//! A run as lines for a terminal: one line a packet with its way and how long it took, clients left and servers right.
//!
//! ```text
//!    98.500  u2/main   ──>  server     WRITE #4, 2654 B, room 7000                      60 ms
//!    98.560  u4/main   <──  server     MSG push, 2816 B, room 7000                      20 ms
//!    98.600  u2/main   o    Sent { ticket: 9, room: 7000, log_id: 529448774989250560 }
//!    98.600  ▲ VIOLATION ordered: u2/main is told of …
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::shortened;
use super::story::{Lane, LaneKind, Story};
use crate::sim::trace::{Event, Kind, Way};

/// Silence that is worth a line.
const SILENCE: Duration = Duration::from_secs(1);
/// The width of what is said about a packet, before how long it took.
const SAID_WIDTH: usize = 46;
/// Heartbeats are left out unless somebody asks for them.
const HEARTBEAT: &str = "PING";

/// Which events somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Clients, servers or hosts; none are all.
    pub only: Vec<String>,
    /// Methods; none are all but heartbeats.
    pub methods: Vec<String>,
    /// One room.
    pub room: Option<i64>,
    /// Not before.
    pub from: Option<Duration>,
    /// Not after.
    pub to: Option<Duration>,
}

impl Filter {
    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn lets(&self, story: &Story<'_>, event: &Event) -> bool {
        let (Some(told), at) = (story.told.get(event.seq), event.at) else { return false };
        if self.from.is_some_and(|from| at < from) || self.to.is_some_and(|to| at > to) {
            return false;
        }
        // What breaks, and what did not hold, explains everything else.
        if matches!(event.kind, Kind::Violation(_) | Kind::Fault(_)) {
            return true;
        }
        let is_wanted = |i: usize| {
            let lane = story.lanes.get(i);
            lane.is_some_and(|l| self.only.iter().any(|name| **name == *l.name || **name == *l.host))
        };
        let link = told.link.and_then(|i| story.links.get(i));
        let ends = [Some(told.lane), link.and_then(|l| l.client_lane)];
        if !self.only.is_empty() && !ends.into_iter().flatten().any(is_wanted) {
            return false;
        }
        if self.room.is_some() && told.room != self.room {
            return false;
        }
        match &event.kind {
            Kind::Bytes { .. } => false,
            // What arrives stands in the line of what was sent.
            Kind::Packet { way: Way::In, .. } if told.peer.is_some() => false,
            Kind::Packet { method, .. } if self.methods.is_empty() => method != HEARTBEAT,
            Kind::Packet { method, .. } => self.methods.iter().any(|m| m.eq_ignore_ascii_case(method)),
            _ => self.methods.is_empty(),
        }
    }
}

/// Methods and names of a filter that are not in the run, so that a slip of the pen is no empty answer.
#[must_use]
pub fn unknown(story: &Story<'_>, filter: &Filter) -> Vec<String> {
    let lane = |name: &&String| !story.lanes.iter().any(|l| **name == *l.name || **name == *l.host);
    let method = |name: &&String| {
        !story
            .events()
            .iter()
            .any(|e| matches!(&e.kind, Kind::Packet { method, .. } if method.eq_ignore_ascii_case(name)))
    };
    filter.only.iter().filter(lane).chain(filter.methods.iter().filter(method)).cloned().collect()
}

/// The lines of a run, in colours.
#[must_use]
pub fn lines(story: &Story<'_>, filter: &Filter) -> Vec<String> {
    let chosen = story.events().iter().filter(|e| filter.lets(story, e)).map(|e| e.seq).collect();
    render(story, &chosen)
}

/// The lines around what did not hold first: so many events before, a few behind, and those that it speaks of.
#[must_use]
pub fn around(story: &Story<'_>, filter: &Filter, before: usize) -> Vec<String> {
    let Some(charge) = story.charges.first() else { return lines(story, filter) };
    let shown: Vec<usize> = story.events().iter().filter(|e| filter.lets(story, e)).map(|e| e.seq).collect();
    let at = shown.partition_point(|seq| *seq < charge.event);
    let mut chosen: BTreeSet<usize> =
        shown.iter().skip(at.saturating_sub(before)).take(before.min(at) + before / 4 + 1).copied().collect();
    chosen.extend(charge.about.iter().copied().map(|seq| sent(story, seq)));
    render(story, &chosen)
}

/// Where a packet that arrived was sent.
fn sent(story: &Story<'_>, seq: usize) -> usize {
    let arrived = matches!(story.events().get(seq).map(|e| &e.kind), Some(Kind::Packet { way: Way::In, .. }));
    story.told.get(seq).and_then(|t| t.peer).filter(|_| arrived).unwrap_or(seq)
}

fn render(story: &Story<'_>, chosen: &BTreeSet<usize>) -> Vec<String> {
    let about: BTreeSet<usize> =
        story.charges.iter().flat_map(|c| c.about.iter()).map(|seq| sent(story, *seq)).collect();
    let width = |servers: bool| {
        let names = story.lanes.iter().filter(|l| (l.kind == LaneKind::Server) == servers);
        names.map(|l| l.name.chars().count()).max().unwrap_or_default().max(6)
    };
    let widths = (width(false), width(true));
    let mut out = Vec::new();
    let mut last: Option<&Event> = None;
    for event in chosen.iter().filter_map(|seq| story.events().get(*seq)) {
        if let Some(last) = last {
            let silent = event.at.saturating_sub(last.at);
            let skipped = skipped(story, last.seq, event.seq);
            if silent > SILENCE || skipped > 0 {
                let events = if skipped > 0 { format!(", {skipped} other events") } else { String::new() };
                out.push(paint(dim(), &format!("{:>9}  {:.1} s{events}", "...", silent.as_secs_f64())));
            }
        }
        let mark = if about.contains(&event.seq) { "*" } else { " " };
        out.push(format!(
            "{:>5}.{:03}{mark} {}",
            event.at.as_secs(),
            event.at.subsec_millis(),
            line(story, event, widths)
        ));
        last = Some(event);
    }
    out
}

/// How many events between two are worth telling and are not told.
fn skipped(story: &Story<'_>, from: usize, to: usize) -> usize {
    let all = Filter::default();
    let between = story.events().get(from + 1..to).unwrap_or_default();
    between.iter().filter(|e| all.lets(story, e)).count()
}

fn line(story: &Story<'_>, event: &Event, (left, right): (usize, usize)) -> String {
    let lane = story.told.get(event.seq).and_then(|t| story.lanes.get(t.lane));
    let is_server = lane.is_some_and(|l| l.kind == LaneKind::Server);
    let name = lane.map_or("", |l| &*l.name);
    match &event.kind {
        Kind::Packet { .. } => packet(story, event, (left, right)),
        Kind::Violation(text) => paint(red(), &format!("▲ VIOLATION {text}")),
        Kind::Fault(text) => paint(AnsiColor::Yellow.on_default(), &format!("# FAULT {text}")),
        other => {
            let (sign, style, text) = match other {
                Kind::Action(text) => (">", Style::new().bold(), format!("DO {}", shortened(text))),
                Kind::Event(text) => ("o", Style::new(), shortened(text).into_owned()),
                Kind::Server(text) => ("=", Style::new().bold(), text.clone()),
                Kind::Line(text) => ("-", dim(), format!("c{} {text}", event.conn)),
                _ => (" ", dim(), other.to_string()),
            };
            if is_server {
                format!("{:left$}       {name:<right$}  {} {}", "", sign, paint(style, &text))
            } else {
                format!("{name:<left$}  {sign}    {}", paint(style, &text))
            }
        }
    }
}

/// A packet as one line: who, which way, what, and how long it took.
fn packet(story: &Story<'_>, event: &Event, (left, right): (usize, usize)) -> String {
    let Kind::Packet { way, method, id, body_len, status } = &event.kind else { return String::new() };
    let told = story.told.get(event.seq);
    let (lane, link) = (told.map_or(0, |t| t.lane), told.and_then(|t| t.link).and_then(|i| story.links.get(i)));
    let name = |i: Option<usize>| i.and_then(|i| story.lanes.get(i)).map_or("?", |l: &Lane| &*l.name);
    let from_server = story.lanes.get(lane).is_some_and(|l| l.kind == LaneKind::Server) == (*way == Way::Out);
    let client = name(link.and_then(|l| l.client_lane).or((!from_server).then_some(lane)));
    let server = name(link.and_then(|l| l.server_lane).or(from_server.then_some(lane)));
    let peer = told.and_then(|t| t.peer).and_then(|seq| story.events().get(seq));
    let lost = *way == Way::Out && peer.is_none();
    let push = from_server && *id == 0;
    let arrow = match (from_server, lost) {
        (true, false) => "<──",
        (false, false) => "──>",
        (true, true) => "x──",
        (false, true) => "──x",
    };
    let bad = status.filter(|s| *s != 0);
    let mut said = if push { format!("{method} push") } else { format!("{method} #{id}") };
    if let Some(status) = bad {
        said.push_str(&format!(", status {status}"));
    }
    said.push_str(&format!(", {body_len} B"));
    if let Some(room) = told.and_then(|t| t.room) {
        said.push_str(&format!(", room {room}"));
    }
    let took = match peer {
        Some(peer) => format!("{} ms", peer.at.saturating_sub(event.at).as_millis()),
        None if lost => "never received".to_owned(),
        None => "from where is not known".to_owned(),
    };
    let style = match () {
        () if lost || bad.is_some_and(|s| s < 0) => red(),
        () if push => AnsiColor::Magenta.on_default(),
        () if from_server => AnsiColor::Green.on_default(),
        () => AnsiColor::Blue.on_default(),
    };
    let said = paint(style, &format!("{arrow}  {server:<right$}  {said:<SAID_WIDTH$}"));
    format!("{client:<left$}  {said} {took:>8}")
}

const fn red() -> Style {
    AnsiColor::Red.on_default().bold()
}

const fn dim() -> Style {
    Style::new().dimmed()
}

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
