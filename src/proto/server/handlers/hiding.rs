//! Messages of open rooms that the host hides: REWRITE and REWRITES.
//!
//! A hidden message keeps its place, as a deleted one does; the feed says that it was the host who did it.

use super::edits::{emptied, is_deleted, log_of};
use super::feed::{FEED, feed, person};
use super::links;
use super::members::push_feed;
use super::view::{chat_log, room_of};
use super::writing::{everybody, nick_name, write_feed};
use crate::proto::command::{CommandId, rewrite, rewrites, status, syncrewr};
use crate::proto::limits::LOGS_HIDDEN_MAX;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::links::member_type;
use crate::proto::server::store::{Effect, Log, Room, Store};

/// What is answered here.
pub const HANDLERS: &[Row] = &[(CommandId::Rewrite, rewrite), (CommandId::Rewrites, rewrites)];

/// Feed: one message hidden.
const FEED_HIDDEN: i32 = 13;
/// Feed: several messages hidden.
const FEED_BLINDED: i32 = 26;
/// In `lmt`: the owner of a link, and a manager (loco-modern §6.6).
const MODERATORS: [i32; 2] = [member_type::OWNER, member_type::MANAGER];

/// REWRITE: one message of an open room is hidden; every other device in the room gets SYNCREWR.
///
/// # Errors
/// A wrong body, a room that is not the user's, another link than the room's or no such message (-203), a user who is
/// neither host nor manager (-500), a feed (-210), or a message that is hidden already (-211).
//= MSG-REWRITE-1, MSG-REWRITE-2
pub fn rewrite(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: rewrite::Request<'_> = ask.body(answer)?;
    let room = moderated(ask, store, q.chat_id, q.link_id)?;
    let log = hideable(log_of(store, &room, q.log_id)?)?;
    let fields = [
        ("member", person(log.author_id, &nick_name(store, &room, log.author_id)?)),
        ("logId", log.log_id.to_string()),
        ("type", log.kind.to_string()),
    ];
    answer.effects.push(Effect::ReplaceLog(emptied(ask, &log)));
    announce(ask, store, &room, feed(FEED_HIDDEN, &fields), answer)?;
    answer.reply(&rewrite::Reply { status: 0 });
    Ok(())
}

/// REWRITES: the same for many at once. All are hidden, or none is.
///
/// # Errors
/// As REWRITE, and a list that is none, is empty or is too long (-203).
//= MSG-REWRITES-1
pub fn rewrites(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: rewrites::Request<'_> = ask.body(answer)?;
    let room = moderated(ask, store, q.chat_id, q.link_id)?;
    let mut ids = log_ids(q.chat_log_infos).ok_or(Refused::Status(status::BAD_BODY))?;
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > LOGS_HIDDEN_MAX {
        return Err(Refused::Status(status::BAD_BODY));
    }
    for id in &ids {
        let log = hideable(log_of(store, &room, *id)?)?;
        answer.effects.push(Effect::ReplaceLog(emptied(ask, &log)));
    }
    let list: Vec<String> = ids.iter().map(i64::to_string).collect();
    let json = feed(FEED_BLINDED, &[("logIds", format!("[{}]", list.join(",")))]);
    let notice = announce(ask, store, &room, json, answer)?;
    answer.reply(&rewrites::Reply { status: 0, chat_log: Some(chat_log(&notice, ask.era)) });
    Ok(())
}

/// The open room, if it is that of the link and the user may hide messages in it.
fn moderated(ask: &Ask<'_>, store: &dyn Store, chat_id: i64, link_id: i64) -> Result<Room, Refused> {
    let room = room_of(ask, store, chat_id)?;
    if !room.kind.is_open() {
        return Err(Refused::Status(status::DENIED));
    }
    if room.link_id != link_id {
        return Err(Refused::Status(status::BAD_BODY));
    }
    links::writable(store, &room)?;
    match links::person(store, link_id, ask.user)? {
        Some(who) if MODERATORS.contains(&who.member_type) => Ok(room),
        _ => Err(Refused::Status(status::DENIED)),
    }
}

fn hideable(log: Log) -> Result<Log, Refused> {
    if log.kind == FEED {
        return Err(Refused::Status(status::NOT_DELETABLE));
    }
    if is_deleted(&log) {
        return Err(Refused::Status(status::ALREADY_DELETED));
    }
    Ok(log)
}

//= ROOM-FEED-2
fn announce(ask: &Ask<'_>, store: &dyn Store, room: &Room, json: String, answer: &mut Answer) -> Result<Log, Refused> {
    let notice = write_feed(ask, room, json, answer);
    let push = syncrewr::Push { chat_log: chat_log(&notice, Era::E2019) };
    let author = nick_name(store, room, ask.user)?;
    push_feed(&notice, &author, everybody(room), CommandId::SyncRewr, &push, answer);
    Ok(notice)
}

/// The `logId` of each object of a JSON array of flat objects. `None` when it is anything else.
fn log_ids(json: &str) -> Option<Vec<i64>> {
    let mut rest = Json(json);
    let mut ids = Vec::new();
    rest.take('[')?;
    if rest.take(']').is_none() {
        loop {
            ids.push(rest.log_id()?);
            if ids.len() > LOGS_HIDDEN_MAX {
                return None;
            }
            if rest.take(',').is_none() {
                rest.take(']')?;
                break;
            }
        }
    }
    rest.0.trim_ascii_start().is_empty().then_some(ids)
}

/// What is left of a JSON text. Numbers are read as the integers that they are: an id does not fit a double.
struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    fn take(&mut self, c: char) -> Option<()> {
        self.0 = self.0.trim_ascii_start().strip_prefix(c)?;
        Some(())
    }

    /// A string without escapes: what names are.
    fn name(&mut self) -> Option<&'a str> {
        self.take('"')?;
        let (name, rest) = self.0.split_once('"')?;
        self.0 = rest;
        (!name.contains('\\')).then_some(name)
    }

    fn integer(&mut self) -> Option<i64> {
        let text = self.0.trim_ascii_start();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        self.0 = rest;
        digits.parse().ok()
    }

    /// An object of integers, one of which is called `logId`.
    fn log_id(&mut self) -> Option<i64> {
        let mut id = None;
        self.take('{')?;
        loop {
            let name = self.name()?;
            self.take(':')?;
            let n = self.integer()?;
            if name == "logId" {
                id = Some(n);
            }
            if self.take(',').is_none() {
                self.take('}')?;
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_without_loss_and_nothing_else_is_taken_for_one() {
        let max = i64::MAX;
        let text = format!(" [ {{\"logId\":{max},\"type\":1}} , {{\"type\":2,\"logId\":-5}} ] ");
        assert_eq!(log_ids(&text), Some(vec![max, -5]));
        assert_eq!(log_ids("[]"), Some(vec![]));
        let bad = ["", "[", "{}", "[{}]", "[1]", "[{\"type\":1}]", "[{\"logId\":1.5}]", "[{\"logId\":\"1\"}]"];
        let worse = ["[{\"logId\":1}", "[{\"logId\":1},]", "[{\"logId\":1}]x", "[{\"logId\":9223372036854775808}]"];
        for text in bad.into_iter().chain(worse) {
            assert_eq!(log_ids(text), None, "{text}");
        }
        let many = format!("[{}]", vec!["{\"logId\":1}"; LOGS_HIDDEN_MAX + 1].join(","));
        assert_eq!(log_ids(&many), None);
    }
}
