//! How a message comes into a room, whichever command brings it: WRITE, FORWARD, CWRITE, and the server's own feeds.

use super::blocks::blocked_by;
use super::feed::FEED;
use super::links;
use super::view::chat_log;
use crate::proto::command::field::AnyInt;
use crate::proto::command::types::ChatLog;
use crate::proto::command::{CommandId, cwrite, forward, msg, status, write};
use crate::proto::limits::MESSAGE_LEN_MAX;
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused};
use crate::proto::server::planted::told;
use crate::proto::server::store::{Effect, Log, Room, RoomKind, Store, next_log_id};

/// The type of a text message.
pub(super) const TEXT: i32 = 1;
/// In a type: the message is deleted (loco-modern §6.2).
pub(super) const DELETED: i32 = 0x4000;
/// Types of which people write messages. 0 is for feeds, those below are a client's own, those above carry flags.
const WRITABLE: core::ops::Range<i32> = TEXT..DELETED;

/// What somebody writes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Letter<'a> {
    pub kind: i32,
    pub text: Option<&'a str>,
    pub extra: Option<&'a str>,
    pub supplement: Option<&'a str>,
    pub msg_id: i64,
    pub scope: Option<i32>,
    pub thread_id: Option<i64>,
    pub no_seen: Option<bool>,
    /// No sound at the others.
    pub silent: bool,
}

impl<'a> From<&write::Request<'a>> for Letter<'a> {
    fn from(q: &write::Request<'a>) -> Self {
        Self {
            kind: q.kind,
            text: q.msg,
            extra: q.extra,
            supplement: q.supplement,
            msg_id: q.msg_id.map_or(0, AnyInt::get),
            scope: q.scope,
            thread_id: q.thread_id,
            no_seen: q.no_seen,
            //= MSG-SILENCE-1
            silent: q.silence == Some(true) || q.is_silence == Some(true),
        }
    }
}

impl<'a> From<&forward::Request<'a>> for Letter<'a> {
    fn from(q: &forward::Request<'a>) -> Self {
        Self {
            kind: q.kind,
            text: q.msg,
            extra: q.extra,
            supplement: q.supplement,
            msg_id: q.msg_id.map_or(0, AnyInt::get),
            no_seen: q.no_seen,
            ..Self::default()
        }
    }
}

impl<'a> From<&cwrite::Request<'a>> for Letter<'a> {
    fn from(q: &cwrite::Request<'a>) -> Self {
        Self { kind: TEXT, text: Some(q.msg), extra: q.extra.0, ..Self::default() }
    }
}

/// A message that is about to be in its room, and the name of its author.
#[must_use]
pub(super) struct Written {
    log: Log,
    /// What is told of it, where a planted bug tells something else.
    told: Option<Log>,
    pub author: String,
}

impl Written {
    /// The message, as everybody is told of it.
    pub fn log(&self) -> &Log {
        self.told.as_ref().unwrap_or(&self.log)
    }

    /// Has it kept. Until then it can be answered with, and nothing of it is copied.
    pub fn keep(self, answer: &mut Answer) {
        append(self.log, answer);
    }
}

/// Writes `letter` into `room`: it goes to every other online device of its members, and becomes the room's last log
/// when it is [kept](Written::keep).
///
/// # Errors
/// A secret room (-500), a type that nobody may write or texts that are too long (-203), or a direct room whose other member blocks the
/// author (-814).
//= CHAT-WRITE-3, CHAT-EXTRA-1
pub(super) fn write_into(
    ask: &Ask<'_>,
    store: &dyn Store,
    room: &Room,
    letter: &Letter<'_>,
    answer: &mut Answer,
) -> Result<Written, Refused> {
    //= SECRET-RELAY-4
    if room.kind == RoomKind::Secret {
        return Err(Refused::Status(status::DENIED));
    }
    links::writable(store, room)?;
    //= MSG-TYPE-1
    if !WRITABLE.contains(&letter.kind) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    check_len([letter.text, letter.extra, letter.supplement])?;
    //= MSG-BLOCKED-1
    let direct = matches!(room.kind, RoomKind::Direct | RoomKind::OpenDirect);
    for other in room.members.iter().filter(|m| direct && m.user_id != ask.user) {
        if blocked_by(store, other.user_id, ask.user)? {
            return Err(Refused::Status(status::WRITE_WHILE_BLOCKED));
        }
    }
    //= MSG-ATTACH-1, MSG-THREAD-1
    let kept = |text: Option<&str>| text.map(|t| if lossy(ask) { rounded(t) } else { t.to_owned() });
    let log = Log {
        kind: letter.kind,
        message: letter.text.map(str::to_owned),
        attachment: kept(letter.extra),
        supplement: kept(letter.supplement),
        msg_id: letter.msg_id,
        scope: letter.scope,
        thread_id: letter.thread_id,
        ..new_log(ask, room)
    };
    let author = nick_name(store, room, ask.user)?;
    let written = Written { told: told(ask, &log), log, author };
    push_msg(ask, room, written.log(), letter, &written.author, answer);
    Ok(written)
}

