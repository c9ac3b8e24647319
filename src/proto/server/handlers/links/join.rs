//! Who comes into an open link, as whom, and who leaves it: CHECKJOIN, JOINLINK, UPLINKPROF, LEAVE of an open room.

use sha2::{Digest, Sha256};

use super::people::{
    Choice, Seen, append_feed, forget_person, ids, ids_without, keep_person, list, live, next_token, person, same_link,
};
use crate::proto::command::{CommandId, checkjoin, joinlink, newmem, status, syncjoin, synclinkpf, uplinkprof};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::handlers::feed::{feed, list as feed_list, person as feed_person};
use crate::proto::server::handlers::members::push_feed;
use crate::proto::server::handlers::view::{RoomParts, chat_log};
use crate::proto::server::records::links::{Kicked, Link, LinkUser, Listed};
use crate::proto::server::records::rooms::Join;
use crate::proto::server::store::{Effect, Log, Membership, Room, RoomKind, Shelf, Store, all, find, next_log_id, put};

/// What is answered here.
pub const HANDLERS: &[Row] =
    &[(CommandId::CheckJoin, checkjoin), (CommandId::JoinLink, joinlink), (CommandId::UpLinkProf, uplinkprof)];

/// The feed of somebody who has come by a link.
const JOINED: i32 = 4;

