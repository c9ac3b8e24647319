//! Members of a room: ADDMEM, LEAVE, GETMEM, MEMBER, MEMLIST.
//!
//! Who comes and who goes is a log of the room like any other, so that every device has it at its place: the members
//! get it by NEWMEM or DELMEM, who is new gets it by SYNCJOIN, and a device of 2012, which knows none of these, by MSG.

use super::create::invitation;
use super::feed::{LEAVE, feed, person};
use super::links::{self, People};
use super::view::{chat_log, room_of};
use super::writing::{append, new_log};
use crate::proto::command::field::Body;
use crate::proto::command::{
    CommandId, addmem, delmem, getmem, leave, left, member as some, memlist, msg, newmem, status, syncjoin,
};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::rooms::Join;
use crate::proto::server::store::{self, Effect, Log, Membership, Room, RoomKind, Shelf, Store, User};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::AddMem, addmem),
    (CommandId::Leave, leave),
    (CommandId::GetMem, getmem),
    (CommandId::Member, some_members),
    (CommandId::MemList, memlist),
];

/// The users of these ids, if the caller may have them in a room.
///
/// # Errors
/// One does not exist (-403), or blocks the caller (-402).
//= ROOM-CALL-1, ROOM-CALL-2
pub(super) fn may_be_called(ask: &Ask<'_>, store: &dyn Store, ids: &[i64]) -> Result<Vec<User>, Refused> {
    let mut all = Vec::with_capacity(ids.len().min(64));
    for id in ids {
        all.push(store.user(*id)?.ok_or(Refused::Status(status::NOT_CHATABLE))?);
    }
    for id in ids {
        if store.get(Shelf::Blocks, (*id, ask.user))?.is_some() {
            return Err(Refused::Status(status::BLOCKED_BY_FRIEND));
        }
    }
    Ok(all)
}

/// Pushes `body`, which has `log` in it, to the devices that know `command`, and to those of 2012 the log as MSG.
//= ROOM-FEED-2
pub(super) fn push_feed<'a>(
    log: &Log,
    author: &str,
    to: Vec<i64>,
    command: CommandId,
    body: &impl Body<'a>,
    answer: &mut Answer,
) {
    answer.push(to.clone(), command, body);
    let old = msg::Push {
        chat_id: log.chat_id,
        log_id: log.log_id,
        chat_log: chat_log(log, Era::E2019),
        no_seen: Some(false),
        author_nickname: Some(author),
        ..Default::default()
    };
    answer.push_2012(to, CommandId::Msg, &old);
}

/// ADDMEM: others come into a group. Who is in it already stays as he is; were all of them, nothing happens.
///
/// # Errors
/// A wrong body, a room that is not the user's, a room that is no group (-500); somebody who cannot be called, or who
/// has left and wants no invitation (-405).
//= ROOM-ADD-1, ROOM-ADD-2, ROOM-ADD-3
pub fn addmem(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: addmem::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    if room.kind != RoomKind::Multi {
        return Err(Refused::Status(status::DENIED));
    }
    let mut ids = q.member_ids;
    ids.retain(|id| room.member(*id).is_none());
    ids.sort_unstable();
    ids.dedup();
    let invited = may_be_called(ask, store, &ids)?;
    for id in &ids {
        let join: Option<Join> = store::find(store, Shelf::Joins, (room.id, *id))?;
        if join.is_some_and(|j| j.refuses) {
            return Err(Refused::Status(status::INVITE_BLOCKED));
        }
    }
    if invited.is_empty() {
        answer.reply(&addmem::Reply { status: 0, ..Default::default() });
        return Ok(());
    }
    let me = store.user(ask.user)?.unwrap_or_default();
    let log = invitation(ask, &room, &me, &invited);
    let joined_at = u32::try_from(ask.now.unix_secs()).unwrap_or(u32::MAX);
    for user_id in ids.iter().copied() {
        //= ROOM-SINCE-1
        let join = Join { after: room.last_log_id, inviter_id: ask.user, refuses: false };
        let member = Membership { user_id, joined_at, watermark: room.last_log_id, muted: false };
        answer.effects.push(Effect::AddMember { chat_id: room.id, member });
        answer.effects.push(store::put(Shelf::Joins, (room.id, user_id), &join));
    }
    let document = || chat_log(&log, Era::E2019);
    if !ask.config.quirks.has(Quirk::NewMemNotPushed) {
        let members = room.members.iter().map(|m| m.user_id).collect();
        let push = newmem::Push { chat_id: room.id, chat_log: document(), link_id: None };
        push_feed(&log, &me.nick_name, members, CommandId::NewMem, &push, answer);
    }
    let push = syncjoin::Push { chat_id: room.id, chat_log: Some(document()) };
    push_feed(&log, &me.nick_name, ids, CommandId::SyncJoin, &push, answer);
    answer.reply(&addmem::Reply { status: 0, chat_log: Some(chat_log(&log, ask.era)), warning_msg: None });
    append(log, answer);
    Ok(())
}

