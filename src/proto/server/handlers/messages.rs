//! Messages: WRITE and MSG, CWRITE, READ, SYNCMSG.

use super::view::{RoomParts, chat_log, room_of};
use crate::proto::command::field::{AnyInt, Nullable};
use crate::proto::command::{CommandId, cwrite, msg, read, status, syncmsg, write};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Effect, Log, Membership, Room, RoomKind, Store, next_log_id};

/// What is answered here.
pub const HANDLERS: &[Row] =
    &[(CommandId::CWrite, cwrite), (CommandId::Write, write), (CommandId::Read, read), (CommandId::SyncMsg, syncmsg)];

/// The kind of a text message.
const TEXT: i32 = 1;

/// WRITE: the message becomes the room's last and goes to every other online device of its members.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= CHAT-WRITE-1, CHAT-WRITE-2, CHAT-EXTRA-1
pub fn write(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: write::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let log = Log {
        kind: q.kind,
        message: q.msg.map(str::to_owned),
        attachment: q.extra.map(str::to_owned),
        supplement: q.supplement.map(str::to_owned),
        msg_id: q.msg_id.map_or(0, AnyInt::get),
        scope: q.scope,
        thread_id: q.thread_id,
        ..new_log(ask, &room)
    };
    let name = nick_name(ask, store)?;
    push_msg(ask, &room, &log, q.no_seen, &name, answer);
    if ask.era == Era::E2012 {
        answer.reply(&write::Reply2012 {
            status: 0,
            chat_id: log.chat_id,
            log_id: log.log_id,
            chat_log: Some(chat_log(&log, ask.era)),
            err_msg: Nullable(None),
            author_nickname: Some(&name),
        });
    } else {
        answer.reply(&write::Reply {
            status: 0,
            msg_id: q.msg_id.or(Some(AnyInt::Int64(0))),
            chat_id: log.chat_id,
            log_id: log.log_id,
            prev_id: log.prev_id,
            send_at: log.send_at,
            chat_log: Some(chat_log(&log, ask.era)),
        });
    }
    append(log, answer);
    Ok(())
}

/// CWRITE of 2012: a room of exactly these people is written into; otherwise it is made first.
///
/// # Errors
/// A wrong body, nobody else in the room (-203), or a member who does not exist (-403).
//= ROOM-CREATE-1
pub fn cwrite(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: cwrite::Request<'_> = ask.body(answer)?;
    let mut ids = q.member_ids.clone();
    ids.push(ask.user);
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < 2 {
        return Err(Refused::Status(status::BAD_BODY));
    }
    for id in &ids {
        store.user(*id)?.ok_or(Refused::Status(status::NOT_CHATABLE))?;
    }
    let room = match same_room(ask, store, &ids)? {
        Some(room) => room,
        None => {
            let room = new_room(ask, &ids);
            answer.effects.push(Effect::CreateRoom(room.clone()));
            room
        }
    };
    let extra = q.extra.0.map(str::to_owned);
    let log = Log { kind: TEXT, message: Some(q.msg.to_owned()), attachment: extra, ..new_log(ask, &room) };
    let name = nick_name(ask, store)?;
    push_msg(ask, &room, &log, None, &name, answer);
    let room = Room { last_log_id: log.log_id, ..room };
    let (last, watermark) = (Some(log.clone()), log.log_id);
    let parts = RoomParts { room, last, others: Vec::new(), unread: 0, watermark, muted: false };
    answer.reply(&cwrite::Reply {
        status: 0,
        chat_id: log.chat_id,
        log_id: log.log_id,
        chat_log: Some(chat_log(&log, ask.era)),
        err_msg: Nullable(None),
        author_nickname: Some(&name),
        chat_room: Some(parts.info(ask)),
    });
    append(log, answer);
    Ok(())
}

