//! Rooms: CHATINFO, CHATONROOM, LEAVE.

use super::secret;
use super::view::{RoomParts, member, room_of, users};
use crate::proto::command::{CommandId, chatinfo, chatonroom, leave};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Effect, Store};

/// What is answered here.
pub const HANDLERS: &[Row] =
    &[(CommandId::ChatOnRoom, chatonroom), (CommandId::ChatInfo, chatinfo), (CommandId::Leave, leave)];

/// CHATINFO: the room by itself.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-INFO-1
pub fn chatinfo(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: chatinfo::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let parts = RoomParts::gather(ask, store, room)?;
    answer.reply(&chatinfo::Reply { chat_info: parts.info(ask), ..Default::default() });
    Ok(())
}

/// CHATONROOM: its members, or only their ids when they are many, and what each has read.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-CHATON-1, READ-MARK-4
pub fn chatonroom(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: chatonroom::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let listed = room.members.len() <= ask.config.members_listed_max;
    let people = if listed { users(&room, store, usize::MAX)? } else { Vec::new() };
    let secret = secret::opened(store, &room)?;
    let ids = || room.members.iter().map(|m| m.user_id).collect::<Vec<_>>();
    answer.reply(&chatonroom::Reply {
        status: 0,
        chat_id: room.id,
        kind: room.kind.as_str(),
        members: listed.then(|| people.iter().map(member).collect()),
        member_ids: (!listed).then(ids),
        watermark_ids: ids(),
        watermarks: room.members.iter().map(|m| m.watermark).collect(),
        last_log_id: room.last_log_id,
        updated_at: i64::from(room.updated_at),
        open_token: None,
        f: false,
        secret_chat: secret.as_ref().map(|(sc, _)| *sc),
        public_keys: secret.as_ref().map(|(_, keys)| keys.items()),
        ..Default::default()
    });
    Ok(())
}

/// LEAVE: the user is a member no longer; nothing of the room reaches him any more.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-LEAVE-1
pub fn leave(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: leave::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    if !ask.config.quirks.has(Quirk::LeaveKeepsPushing) {
        answer.effects.push(Effect::RemoveMember { chat_id: room.id, user_id: ask.user });
    }
    let last_token_id = (ask.era != Era::E2012).then_some(ask.last_log_id);
    answer.reply(&leave::Reply { status: 0, last_token_id });
    Ok(())
}