/// LEAVE: the user is a member no longer; nothing of the room reaches him any more. The others get the log that says
/// so, his other devices get LEFT.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-LEAVE-1, ROOM-LEAVE-2, ROOM-LEAVE-3, ROOM-LEAVE-4
pub fn leave(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: leave::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::leaving(ask, store, &room, q.link_id, answer)?;
    let quirks = ask.config.quirks;
    if !quirks.has(Quirk::LeaveKeepsPushing) {
        answer.effects.push(Effect::RemoveMember { chat_id: room.id, user_id: ask.user });
    }
    let (joins, own) = ((room.id, ask.user), (ask.user, room.id));
    answer.effects.push(if q.block == Some(true) {
        store::put(Shelf::Joins, joins, &Join { refuses: true, ..Join::default() })
    } else {
        Effect::Remove { shelf: Shelf::Joins, key: joins }
    });
    answer.effects.push(Effect::Remove { shelf: Shelf::ClientMetas, key: own });
    let mut token = ask.last_log_id;
    if !quirks.has(Quirk::LeaveIsSilent) {
        let me = store.user(ask.user)?.unwrap_or_default();
        let name = links::name_in(store, &room, &me)?;
        let log = departure(ask, &room, &name, answer);
        token = log.log_id;
        append(log, answer);
    }
    if !quirks.has(Quirk::LeftNotPushed) {
        answer.push(vec![ask.user], CommandId::Left, &left::Push { chat_id: room.id, last_token_id: token });
    }
    let last_token_id = (ask.era != Era::E2012).then_some(token);
    answer.reply(&leave::Reply { status: 0, last_token_id });
    Ok(())
}

/// The log that says that the caller has left, pushed to who remains.
//= ROOM-FEED-1
fn departure(ask: &Ask<'_>, room: &Room, name: &str, answer: &mut Answer) -> Log {
    let message = feed(LEAVE, &[("member", person(ask.user, name))]);
    let log = Log { kind: 0, message: Some(message), ..new_log(ask, room) };
    let to = room.members.iter().map(|m| m.user_id).filter(|id| *id != ask.user).collect();
    let link_id = (room.link_id != 0).then_some(room.link_id);
    let push = delmem::Push { chat_id: Some(room.id), chat_log: chat_log(&log, Era::E2019), link_id };
    push_feed(&log, name, to, CommandId::DelMem, &push, answer);
    log
}

/// GETMEM: all members in full.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-MEMBERS-1
pub fn getmem(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getmem::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let people = People::of(&room, store)?;
    answer.reply(&getmem::Reply { status: 0, members: people.members(), token: member_token(&room) });
    Ok(())
}

/// MEMBER: some members in full. Who is no member is left out, whether or not there is such a user.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-MEMBERS-2
pub fn some_members(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: some::Request = ask.body(answer)?;
    let mut room = room_of(ask, store, q.chat_id)?;
    let wanted: std::collections::BTreeSet<i64> = q.member_ids.into_iter().collect();
    room.members.retain(|m| wanted.contains(&m.user_id));
    let people = People::of(&room, store)?;
    answer.reply(&some::Reply { status: 0, chat_id: room.id, members: people.members() });
    Ok(())
}

/// MEMLIST: the ids of all members.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-MEMBERS-3
pub fn memlist(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: memlist::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let member_ids = room.members.iter().map(|m| m.user_id).collect();
    answer.reply(&memlist::Reply { status: 0, token: member_token(&room), member_ids });
    Ok(())
}

/// A number that is another one when the members are others: a hash (FNV-1a) of who is there since when, above 0.
//= ROOM-MEMBERS-4
fn member_token(room: &Room) -> i64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for m in &room.members {
        for byte in m.user_id.to_le_bytes().into_iter().chain(m.joined_at.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    i64::try_from(hash >> 1).unwrap_or(i64::MAX).max(1)
}