/// READ of 2012: the room and one page of its messages after `since`, oldest first.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= READ-SINCE-1
pub fn read(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: read::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let logs = store.logs(room.id, q.since, i64::MAX, ask.config.logs_per_page)?;
    let parts = RoomParts::gather(ask, store, room)?;
    let chat_logs = logs.iter().map(|l| chat_log(l, ask.era)).collect();
    answer.reply(&read::Reply { status: 0, chat_room: parts.info(ask), chat_logs });
    Ok(())
}

/// SYNCMSG: one page of the messages after `cur` up to `max`. A `max` of 0 is no bound.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= CHAT-SYNC-1, CHAT-SYNC-2, CHAT-SYNC-3, PROMISE-PUSHED-1
pub fn syncmsg(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: syncmsg::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let up_to = if q.max > 0 { q.max } else { i64::MAX };
    let asked = q.cnt.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(usize::MAX);
    let page = asked.min(ask.config.logs_per_page.max(1));
    let mut logs = store.logs(room.id, q.cur, up_to, page + 1)?;
    let is_ok = logs.len() <= page;
    logs.truncate(page);
    if ask.config.quirks.has(Quirk::SyncSkipsEntry) && logs.len() > 1 {
        logs.remove(0);
    }
    let chat_logs: Vec<_> = logs.iter().map(|l| chat_log(l, ask.era)).collect();
    answer.reply(&syncmsg::Reply {
        status: 0,
        is_ok,
        chat_logs: (!chat_logs.is_empty()).then_some(chat_logs),
        min_log_id: Some(0),
        last_token_id: ask.last_log_id,
        link_id: None,
        ..Default::default()
    });
    Ok(())
}

/// The next log of a room: above the room's last and above all that this server has given.
//= PROMISE-ORDERED-1
pub(super) fn new_log(ask: &Ask<'_>, room: &Room) -> Log {
    Log {
        chat_id: room.id,
        log_id: next_log_id(ask.last_log_id.max(room.last_log_id), ask.now),
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

pub(super) fn nick_name(ask: &Ask<'_>, store: &dyn Store) -> Result<String, Refused> {
    Ok(store.user(ask.user)?.map(|u| u.nick_name).unwrap_or_default())
}

//= CHAT-WRITE-3
pub(super) fn push_msg(ask: &Ask<'_>, room: &Room, log: &Log, no_seen: Option<bool>, name: &str, answer: &mut Answer) {
    let to = room.members.iter().map(|m| m.user_id).collect();
    let shift = i64::from(ask.config.quirks.has(Quirk::LogIdNotShared));
    // Everybody reads the modern form; a client of 2012 reads any integer width and an empty attachment.
    let chat_log = chat_log(log, Era::E2019);
    let push = msg::Push {
        chat_id: log.chat_id,
        log_id: log.log_id + shift,
        chat_log: crate::proto::command::types::ChatLog { log_id: log.log_id + shift, ..chat_log },
        no_seen: Some(no_seen.unwrap_or_default()),
        author_nickname: Some(name),
        ..Default::default()
    };
    answer.push(to, CommandId::Msg, &push);
}

fn same_room(ask: &Ask<'_>, store: &dyn Store, ids: &[i64]) -> Result<Option<Room>, Refused> {
    for id in store.rooms_of(ask.user)? {
        let room = store.room(id)?;
        if let Some(room) = room.filter(|r| r.members.iter().map(|m| m.user_id).eq(ids.iter().copied())) {
            return Ok(Some(room));
        }
    }
    Ok(None)
}

fn new_room(ask: &Ask<'_>, ids: &[i64]) -> Room {
    let now = u32::try_from(ask.now.unix_secs()).unwrap_or(u32::MAX);
    Room {
        id: next_log_id(ask.last_log_id, ask.now),
        kind: if ids.len() == 2 { RoomKind::Direct } else { RoomKind::Multi },
        members: ids.iter().map(|id| Membership { user_id: *id, joined_at: now, watermark: 0, muted: false }).collect(),
        last_log_id: 0,
        updated_at: now,
        link_id: 0,
    }
}
