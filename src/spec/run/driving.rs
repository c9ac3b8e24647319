//! The verbs `drive` and `observe` (client role), and `alive`.

use core::time::Duration;
use std::collections::BTreeMap;

use super::instance::set_own_names;
use super::interpret::{Judged, Run, Stop, harness};
use super::record::shown_event;
use super::target::Order;
use crate::spec::format::case::Device;
use crate::spec::format::driving::{Drive, Observe};
use crate::spec::format::step::{Alive, Expect, Finish, Send};
use crate::spec::format::{Connection, Role, Span, Step};
use crate::spec::lit::Lit;
use crate::spec::matcher::compare;
use crate::spec::value::text;
use crate::spec::verdict::Verdict;

/// How long a client may take until it works again: some tries, each after a longer wait.
const ALIVE_WITHIN: Duration = Duration::from_secs(180);

impl Run<'_> {
    pub(super) fn drive(&mut self, d: &Drive) -> Result<(), Stop> {
        self.calm = None;
        let order = if let Some(l) = &d.login {
            Order::Login { user: l.user.clone() }
        } else if let Some(s) = &d.send_text {
            let filled = text(&s.text, &self.vars, "drive.send_text.text").map_err(|e| harness(&e))?;
            Order::SendText { ticket: s.name.clone().unwrap_or_default(), room: self.number(&s.room)?, text: filled }
        } else if let Some(r) = &d.read {
            Order::Read { room: self.number(&r.room)?, watermark: self.number(&r.watermark)? }
        } else if let Some(r) = &d.leave {
            Order::Leave { room: self.number(&r.room)? }
        } else {
            Order::Close
        };
        self.tell(&order)
    }

    fn tell(&mut self, order: &Order) -> Result<(), Stop> {
        self.note(&format!("the client is told {order}"));
        Ok(self.target.order(order)?)
    }

    pub(super) fn observe(&mut self, o: &Observe, check: &str) -> Judged {
        if !self.target.tells(o.event) {
            return (Verdict::Unimplemented, vec![format!("it does not tell `{}`", o.event)]);
        }
        let never = o.within.map(|s| Span(self.target.strictly(s.0)));
        let (until, wait) = (self.until(never), self.wait(o.within));
        let mut near = Vec::new();
        loop {
            if let Some(n) = self.heard(o, check, &mut near) {
                if let Some(s) = self.said.get_mut(n) {
                    s.taken = true;
                    if o.never {
                        return (Verdict::Fail, vec![format!("it said {}", shown_event(s.kind, &s.with))]);
                    }
                }
                return (Verdict::Pass, Vec::new());
            }
            // What must not be said is waited for as long as the case says, and no longer.
            if !(if o.never { self.pump(until) } else { self.pump_for(wait) }) {
                break;
            }
        }
        match (o.never, near.is_empty()) {
            (true, _) => (Verdict::Pass, Vec::new()),
            (false, true) => (Verdict::Hung, vec![format!("it never said `{}`", o.event)]),
            (false, false) => (Verdict::Fail, near),
        }
    }

    /// The first thing said that is as observed; else in `near` why the first of its kind is not.
    fn heard(&mut self, o: &Observe, check: &str, near: &mut Vec<String>) -> Option<usize> {
        let none = Lit::empty();
        let like = o.like.as_ref().unwrap_or(&none);
        near.clear();
        for (n, s) in self.said.iter().enumerate().filter(|(_, s)| !s.taken && s.kind == o.event) {
            let mut vars = self.vars.clone();
            let wrong = compare(like, &s.with, "event", check, &mut vars);
            if wrong.is_empty() {
                self.vars = vars;
                return Some(n);
            }
            if near.is_empty() {
                near.extend(wrong.iter().map(ToString::to_string));
                let at: Vec<&str> = wrong.iter().map(|m| m.path.as_str()).collect();
                self.record.said_other(check, like, &s.with, &at);
            }
        }
        None
    }

    /// A server: a connection of the judge's own makes login, ping, close. A client: it still comes through.
    pub(super) fn alive(&mut self, a: &Alive) -> Judged {
        self.extra += 1;
        if self.case.role == Role::Client {
            return self.comes_through().unwrap_or_else(|judged| judged);
        }
        let name = format!("alive{}", self.extra);
        let user = a.user.clone().unwrap_or_else(|| "carol".into());
        let judged = match self.serves(&name, &user) {
            Ok(judged) | Err(judged) => judged,
        };
        match judged {
            (Verdict::Pass, _) => judged,
            (verdict, mut why) => {
                why.insert(0, format!("{user} could not log in and ping"));
                (verdict, why)
            }
        }
    }

    /// A text that the client is told to send comes, on the connection that it has or on one with which it comes back.
    /// On the way the judge answers what the client asks for as the macro `whole-way-in` does.
    fn comes_through(&mut self) -> Result<Judged, Judged> {
        let answers = self.way_in()?;
        let words = format!("alive {}", self.extra);
        let room = self.number(&Lit::Map(vec![("$var".into(), Lit::Str("room.id".into()))]))?;
        self.tell(&Order::SendText { ticket: words.clone(), room, text: words.clone() })?;
        let wait = self.wait(Some(Span(ALIVE_WITHIN)));
        while !self.answer_open(&answers, &words) {
            if !self.pump_for(wait) {
                return Ok((Verdict::Hung, vec!["what it was told to send never came".into()]));
            }
        }
        Ok((Verdict::Pass, Vec::new()))
    }

    /// The reply to each request of the way in.
    pub(super) fn way_in(&self) -> Result<BTreeMap<String, Lit>, Judged> {
        let raw = Step { use_macro: Some("whole-way-in".into()), ..Step::default() };
        let steps =
            self.corpus.expand_one(self.located, &raw).map_err(|e| (Verdict::HarnessError, vec![e.to_string()]))?;
        let (mut asked, mut replies) = (BTreeMap::new(), BTreeMap::new());
        for s in steps.iter().filter(|s| s.eras.as_ref().is_none_or(|e| e.has(self.era))) {
            if let Some(Expect { request: Some(methods), name: Some(name), .. }) = &s.expect {
                asked.insert(name.clone(), methods.clone());
            }
            let Some(send) = &s.send else { continue };
            let methods = send.reply_to.as_ref().and_then(|name| asked.get(name));
            for method in methods.into_iter().flat_map(|m| m.split('|')) {
                replies.insert(method.to_string(), send.body.clone().unwrap_or_else(Lit::empty));
            }
        }
        Ok(replies)
    }

    /// Answers every request that is open and has an answer; true when `words` came.
    fn answer_open(&mut self, answers: &BTreeMap<String, Lit>, words: &str) -> bool {
        let mut open = Vec::new();
        for (name, peer) in self.peers.iter_mut().filter(|(_, p)| !p.closed) {
            for got in peer.got.iter_mut().filter(|g| !g.taken) {
                let method = got.header.method.as_str();
                if method == "WRITE" && got.body.as_ref().is_ok_and(|b| b.get_str("msg").is_ok_and(|m| m == words)) {
                    return true;
                }
                if let Some(lit) = answers.get(method) {
                    got.taken = true;
                    open.push((name.clone(), got.header, lit));
                }
            }
        }
        let vars = self.vars.clone();
        for (name, header, lit) in open {
            self.answer(&name, header, lit, &vars);
        }
        false
    }

    fn serves(&mut self, name: &str, user: &str) -> Result<Judged, Judged> {
        let def = Connection { user: Some(user.to_string()), ..Connection::default() };
        self.open_as(name, &def)?;
        set_own_names(&mut self.vars, Some(user), Device::Phone, self.era);
        let raw = Step {
            use_macro: Some("login-request".into()),
            with: Some([("conn".to_string(), Lit::Str(name.to_string()))].into()),
            ..Step::default()
        };
        let steps =
            self.corpus.expand_one(self.located, &raw).map_err(|e| (Verdict::HarnessError, vec![e.to_string()]))?;
        let era = self.era;
        for s in steps.iter().filter(|s| s.eras.as_ref().is_none_or(|e| e.has(era))) {
            if let Some(send) = &s.send {
                self.send(name, send)?;
            }
        }
        let ok = Lit::Map(vec![("status".to_string(), Lit::Int(0))]);
        let own = Lit::Map(vec![("$var".to_string(), Lit::Str("self.id".into()))]);
        let theirs = Lit::Map(vec![("status".to_string(), Lit::Int(0)), ("userId".to_string(), own)]);
        let login = Expect { reply_to: Some(format!("login-{name}")), body: Some(theirs), ..Expect::default() };
        let judged = self.expect(name, &login, "alive");
        if judged.0 != Verdict::Pass {
            return Ok(judged);
        }
        let ping = Send { name: Some(format!("ping-{name}")), method: Some("PING".into()), ..Send::default() };
        self.send(name, &ping)?;
        let reply = Expect { reply_to: Some(format!("ping-{name}")), body: Some(ok), ..Expect::default() };
        let judged = self.expect(name, &reply, "alive");
        self.finish(name, Finish::Both)?;
        Ok(judged)
    }
}