/// The token with which this user may join: nothing is kept of it, and with another code it is another one.
//= LINK-PASS-2
fn join_token(link: &Link, user: i64) -> String {
    let mut h = Sha256::new();
    h.update(b"join token");
    h.update(link.id.to_le_bytes());
    h.update(user.to_le_bytes());
    h.update(link.pass_token.to_le_bytes());
    h.update(link.pass_code.as_bytes());
    h.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// CHECKJOIN: a token for who knows the pass code.
///
/// # Errors
/// A wrong body, no such link (-324), or another code (-500).
//= LINK-PASS-1
pub fn checkjoin(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: checkjoin::Request<'_> = ask.body(answer)?;
    let link = live(store, q.link_id)?;
    if q.pass_code != link.pass_code {
        return Err(Refused::Status(status::DENIED));
    }
    answer.reply(&checkjoin::Reply { status: 0, token: &join_token(&link, ask.user) });
    Ok(())
}

/// JOINLINK: into the room of the link, or into a room with the owner of a profile. Who is there already is told where
/// he is, and nothing happens.
///
/// # Errors
/// A wrong body, a profile that cannot be (-203), no such link, or a profile link that is not his (-324), one's own
/// profile, a pass code without its token, an earlier kick (-500), or no place (-501).
//= LINK-JOIN-1
pub fn joinlink(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: joinlink::Request<'_> = ask.body(answer)?;
    let link = live(store, q.link_id)?;
    let choice = Choice { kind: q.profile_type, nick_name: q.nick_name, path: q.profile_path, link: q.profile_link_id };
    let chosen = choice.person(ask, store)?;
    // Whose room was left by the owner of a profile is in none, and comes anew.
    let there = person(store, link.id, ask.user)?.filter(|me| me.chat_id != 0 || link.owner_id == ask.user);
    if let Some(me) = there {
        return again(ask, store, link, &me, answer);
    }
    admit(ask, store, &link, q.token)?;
    let token = next_token(store, answer)?;
    let mut room = match link.chat_id {
        0 => {
            let id = next_log_id(ask.last_log_id, ask.now);
            answer.last_log_id = id;
            let room = super::new_room(ask, &link, id, RoomKind::OpenDirect, &[ask.user, link.owner_id]);
            answer.effects.push(Effect::CreateRoom(room.clone()));
            room
        }
        id => store.room(id)?.ok_or(Refused::Status(status::LINK_UNAVAILABLE))?,
    };
    let me = LinkUser { token, chat_id: room.id, ..chosen };
    keep_person(link.id, &me, answer);
    list(ask.user, link.id, &Listed { token, gone: false }, answer);
    let parts = RoomParts::gather(ask, store, room.clone())?;
    let log = enter(ask, &link, &mut room, &me, answer);
    let parts = RoomParts { room, last: Some(log.clone()), unread: 0, watermark: log.log_id, muted: false, ..parts };
    let owner = person(store, link.id, link.owner_id)?.unwrap_or_default();
    let seen = Seen::new(ask, link, owner, true);
    answer.reply(&joinlink::Reply {
        status: 0,
        link: Some(seen.document()),
        link_user: Some(me.document()),
        chat_room: parts.info(ask),
        chat_log: Some(chat_log(&log, ask.era)),
    });
    Ok(())
}

/// Refuses who may not come in.
//= LINK-JOIN-2, LINK-JOIN-3, LINK-JOIN-4
fn admit(ask: &Ask<'_>, store: &dyn Store, link: &Link, token: Option<&str>) -> Result<(), Refused> {
    let quirks = ask.config.quirks;
    let kicked = find::<Kicked>(store, Shelf::Kicked, (link.id, ask.user))?.is_some();
    if kicked && !quirks.has(Quirk::KickedMayReturn) {
        return Err(Refused::Status(status::DENIED));
    }
    let closed = !link.pass_code.is_empty() && token != Some(join_token(link, ask.user).as_str());
    if closed && !quirks.has(Quirk::JoinWithoutPassCode) {
        return Err(Refused::Status(status::DENIED));
    }
    let there = match link.chat_id {
        0 => all::<LinkUser>(store, Shelf::LinkUsers, link.id)?.iter().filter(|(_, p)| p.chat_id != 0).count(),
        id => store.room(id)?.map_or(0, |r| r.members.len()),
    };
    if i32::try_from(there).unwrap_or(i32::MAX) >= link.limit {
        return Err(Refused::Status(status::FULL));
    }
    Ok(())
}

/// The answer to somebody who is there already.
//= LINK-JOIN-5
fn again(ask: &Ask<'_>, store: &dyn Store, link: Link, me: &LinkUser, answer: &mut Answer) -> Result<(), Refused> {
    let room = if me.chat_id == 0 { None } else { store.room(me.chat_id)? };
    let parts = RoomParts::gather(ask, store, room.ok_or(Refused::Status(status::DENIED))?)?;
    let seen = Seen::by(ask, store, link)?;
    answer.reply(&joinlink::Reply {
        status: 0,
        link: Some(seen.document()),
        link_user: Some(me.document()),
        chat_room: parts.info(ask),
        chat_log: None,
    });
    Ok(())
}

/// Somebody comes into a room: a feed, and everybody hears of it. To the owner of a profile the room itself is new.
//= LINK-JOIN-6, LINK-JOIN-7, LINK-FEED-1, LINK-SINCE-1
fn enter(ask: &Ask<'_>, link: &Link, room: &mut Room, me: &LinkUser, answer: &mut Answer) -> Log {
    let who = feed_person(me.user_id, &me.nick_name);
    let message = feed(JOINED, &[("member", who.clone()), ("members", feed_list(&[who]))]);
    let to = ids_without(room, ask.user);
    let log = append_feed(ask, room, message, answer);
    let now = u32::try_from(ask.now.unix_secs()).unwrap_or(u32::MAX);
    if room.member(ask.user).is_none() {
        let member = Membership { user_id: ask.user, joined_at: now, watermark: log.log_id, muted: false };
        answer.effects.push(Effect::AddMember { chat_id: room.id, member });
        answer.effects.push(put(Shelf::Joins, (room.id, ask.user), &Join { after: log.prev_id, ..Join::default() }));
        room.members.push(member);
        room.members.sort_unstable_by_key(|m| m.user_id);
    } else {
        answer.effects.push(Effect::SetWatermark { chat_id: room.id, user_id: ask.user, log_id: log.log_id });
    }
    let shown = chat_log(&log, Era::E2019);
    let sync = syncjoin::Push { chat_id: room.id, chat_log: Some(shown.clone()) };
    let name = &me.nick_name;
    if link.chat_id == 0 {
        push_feed(&log, name, to, CommandId::SyncJoin, &sync, answer);
    } else {
        let push = newmem::Push { chat_id: room.id, chat_log: shown, link_id: Some(link.id) };
        push_feed(&log, name, to, CommandId::NewMem, &push, answer);
    }
    push_feed(&log, name, vec![ask.user], CommandId::SyncJoin, &sync, answer);
    log
}

/// UPLINKPROF: another profile in the link, and every room of it hears of it.
///
/// # Errors
/// A wrong body, a profile that cannot be (-203), no such link (-324), or one that he is not in (-500).
//= LINK-PROFILE-3
pub fn uplinkprof(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: uplinkprof::Request<'_> = ask.body(answer)?;
    let link = live(store, q.link_id)?;
    let was = person(store, link.id, ask.user)?.ok_or(Refused::Status(status::DENIED))?;
    let choice = Choice { kind: q.profile_type, nick_name: q.nick_name, path: q.profile_path, link: q.profile_link_id };
    let token = next_token(store, answer)?;
    let LinkUser { member_type, privilege, chat_id, blinded, .. } = was;
    let me = LinkUser { member_type, privilege, chat_id, blinded, token, ..choice.person(ask, store)? };
    keep_person(link.id, &me, answer);
    if link.owner_id == ask.user {
        // The owner stands in the link's own document.
        super::keep_link(&Link { token, ..link.clone() }, answer);
    }
    let mut rooms = super::rooms_of(store, &link)?;
    rooms.retain(|r| r.member(ask.user).is_some());
    for room in rooms {
        let push = synclinkpf::Push { chat_id: Some(room.id), link_id: Some(link.id), link_user: me.document() };
        answer.push(ids(&room), CommandId::SyncLinkPf, &push);
    }
    answer.reply(&uplinkprof::Reply { status: 0, link_user: Some(me.document()) });
    Ok(())
}

/// What LEAVE means for the link of a room: the one who leaves is in it no longer. The owner of a room's link stays
/// until he has handed it over or deleted it.
///
/// # Errors
/// Another link than the room's (-401), or its owner (-500).
//= LINK-LEAVE-1, LINK-LEAVE-2
pub fn leaving(
    ask: &Ask<'_>,
    store: &dyn Store,
    room: &Room,
    named: Option<i64>,
    answer: &mut Answer,
) -> Result<(), Refused> {
    same_link(room, named)?;
    let Some(link) = super::people::link_of(store, room.link_id)? else { return Ok(()) };
    let owns = link.owner_id == ask.user;
    if owns && !link.deleted && link.chat_id == room.id {
        return Err(Refused::Status(status::DENIED));
    }
    if owns && link.chat_id == 0 {
        // The profile stays his; the one who came by it may come again, into a new room.
        for id in ids_without(room, ask.user) {
            if let Some(other) = person(store, link.id, id)? {
                keep_person(link.id, &LinkUser { chat_id: 0, ..other }, answer);
            }
        }
        return Ok(());
    }
    if person(store, link.id, ask.user)?.is_some_and(|me| me.chat_id == room.id) {
        let token = next_token(store, answer)?;
        forget_person(link.id, ask.user, token, answer);
    }
    Ok(())
}
