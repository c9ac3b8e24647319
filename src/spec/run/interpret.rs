//! One instance of a case: its steps in order, its checks, and the filing of whatever the target does meanwhile.
//!
//! Besides the checks of the steps every instance has one called `protocol`: what must hold of every packet of the
//! target, whatever the case is about.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bson::Document;

use super::Options;
use super::instance::{Instance, names, own_names};
use super::peer::{Got, Peer};
use super::record::{Record, shown_event};
use super::target::{Conn, Happening, Target};
use super::waiting::{Calm, doubt};
use crate::proto::command::Door;
use crate::proto::secure::Era;
use crate::proto::time::Time;
use crate::spec::corpus::Corpus;
use crate::spec::format::driving::EventKind;
use crate::spec::format::{Case, Role, Step};
use crate::spec::value::{ValueError, Vars};
use crate::spec::verdict::{CheckResult, InstanceReport, Verdict};
use crate::spec::yaml::Located;

/// What a case may take on the wall at least, where time runs faster.
const WALL_MIN: Duration = Duration::from_secs(30);

/// What came of a check, and why.
pub(super) type Judged = (Verdict, Vec<String>);

/// A step that is no check went wrong; the next check is told.
pub(super) type Stop = Judged;

/// What the client under test said, and whether a step has taken it.
pub(super) struct Said {
    pub(super) kind: EventKind,
    pub(super) with: Document,
    pub(super) taken: bool,
}

/// The state of an instance.
pub(super) struct Run<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) located: &'a Located<Case>,
    pub(super) case: &'a Case,
    pub(super) era: Era,
    pub(super) target: &'a mut dyn Target,
    pub(super) vars: Vars,
    /// The judge's ends, by the case's name of the connection.
    pub(super) peers: BTreeMap<String, Peer>,
    by_conn: BTreeMap<Conn, String>,
    /// Requests of the judge: connection and number in `Peer::asked`.
    pub(super) sent: BTreeMap<String, (String, usize)>,
    /// Packets that a step has named: connection and number in `Peer::got`.
    pub(super) received: BTreeMap<String, (String, usize)>,
    pub(super) said: Vec<Said>,
    pub(super) violations: Vec<String>,
    /// Requests that were answered by themselves: connection and number in `Peer::got`. They come when they come.
    pub(super) usual: BTreeSet<(Conn, usize)>,
    /// Methods of requests that a step speaks of.
    pub(super) scripted: Vec<String>,
    pub(super) record: Record,
    heard: bool,
    /// Since when nothing has been done that the target may answer.
    pub(super) calm: Option<Calm>,
    begin: Time,
    pub(super) end: Time,
    /// How many connections the judge made for itself.
    pub(super) extra: usize,
}

/// Runs one instance.
pub fn run(
    corpus: &Corpus,
    located: &Located<Case>,
    i: &Instance,
    target: &mut dyn Target,
    options: &Options,
) -> InstanceReport {
    let case = &located.value;
    let mut report = InstanceReport { heard: false, ..InstanceReport::new(i.id.clone(), Vec::new()) };
    let steps = match corpus.expand(located) {
        Ok(steps) => steps,
        Err(e) => return told(report, Verdict::HarnessError, e.to_string()),
    };
    let steps: Vec<Step> = steps.into_iter().filter_map(|(_, s)| in_era(s, i.era)).collect();
    if let Some(lacks) = case.needs.all_of.iter().find(|p| !target.has(p)) {
        return told(report, Verdict::NotApplicable, format!("the target does not have `{lacks}`"));
    }
    let mut vars = match names(case, i, options.nonce_seed) {
        Ok(v) => v,
        Err(e) => return told(report, Verdict::CouldNotRun, e.to_string()),
    };
    // What a macro waits for counts as well.
    let whole = Case { steps: steps.clone(), ..case.clone() };
    if let Err(e) = target.prepare(&whole) {
        if e.verdict().is_failure() {
            // Whoever cannot be asked proves nothing: all that it would have been judged by is so.
            let names = steps.iter().enumerate().flat_map(|(n, s)| check_names(n, s)).chain(["protocol".into()]);
            let all = names.map(|check| CheckResult { check, verdict: e.verdict(), detail: vec![e.to_string()] });
            report.checks = all.collect();
            return report;
        }
        return told(report, e.verdict(), e.to_string());
    }
    for (name, door) in [("doors.ticket", Door::Ticket), ("doors.carriage", Door::Carriage)] {
        vars.set(name, i32::from(target.port(door)));
    }
    let begin = target.now();
    let end = begin + longest(case, target, options);
    let mut run = Run {
        corpus,
        located,
        case,
        era: i.era,
        target,
        vars,
        peers: BTreeMap::new(),
        by_conn: BTreeMap::new(),
        sent: BTreeMap::new(),
        received: BTreeMap::new(),
        said: Vec::new(),
        violations: Vec::new(),
        usual: BTreeSet::new(),
        scripted: steps.iter().flat_map(requests).collect(),
        record: Record::default(),
        heard: false,
        calm: None,
        begin,
        end,
        extra: 0,
    };
    report.checks = run.all(&steps);
    report.heard = run.heard;
    (report.timeline, report.evidence) = run.record.finish(&report.checks);
    report
}

