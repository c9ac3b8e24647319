//! Who governs an open room: KICKMEM, KICKLEAVE, KLSYNC, KLDELITEM, BLIND, SETMEMTYPE.

use super::people::{
    append_feed, forget_person, ids, ids_without, keep_link, keep_person, live, next_token, person, writable,
};
use crate::proto::command::{
    CommandId, blind, delmem, kickleave, kickmem, kldelitem, klsync, left, linkkicked, setmemtype, status, syncmemt,
};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::handlers::feed::{feed, person as feed_person};
use crate::proto::server::handlers::members::push_feed;
use crate::proto::server::handlers::view::{chat_log, room_of};
use crate::proto::server::records::links::{Kicked, Link, LinkUser, member_type};
use crate::proto::server::store::{Effect, Log, Room, Shelf, Store, all, find, put};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::KickMem, kickmem),
    (CommandId::KickLeave, kickleave),
    (CommandId::KlSync, klsync),
    (CommandId::KlDelItem, kldelitem),
    (CommandId::Blind, blind),
    (CommandId::SetMemType, setmemtype),
];

/// The feed of somebody who was kicked out.
const KICKED: i32 = 6;
/// The feed of a new manager.
const MANAGER: i32 = 11;
/// The feed of one who is a manager no longer.
const NO_MANAGER: i32 = 12;
/// The feed of a new owner.
const HANDED_OVER: i32 = 15;

/// A room, and the one who asks as a member of it.
struct Place {
    room: Room,
    me: LinkUser,
}

impl Place {
    /// The room `chat_id`, which must be one of the link `link_id`.
    //= LINK-ROOM-4
    fn of(ask: &Ask<'_>, store: &dyn Store, link_id: i64, chat_id: i64) -> Result<Self, Refused> {
        let absent = Refused::Status(status::NO_SUCH_ROOM);
        let room = room_of(ask, store, chat_id)?;
        if room.link_id == 0 || room.link_id != link_id {
            return Err(absent);
        }
        writable(store, &room)?;
        let me = person(store, link_id, ask.user)?.ok_or(absent)?;
        Ok(Self { room, me })
    }

    /// Another member of the room.
    fn member(&self, store: &dyn Store, user: i64) -> Result<LinkUser, Refused> {
        let there = self.room.member(user).is_some();
        let found = if there { person(store, self.room.link_id, user)? } else { None };
        found.ok_or(Refused::Status(status::NOT_CHATABLE))
    }

    /// Refuses who has no more rights than others.
    //= LINK-RIGHTS-1
    fn governed(self) -> Result<Self, Refused> {
        if self.me.may_kick() { Ok(self) } else { Err(Refused::Status(status::DENIED)) }
    }
}

/// KICKMEM: out of the room, and not back in until he is taken off the list.
///
/// # Errors
/// A wrong body, a room that is not the user's (-401), a deleted link (-324), no such member (-403), or one whom the
/// user may not kick (-500).
//= LINK-KICK-1, LINK-KICK-2, LINK-KICK-3
pub fn kickmem(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: kickmem::Request = ask.body(answer)?;
    let mut place = Place::of(ask, store, q.link_id, q.chat_id)?;
    if !ask.config.quirks.has(Quirk::AnybodyKicks) {
        place = place.governed()?;
    }
    let other = place.member(store, q.member_id)?;
    let over = place.me.member_type == member_type::OWNER || !other.may_kick();
    if other.user_id == ask.user || other.member_type == member_type::OWNER || !over {
        return Err(Refused::Status(status::DENIED));
    }
    let (mut room, link) = (place.room, q.link_id);
    let token = next_token(store, answer)?;
    let message = feed(KICKED, &[("member", feed_person(other.user_id, &other.nick_name))]);
    let log = append_feed(ask, &mut room, message, answer);
    answer.effects.push(Effect::RemoveMember { chat_id: room.id, user_id: other.user_id });
    answer.effects.push(Effect::Remove { shelf: Shelf::Joins, key: (room.id, other.user_id) });
    answer.effects.push(Effect::Remove { shelf: Shelf::ClientMetas, key: (other.user_id, room.id) });
    forget_person(link, other.user_id, token, answer);
    let kicked = Kicked {
        user_id: other.user_id,
        nick_name: other.nick_name,
        image: other.image,
        chat_id: room.id,
        left: false,
    };
    answer.effects.push(put(Shelf::Kicked, (link, kicked.user_id), &kicked));
    let shown = chat_log(&log, Era::E2019);
    let (name, out) = (&place.me.nick_name, vec![kicked.user_id]);
    let push = linkkicked::Push { chat_id: room.id, chat_log: shown.clone() };
    push_feed(&log, name, out, CommandId::LinkKicked, &push, answer);
    let push = delmem::Push { chat_id: Some(room.id), chat_log: shown, link_id: Some(link) };
    push_feed(&log, name, ids_without(&room, kicked.user_id), CommandId::DelMem, &push, answer);
    let chat_log = Some(chat_log(&log, ask.era));
    answer.reply(&kickmem::Reply { status: 0, chat_id: room.id, kicked_id: kicked.user_id, chat_log });
    Ok(())
}

