//! Who is in which room, as requests, replies and pushes go by; and that nobody is told of what nobody has asked for.
//!
//! A request that is under way, or whose reply was never written, may have been carried out: whoever it lets in may be
//! in. Who is out is out once nothing of before can come behind.

use super::{Asked, Login, Watch};
use crate::proto::client::read_body;
use crate::proto::command::{addmem, create, cwrite, deletemsg, kickmem, modifymsg, setmemtype};
use crate::proto::server::ConnId;
use crate::proto::wire::Value;
use crate::sim::invariants::Invariant;
use crate::sim::model::feeds::{Cause, causes, comes_in};
use crate::sim::tap::Seen;

/// The room that a reply names, by itself or as a whole.
fn new_room(p: &Seen) -> i64 {
    let nested = || match p.document()?.get("chatRoom") {
        Some(Value::Document(room)) => room.integer("chatId"),
        _ => None,
    };
    p.integer("chatId").or_else(nested).unwrap_or_default()
}

/// The room of what was asked for when it had no room yet.
const ANY_ROOM: i64 = 0;

impl Watch {
    /// Who has left is out, once nothing of before can come behind. Who came in the same batch may be in.
    pub(super) fn settle_leaving(&mut self) {
        let came = std::mem::take(&mut self.came_in);
        for (room, user) in std::mem::take(&mut self.leaving) {
            if let Some(members) = self.members.get_mut(&room).filter(|_| !came.contains(&(room, user))) {
                members.remove(&user);
            }
        }
    }

    /// A user asks: what that may make.
    pub(super) fn asks(&mut self, login: &Login, asked: &mut Asked, p: &Seen) {
        let user = login.user;
        match p.method.as_str() {
            "LEAVE" => asked.causes.push(Cause::Left(user)),
            "ADDMEM" => {
                let ids = read_body::<addmem::Request>(&p.body).map(|q| q.member_ids).unwrap_or_default();
                asked.causes.extend(ids.iter().map(|who| Cause::Invited(user, *who)));
            }
            "CREATE" => {
                asked.room = ANY_ROOM;
                let ids = read_body::<create::Request<'_>>(&p.body).map(|q| q.member_ids).unwrap_or_default();
                asked.causes.extend(ids.iter().map(|who| Cause::Invited(user, *who)));
            }
            // It makes no feed, and people come in all the same.
            "CWRITE" => {
                asked.room = ANY_ROOM;
                let ids = read_body::<cwrite::Request<'_>>(&p.body).map(|q| q.member_ids).unwrap_or_default();
                asked.causes.extend(ids.iter().map(|who| Cause::Invited(user, *who)));
            }
            "CREATELINK" | "JOINLINK" => {
                asked.room = ANY_ROOM;
                asked.causes.push(Cause::Joined(user));
            }
            "DELETELINK" => {
                asked.room = ANY_ROOM;
                asked.causes.push(Cause::LinkDeleted);
            }
            "SETMEMTYPE" => {
                if let Ok(q) = read_body::<setmemtype::Request>(&p.body) {
                    asked.room = q.chat_id;
                    asked.causes.extend(q.member_ids.first().map(|new| Cause::HandedOver(user, *new)));
                }
            }
            "DELETEMSG" => {
                let log = read_body::<deletemsg::Request>(&p.body).map(|q| q.log_id);
                asked.causes.extend(log.map(Cause::Deleted));
            }
            "MODIFYMSG" => {
                let log = read_body::<modifymsg::Request<'_>>(&p.body).map(|q| q.log_id);
                asked.causes.extend(log.map(Cause::Edited));
            }
            "KICKMEM" => {
                if let Ok(q) = read_body::<kickmem::Request>(&p.body) {
                    asked.room = q.chat_id;
                    asked.causes.push(Cause::Kicked(q.member_id));
                }
            }
            _ => {}
        }
        for cause in &asked.causes {
            self.wanted.insert((asked.room, *cause));
            if let Some((by, who)) = comes_in(*cause) {
                *self.coming.entry((asked.room, who)).or_default() += 1;
                if asked.room == ANY_ROOM {
                    *self.coming.entry((ANY_ROOM, by)).or_default() += 1;
                }
            }
        }
    }

    /// It is answered: what was asked is done, or is not.
    pub(super) fn answered(&mut self, asked: &Asked, p: &Seen) {
        let done = matches!(p.integer("status"), Some(0)) || (p.method == "CREATE" && p.integer("chatId").is_some());
        let room = if asked.room == ANY_ROOM { new_room(p) } else { asked.room };
        for cause in &asked.causes {
            if let Some((by, who)) = comes_in(*cause) {
                self.comes_no_more(asked.room, who);
                if asked.room == ANY_ROOM {
                    self.comes_no_more(ANY_ROOM, by);
                }
                if done {
                    self.comes(room, who);
                    self.comes(room, by);
                }
            }
            match cause {
                Cause::Left(who) | Cause::Kicked(who) if done => self.leaving.push((room, *who)),
                _ => {}
            }
        }
    }

    fn comes_no_more(&mut self, room: i64, user: i64) {
        if let Some(n) = self.coming.get_mut(&(room, user)) {
            *n = n.saturating_sub(1);
        }
    }

    fn comes(&mut self, room: i64, user: i64) {
        self.members.entry(room).or_default().insert(user);
        self.came_in.insert((room, user));
    }

    /// Whether a user may hear of a room: he is in it, or may have come in.
    pub(super) fn may_hear(&mut self, room: i64, user: i64) -> bool {
        if self.members.get(&room).is_some_and(|m| m.contains(&user)) {
            return true;
        }
        let open = |room| self.coming.get(&(room, user)).is_some_and(|n| *n > 0);
        let comes = open(room) || (!self.first.contains(&room) && open(ANY_ROOM));
        if comes {
            self.members.entry(room).or_default().insert(user);
        }
        comes
    }

    /// A feed is pushed: somebody has asked for what it says.
    pub(super) fn feed_pushed(&mut self, conn: ConnId, login: &Login, room: i64, text: &str) {
        let all = causes(text);
        let asked = |c: &Cause| self.wanted.contains(&(room, *c)) || self.wanted.contains(&(ANY_ROOM, *c));
        if all.is_empty() || !all.iter().all(asked) {
            let what = format!("{} is told {text} of room {room}, and nobody asked for that", login.device);
            self.court.report(Invariant::Private, what);
        }
        for cause in all {
            match cause {
                Cause::Left(who) if who == login.user => {
                    let what = format!("{} gets the log of its own departure from room {room}", login.device);
                    self.court.report(Invariant::Private, what);
                }
                Cause::Kicked(who) => self.leaving.push((room, who)),
                Cause::Invited(_, who) | Cause::Joined(who) if who == login.user => {
                    self.comes(room, who);
                    // Its history begins here.
                    if let Some(view) = self.conns.get_mut(&conn) {
                        view.last.remove(&room);
                    }
                }
                _ => {}
            }
        }
    }

    /// LEFT, to another device of who has left: the reply may never have reached the one that asked.
    pub(super) fn left(&mut self, conn: ConnId, room: i64) {
        let Some(login) = self.conns.get(&conn).and_then(|view| view.login.clone()) else { return };
        let out = [Cause::Left(login.user), Cause::Kicked(login.user)];
        if !out.iter().any(|c| self.wanted.contains(&(room, *c))) {
            let what = format!("{} is told that it has left room {room}, and nobody asked to", login.device);
            self.court.report(Invariant::Private, what);
        }
        self.leaving.push((room, login.user));
    }
}
