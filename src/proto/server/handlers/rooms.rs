//! Rooms by themselves: CHATINFO, CHATONROOM.

use super::links::{self, People};
use super::secret;
use super::view::{RoomParts, room_of};
use crate::proto::command::{CommandId, chatinfo, chatonroom};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::links::LinkUser;
use crate::proto::server::store::Store;

/// What is answered here.
pub const HANDLERS: &[Row] = &[(CommandId::ChatOnRoom, chatonroom), (CommandId::ChatInfo, chatinfo)];

/// CHATINFO: the room by itself.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-INFO-1
pub fn chatinfo(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: chatinfo::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let parts = RoomParts::gather(ask, store, room)?;
    let bmids = links::blinded_by(ask, store, &parts.room)?;
    answer.reply(&chatinfo::Reply { chat_info: parts.info(ask), bmids, ..Default::default() });
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
    let mut people = if listed { People::of(&room, store)? } else { People::Plain(Vec::new()) };
    let me = people.part(ask.user);
    let secret = secret::opened(store, &room)?;
    let before = |last| store.log(room.id, last).map(|l| l.map_or(0, |l| l.prev_id));
    let stale = ask.config.quirks.has(Quirk::StaleRoomEnd);
    let last_log_id = if stale { before(room.last_log_id)? } else { room.last_log_id };
    let ids = || room.members.iter().map(|m| m.user_id).collect::<Vec<_>>();
    answer.reply(&chatonroom::Reply {
        status: 0,
        chat_id: room.id,
        kind: room.kind.as_str(),
        members: listed.then(|| people.members()),
        member_ids: (!listed).then(ids),
        watermark_ids: ids(),
        watermarks: room.members.iter().map(|m| m.watermark).collect(),
        last_log_id,
        updated_at: i64::from(room.updated_at),
        open_token: links::token_of(store, &room)?,
        link_user: me.as_ref().map(LinkUser::document),
        f: false,
        secret_chat: secret.as_ref().map(|(sc, _)| *sc),
        public_keys: secret.as_ref().map(|(_, keys)| keys.items()),
        ..Default::default()
    });
    Ok(())
}