/// KICKLEAVE: who was kicked takes the room off his list, once, and his other devices hear of it.
///
/// # Errors
/// A wrong body, or a room that he was not kicked from (-401).
//= LINK-KICK-4
pub fn kickleave(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: kickleave::Request = ask.body(answer)?;
    let key = (q.link_id, ask.user);
    let kicked = find::<Kicked>(store, Shelf::Kicked, key)?.filter(|k| k.chat_id == q.chat_id && !k.left);
    let kicked = kicked.ok_or(Refused::Status(status::NO_SUCH_ROOM))?;
    answer.effects.push(put(Shelf::Kicked, key, &Kicked { left: true, ..kicked }));
    let push = left::Push { chat_id: q.chat_id, last_token_id: ask.last_log_id };
    answer.push(vec![ask.user], CommandId::Left, &push);
    answer.reply(&kickleave::Reply { status: 0, last_token_id: ask.last_log_id });
    Ok(())
}

/// KLSYNC: who was kicked and may not come back.
///
/// # Errors
/// A wrong body, no such link (-324), or no right to see it (-500).
//= LINK-KICK-5
pub fn klsync(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: klsync::Request = ask.body(answer)?;
    let link = live(store, q.link_id)?;
    if !person(store, link.id, ask.user)?.is_some_and(|me| me.may_kick()) {
        return Err(Refused::Status(status::DENIED));
    }
    let kicked = all::<Kicked>(store, Shelf::Kicked, link.id)?;
    let kicked_members = kicked.iter().map(|(_, k)| k.document()).collect();
    answer.reply(&klsync::Reply { status: 0, kicked_members });
    Ok(())
}

/// KLDELITEM: off the list; he may join again.
///
/// # Errors
/// A wrong body, a room that is not the user's (-401), a deleted link (-324), no right (-500), or somebody who is not on
/// the list (-403).
//= LINK-KICK-6
pub fn kldelitem(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: kldelitem::Request = ask.body(answer)?;
    let place = Place::of(ask, store, q.link_id, q.chat_id)?.governed()?;
    let key = (q.link_id, q.kicked_id);
    let kicked = find::<Kicked>(store, Shelf::Kicked, key)?.filter(|k| k.chat_id == place.room.id);
    kicked.ok_or(Refused::Status(status::NOT_CHATABLE))?;
    answer.effects.push(Effect::Remove { shelf: Shelf::Kicked, key });
    answer.reply(&kldelitem::Reply { status: 0, err_msg: None });
    Ok(())
}