/// Refuses texts that are together longer than a message may be.
//= MSG-LIMIT-1
pub(super) fn check_len(texts: [Option<&str>; 3]) -> Result<(), Refused> {
    let len: usize = texts.into_iter().flatten().map(str::len).sum();
    if len > MESSAGE_LEN_MAX { Err(Refused::Status(status::BAD_BODY)) } else { Ok(()) }
}

/// Appends a feed in the asker's name, and gives its log. Who hears of it, and by which push, is the caller's part.
pub(super) fn write_feed(ask: &Ask<'_>, room: &Room, json: String, answer: &mut Answer) -> Log {
    let log = Log { kind: FEED, message: Some(json), ..new_log(ask, room) };
    append(log.clone(), answer);
    log
}

/// The next log of a room: above the room's last and above all that this server has given.
//= PROMISE-ORDERED-1
pub(super) fn new_log(ask: &Ask<'_>, room: &Room) -> Log {
    let forgetful = ask.config.quirks.has(Quirk::IdsFromMemory);
    Log {
        chat_id: room.id,
        log_id: if forgetful {
            ask.last_log_id + 1
        } else {
            next_log_id(ask.last_log_id.max(room.last_log_id), ask.now)
        },
        prev_id: room.last_log_id,
        author_id: ask.user,
        send_at: i32::try_from(ask.now.unix_secs()).unwrap_or(i32::MAX),
        ..Log::default()
    }
}

//= PROMISE-PUSHED-1
pub(super) fn append(log: Log, answer: &mut Answer) {
    answer.last_log_id = log.log_id;
    answer.effects.push(Effect::AppendLog(log));
}

/// The name by which the others in the room know `user`.
pub(super) fn nick_name(store: &dyn Store, room: &Room, user: i64) -> Result<String, Refused> {
    match store.user(user)? {
        None => Ok(String::new()),
        Some(u) if room.link_id == 0 => Ok(u.nick_name),
        Some(u) => links::name_in(store, room, &u),
    }
}

/// All members of a room.
pub(super) fn everybody(room: &Room) -> Vec<i64> {
    room.members.iter().map(|m| m.user_id).collect()
}

/// The open link of a room, where it has one.
pub(super) fn link_of(room: &Room) -> Option<i64> {
    (room.link_id != 0).then_some(room.link_id)
}

//= CHAT-WRITE-3
fn push_msg(ask: &Ask<'_>, room: &Room, log: &Log, letter: &Letter<'_>, author: &str, answer: &mut Answer) {
    let shift = i64::from(ask.config.quirks.has(Quirk::LogIdNotShared));
    // Everybody reads the modern form; a client of 2012 reads any integer width and an empty attachment.
    let chat_log = chat_log(log, Era::E2019);
    let mut push = msg::Push {
        chat_id: log.chat_id,
        log_id: log.log_id + shift,
        chat_log: ChatLog { log_id: log.log_id + shift, ..chat_log },
        no_seen: Some(letter.no_seen.unwrap_or_default()),
        author_nickname: Some(author),
        //= LINK-ROOM-3
        link_id: link_of(room),
        ..Default::default()
    };
    //= ROOM-ALERT-1
    for muted in [false, true] {
        let mut to = room.members.iter().filter(|m| m.muted == muted).map(|m| m.user_id).peekable();
        push.push_alert = Some(!muted && !letter.silent);
        if to.peek().is_some() {
            answer.push(to, CommandId::Msg, &push);
        }
    }
}

fn lossy(ask: &Ask<'_>) -> bool {
    ask.config.quirks.has(Quirk::AttachmentThroughDouble)
}

/// What a text becomes in the hands of a server that reads JSON numbers as doubles: that quirk.
fn rounded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let (digits, behind) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        out.push_str(before);
        match digits.parse::<f64>() {
            Ok(n) if digits.len() > 15 => out.push_str(&format!("{n:.0}")),
            _ => out.push_str(digits),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_no_double_holds_are_rounded() {
        assert_eq!(rounded(r#"{"a":[9007199254740993,12],"황":"x"}"#), r#"{"a":[9007199254740992,12],"황":"x"}"#);
        assert_eq!(rounded(""), "");
    }
}
