//! The verbs `expect`, `together`, `expect_none`, `outcome`: waiting for a packet, a close, or for nothing.

use core::time::Duration;

use bson::{Document, doc};

use super::interpret::{Judged, Run, harness, shown};
use super::record::NOTHING_CAME;
use super::waiting::{Calm, Wait};
use crate::spec::format::mutate::unhex;
use crate::spec::format::step::{
    Alternative, Barrier, Expect, ExpectBytes, ExpectNone, FrameLike, Grade, Outcome, Send, Together,
};
use crate::spec::lit::Lit;
use crate::spec::matcher::compare;
use crate::spec::value::{ValueError, text};
use crate::spec::verdict::{CheckResult, Verdict};

/// The requests that begin a session.
const LOGINS: [&str; 2] = ["LOGIN", "LOGINLIST"];

/// What is known of an expectation so far.
enum Look {
    /// It is fulfilled.
    Yes,
    /// It can no longer be.
    Never(Vec<String>),
    /// Not yet; what came nearest.
    NotYet(Vec<String>),
}

impl Run<'_> {
    pub(super) fn expect(&mut self, conn: &str, e: &Expect, check: &str) -> Judged {
        let wait = self.wait(e.within);
        if let Err(stop) = self.ready(conn, e.closed == Some(true), wait) {
            return stop;
        }
        let seen = self.peers.get(conn).map_or(0, |p| p.got.len());
        let mut near;
        loop {
            match self.look(conn, e, check) {
                Look::Yes => return (Verdict::Pass, Vec::new()),
                Look::Never(why) => return (Verdict::Fail, why),
                Look::NotYet(why) => near = why,
            }
            if !self.pump_for(wait) {
                break;
            }
        }
        self.nothing(conn, near, seen)
    }

    /// Opens the connection if it is the judge's to open. A client may take its time until the deadline.
    fn ready(&mut self, conn: &str, closed: bool, wait: Wait) -> Result<(), Judged> {
        if self.case.role == crate::spec::format::Role::Client {
            while !self.peers.contains_key(conn) && self.pump_for(wait) {}
            if !self.peers.contains_key(conn) {
                return Err((Verdict::Hung, vec![format!("nobody connected to `{conn}`")]));
            }
            return Ok(());
        }
        if closed && self.peers.contains_key(conn) { Ok(()) } else { self.open(conn) }
    }

    /// Why an expectation was not fulfilled in its time.
    fn nothing(&self, conn: &str, near: Vec<String>, seen: usize) -> Judged {
        if !near.is_empty() {
            return (Verdict::Fail, near);
        }
        let came: Vec<String> = self
            .peers
            .get(conn)
            .map(|p| {
                let other = |(n, g): &(usize, &super::peer::Got)| !g.taken && !self.usual.contains(&(p.conn, *n));
                let came = p.got.iter().enumerate().skip(seen).filter(other);
                came.map(|(_, g)| format!("instead came {}", shown(g))).collect()
            })
            .unwrap_or_default();
        if came.is_empty() { (Verdict::Hung, vec![NOTHING_CAME.into()]) } else { (Verdict::Fail, came) }
    }

    fn look(&mut self, conn: &str, e: &Expect, check: &str) -> Look {
        let Some(peer) = self.peers.get(conn) else { return Look::NotYet(Vec::new()) };
        if e.closed == Some(true) {
            return if peer.closed { Look::Yes } else { Look::NotYet(Vec::new()) };
        }
        let wanted: Vec<usize> = if let Some(name) = &e.reply_to {
            let Some((c, asked)) = self.sent.get(name) else {
                return Look::Never(vec![format!("no request is called `{name}`")]);
            };
            if c != conn {
                return Look::Never(vec![format!("`{name}` was sent on `{c}`")]);
            }
            let asked = Some(*asked);
            peer.got.iter().enumerate().filter(|(_, g)| g.answers == asked && !g.taken).map(|(n, _)| n).collect()
        } else {
            let method = e.push.as_ref().or(e.request.as_ref()).map(String::as_str).unwrap_or_default();
            let is = |m: &str| method.split('|').any(|x| x == m);
            let free = |g: &super::peer::Got| !g.taken && g.answers.is_none() && is(g.header.method.as_str());
            peer.got.iter().enumerate().filter(|(_, g)| free(g)).map(|(n, _)| n).collect()
        };
        let closed = peer.closed;
        let mut near = Vec::new();
        for n in wanted {
            match self.fits(conn, n, e.header.as_ref(), e.body.as_ref(), check) {
                Ok(()) => {
                    self.take(conn, n, e.name.as_ref());
                    return Look::Yes;
                }
                Err(why) if e.reply_to.is_some() => return Look::Never(why),
                Err(why) if near.is_empty() => near = why,
                Err(_) => {}
            }
        }
        if closed {
            near.push("the connection was closed".into());
            return Look::Never(near);
        }
        Look::NotYet(near)
    }

    fn take(&mut self, conn: &str, n: usize, name: Option<&String>) {
        if let Some(g) = self.peers.get_mut(conn).and_then(|p| p.got.get_mut(n)) {
            g.taken = true;
        }
        if let Some(name) = name {
            self.received.insert(name.clone(), (conn.to_string(), n));
        }
    }

    /// Whether a packet is as expected; only then its bindings stay.
    fn fits(
        &mut self,
        conn: &str,
        n: usize,
        header: Option<&Lit>,
        body: Option<&Lit>,
        check: &str,
    ) -> Result<(), Vec<String>> {
        let Some(got) = self.peers.get(conn).and_then(|p| p.got.get(n)) else { return Err(Vec::new()) };
        let h = &got.header;
        let fields: Document = doc! {
            "id": i64::from(h.id), "status": i32::from(h.status), "method": h.method.as_str(),
            "body_type": i32::from(h.body_type), "body_len": i64::from(h.body_len),
        };
        let mut vars = self.vars.clone();
        let mut wrong = header.map(|l| compare(l, &fields, "header", check, &mut vars)).unwrap_or_default();
        let mut texts: Vec<String> = Vec::new();
        let mut unread = None;
        match (&got.body, body) {
            (Ok(d), Some(l)) => wrong.extend(compare(l, d, "body", check, &mut vars)),
            (Err(e), _) => {
                texts.push(format!("body: {e}"));
                unread = Some("body");
            }
            (Ok(_), None) => {}
        }
        texts.extend(wrong.iter().map(ToString::to_string));
        if texts.is_empty() {
            self.vars = vars;
            Ok(())
        } else {
            texts.push(format!("in {}", shown(got)));
            let at: Vec<&str> = wrong.iter().map(|m| m.path.as_str()).chain(unread).collect();
            self.record.differs(check, (header, body), got, &at);
            Err(texts)
        }
    }

    pub(super) fn together(&mut self, t: &Together, checks: &[String]) -> Vec<CheckResult> {
        let wait = self.wait(Some(t.within));
        let mut open: Vec<(usize, &str, &Expect)> = Vec::new();
        for (n, s) in t.steps.iter().enumerate() {
            if let Some(e) = &s.expect {
                open.push((n, s.conn.as_deref().unwrap_or_default(), e));
            }
        }
        let name = |n: usize| checks.get(n).cloned().unwrap_or_default();
        let mut done: Vec<(usize, Judged)> = Vec::new();
        let mut near: Vec<(usize, Vec<String>)> = Vec::new();
        loop {
            near.clear();
            let mut left = Vec::new();
            for (n, conn, e) in open {
                match self.look(conn, e, &name(n)) {
                    Look::Yes => done.push((n, (Verdict::Pass, Vec::new()))),
                    Look::Never(why) => done.push((n, (Verdict::Fail, why))),
                    Look::NotYet(why) => {
                        near.push((n, why));
                        left.push((n, conn, e));
                    }
                }
            }
            open = left;
            if open.is_empty() || !self.pump_for(wait) {
                break;
            }
        }
        for (n, conn, _) in &open {
            let why = near.iter().find(|(m, _)| m == n).map(|(_, w)| w.clone()).unwrap_or_default();
            done.push((*n, self.nothing(conn, why, 0)));
        }
        done.sort_by_key(|(n, _)| *n);
        done.into_iter().map(|(n, (verdict, detail))| CheckResult { check: name(n), verdict, detail }).collect()
    }

    pub(super) fn expect_bytes(&mut self, conn: &str, e: &ExpectBytes) -> Judged {
        let (wait, path) = (self.wait(e.within), "expect_bytes.hex");
        let filled = text(&e.hex, &self.vars, path).map_err(|e| harness(&e));
        let read = filled.and_then(|t| unhex(&t).map_err(|what| harness(&ValueError { path: path.into(), what })));
        let want = match read {
            Ok(unit) => unit.repeat(e.times.min(1 << 20)),
            Err(stop) => return stop,
        };
        let mut came = Vec::new();
        loop {
            let Some(peer) = self.peers.get_mut(conn) else { return (Verdict::Hung, vec!["nobody is there".into()]) };
            came.append(&mut peer.file);
            if (came.len() >= want.len() && peer.file_left == 0) || peer.closed || !self.pump_for(wait) {
                break;
            }
        }
        let place = came.iter().zip(&want).position(|(a, b)| a != b);
        match place.or_else(|| (came.len() != want.len()).then(|| came.len().min(want.len()))) {
            None => (Verdict::Pass, Vec::new()),
            Some(at) => {
                (Verdict::Fail, vec![format!("{} bytes came, {} are right, up to byte {at}", came.len(), want.len())])
            }
        }
    }

    pub(super) fn expect_none(&mut self, conn: &str, e: &ExpectNone) -> Judged {
        if e.until.barrier == Some(Barrier::All)
            && self.calm.is_none()
            && let Err(why) = self.barrier()
        {
            return why;
        }
        if let Some(settle) = e.until.settle {
            self.settle(settle.0);
        }
        let Some(peer) = self.peers.get(conn) else { return (Verdict::Pass, Vec::new()) };
        let method = e.push.as_ref().or(e.request.as_ref());
        let mut came = Vec::new();
        for (n, g) in peer.got.iter().enumerate().filter(|(_, g)| !g.taken) {
            let of_method = method.is_some_and(|m| g.header.method.as_str() == m && g.answers.is_none());
            let like = e.body.as_ref().is_none_or(|l| {
                let body = g.body.clone().unwrap_or_default();
                compare(l, &body, "body", "", &mut self.vars.clone()).is_empty()
            });
            // A client may ask for something by the way; who logs in is there for good.
            let usual = self.usual.contains(&(peer.conn, n)) && !LOGINS.contains(&g.header.method.as_str());
            if (e.any == Some(true) && !usual) || (of_method && like) {
                came.push(format!("came {}", shown(g)));
            }
        }
        if e.any == Some(true) && peer.closed {
            came.push("the connection was closed".into());
        }
        if came.is_empty() { (Verdict::Pass, came) } else { (Verdict::Fail, came) }
    }

    /// A ping round trip on every connection that is logged on: what was to be pushed before is then here.
    fn barrier(&mut self) -> Result<(), Judged> {
        let all: Vec<String> =
            self.peers.iter().filter(|(_, p)| p.logged_on && !p.closed).map(|(n, _)| n.clone()).collect();
        if all.is_empty() {
            return Err((Verdict::HarnessError, vec!["a barrier needs somebody who is logged on".into()]));
        }
        let mut slowest = Duration::ZERO;
        for conn in all {
            let begin = self.target.now();
            let name = format!("barrier {conn}");
            let ping = Send { name: Some(name.clone()), method: Some("PING".into()), ..Send::default() };
            self.send(&conn, &ping)?;
            let reply = Expect { reply_to: Some(name), ..Expect::default() };
            let (verdict, mut why) = self.expect(&conn, &reply, "barrier");
            if verdict != Verdict::Pass {
                why.insert(0, format!("the barrier's PING on `{conn}` was not answered"));
                return Err((verdict, why));
            }
            slowest = slowest.max(self.target.now().since(begin));
        }
        self.calm = Some(Calm { since: self.target.now(), slowest });
        Ok(())
    }

    pub(super) fn outcome(&mut self, conn: &str, o: &Outcome, check: &str) -> Judged {
        if let Err(stop) = self.open(conn) {
            return stop;
        }
        let until = self.until(o.within);
        let mut passed_over = Vec::new();
        loop {
            if let Some(judged) = self.first_of(conn, o, check, &mut passed_over) {
                return judged;
            }
            if !self.pump(until) {
                break;
            }
        }
        let silence = o.first_of.iter().find(|a| a.silence == Some(true));
        silence.map_or_else(|| self.nothing(conn, Vec::new(), 0), |a| graded(a, "nothing came"))
    }

    fn first_of(&mut self, conn: &str, o: &Outcome, check: &str, passed_over: &mut Vec<usize>) -> Option<Judged> {
        let count = self.peers.get(conn)?.got.len();
        for n in 0..count {
            let got = self.peers.get(conn)?.got.get(n)?;
            if got.taken || passed_over.contains(&n) {
                continue;
            }
            let line = shown(got);
            for a in &o.first_of {
                let Some(like) = &a.frame else { continue };
                if self.is_like(conn, n, like, check) {
                    self.take(conn, n, None);
                    return Some(graded(a, &format!("came {line}")));
                }
            }
            passed_over.push(n);
        }
        if !self.peers.get(conn)?.closed {
            return None;
        }
        let closed = o.first_of.iter().find(|a| a.closed_by_peer == Some(true));
        Some(closed.map_or((Verdict::Fail, vec!["the connection was closed".into()]), |a| graded(a, "closed")))
    }

    fn is_like(&mut self, conn: &str, n: usize, like: &FrameLike, check: &str) -> bool {
        if let Some(name) = &like.reply_to {
            let asked = self.sent.get(name).filter(|(c, _)| c == conn).map(|(_, n)| *n);
            let answers = self.peers.get(conn).and_then(|p| p.got.get(n)).and_then(|g| g.answers);
            if asked.is_none() || asked != answers {
                return false;
            }
        }
        self.fits(conn, n, like.header.as_ref(), like.body.as_ref(), check).is_ok()
    }

    /// A number that a step writes.
    pub(super) fn number(&self, lit: &Lit) -> Result<i64, Judged> {
        crate::spec::value::number(lit, &self.vars, "drive").map_err(|e| harness(&e))
    }
}

fn graded(a: &Alternative, what: &str) -> Judged {
    let verdict = match a.grade {
        Grade::Pass => Verdict::Pass,
        Grade::Tolerated => Verdict::Tolerated,
        Grade::Fail if a.silence == Some(true) => Verdict::Hung,
        Grade::Fail => Verdict::Fail,
    };
    let mut detail: Vec<String> = a.note.iter().cloned().collect();
    if verdict != Verdict::Pass {
        detail.push(what.to_string());
    }
    (verdict, if verdict == Verdict::Pass { Vec::new() } else { detail })
}