/// How long the case may take. Virtual time costs nothing, so only the wall clock's is cut short; and where time runs
/// faster, a machine that has something else to do needs its time as well.
fn longest(case: &Case, target: &dyn Target, options: &Options) -> Duration {
    let second = Duration::from_secs(1);
    let fast = target.paced(second) != second;
    let longest = if fast { case.timeout.0.max(target.paced(WALL_MIN)) } else { case.timeout.0 };
    let cut = options.timeout.filter(|_| fast || !target.has("virtual-time"));
    cut.map_or(longest, |t| target.paced(t).min(longest))
}

fn told(mut report: InstanceReport, verdict: Verdict, why: String) -> InstanceReport {
    report.checks = vec![CheckResult { check: "run".into(), verdict, detail: vec![why] }];
    report
}

/// The methods of the requests that a step speaks of.
fn requests(s: &Step) -> Vec<String> {
    let inner = s.together.iter().flat_map(|t| &t.steps).flat_map(requests);
    let waits = s.expect.as_ref().and_then(|e| e.request.as_ref());
    let waits = waits.or(s.expect_none.as_ref().and_then(|e| e.request.as_ref()));
    waits.into_iter().flat_map(|m| m.split('|')).map(str::to_owned).chain(inner).collect()
}

/// The step as this era sees it: itself, or nothing.
fn in_era(mut s: Step, era: Era) -> Option<Step> {
    if s.eras.as_ref().is_some_and(|e| !e.has(era)) {
        return None;
    }
    if let Some(t) = &mut s.together {
        t.steps.retain(|s| s.eras.as_ref().is_none_or(|e| e.has(era)));
    }
    Some(s)
}

