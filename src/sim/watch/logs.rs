//! The logs that a connection gets, pushed or as the reply to its own WRITE: each once, and in each room every one from
//! the first on, since each names the one before it. A departure is a log like any other, and tells who has left.

use super::Watch;
use crate::proto::command::Command;
use crate::proto::command::table::When;
use crate::proto::server::ConnId;
use crate::proto::wire::{Method, Value};
use crate::sim::invariants::Invariant;
use crate::sim::tap::Seen;

/// Pushes that bring a log.
const BRINGS_LOG: [&str; 5] = ["MSG", "NEWMEM", "DELMEM", "SYNCJOIN", "FEED"];
/// The type of a log that is a feed.
const FEED: i64 = 0;

impl Watch {
    /// Who has left is out, once nothing of before can come behind.
    pub(super) fn settle_leaving(&mut self) {
        for (room, user) in std::mem::take(&mut self.leaving) {
            if let Some(members) = self.members.get_mut(&room) {
                members.remove(&user);
            }
        }
    }

    /// A push to a member.
    pub(super) fn log_pushed(&mut self, conn: ConnId, room: i64, p: &Seen) {
        let document = p.document();
        let log = match document.and_then(|d| d.get("chatLog")) {
            Some(Value::Document(log)) if BRINGS_LOG.contains(&p.method.as_str()) => log,
            _ => return,
        };
        let number = |name: &str| log.integer(name).unwrap_or_default();
        let (id, prev, author) = (number("logId"), log.integer("prevId"), number("authorId"));
        let Some(view) = self.conns.get_mut(&conn) else { return };
        let Some(login) = view.login.clone() else { return };
        if !view.pushed.insert((room, id)) {
            let what = format!("{} gets message {id} of room {room} pushed again", login.device);
            self.court.report(Invariant::Once, what);
        }
        if log.integer("type") == Some(FEED) && !self.wanted.contains(&(room, author)) {
            let what = format!("{} is told that user {author} has left room {room}: he never asked to", login.device);
            self.court.report(Invariant::Private, what);
        }
        if log.integer("type") == Some(FEED) && author == login.user {
            let what = format!("{} gets the log of its own departure from room {room}", login.device);
            self.court.report(Invariant::Private, what);
        }
        self.follows(conn, room, id, prev);
    }

    /// The connection has a log: it follows the last one that it has, where it says what it follows.
    pub(super) fn follows(&mut self, conn: ConnId, room: i64, log: i64, prev: Option<i64>) {
        let Some(view) = self.conns.get_mut(&conn) else { return };
        let before = view.last.insert(room, log);
        if let (Some(before), Some(prev), Some(login)) = (before, prev, &view.login)
            && before != prev
        {
            let what = format!("{} gets log {log} of room {room} behind {before}, and it follows {prev}", login.device);
            self.court.report(Invariant::Ordered, what);
        }
    }

    /// LEFT, to another device of who has left: the reply may never have reached the one that asked.
    pub(super) fn left(&mut self, conn: ConnId, room: i64) {
        let Some(login) = self.conns.get(&conn).and_then(|view| view.login.clone()) else { return };
        if !self.wanted.contains(&(room, login.user)) {
            let what = format!("{} is told that it has left room {room}, and nobody asked to", login.device);
            self.court.report(Invariant::Private, what);
        }
        self.leaving.push((room, login.user));
    }
}

/// Whether the server may send it unasked.
pub(super) fn is_push(method: &str) -> bool {
    Method::new(method).ok().and_then(|m| Command::find(&m)).is_some_and(|c| c.when == When::Push)
}
