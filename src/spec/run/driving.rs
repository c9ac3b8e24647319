//! The verbs `drive`, `observe` (client role) and `alive` (server role).

use super::instance::set_own_names;
use super::interpret::{Judged, Run, Stop, harness};
use super::target::{Order, TargetError};
use crate::spec::format::case::Device;
use crate::spec::format::driving::{Drive, Observe};
use crate::spec::format::step::{Alive, Expect, Finish, Send};
use crate::spec::format::{Connection, Step};
use crate::spec::lit::Lit;
use crate::spec::matcher::compare;
use crate::spec::value::text;
use crate::spec::verdict::Verdict;

impl Run<'_> {
    pub(super) fn drive(&mut self, d: &Drive) -> Result<(), Stop> {
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
        self.note(&format!("the client is told {order:?}"));
        self.target.order(&order).map_err(|e| match e {
            TargetError::Unimplemented(_) => (Verdict::Unimplemented, vec![e.to_string()]),
            TargetError::Unreachable(_) => (Verdict::CouldNotRun, vec![e.to_string()]),
        })
    }

    pub(super) fn observe(&mut self, o: &Observe, check: &str) -> Judged {
        let until = self.until(o.within);
        let mut near = Vec::new();
        loop {
            if let Some(n) = self.heard(o, check, &mut near) {
                if let Some(s) = self.said.get_mut(n) {
                    s.taken = true;
                    if o.never {
                        return (Verdict::Fail, vec![format!("it said {:?} {}", s.kind, s.with)]);
                    }
                }
                return (Verdict::Pass, Vec::new());
            }
            if !self.pump(until) {
                break;
            }
        }
        match (o.never, near.is_empty()) {
            (true, _) => (Verdict::Pass, Vec::new()),
            (false, true) => (Verdict::Hung, vec![format!("it never said {:?}", o.event)]),
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
            }
        }
        None
    }

    /// A connection of the judge's own: login, ping, close.
    pub(super) fn alive(&mut self, a: &Alive) -> Judged {
        self.extra += 1;
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
        let login = Expect { reply_to: Some(format!("login-{name}")), body: Some(ok.clone()), ..Expect::default() };
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