impl Run<'_> {
    fn all(&mut self, steps: &[Step]) -> Vec<CheckResult> {
        let declared: Vec<Vec<String>> = steps.iter().enumerate().map(|(n, s)| check_names(n, s)).collect();
        let mut out: Vec<CheckResult> = Vec::new();
        let mut stop: Option<Stop> = None;
        for (n, step) in steps.iter().enumerate() {
            let mine = declared.get(n).map(Vec::as_slice).unwrap_or_default();
            let (mut results, stopped) = match self.step(step, mine) {
                Ok(results) => (results, None),
                Err(why) => (Vec::new(), Some(why)),
            };
            // What the target does not tell is not judged, and the rest goes on.
            let is_bad = |c: &CheckResult| c.verdict > Verdict::Tolerated && c.verdict != Verdict::Unimplemented;
            let bad = results.iter().any(is_bad);
            let gone = self.target.gone(doubt(bad || stopped.is_some(), step));
            if let Some(why) = &gone {
                for c in results.iter_mut().filter(|c| is_bad(c)) {
                    c.verdict = why.verdict();
                    c.detail.push(why.to_string());
                }
            }
            self.record.missing(step, &results);
            out.extend(results);
            stop = gone.map(Stop::from).or(stopped);
            if bad || stop.is_some() {
                break;
            }
        }
        let reached = out.len();
        for name in declared.iter().flatten().skip(reached) {
            // Nothing is left of a case whose target lacks a part of it.
            let (verdict, detail) = match &stop {
                Some(lacks) if lacks.0 == Verdict::Unimplemented => lacks.clone(),
                _ => stop.take().unwrap_or_else(|| (Verdict::CouldNotRun, vec!["the case was over before".into()])),
            };
            out.push(CheckResult { check: name.clone(), verdict, detail });
        }
        out.push(self.protocol(stop));
        out
    }

    /// What holds of every packet of the target, whatever the case is about.
    fn protocol(&mut self, stop: Option<Stop>) -> CheckResult {
        let (verdict, detail) = match stop {
            Some(stop) => stop,
            None if !self.violations.is_empty() => (Verdict::Fail, std::mem::take(&mut self.violations)),
            None if self.peers.is_empty() => (Verdict::CouldNotRun, vec!["there was not one connection".into()]),
            None if !self.heard => (Verdict::Info, vec!["nothing came that could be judged".into()]),
            None => (Verdict::Pass, Vec::new()),
        };
        CheckResult { check: "protocol".into(), verdict, detail }
    }

    fn step(&mut self, s: &Step, checks: &[String]) -> Result<Vec<CheckResult>, Stop> {
        let conn = s.conn.as_deref().unwrap_or_default();
        own_names(&mut self.vars, self.case, conn, self.era);
        let (first, last) = self.target.dates();
        for (name, at) in [("now", self.target.now()), ("now.first", first), ("now.last", last)] {
            self.vars.set(name, i64::try_from(at.unix_secs()).unwrap_or(i64::MAX));
        }
        let name = checks.first().map(String::as_str).unwrap_or_default();
        let one = |(verdict, detail): Judged| vec![CheckResult { check: name.to_string(), verdict, detail }];
        if let Some(send) = &s.send {
            self.send(conn, send)?;
        } else if let Some(b) = &s.send_bytes {
            self.send_bytes(conn, b)?;
        } else if let Some(e) = &s.expect {
            return Ok(one(self.expect(conn, e, name)));
        } else if let Some(e) = &s.expect_bytes {
            return Ok(one(self.expect_bytes(conn, e)));
        } else if let Some(e) = &s.expect_none {
            return Ok(one(self.expect_none(conn, e)));
        } else if let Some(t) = &s.together {
            return Ok(self.together(t, checks));
        } else if let Some(how) = s.finish {
            self.finish(conn, how)?;
        } else if let Some(o) = &s.outcome {
            return Ok(one(self.outcome(conn, o, name)));
        } else if let Some(a) = &s.alive {
            return Ok(one(self.alive(a)));
        } else if let Some(span) = s.advance {
            self.calm = None;
            self.pass(span.0);
        } else if let Some(d) = &s.drive {
            self.drive(d)?;
        } else if let Some(o) = &s.observe {
            return Ok(one(self.observe(o, name)));
        }
        Ok(Vec::new())
    }

    /// One line of the timeline.
    pub(super) fn note(&mut self, text: &str) {
        let at = self.target.now().since(self.begin);
        self.record.line(at.as_secs_f64(), text);
    }

    /// Puts a connection of the judge under its name.
    pub(super) fn enter(&mut self, name: &str, peer: Peer) {
        self.by_conn.insert(peer.conn, name.to_string());
        self.peers.insert(name.to_string(), peer);
    }

    pub(super) fn file(&mut self, h: Happening) {
        self.heard = true;
        match h {
            Happening::Bytes(conn, bytes) => {
                let Some(name) = self.by_conn.get(&conn).cloned() else { return };
                self.file_bytes(&name, &bytes);
            }
            Happening::Closed(conn) => {
                let Some(name) = self.by_conn.get(&conn).cloned() else { return };
                self.note(&format!("{name} <- closed"));
                if let Some(p) = self.peers.get_mut(&name) {
                    p.closed = true;
                }
            }
            Happening::Accepted(conn, door) => self.accept(conn, door),
            Happening::Said(kind, with) => {
                self.note(&format!("the client says {}", shown_event(kind, &with)));
                self.said.push(Said { kind, with, taken: false });
            }
            Happening::Noted(what) => self.note(&what),
        }
    }

    /// Gives a client's connection to the first name, in their order, that waits at this door; one that no step waits for
    /// gets a name of its own.
    fn accept(&mut self, conn: Conn, door: Door) {
        let waits = |(n, c): &(&String, &crate::spec::format::Connection)| {
            c.door.of_core() == door && !self.peers.contains_key(*n)
        };
        let found = self.case.connections.iter().find(waits).map(|(n, _)| n.clone());
        let name = found.unwrap_or_else(|| {
            self.extra += 1;
            format!("+{}", self.extra)
        });
        self.note(&format!("{name} <- connected to {}", door.as_str()));
        let peer = if door.is_secure() { Peer::accepted(conn) } else { Peer::plain(conn) };
        self.enter(&name, peer);
    }

    fn file_bytes(&mut self, name: &str, bytes: &[u8]) {
        let keys = self.target.private().cloned();
        self.record.came(name, bytes);
        let Some(peer) = self.peers.get_mut(name) else { return };
        let (was_broken, had_era) = (peer.broken.is_some(), peer.era().is_some());
        let new = peer.receive(bytes, keys.as_ref());
        let other = peer.era().filter(|e| !had_era && self.case.role == Role::Client && *e != self.era);
        let broken = peer.broken.clone().filter(|_| !was_broken);
        self.violations.extend(other.map(|e| format!("{name}: a handshake of {e} in {}", self.era)));
        for n in new {
            self.file_packet(name, n);
        }
        if let Some(why) = broken {
            self.note(&format!("{name} <- bytes that cannot be: {why}"));
            self.record.shows(name, &[]);
            self.violations.push(format!("{name}: {why}"));
        }
    }

    fn file_packet(&mut self, name: &str, n: usize) {
        let Some(peer) = self.peers.get_mut(name) else { return };
        let Some(got) = peer.got.get_mut(n) else { return };
        let (id, method) = (got.header.id, got.header.method.to_string());
        let line = format!("{name} <- {}", shown(got));
        let plain = std::mem::take(&mut got.plain);
        let mut wrong = Vec::new();
        if self.case.role == Role::Server {
            let same = |a: &super::peer::Asked| a.id == id && a.method == method;
            got.answers = peer.asked.iter().position(|a| same(a) && !a.answered);
            if let Some(a) = got.answers {
                peer.asked.iter_mut().skip(a).take(1).for_each(|a| a.answered = true);
            } else if peer.asked.iter().any(same) {
                wrong.push("is a second reply".to_string());
            } else {
                let pending = peer.asked.iter().find(|a| a.id == id && !a.answered);
                wrong.extend(pending.map(|a| format!("carries the id of the pending {}", a.method)));
            }
            if got.header.status != 0 {
                wrong.push(format!("has header status {}", got.header.status));
            }
            let success = got.body.as_ref().is_ok_and(|b| b.get_i32("status").is_ok_and(|s| s == 0));
            if matches!(method.as_str(), "LOGIN" | "LOGINLIST") && got.answers.is_some() && success {
                peer.logged_on = true;
            }
        } else if got.header.body_type != 0 {
            wrong.push(format!("has body type {}", got.header.body_type));
        }
        wrong.extend(got.body.as_ref().err().map(|e| format!("has a bad body: {e}")));
        self.note(&line);
        self.record.shows(name, &plain);
        self.violations.extend(wrong.into_iter().map(|w| format!("{name}: {method} with id {id} {w}")));
        if self.case.role == Role::Client {
            self.answer_by_itself(name, n);
        }
    }
}

/// A packet in one line.
pub(super) fn shown(got: &Got) -> String {
    let body = match &got.body {
        Ok(d) => d.to_string(),
        Err(e) => format!("(bad body: {e})"),
    };
    format!("{} #{} {body}", got.header.method, got.header.id)
}

/// The names of the checks that a step makes; those without a name of their own get the step's number.
pub(in crate::spec) fn check_names(n: usize, s: &Step) -> Vec<String> {
    let name = |s: &Step, n: String| s.check().map(|c| c.map_or(n, str::to_string));
    match &s.together {
        Some(t) => {
            t.steps.iter().enumerate().filter_map(|(m, s)| name(s, format!("step-{}.{}", n + 1, m + 1))).collect()
        }
        None => name(s, format!("step-{}", n + 1)).into_iter().collect(),
    }
}

/// A written value that cannot be computed is the case's fault, not the target's.
pub(super) fn harness(e: &ValueError) -> Judged {
    (Verdict::HarnessError, vec![e.to_string()])
}
