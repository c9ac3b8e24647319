//! Messages: WRITE, FORWARD and CWRITE, which differ in their replies only, and what 2012 reads them with: READ.

use super::blocks::blocked_by;
use super::syncing::Page;
use super::view::{RoomParts, chat_log, room_of, since};
use super::writing::{Letter, write_into};
use crate::proto::command::field::{AnyInt, Nullable};
use crate::proto::command::{CommandId, cwrite, forward, read, status, write};
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Effect, Membership, Room, RoomKind, Store, next_log_id};

/// What is answered here.
pub const HANDLERS: &[Row] =
    &[(CommandId::CWrite, cwrite), (CommandId::Write, write), (CommandId::Forward, forward), (CommandId::Read, read)];

/// WRITE: the message becomes the room's last and goes to every other online device of its members.
///
/// # Errors
/// A wrong body, a room that is not the user's, or what a message cannot be.
//= CHAT-WRITE-1, CHAT-WRITE-2
pub fn write(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: write::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let done = write_into(ask, store, &room, &Letter::from(&q), answer)?;
    let log = done.log();
    if ask.era == Era::E2012 {
        answer.reply(&write::Reply2012 {
            status: 0,
            chat_id: log.chat_id,
            log_id: log.log_id,
            chat_log: Some(chat_log(log, ask.era)),
            err_msg: Nullable(None),
            author_nickname: Some(&done.author),
        });
    } else {
        answer.reply(&write::Reply {
            status: 0,
            msg_id: q.msg_id.or(Some(AnyInt::Int64(0))),
            chat_id: log.chat_id,
            log_id: log.log_id,
            prev_id: log.prev_id,
            send_at: log.send_at,
            chat_log: Some(chat_log(log, ask.era)),
        });
    }
    done.keep(answer);
    Ok(())
}

/// FORWARD: as WRITE; the reply is the message.
///
/// # Errors
/// As WRITE.
//= MSG-FORWARD-1
pub fn forward(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: forward::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let done = write_into(ask, store, &room, &Letter::from(&q), answer)?;
    answer.reply(&forward::Reply { status: 0, chat_log: chat_log(done.log(), ask.era) });
    done.keep(answer);
    Ok(())
}

/// CWRITE of 2012: a room of exactly these people is written into; otherwise it is made first.
///
/// # Errors
/// A wrong body, nobody else in the room (-203), a member who does not exist (-403), a new room with somebody who
/// blocks the author (-402), or what a message cannot be.
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
            //= MSG-BLOCKED-2
            for id in ids.iter().filter(|id| **id != ask.user) {
                if blocked_by(store, *id, ask.user)? {
                    return Err(Refused::Status(status::BLOCKED_BY_FRIEND));
                }
            }
            let room = new_room(ask, &ids);
            answer.effects.push(Effect::CreateRoom(room.clone()));
            room
        }
    };
    let done = write_into(ask, store, &room, &Letter::from(&q), answer)?;
    let log = done.log();
    let room = Room { last_log_id: log.log_id, ..room };
    let (last, watermark) = (Some(log.clone()), log.log_id);
    let parts = RoomParts { last, watermark, ..RoomParts::new(room) };
    answer.reply(&cwrite::Reply {
        status: 0,
        chat_id: log.chat_id,
        log_id: log.log_id,
        chat_log: Some(chat_log(log, ask.era)),
        err_msg: Nullable(None),
        author_nickname: Some(&done.author),
        chat_room: Some(parts.info(ask)),
    });
    done.keep(answer);
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
    let mut page = Page::new(ask.config.logs_per_page);
    page.fill(store, room.id, q.since.max(since(ask, store, room.id)?), i64::MAX)?;
    let parts = RoomParts::gather(ask, store, room)?;
    answer.reply(&read::Reply { status: 0, chat_room: parts.info(ask), chat_logs: page.chat_logs(ask.era) });
    Ok(())
}

fn same_room(ask: &Ask<'_>, store: &dyn Store, ids: &[i64]) -> Result<Option<Room>, Refused> {
    for id in store.rooms_of(ask.user)? {
        let room = store.room(id)?;
        let plain = |r: &Room| matches!(r.kind, RoomKind::Direct | RoomKind::Multi);
        let same = |r: &Room| plain(r) && r.members.iter().map(|m| m.user_id).eq(ids.iter().copied());
        if let Some(room) = room.filter(same) {
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
