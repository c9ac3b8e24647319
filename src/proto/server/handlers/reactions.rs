//! Reactions and events: ACTION, REACT, REACTCNT, RELAYEVENT.

use std::collections::BTreeMap;

use super::edits::{is_deleted, log_of};
use super::feed::FEED;
use super::links;
use super::view::room_of;
use super::writing::{everybody, link_of};
use crate::proto::command::{
    CommandId, action, chglogmeta, react, reactcnt, relayevent, status, syncaction, syncevent,
};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::Reaction;
use crate::proto::server::store::{Effect, Room, Shelf, Store, all, put};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::Action, action),
    (CommandId::React, react),
    (CommandId::ReactCnt, reactcnt),
    (CommandId::RelayEvent, relayevent),
];

/// Heart, like, check, laugh, surprise, sad; 0 takes one's reaction back.
const REACTIONS: core::ops::RangeInclusive<i32> = 0..=6;
/// In CHGLOGMETA: the content counts reactions.
const META_COUNTS: i32 = 1;
/// The only known event: a shout.
const SHOUT: i32 = 1;

/// ACTION: sets the user's reaction to a message.
///
/// # Errors
/// A wrong body, a room that is not the user's, or no such reaction or message (-203).
//= MSG-ACTION-1
pub fn action(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: action::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::writable(store, &room)?;
    //= MSG-ACTION-3
    let log_id = q.log_id.ok_or(Refused::Status(status::BAD_BODY))?;
    set_reaction(ask, store, &room, log_id, q.kind, answer)?;
    answer.reply(&action::Reply { status: 0 });
    Ok(())
}

/// REACT: likes an open link, or reacts to a message. Which of the two `li` is, the store tells.
///
/// # Errors
/// A wrong body, no such reaction (-203), or neither a link nor a message of the user's rooms (-324).
//= MSG-REACT-1, MSG-REACT-2
pub fn react(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: react::Request<'_> = ask.body(answer)?;
    if store.get(Shelf::Links, (q.link_id, 0))?.is_some() {
        let key = (q.link_id, ask.user);
        match q.reaction {
            0 => answer.effects.push(Effect::Remove { shelf: Shelf::Reactions, key }),
            1 => answer.effects.push(put(Shelf::Reactions, key, &Reaction { kind: 1, ..Reaction::default() })),
            _ => return Err(Refused::Status(status::BAD_BODY)),
        }
    } else {
        let room = room_with(ask, store, q.link_id)?.ok_or(Refused::Status(status::LINK_UNAVAILABLE))?;
        set_reaction(ask, store, &room, q.link_id, q.reaction, answer)?;
    }
    answer.reply(&react::Reply { status: 0, err_msg: None });
    Ok(())
}

/// REACTCNT: how many like an open link, and whether the user does.
///
/// # Errors
/// A wrong body, or no such link (-324).
//= MSG-REACT-1
pub fn reactcnt(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: reactcnt::Request = ask.body(answer)?;
    store.get(Shelf::Links, (q.link_id, 0))?.ok_or(Refused::Status(status::LINK_UNAVAILABLE))?;
    let likes: Vec<(i64, Reaction)> = all(store, Shelf::Reactions, q.link_id)?;
    let likes: Vec<i64> = likes.into_iter().filter(|(_, r)| r.chat_id == 0).map(|(user, _)| user).collect();
    answer.reply(&reactcnt::Reply {
        status: 0,
        link_id: q.link_id,
        reaction: i32::from(likes.contains(&ask.user)),
        reaction_count: i32::try_from(likes.len()).unwrap_or(i32::MAX),
        err_msg: None,
    });
    Ok(())
}

