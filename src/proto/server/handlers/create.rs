//! CREATE: a room with others, or one for oneself.

use super::feed::{INVITE, feed, list, person};
use super::members::{may_be_called, push_feed};
use super::settings;
use super::view::RoomParts;
use super::writing::{append, new_log};
use crate::proto::command::{CommandId, create, status, syncjoin};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::rooms::Join;
use crate::proto::server::store::{self, Effect, Log, Membership, Room, RoomKind, Shelf, Store, User, next_log_id};

/// What is answered here.
pub const HANDLERS: &[Row] = &[(CommandId::Create, create)];

/// CREATE: one other makes a room of two, more make a group, `memoChat` makes the room of one. There is one room of
/// two for each pair and one of one for each user: asked for again, it is named with -310.
///
/// # Errors
/// A wrong body; nobody else, or somebody else in a room of one (-203); a user who does not exist (-403); one who
/// blocks the caller (-402).
//= ROOM-CREATE-2, ROOM-CREATE-3, ROOM-CREATE-4
pub fn create(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: create::Request<'_> = ask.body(answer)?;
    let mut ids = q.member_ids.clone();
    ids.retain(|id| *id != ask.user);
    ids.sort_unstable();
    ids.dedup();
    let kind = match (q.memo_chat == Some(true), ids.len()) {
        (true, 0) => RoomKind::Memo,
        (false, 1) => RoomKind::Direct,
        (false, 2..) => RoomKind::Multi,
        _ => return Err(Refused::Status(status::BAD_BODY)),
    };
    let others = may_be_called(ask, store, &ids)?;
    ids.push(ask.user);
    ids.sort_unstable();
    if let Some(room) = existing(ask, store, kind, &ids)? {
        let parts = RoomParts::gather(ask, store, room)?;
        let chat_room = Some(parts.info(ask));
        answer.reply(&create::Reply { status: status::PARTIAL, chat_id: parts.room.id, chat_room });
        return Ok(());
    }
    let muted = q.push_alert == Some(false);
    let mut room = new_room(ask, store, kind, &ids)?;
    room.members.iter_mut().filter(|m| m.user_id == ask.user).for_each(|m| m.muted = muted);
    answer.last_log_id = room.id;
    answer.effects.push(Effect::CreateRoom(room.clone()));
    let metas = settings::named(ask, store, &room, q.nick_name.or(q.nickname), q.profile_image_url, answer)?;
    let me = store.user(ask.user)?.unwrap_or_else(|| User { id: ask.user, ..User::default() });
    let log = tell(ask, &room, &me, &others, answer);
    room.last_log_id = log.as_ref().map_or(0, |l| l.log_id);
    let parts = RoomParts { others, metas, last: log, muted, ..RoomParts::new(room) };
    answer.reply(&create::Reply { status: 0, chat_id: parts.room.id, chat_room: Some(parts.info(ask)) });
    Ok(())
}

/// Tells the invited, and the other device of who invited. A group begins with the log that says who was invited.
//= ROOM-CREATE-5
fn tell(ask: &Ask<'_>, room: &Room, me: &User, others: &[User], answer: &mut Answer) -> Option<Log> {
    let to: Vec<i64> = room.members.iter().map(|m| m.user_id).collect();
    if room.kind != RoomKind::Multi {
        answer.push(to, CommandId::SyncJoin, &syncjoin::Push { chat_id: room.id, chat_log: None });
        return None;
    }
    for other in others {
        let join = Join { after: 0, inviter_id: ask.user, refuses: false };
        answer.effects.push(store::put(Shelf::Joins, (room.id, other.id), &join));
    }
    let log = invitation(ask, room, me, others);
    let push = syncjoin::Push { chat_id: room.id, chat_log: Some(super::view::chat_log(&log, Era::E2019)) };
    push_feed(&log, &me.nick_name, to, CommandId::SyncJoin, &push, answer);
    append(log.clone(), answer);
    Some(log)
}

/// The log that says who has invited whom.
//= ROOM-FEED-1
pub(super) fn invitation(ask: &Ask<'_>, room: &Room, me: &User, others: &[User]) -> Log {
    let members: Vec<_> = others.iter().map(|u| person(u.id, &u.nick_name)).collect();
    let fields = [("inviter", person(me.id, &me.nick_name)), ("members", list(&members))];
    // The room may have got its id from the same clock in the same request.
    let ask = Ask { last_log_id: ask.last_log_id.max(room.id), ..*ask };
    Log { kind: 0, message: Some(feed(INVITE, &fields)), ..new_log(&ask, room) }
}

/// The room of two, or of one, that is there already.
fn existing(ask: &Ask<'_>, store: &dyn Store, kind: RoomKind, ids: &[i64]) -> Result<Option<Room>, Refused> {
    if kind == RoomKind::Multi || ask.config.quirks.has(Quirk::CreateDuplicatesDirectRoom) {
        return Ok(None);
    }
    for id in store.rooms_of(ask.user)? {
        let same = |r: &Room| r.kind == kind && r.members.iter().map(|m| m.user_id).eq(ids.iter().copied());
        if let Some(room) = store.room(id)?.filter(same) {
            return Ok(Some(room));
        }
    }
    Ok(None)
}

fn new_room(ask: &Ask<'_>, store: &dyn Store, kind: RoomKind, ids: &[i64]) -> Result<Room, Refused> {
    let now = u32::try_from(ask.now.unix_secs()).unwrap_or(u32::MAX);
    let mut id = next_log_id(ask.last_log_id, ask.now);
    // A clock that went back over a restart names a room that is there already.
    while store.room(id)?.is_some() {
        id = id.saturating_add(1);
    }
    let members = ids.iter().map(|id| Membership { user_id: *id, joined_at: now, watermark: 0, muted: false });
    Ok(Room { id, kind, members: members.collect(), last_log_id: 0, updated_at: now, link_id: 0 })
}
