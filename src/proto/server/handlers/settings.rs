//! Settings: whether a room alerts (UPDATECHAT), what all its members share (SETMETA, GETMETA, GETMETAS), what a user
//! has set for himself (SETMCMETA, GETMCMETA), and the board, on which nothing stands (GETMOMETA).

use super::feed::json_string;
use super::links;
use super::view::{meta, metas_of, room_of};
use crate::proto::command::types::RoomMetas;
use crate::proto::command::{
    CommandId, chgmcmeta, chgmeta, getmcmeta, getmeta, getmetas, getmometa, setmcmeta, setmeta, status, updatechat,
};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::rooms::{OwnSettings, RoomMeta};
use crate::proto::server::store::{self, Effect, Room, RoomKind, Shelf, Store};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::UpdateChat, updatechat),
    (CommandId::SetMeta, setmeta),
    (CommandId::GetMeta, getmeta),
    (CommandId::GetMetas, getmetas),
    (CommandId::GetMoMeta, getmometa),
    (CommandId::SetMcMeta, setmcmeta),
    (CommandId::GetMcMeta, getmcmeta),
];

/// The title of a room, and its picture (loco-modern §6.8).
const TITLE: i32 = 3;
const PROFILE: i32 = 4;
/// What any member may set: notice, group, title, picture, privilege. The others are the server's own business.
const FREE: [i32; 5] = [1, 2, TITLE, PROFILE, 6];
/// A user's own settings (loco-modern §6.8).
const OWN: [&str; 9] = [
    "name",
    "image_path",
    "imagePath",
    "favorite",
    "push_sound",
    "chat_hide",
    "chat_category",
    "full_image_url",
    "imageUrl",
];

/// UPDATECHAT: whether messages of the room alert the user, on all of his devices.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= ROOM-ALERT-1
pub fn updatechat(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: updatechat::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    answer.effects.push(Effect::SetMuted { chat_id: room.id, user_id: ask.user, muted: !q.push_alert });
    answer.reply(&updatechat::Reply { status: 0 });
    Ok(())
}

/// SETMETA: one setting becomes another for all members.
///
/// # Errors
/// A wrong body, a room that is not the user's, one whose link is deleted (-324), or a setting that no member may
/// change (-500).
//= META-SET-1, META-SET-2, META-SET-3
pub fn setmeta(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: setmeta::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::writable(store, &room)?;
    if !FREE.contains(&q.kind) {
        return Err(Refused::Status(status::DENIED));
    }
    let last = metas_of(store, room.id)?.iter().map(|(_, m)| m.revision).max().unwrap_or(0);
    let stuck = ask.config.quirks.has(Quirk::MetaRevisionStuck);
    let revision = if stuck { 1 } else { last.saturating_add(1) };
    let record = written(ask, revision, q.content);
    let now = meta(q.kind, &record);
    answer.effects.push(store::put(Shelf::Metas, (room.id, q.kind.into()), &record));
    let to = room.members.iter().map(|m| m.user_id);
    answer.push(to, CommandId::ChgMeta, &chgmeta::Push { chat_id: room.id, meta: now.clone() });
    answer.reply(&setmeta::Reply { status: 0, chat_id: room.id, meta: now });
    Ok(())
}

fn written(ask: &Ask<'_>, revision: i64, content: &str) -> RoomMeta {
    let updated_at = i32::try_from(ask.now.unix_secs()).unwrap_or(i32::MAX);
    RoomMeta { revision, author_id: ask.user, content: content.to_owned(), updated_at }
}

/// GETMETA: the room's settings of these kinds; of all kinds when none is named. What was never set is left out.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= META-GET-1
pub fn getmeta(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getmeta::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let mut all = metas_of(store, room.id)?;
    all.retain(|(kind, _)| q.types.is_empty() || q.types.contains(kind));
    let metas = all.iter().map(|(kind, m)| meta(*kind, m)).collect();
    answer.reply(&getmeta::Reply { status: 0, chat_id: room.id, metas });
    Ok(())
}

/// GETMETAS: all settings of several rooms. A record names its room in both of the ways that are known.
///
/// # Errors
/// A wrong body, or a room among them that is not the user's.
//= META-GET-2
pub fn getmetas(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getmetas::Request = ask.body(answer)?;
    let mut ids = q.chat_ids;
    ids.sort_unstable();
    ids.dedup();
    let mut rooms = Vec::with_capacity(ids.len().min(64));
    for id in ids {
        rooms.push((room_of(ask, store, id)?.id, metas_of(store, id)?));
    }
    let room_metas = rooms.iter().map(|(id, all)| RoomMetas {
        chat_id: Some(*id),
        room_id: Some(*id),
        metas: all.iter().map(|(kind, m)| meta(*kind, m)).collect(),
    });
    answer.reply(&getmetas::Reply { status: 0, room_metas: room_metas.collect() });
    Ok(())
}

