//! What the store keeps, as the documents of the wire.

use super::links;
use super::secret::SECRET;
use crate::proto::command::field::{AnyInt, Nullable};
use crate::proto::command::status;
use crate::proto::command::types::{ChatLog, DisplayMember, Member, Meta, RoomInfo, RoomItem};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Ask, Refused};
use crate::proto::server::records::rooms::{Join, RoomMeta};
use crate::proto::server::store::{self, Log, Room, RoomKind, Shelf, Store, User};

/// Unread messages are counted up to here.
const UNREAD_MAX: usize = 300;
/// Members that a room shows in a list.
const SHOWN_MAX: usize = 5;

/// The room, if the user may see it. No difference is made between a room that is not there and one that is not his.
//= PROMISE-PRIVATE-1, ROOM-ABSENT-1
pub(super) fn room_of(ask: &Ask<'_>, store: &dyn Store, chat_id: i64) -> Result<Room, Refused> {
    let room = store.room(chat_id)?.ok_or(Refused::Status(status::NO_SUCH_ROOM))?;
    if room.member(ask.user).is_none() && !ask.config.quirks.has(Quirk::SkipsMembershipCheck) {
        return Err(Refused::Status(status::NO_SUCH_ROOM));
    }
    Ok(room)
}

/// The log after which the user sees the room: who was invited sees nothing from before.
//= ROOM-SINCE-1
pub(super) fn since(ask: &Ask<'_>, store: &dyn Store, room: i64) -> Result<i64, Refused> {
    if ask.config.quirks.has(Quirk::InvitedSeesOldLogs) {
        return Ok(0);
    }
    let join: Option<Join> = store::find(store, Shelf::Joins, (room, ask.user))?;
    Ok(join.map_or(0, |j| j.after))
}

/// The settings that a room shares, by rising kind.
pub(super) fn metas_of(store: &dyn Store, room: i64) -> Result<Vec<(i32, RoomMeta)>, Refused> {
    let all: Vec<(i64, RoomMeta)> = store::all(store, Shelf::Metas, room)?;
    Ok(all.into_iter().map(|(kind, m)| (i32::try_from(kind).unwrap_or_default(), m)).collect())
}

/// A setting as the wire has it.
pub(super) fn meta(kind: i32, m: &RoomMeta) -> Meta<'_> {
    let RoomMeta { revision, author_id, content, updated_at } = m;
    Meta { kind, revision: *revision, author_id: *author_id, content, updated_at: *updated_at }
}

/// The users of a room under the names that they have there, in the order of its members. A member without a user is
/// left out.
pub(super) fn users(room: &Room, store: &dyn Store, most: usize) -> Result<Vec<User>, Refused> {
    let mut all = Vec::with_capacity(room.members.len().min(most));
    for m in room.members.iter().take(most) {
        if let Some(user) = store.user(m.user_id)? {
            let nick_name = links::name_in(store, room, &user)?;
            all.push(User { nick_name, ..user });
        }
    }
    Ok(all)
}

/// A log. An attachment that is not there is "" since 2019 and null in 2012; `msgId` is an int32 in 2012.
//= CHAT-LOG-1, CHAT-TEXT-1
pub(super) fn chat_log(log: &Log, era: Era) -> ChatLog<'_> {
    let old = era == Era::E2012;
    // What a secret room signs is kept where others have their supplement.
    let secret = log.kind & SECRET != 0;
    ChatLog {
        log_id: log.log_id,
        chat_id: log.chat_id,
        kind: log.kind,
        author_id: log.author_id,
        message: log.message.as_deref(),
        send_at: log.send_at,
        attachment: Nullable(log.attachment.as_deref().or((!old).then_some(""))),
        msg_id: match i32::try_from(log.msg_id) {
            Ok(n) if old => AnyInt::Int32(n),
            _ => AnyInt::Int64(log.msg_id),
        },
        prev_id: (!old).then_some(log.prev_id),
        supplement: log.supplement.as_deref().filter(|_| !secret),
        scope: log.scope,
        thread_id: log.thread_id,
        revision: (log.revision != 0).then_some(log.revision),
        s_info: log.supplement.as_deref().filter(|_| secret),
        ..Default::default()
    }
}

/// What belongs to a room in a list: gathered first, so that the document can borrow it.
pub(super) struct RoomParts {
    pub room: Room,
    pub last: Option<Log>,
    pub others: Vec<User>,
    pub unread: i32,
    pub watermark: i64,
    pub muted: bool,
    pub metas: Vec<(i32, RoomMeta)>,
    pub inviter: Option<i64>,
    pub link_token: Option<i32>,
}

