//! The logs that a connection gets, pushed or as the reply to its own WRITE: each once, and in each room every one from
//! the first on, since each names the one before it. A feed is a log like any other; what it says is looked at in `members`.

use super::Watch;
use crate::proto::command::Command;
use crate::proto::server::ConnId;
use crate::proto::wire::{Method, Value};
use crate::sim::invariants::Invariant;
use crate::sim::model::feeds::FEED;
use crate::sim::tap::Seen;

/// Pushes that bring a log.
const BRINGS_LOG: [&str; 10] =
    ["MSG", "NEWMEM", "DELMEM", "SYNCJOIN", "FEED", "SYNCDLMSG", "SYNCMODMSG", "SYNCMEMT", "LINKKICKED", "LNKDELETED"];

/// Requests whose reply has the log that they made, beside WRITE and CWRITE.
pub(super) const MAKES_LOG: [&str; 7] =
    ["DELETEMSG", "MODIFYMSG", "ADDMEM", "FORWARD", "KICKMEM", "SETMEMTYPE", "JOINLINK"];

/// The room of the log that a push brings: some name no other.
pub(super) fn room_of_log(p: &Seen) -> Option<i64> {
    match p.document()?.get("chatLog") {
        Some(Value::Document(log)) => log.integer("chatId"),
        _ => None,
    }
}

impl Watch {
    /// A push to a member.
    pub(super) fn log_pushed(&mut self, conn: ConnId, room: i64, p: &Seen) {
        let document = p.document();
        let log = match document.and_then(|d| d.get("chatLog")) {
            Some(Value::Document(log)) if BRINGS_LOG.contains(&p.method.as_str()) => log,
            _ => return,
        };
        let number = |name: &str| log.integer(name).unwrap_or_default();
        let (id, prev) = (number("logId"), log.integer("prevId"));
        let Some(view) = self.conns.get_mut(&conn) else { return };
        let Some(login) = view.login.clone() else { return };
        if !view.pushed.insert((room, id)) {
            let what = format!("{} gets message {id} of room {room} pushed again", login.device);
            self.court.report(Invariant::Once, what);
        }
        if log.integer("type") == Some(FEED.into()) {
            let text = if let Some(Value::String(text)) = log.get("message") { text } else { "" };
            self.feed_pushed(conn, &login, room, text);
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
}

/// Whether the server may send it unasked.
pub(super) fn is_push(method: &str) -> bool {
    Method::new(method).ok().and_then(|m| Command::find(&m)).is_some_and(|c| c.push.is_some())
}