/// GETMOMETA: nothing stands on the board.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= META-BOARD-1
pub fn getmometa(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getmometa::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    answer.reply(&getmometa::Reply { status: 0, chat_id: room.id, board_metas: Vec::new() });
    Ok(())
}

/// SETMCMETA: one of the user's own settings; his other devices hear of it, and nobody else.
///
/// # Errors
/// A wrong body, a setting that is none (-203), or a room that is not the user's.
//= META-OWN-1, META-OWN-2
pub fn setmcmeta(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: setmcmeta::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    if !OWN.contains(&q.kind) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let revision = keep_own(ask, store, room.id, &[(q.kind, q.content)], answer)?;
    let image_url = matches!(q.kind, "image_path" | "imagePath" | "imageUrl").then_some(q.content);
    let full_image_url = (q.kind == "full_image_url").then_some(q.content);
    let (kind, content) = (q.kind, Some(q.content));
    let push = chgmcmeta::Push { chat_id: room.id, revision, kind, content, image_url, full_image_url };
    answer.push(vec![ask.user], CommandId::ChgMcMeta, &push);
    answer.reply(&setmcmeta::Reply { status: 0, kind, revision, image_url, full_image_url, content });
    Ok(())
}

/// Keeps settings of the user's own, and the revision that they have got.
fn keep_own(
    ask: &Ask<'_>,
    store: &dyn Store,
    room: i64,
    settings: &[(&str, &str)],
    answer: &mut Answer,
) -> Result<i32, Refused> {
    let revision = own_revision(ask, store)?.saturating_add(1);
    let mut own: OwnSettings = store::find(store, Shelf::ClientMetas, (ask.user, room))?.unwrap_or_default();
    own.revision = revision;
    for (kind, value) in settings {
        own.set(kind, value);
    }
    answer.effects.push(store::put(Shelf::ClientMetas, (ask.user, room), &own));
    let last = OwnSettings { revision, ..OwnSettings::default() };
    answer.effects.push(store::put(Shelf::ClientMetas, (ask.user, 0), &last));
    Ok(revision)
}

/// The revision of the user's last change to a setting of his own, 0 before the first.
pub(super) fn own_revision(ask: &Ask<'_>, store: &dyn Store) -> Result<i32, Refused> {
    let last: Option<OwnSettings> = store::find(store, Shelf::ClientMetas, (ask.user, 0))?;
    Ok(last.map_or(0, |own| own.revision))
}

/// GETMCMETA: all that the user has set for himself, room by room.
///
/// # Errors
/// A wrong body.
//= META-OWN-3
pub fn getmcmeta(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let _: getmcmeta::Request = ask.body(answer)?;
    let mut all: Vec<(i64, OwnSettings)> = store::all(store, Shelf::ClientMetas, ask.user)?;
    all.retain(|(room, _)| *room != 0);
    let texts: Vec<String> = all.iter().map(|(_, own)| as_json(own)).collect();
    answer.reply(&getmcmeta::Reply {
        status: 0,
        chat_ids: all.iter().map(|(room, _)| *room).collect(),
        metas: texts.iter().map(String::as_str).collect(),
    });
    Ok(())
}

fn as_json(own: &OwnSettings) -> String {
    let pair = |(kind, value): (&String, &String)| format!("{}:{}", json_string(kind), json_string(value));
    let pairs: Vec<_> = own.kinds.iter().zip(&own.values).map(pair).collect();
    format!("{{{}}}", pairs.join(","))
}

/// The name and the picture of a new room: a group has them for all its members, any other room for its maker alone.
//= ROOM-CREATE-6
pub(super) fn named(
    ask: &Ask<'_>,
    store: &dyn Store,
    room: &Room,
    name: Option<&str>,
    picture: Option<&str>,
    answer: &mut Answer,
) -> Result<Vec<(i32, RoomMeta)>, Refused> {
    let (name, picture) = (name.filter(|t| !t.is_empty()), picture.filter(|t| !t.is_empty()));
    if room.kind != RoomKind::Multi {
        let pairs = name.map(|t| ("name", t)).into_iter().chain(picture.map(|t| ("imageUrl", t)));
        let pairs: Vec<_> = pairs.collect();
        if !pairs.is_empty() {
            keep_own(ask, store, room.id, &pairs, answer)?;
        }
        return Ok(Vec::new());
    }
    let both = |url| format!("{{\"imageUrl\":{0},\"fullImageUrl\":{0}}}", json_string(url));
    let contents = name.map(|t| (TITLE, t.to_owned())).into_iter().chain(picture.map(|url| (PROFILE, both(url))));
    let metas: Vec<_> =
        contents.zip(1..).map(|((kind, content), revision)| (kind, written(ask, revision, &content))).collect();
    for (kind, m) in &metas {
        answer.effects.push(store::put(Shelf::Metas, (room.id, (*kind).into()), m));
    }
    Ok(metas)
}