impl RoomParts {
    /// A room of which there is nothing more to say.
    pub(super) fn new(room: Room) -> Self {
        let (last, others, metas) = (None, Vec::new(), Vec::new());
        Self { room, last, others, unread: 0, watermark: 0, muted: false, metas, inviter: None, link_token: None }
    }

    pub(super) fn gather(ask: &Ask<'_>, store: &dyn Store, room: Room) -> Result<Self, Refused> {
        let (watermark, muted) = room.member(ask.user).map_or((0, false), |m| (m.watermark, m.muted));
        let last = if room.last_log_id == 0 { None } else { store.log(room.id, room.last_log_id)? };
        let mut others = users(&room, store, SHOWN_MAX + 1)?;
        others.retain(|u| u.id != ask.user);
        others.truncate(SHOWN_MAX);
        let unread = i32::try_from(store.count_unread(room.id, watermark, ask.user, UNREAD_MAX)?).unwrap_or(i32::MAX);
        let link_token = links::token_of(store, &room)?;
        let metas = metas_of(store, room.id)?;
        let join: Option<Join> = store::find(store, Shelf::Joins, (room.id, ask.user))?;
        let inviter = join.map(|j| j.inviter_id).filter(|id| *id != 0);
        Ok(Self { room, last, others, unread, watermark, muted, metas, inviter, link_token })
    }

    pub(super) fn active_members(&self) -> i32 {
        i32::try_from(self.room.members.len()).unwrap_or(i32::MAX)
    }

    //= ROOM-LIST-1
    pub(super) fn item(&self, era: Era) -> RoomItem<'_> {
        RoomItem {
            chat_id: self.room.id,
            kind: self.room.kind.as_str(),
            active_members: self.active_members(),
            unread: self.unread,
            last_seen: Some(self.watermark),
            last_log_id: self.room.last_log_id,
            last_log: self.last.as_ref().map(|l| chat_log(l, era)),
            icon_ids: Some(self.others.iter().map(|u| u.id).collect()),
            icon_names: Some(self.others.iter().map(|u| u.nick_name.as_str()).collect()),
            updated_at: AnyInt::Int32(i32::try_from(self.room.updated_at).unwrap_or(i32::MAX)),
            //= META-SET-2
            meta_revision: self.metas.iter().map(|(_, m)| m.revision).max().unwrap_or(0),
            joined: Some(0),
            push_alert: !self.muted,
            inviter_id: self.inviter,
            link_id: self.link_id(),
            link_token: self.link_token,
            ..Default::default()
        }
    }

    //= LINK-ROOM-1
    fn link_id(&self) -> Option<i64> {
        (self.room.link_id != 0).then_some(self.room.link_id)
    }

    //= ROOM-INFO-1
    pub(super) fn info(&self, ask: &Ask<'_>) -> RoomInfo<'_> {
        let joined = self.room.member(ask.user).map_or(0, |m| m.joined_at);
        RoomInfo {
            chat_id: self.room.id,
            kind: self.room.kind.as_str(),
            active_members: self.active_members(),
            unread: self.unread,
            last_log_id: self.room.last_log_id,
            last_seen: self.watermark,
            last_log: self.last.as_ref().map(|l| chat_log(l, ask.era)),
            display_members: self.others.iter().map(display_member).collect(),
            metas: Some(self.metas.iter().map(|(kind, m)| meta(*kind, m)).collect()),
            push_alert: !self.muted,
            left: Some(false),
            joined_at: Some(i32::try_from(joined).unwrap_or(i32::MAX)),
            inviter_id: self.inviter,
            link_id: self.link_id(),
            link_token: self.link_token,
            direct_chat: self.room.kind.is_open().then_some(self.room.kind == RoomKind::OpenDirect),
            ..Default::default()
        }
    }
}

fn display_member(u: &User) -> DisplayMember<'_> {
    DisplayMember { user_id: u.id, nick_name: &u.nick_name, country_iso: Some("KR"), profile_image_url: Some("") }
}

pub(super) fn member(u: &User) -> Member<'_> {
    Member {
        user_id: u.id,
        account_id: i32::try_from(u.id).unwrap_or_default(),
        nick_name: &u.nick_name,
        country_iso: Some("KR"),
        kind: 100,
        ..Default::default()
    }
}
