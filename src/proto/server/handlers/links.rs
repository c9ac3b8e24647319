//! Open links: SYNCLINK, INFOLINK, JOININFO, CREATELINK, UPDATELINK, DELETELINK; who joins and who governs is below.

use crate::proto::command::{
    CommandId, createlink, deletelink, infolink, joininfo, lnkdeleted, status, synclink, synclinkcr, synclinkdl,
    updatelink,
};
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::links::{Link, LinkUser, Listed, id_of, link_type, member_type, profile_type, url};
use crate::proto::server::store::{Effect, Membership, Room, RoomKind, Shelf, Store, all, next_log_id};
use people::{Choice, Seen, append_feed, changes, ids, keep_link, keep_person, list, live, next_token};

use super::feed::feed;
use super::members::push_feed;
use super::view::{RoomParts, chat_log};

mod govern;
mod join;
mod people;

pub use govern::HANDLERS as GOVERN;
pub(super) use govern::blinded_by;
pub use join::HANDLERS as JOIN;
pub(super) use join::leaving;
pub(super) use people::{People, name_in, person, same_link, token_of, writable};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::SyncLink, synclink),
    (CommandId::InfoLink, infolink),
    (CommandId::JoinInfo, joininfo),
    (CommandId::CreateLink, createlink),
    (CommandId::UpdateLink, updatelink),
    (CommandId::DeleteLink, deletelink),
];

/// Members of a room, or rooms of a profile, where its owner names no number.
const LIMIT: i32 = 1500;
/// The feed of a deleted link.
const DELETED: i32 = 5;

/// SYNCLINK: what changed on the list of the user's own and joined links since `ltk`. The token of another server's
/// life, which is above all of ours, counts as none.
///
/// # Errors
/// A wrong body.
//= LINK-SYNC-1, LINK-SYNC-2
pub fn synclink(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: synclink::Request = ask.body(answer)?;
    let ltk = changes(store)?;
    let since = if (0..=ltk).contains(&q.ltk) { q.ltk } else { 0 };
    let (mut seen, mut deleted) = (Vec::new(), Vec::new());
    for (id, listed) in all::<Listed>(store, Shelf::LinksOf, ask.user)? {
        let Some(link) = people::link_of(store, id)? else { continue };
        let gone = listed.gone || link.deleted;
        let changed = if listed.gone { listed.token } else { listed.token.max(link.token) };
        if changed > since && !gone {
            seen.push(Seen::by(ask, store, link)?);
        } else if changed > since && since > 0 {
            deleted.push(id);
        }
    }
    let links = Some(seen.iter().map(Seen::document).collect());
    answer.reply(&synclink::Reply { status: 0, links, ltk, deleted: Some(deleted) });
    Ok(())
}

/// INFOLINK: those of the links that are there.
///
/// # Errors
/// A wrong body.
//= LINK-INFO-1
pub fn infolink(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: infolink::Request = ask.body(answer)?;
    let mut seen = Vec::new();
    for id in q.link_ids {
        if let Some(link) = people::link_of(store, id)?.filter(|l| !l.deleted) {
            seen.push(Seen::by(ask, store, link)?);
        }
    }
    answer.reply(&infolink::Reply { status: 0, links: Some(seen.iter().map(Seen::document).collect()) });
    Ok(())
}

/// JOININFO: the link that an address names.
///
/// # Errors
/// A wrong body, or an address that is that of no link (-324).
//= LINK-URL-1
pub fn joininfo(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: joininfo::Request<'_> = ask.body(answer)?;
    let link = live(store, id_of(q.link_url).unwrap_or_default())?;
    let seen = Seen::by(ask, store, link)?;
    answer.reply(&joininfo::Reply { status: 0, link: seen.document() });
    Ok(())
}