/// BLIND: kept for the one who asks; nobody else notices. CHATINFO shows him whom he has blinded.
///
/// # Errors
/// A wrong body, himself (-203), a room that is not the user's (-401), a deleted link (-324), or no such member (-403).
//= LINK-BLIND-1
pub fn blind(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: blind::Request = ask.body(answer)?;
    let place = Place::of(ask, store, q.link_id, q.chat_id)?;
    let other = place.member(store, q.member_id)?.user_id;
    if other == ask.user {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let mut me = place.me;
    if !me.blinded.contains(&other) {
        me.blinded.push(other);
        keep_person(q.link_id, &me, answer);
    }
    answer.reply(&blind::Reply { status: 0 });
    Ok(())
}

/// Whom the user has blinded in the room; none in a room without a link.
pub fn blinded_by(ask: &Ask<'_>, store: &dyn Store, room: &Room) -> Result<Option<Vec<i64>>, Refused> {
    if room.link_id == 0 {
        return Ok(None);
    }
    Ok(person(store, room.link_id, ask.user)?.map(|me| me.blinded))
}

/// SETMEMTYPE: the owner makes managers and unmakes them, or hands the link over.
///
/// # Errors
/// A wrong body, lists of different length, a type that cannot be given so (-203), a room that is not the user's
/// (-401), a deleted link (-324), no owner (-500), or no such member (-403).
//= LINK-RIGHTS-2, LINK-RIGHTS-3
pub fn setmemtype(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: setmemtype::Request = ask.body(answer)?;
    let place = Place::of(ask, store, q.link_id, q.chat_id)?;
    if place.me.member_type != member_type::OWNER || live(store, q.link_id)?.chat_id != q.chat_id {
        return Err(Refused::Status(status::DENIED));
    }
    let mut asked = Vec::with_capacity(q.member_ids.len());
    for (user, kind) in q.member_ids.iter().zip(&q.member_types) {
        asked.push((place.member(store, *user)?, *kind));
    }
    let twice = |(n, id): (usize, &i64)| q.member_ids.iter().take(n).any(|other| other == id);
    let wrong = q.member_ids.len() != q.member_types.len() || q.member_ids.iter().enumerate().any(twice);
    if wrong || asked.is_empty() {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let given = |(who, kind): &(LinkUser, i32)| {
        who.user_id != ask.user && matches!(*kind, member_type::NONE | member_type::MANAGER)
    };
    let log = match asked.as_slice() {
        [(new, member_type::OWNER), (old, member_type::NONE)] if old.user_id == ask.user && new.user_id != ask.user => {
            Some(hand_over(ask, store, place, new, answer)?)
        }
        all if all.iter().all(given) => give(ask, store, place, all, answer)?,
        _ => return Err(Refused::Status(status::BAD_BODY)),
    };
    answer.reply(&setmemtype::Reply {
        status: 0,
        link_id: q.link_id,
        chat_id: q.chat_id,
        member_ids: q.member_ids,
        member_types: q.member_types,
        chat_log: log.as_ref().map(|l| chat_log(l, ask.era)),
        privileges: None,
    });
    Ok(())
}

/// Another owner. There is one at any time.
fn hand_over(
    ask: &Ask<'_>,
    store: &dyn Store,
    place: Place,
    new: &LinkUser,
    answer: &mut Answer,
) -> Result<Log, Refused> {
    let Place { mut room, me } = place;
    let token = next_token(store, answer)?;
    keep_link(&Link { token, owner_id: new.user_id, ..live(store, room.link_id)? }, answer);
    keep_person(room.link_id, &LinkUser { member_type: member_type::OWNER, ..new.clone() }, answer);
    let old = LinkUser { member_type: member_type::NONE, ..me };
    if !ask.config.quirks.has(Quirk::HandOverKeepsTwoOwners) {
        keep_person(room.link_id, &old, answer);
    }
    let prev = ("prevHost", feed_person(old.user_id, &old.nick_name));
    let next = ("newHost", feed_person(new.user_id, &new.nick_name));
    let log = append_feed(ask, &mut room, feed(HANDED_OVER, &[prev, next]), answer);
    let changed = [(new.user_id, member_type::OWNER), (old.user_id, member_type::NONE)];
    tell(&room, &old.nick_name, &changed, &log, answer);
    Ok(log)
}

/// New managers, and such as are none any more. Each change has its own feed; the last one is given back.
fn give(
    ask: &Ask<'_>,
    store: &dyn Store,
    place: Place,
    asked: &[(LinkUser, i32)],
    answer: &mut Answer,
) -> Result<Option<Log>, Refused> {
    let mut room = place.room;
    let mut last = None;
    if asked.iter().any(|(who, kind)| who.member_type != *kind) {
        next_token(store, answer)?;
    }
    for (who, kind) in asked.iter().filter(|(who, kind)| who.member_type != *kind) {
        keep_person(room.link_id, &LinkUser { member_type: *kind, ..who.clone() }, answer);
        let number = if *kind == member_type::MANAGER { MANAGER } else { NO_MANAGER };
        let message = feed(number, &[("member", feed_person(who.user_id, &who.nick_name))]);
        let log = append_feed(ask, &mut room, message, answer);
        tell(&room, &place.me.nick_name, &[(who.user_id, *kind)], &log, answer);
        last = Some(log);
    }
    Ok(last)
}

//= LINK-RIGHTS-4
fn tell(room: &Room, name: &str, changed: &[(i64, i32)], log: &Log, answer: &mut Answer) {
    let (member_ids, member_types) = changed.iter().copied().unzip();
    let chat_log = Some(chat_log(log, Era::E2019));
    let push = syncmemt::Push { chat_id: room.id, link_id: room.link_id, member_ids, member_types, chat_log };
    push_feed(log, name, ids(room), CommandId::SyncMemT, &push, answer);
}