/// RELAYEVENT: every other device of an open room hears of an event about a message.
///
/// # Errors
/// A wrong body, a room that is not the user's, or a room that is not of the link, no such event or no such message
/// (-203).
//= MSG-EVENT-1, MSG-EVENT-2
pub fn relayevent(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: relayevent::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::writable(store, &room)?;
    if !room.kind.is_open() || room.link_id != q.link_id || q.event_type != SHOUT {
        return Err(Refused::Status(status::BAD_BODY));
    }
    log_of(store, &room, q.log_id)?;
    let push = syncevent::Push {
        link_id: q.link_id,
        chat_id: room.id,
        author_id: ask.user,
        event_type: q.event_type,
        ec: q.ec,
        log_id: q.log_id,
        kind: q.kind,
    };
    answer.push(everybody(&room), CommandId::SyncEvent, &push);
    answer.reply(&relayevent::Reply {
        status: 0,
        link_id: Some(q.link_id),
        chat_id: Some(room.id),
        event_type: Some(q.event_type),
        ec: q.ec,
        log_id: Some(q.log_id),
        kind: q.kind,
        author_id: Some(ask.user),
    });
    Ok(())
}

/// The user's room in which there is this log.
fn room_with(ask: &Ask<'_>, store: &dyn Store, log_id: i64) -> Result<Option<Room>, Refused> {
    for id in store.rooms_of(ask.user)? {
        if store.log(id, log_id)?.is_some() {
            return Ok(store.room(id)?);
        }
    }
    Ok(None)
}

/// The user has this reaction to the log and no other one. One who has it already changes nothing and tells nobody.
//= MSG-ACTION-2
fn set_reaction(
    ask: &Ask<'_>,
    store: &dyn Store,
    room: &Room,
    log_id: i64,
    kind: i32,
    answer: &mut Answer,
) -> Result<(), Refused> {
    let log = log_of(store, room, log_id)?;
    if !REACTIONS.contains(&kind) || log.kind == FEED || is_deleted(&log) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let twice = ask.config.quirks.has(Quirk::ReactionCountsTwice);
    let (mut before, mut revision) = (0, 0);
    let mut counts: BTreeMap<i32, u32> = BTreeMap::new();
    for (user, r) in all::<Reaction>(store, Shelf::Reactions, log_id)? {
        match user {
            _ if r.chat_id != room.id => (),
            0 => revision = r.revision,
            me if me == ask.user && !twice => before = r.kind,
            _ => *counts.entry(r.kind).or_default() += 1,
        }
    }
    if kind == before && !twice {
        return Ok(());
    }
    if kind != 0 {
        *counts.entry(kind).or_default() += 1;
    }
    let record = |kind, revision| Reaction { chat_id: room.id, kind, revision };
    let key = (log_id, ask.user);
    answer.effects.push(match kind {
        0 => Effect::Remove { shelf: Shelf::Reactions, key },
        _ => put(Shelf::Reactions, key, &record(kind, 0)),
    });
    answer.effects.push(put(Shelf::Reactions, (log_id, 0), &record(0, revision + 1)));
    let named = if kind == 0 { before } else { kind };
    let push = syncaction::Push { user_id: ask.user, chat_id: room.id, kind: named, log_id };
    answer.push(everybody(room), CommandId::SyncAction, &push);
    push_counts(ask, room, log_id, kind, revision + 1, &counts, answer);
    Ok(())
}

/// CHGLOGMETA: the counts, and to whom the change belongs: `my` to the user's own devices, `type` to the others.
//= MSG-ACTION-1
fn push_counts(
    ask: &Ask<'_>,
    room: &Room,
    log_id: i64,
    kind: i32,
    revision: i64,
    counts: &BTreeMap<i32, u32>,
    answer: &mut Answer,
) {
    let pairs: Vec<String> = counts.iter().map(|(kind, n)| format!("\"{kind}\":{n}")).collect();
    let content = format!("{{{}}}", pairs.join(","));
    let others: Vec<i64> = everybody(room).into_iter().filter(|user| *user != ask.user).collect();
    for (to, key) in [(vec![ask.user], "my"), (others, "type")] {
        let extra = format!("{{\"{key}\":{kind},\"userId\":{}}}", ask.user);
        let push = chglogmeta::Push {
            chat_id: room.id,
            log_id,
            link_id: link_of(room),
            kind: META_COUNTS,
            revision,
            content: &content,
            extra: Some(&extra),
        };
        answer.push(to, CommandId::ChgLogMeta, &push);
    }
}