/// CREATELINK: a profile, or a room with its maker as owner and first member.
///
/// # Errors
/// A wrong body, an unknown kind, no name, a limit that leaves no place (-203), or a profile that is not the user's
/// (-324).
//= LINK-CREATE-1, LINK-CREATE-2, LINK-CREATE-3
pub fn createlink(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: createlink::Request<'_> = ask.body(answer)?;
    let is_room = matches!(q.link_type, link_type::ROOM | link_type::COMMUNITY);
    if !is_room && q.link_type != link_type::PROFILE {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let id = free_id(ask, store)?;
    let token = next_token(store, answer)?;
    let link = Link {
        id,
        token,
        owner_id: ask.user,
        kind: q.link_type,
        name: named(q.link_name)?,
        url: url(id),
        image: q.link_image_path.unwrap_or_default().to_owned(),
        description: q.description.0.unwrap_or_default().to_owned(),
        pa: q.pa.unwrap_or_default(),
        sc: q.sc.unwrap_or_default(),
        limit: limit(q.link_type, q.ml, q.dcl)?.unwrap_or(LIMIT),
        chat_id: if is_room { next_log_id(id, ask.now) } else { 0 },
        created_at: i64::try_from(ask.now.unix_secs()).unwrap_or(i64::MAX),
        ..Default::default()
    };
    let kind = q.profile_type.unwrap_or(if is_room { profile_type::MAIN } else { profile_type::OPEN_PROFILE });
    let chosen = if !is_room && kind == profile_type::OPEN_PROFILE {
        itself(&link, LinkUser { user_id: ask.user, profile_type: kind, ..Default::default() })
    } else {
        let path = q.profile_path;
        Choice { kind, nick_name: q.nick_name, path, link: q.profile_link_id }.person(ask, store)?
    };
    let owner = LinkUser { member_type: member_type::OWNER, token, chat_id: link.chat_id, ..chosen };
    answer.last_log_id = id.max(link.chat_id);
    keep_link(&link, answer);
    keep_person(id, &owner, answer);
    list(ask.user, id, &Listed { token, gone: false }, answer);
    let parts = is_room.then(|| first_room(ask, &link));
    answer.effects.extend(parts.iter().map(|p| Effect::CreateRoom(p.room.clone())));
    let seen = Seen::new(ask, link, owner, true);
    let room = parts.as_ref().map(|p| p.info(ask));
    let push = synclinkcr::Push { link: seen.document(), chat_room: room.clone() };
    answer.push(vec![ask.user], CommandId::SyncLinkCr, &push);
    answer.reply(&createlink::Reply { status: 0, link: seen.document(), chat_room: room, category: None });
    Ok(())
}

/// A number that no link has.
fn free_id(ask: &Ask<'_>, store: &dyn Store) -> Result<i64, Refused> {
    let mut id = next_log_id(ask.last_log_id, ask.now);
    while people::link_of(store, id)?.is_some() || store.room(id)?.is_some() {
        id = next_log_id(id, ask.now);
    }
    Ok(id)
}

fn named(name: &str) -> Result<String, Refused> {
    if name.is_empty() { Err(Refused::Status(status::BAD_BODY)) } else { Ok(name.to_owned()) }
}

/// The limit that is named, of the two that which belongs to the kind.
fn limit(kind: i32, ml: Option<i32>, dcl: Option<i32>) -> Result<Option<i32>, Refused> {
    let (limit, least) = if kind == link_type::PROFILE { (dcl, 1) } else { (ml, 2) };
    match limit {
        Some(n) if n < least => Err(Refused::Status(status::BAD_BODY)),
        _ => Ok(limit),
    }
}

/// A profile link as the profile of its owner.
fn itself(link: &Link, who: LinkUser) -> LinkUser {
    LinkUser {
        nick_name: link.name.clone(),
        image: link.image.clone(),
        full_image: link.image.clone(),
        original_image: link.image.clone(),
        profile_link_id: link.id,
        ..who
    }
}

/// The room of a new link.
fn first_room(ask: &Ask<'_>, link: &Link) -> RoomParts {
    let room = new_room(ask, link, link.chat_id, RoomKind::OpenMulti, &[ask.user]);
    RoomParts { link_token: Some(link.token), ..RoomParts::new(room) }
}

fn new_room(ask: &Ask<'_>, link: &Link, id: i64, kind: RoomKind, users: &[i64]) -> Room {
    let now = u32::try_from(ask.now.unix_secs()).unwrap_or(u32::MAX);
    let member = |id: &i64| Membership { user_id: *id, joined_at: now, watermark: 0, muted: false };
    let mut members: Vec<Membership> = users.iter().map(member).collect();
    members.sort_unstable_by_key(|m| m.user_id);
    Room { id, kind, members, last_log_id: 0, updated_at: now, link_id: link.id }
}

/// The link, if it is the user's own.
//= LINK-OWNER-1
fn own(ask: &Ask<'_>, store: &dyn Store, id: i64) -> Result<Link, Refused> {
    let link = live(store, id)?;
    if link.owner_id == ask.user { Ok(link) } else { Err(Refused::Status(status::DENIED)) }
}

/// UPDATELINK: what is named changes, the rest stays. Nobody is told: what SYNCLINKUP has in it is not known; a client
/// learns of it by SYNCLINK.
///
/// # Errors
/// A wrong body, an empty name, a limit that leaves no place (-203), no such link (-324), or not the user's (-500).
//= LINK-UPDATE-1
pub fn updatelink(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: updatelink::Request<'_> = ask.body(answer)?;
    let was = own(ask, store, q.link_id)?;
    let token = next_token(store, answer)?;
    let text = |new: Option<&str>, old: &str| new.unwrap_or(old).to_owned();
    let link = Link {
        token,
        name: q.link_name.map_or(Ok(was.name.clone()), named)?,
        image: text(q.link_image_path, &was.image),
        description: text(q.description, &was.description),
        pass_code: text(q.pass_code, &was.pass_code),
        pass_token: if q.pass_code.is_some_and(|c| c != was.pass_code) { token } else { was.pass_token },
        ac: q.ac.unwrap_or(was.ac),
        pa: q.pa.unwrap_or(was.pa),
        sc: q.sc.unwrap_or(was.sc),
        limit: limit(was.kind, q.ml, q.dcl)?.unwrap_or(was.limit),
        ..was
    };
    let mut owner = people::person(store, link.id, ask.user)?.unwrap_or_default();
    if owner.profile_link_id == link.id {
        owner = itself(&link, LinkUser { token, ..owner });
    }
    keep_link(&link, answer);
    keep_person(link.id, &owner, answer);
    let seen = Seen::new(ask, link, owner, true);
    answer.reply(&updatelink::Reply { status: 0, link: seen.document() });
    Ok(())
}

/// DELETELINK: the link is gone, its rooms can be read and left, nothing else.
///
/// # Errors
/// A wrong body, no such link (-324), or not the user's (-500).
//= LINK-DELETE-1, LINK-DELETE-2
pub fn deletelink(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: deletelink::Request = ask.body(answer)?;
    let was = own(ask, store, q.link_id)?;
    let token = next_token(store, answer)?;
    let link = Link { token, deleted: true, ..was };
    keep_link(&link, answer);
    let owner = people::person(store, link.id, ask.user)?.unwrap_or_default();
    for mut room in rooms_of(store, &link)? {
        let log = append_feed(ask, &mut room, feed(DELETED, &[]), answer);
        let push = lnkdeleted::Push { link_id: link.id, link_token: token, chat_log: chat_log(&log, Era::E2019) };
        push_feed(&log, &owner.nick_name, ids(&room), CommandId::LnkDeleted, &push, answer);
    }
    answer.push(vec![ask.user], CommandId::SyncLinkDl, &synclinkdl::Push { link_id: link.id });
    answer.reply(&deletelink::Reply { status: 0 });
    Ok(())
}

/// The rooms of a link: its own, or those of each who came by a profile.
fn rooms_of(store: &dyn Store, link: &Link) -> Result<Vec<Room>, Refused> {
    let mut rooms: Vec<i64> = match link.chat_id {
        0 => all::<LinkUser>(store, Shelf::LinkUsers, link.id)?.into_iter().map(|(_, p)| p.chat_id).collect(),
        id => vec![id],
    };
    rooms.retain(|id| *id != 0);
    let mut found = Vec::with_capacity(rooms.len());
    for id in rooms {
        found.extend(store.room(id)?);
    }
    Ok(found)
}
