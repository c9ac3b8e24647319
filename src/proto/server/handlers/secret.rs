//! Secret chats: SETPK, GETPK, GETLPK, SCREATE, SETSK, SWRITE. The server keeps and hands on what it is given, and can
//! read none of it: public keys, room keys that are wrapped for a member, cipher texts.
//!
//! Facts show the fields and no more (loco-modern §4.2). Ours: the token `pt` of a user's keys counts them from 1, and
//! `sc` of a room is the sum of its members' tokens. So it rises with every new key of a member, and who comes with
//! another one has not seen that key yet: what he has wrapped or written is refused, and CHATONROOM shows him the
//! keys. The wrapped room keys travel in `sInfo` of every message, since no other way to the members is known.

use core::fmt::Write;

use super::blocks::blocked_by;
use super::view::{chat_log, member, room_of, users};
use crate::proto::command::types::{SecretKey, SecretRoom};
use crate::proto::command::{CommandId, getlpk, getpk, msg, screate, setpk, setsk, status, swrite, syncjoin};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::account::{KEYS, KeyToken};
use crate::proto::server::records::secret::{PublicKeys, RoomKey};
use crate::proto::server::store::{Effect, Log, Membership, Room, RoomKind, Shelf, Store, StoreError};
use crate::proto::server::store::{all, find, next_log_id, put};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::SetPk, setpk),
    (CommandId::GetPk, getpk),
    (CommandId::GetLPk, getlpk),
    (CommandId::SCreate, screate),
    (CommandId::SetSk, setsk),
    (CommandId::SWrite, swrite),
];

/// Set in the kind of every message of a secret room.
pub(super) const SECRET: i32 = 0x1000_0000;

/// SETPK: the user's keys from now on. The same keys again keep their token.
///
/// # Errors
/// A wrong body, also one with an empty key.
//= SECRET-KEYS-1
pub fn setpk(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: setpk::Request<'_> = ask.body(answer)?;
    if q.ek.is_empty() || q.sk.is_empty() {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let owned = |s: Option<&str>| s.map(str::to_owned);
    let keys =
        PublicKeys { ek: q.ek.to_owned(), sk: q.sk.to_owned(), sr: owned(q.sr), sd: owned(q.sd), cs: owned(q.cs) };
    let last = token_of(store, ask.user)?;
    let had: Option<PublicKeys> = find(store, Shelf::SecretKeys, (ask.user, last))?;
    let new = had.is_none_or(|had| had != keys);
    let key_token = if new { last + 1 } else { last };
    if new {
        answer.effects.push(put(Shelf::SecretKeys, (ask.user, key_token), &keys));
        answer.effects.push(put(Shelf::Accounts, (ask.user, KEYS), &KeyToken { token: key_token }));
    }
    answer.reply(&setpk::Reply { status: 0, key_token, r: Some(new) });
    Ok(())
}

/// The token of the user's latest keys, 0 for none.
pub(super) fn token_of(store: &dyn Store, user: i64) -> Result<i64, StoreError> {
    Ok(find::<KeyToken>(store, Shelf::Accounts, (user, KEYS))?.map_or(0, |k| k.token))
}

/// Keys of somebody, to be borrowed from.
pub(super) struct Keys(Vec<(i64, i64, PublicKeys)>);

impl Keys {
    /// What there is of these: users with the tokens of their keys.
    fn gather(store: &dyn Store, of: impl IntoIterator<Item = (i64, i64)>) -> Result<Self, StoreError> {
        let mut keys = Vec::new();
        for (user, token) in of {
            keys.extend(find(store, Shelf::SecretKeys, (user, token))?.map(|k| (user, token, k)));
        }
        Ok(Self(keys))
    }

    fn latest(store: &dyn Store, of: impl IntoIterator<Item = i64>) -> Result<Self, StoreError> {
        let mut pairs = Vec::new();
        for user in of {
            pairs.push((user, token_of(store, user)?));
        }
        Self::gather(store, pairs)
    }

    pub(super) fn items(&self) -> Vec<SecretKey<'_>> {
        let mut items = Vec::with_capacity(self.0.len());
        for (user, token, keys) in &self.0 {
            let PublicKeys { ek, sk, cs, .. } = keys;
            items.push(SecretKey { user_id: *user, ek, sk, key_token: *token, cs: cs.as_deref() });
        }
        items
    }
}

/// GETPK: exactly these keys; those that do not exist are left out.
///
/// # Errors
/// A wrong body, also lists that are no pairs.
//= SECRET-KEYS-2
pub fn getpk(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getpk::Request = ask.body(answer)?;
    if q.member_ids.len() != q.key_tokens.len() {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let keys = Keys::gather(store, q.member_ids.into_iter().zip(q.key_tokens))?;
    answer.reply(&getpk::Reply { status: 0, keys: keys.items() });
    Ok(())
}

/// GETLPK: the latest keys of these; who has none is left out.
///
/// # Errors
/// A wrong body.
//= SECRET-KEYS-2
pub fn getlpk(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getlpk::Request = ask.body(answer)?;
    let keys = Keys::latest(store, q.member_ids)?;
    answer.reply(&getlpk::Reply { status: 0, keys: keys.items() });
    Ok(())
}

/// SCREATE: the secret room of two people; there is one at most.
///
/// # Errors
/// A wrong body, also one that does not name one other (-203); one who does not exist or has no keys (-403) or has
/// blocked the caller (-402); a caller without keys (-500).
//= SECRET-CREATE-1, SECRET-CREATE-2
pub fn screate(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: screate::Request = ask.body(answer)?;
    let other = match q.member_ids.as_slice() {
        [other] if *other != ask.user => *other,
        _ => return Err(Refused::Status(status::BAD_BODY)),
    };
    if store.user(other)?.is_none() {
        return Err(Refused::Status(status::NOT_CHATABLE));
    }
    if blocked_by(store, other, ask.user)? {
        return Err(Refused::Status(status::BLOCKED_BY_FRIEND));
    }
    if token_of(store, ask.user)? == 0 {
        return Err(Refused::Status(status::DENIED));
    }
    if token_of(store, other)? == 0 {
        return Err(Refused::Status(status::NOT_CHATABLE));
    }
    let (room, new) = match room_with(ask, store, other)? {
        Some(room) => (room, false),
        None => (new_room(ask, store, other)?, true),
    };
    if new {
        answer.last_log_id = room.id;
        answer.effects.push(Effect::CreateRoom(room.clone()));
        let push = syncjoin::Push { chat_id: room.id, chat_log: None };
        answer.push(vec![ask.user, other], CommandId::SyncJoin, &push);
    }
    let keys = Keys::latest(store, room.members.iter().map(|m| m.user_id))?;
    let people = users(&room, store, usize::MAX)?;
    answer.reply(&screate::Reply {
        status: 0,
        chat_id: room.id,
        room: SecretRoom {
            chat_id: room.id,
            members: people.iter().map(member).collect(),
            active_member_ids: Some(room.members.iter().map(|m| m.user_id).collect()),
            watermarks: Some(room.members.iter().map(|m| m.watermark).collect()),
            last_log_id: room.last_log_id,
            new_message_count: Some(-1),
            kind: room.kind.as_str(),
            updated_at: Some(i64::from(room.updated_at)),
            ..Default::default()
        },
        sc: sc_of(store, &room)?,
        keys: keys.items(),
        nc: Some(new),
    });
    Ok(())
}

fn room_with(ask: &Ask<'_>, store: &dyn Store, other: i64) -> Result<Option<Room>, Refused> {
    for id in store.rooms_of(ask.user)? {
        let room = store.room(id)?.filter(|r| r.kind == RoomKind::Secret && r.member(other).is_some());
        if room.is_some() {
            return Ok(room);
        }
    }
    Ok(None)
}

fn new_room(ask: &Ask<'_>, store: &dyn Store, other: i64) -> Result<Room, Refused> {
    let now = u32::try_from(ask.now.unix_secs()).unwrap_or(u32::MAX);
    let mut id = next_log_id(ask.last_log_id, ask.now);
    while store.room(id)?.is_some() {
        id += 1;
    }
    let member = |user_id| Membership { user_id, joined_at: now, watermark: 0, muted: false };
    let members = vec![member(ask.user.min(other)), member(ask.user.max(other))];
    Ok(Room { id, kind: RoomKind::Secret, members, last_log_id: 0, updated_at: now, link_id: 0 })
}

/// The state of the members' keys.
fn sc_of(store: &dyn Store, room: &Room) -> Result<i64, StoreError> {
    let mut sum = 0;
    for m in &room.members {
        sum += token_of(store, m.user_id)?;
    }
    Ok(sum)
}

/// What CHATONROOM says besides of a secret room: `sc` and `pi`.
//= SECRET-ROOM-1
pub(super) fn opened(store: &dyn Store, room: &Room) -> Result<Option<(i64, Keys)>, Refused> {
    if room.kind != RoomKind::Secret {
        return Ok(None);
    }
    Ok(Some((sc_of(store, room)?, Keys::latest(store, room.members.iter().map(|m| m.user_id))?)))
}

/// The room, if it is a secret one of the caller.
fn secret_room(ask: &Ask<'_>, store: &dyn Store, chat_id: i64) -> Result<Room, Refused> {
    let room = room_of(ask, store, chat_id)?;
    if room.kind == RoomKind::Secret { Ok(room) } else { Err(Refused::Status(status::DENIED)) }
}

/// Refuses who does not know the keys of the room as they are.
//= SECRET-STALE-1
fn fresh(
    ask: &Ask<'_>,
    store: &dyn Store,
    room: &Room,
    key_token: Option<i64>,
    sc: Option<i64>,
) -> Result<(i64, i64), Refused> {
    let (Some(key_token), Some(sc)) = (key_token, sc) else { return Err(Refused::Status(status::BAD_BODY)) };
    let now = (token_of(store, ask.user)?, sc_of(store, room)?);
    if now != (key_token, sc) && !ask.config.quirks.has(Quirk::SecretRelaysStaleKey) {
        return Err(Refused::Status(status::DENIED));
    }
    Ok((key_token, sc))
}

/// SETSK: the key of the room, wrapped for each member.
///
/// # Errors
/// A wrong body, also one that does not name each member once; a room that is not the user's (-401) or no secret one,
/// or tokens that are not the latest (-500).
//= SECRET-ROOM-2
pub fn setsk(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: setsk::Request<'_> = ask.body(answer)?;
    let room = secret_room(ask, store, q.chat_id)?;
    let mut named = q.member_ids.clone();
    named.sort_unstable();
    let tokens = q.member_key_tokens;
    let paired = q.room_keys.len() == named.len() && tokens.as_ref().is_none_or(|t| t.len() == named.len());
    if !paired || !room.members.iter().map(|m| m.user_id).eq(named) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let (key_token, sc) = fresh(ask, store, &room, q.key_token, q.sc)?;
    for (n, (user, key)) in q.member_ids.iter().zip(&q.room_keys).enumerate() {
        let latest = token_of(store, *user)?;
        let said = tokens.as_ref().and_then(|t| t.get(n)).copied().unwrap_or(latest);
        if said != latest && !ask.config.quirks.has(Quirk::SecretRelaysStaleKey) {
            return Err(Refused::Status(status::DENIED));
        }
        let record = RoomKey {
            key: (*key).to_owned(),
            from: ask.user,
            key_token,
            member_key_token: said,
            signature: q.signature.map(str::to_owned),
            sc,
        };
        answer.effects.push(put(Shelf::RoomKeys, (room.id, *user), &record));
    }
    answer.reply(&setsk::Reply { status: 0 });
    Ok(())
}

/// SWRITE: the cipher texts become the room's last message, as they are, and go to every other device.
///
/// # Errors
/// A wrong body, also a kind without the flag of secret messages; a room that is not the user's (-401); one who has
/// blocked the caller (-402); no secret room, no room key, or tokens that are not the latest (-500).
//= SECRET-RELAY-1, SECRET-RELAY-2
pub fn swrite(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: swrite::Request<'_> = ask.body(answer)?;
    let room = secret_room(ask, store, q.chat_id)?;
    if q.kind & SECRET == 0 {
        return Err(Refused::Status(status::BAD_BODY));
    }
    for m in room.members.iter().filter(|m| m.user_id != ask.user) {
        if blocked_by(store, m.user_id, ask.user)? {
            return Err(Refused::Status(status::BLOCKED_BY_FRIEND));
        }
    }
    let (_, sc) = fresh(ask, store, &room, q.key_token, q.sc)?;
    let wrapped: Vec<(i64, RoomKey)> = all(store, Shelf::RoomKeys, room.id)?;
    let right = wrapped.iter().any(|(user, k)| *user == ask.user && k.sc == sc);
    if !right && !ask.config.quirks.has(Quirk::SecretRelaysStaleKey) {
        return Err(Refused::Status(status::DENIED));
    }
    let log = Log {
        chat_id: room.id,
        log_id: next_log_id(ask.last_log_id.max(room.last_log_id), ask.now),
        prev_id: room.last_log_id,
        kind: q.kind,
        author_id: ask.user,
        message: Some(q.msg.to_owned()),
        attachment: q.extra.map(str::to_owned),
        supplement: Some(s_info(&q, &wrapped)),
        msg_id: q.msg_id.unwrap_or_default(),
        send_at: i32::try_from(ask.now.unix_secs()).unwrap_or(i32::MAX),
        ..Log::default()
    };
    let name = store.user(ask.user)?.map(|u| u.nick_name).unwrap_or_default();
    let push = msg::Push {
        chat_id: log.chat_id,
        log_id: log.log_id,
        chat_log: chat_log(&log, Era::E2019),
        no_seen: Some(false),
        author_nickname: Some(&name),
        ..Default::default()
    };
    answer.push(room.members.iter().map(|m| m.user_id), CommandId::Msg, &push);
    answer.reply(&swrite::Reply { status: 0 });
    answer.last_log_id = log.log_id;
    answer.effects.push(Effect::AppendLog(log));
    Ok(())
}

/// `sInfo`: what a member needs to open the message and to trust it, named as in SWRITE and SETSK.
//= SECRET-RELAY-3
fn s_info(q: &swrite::Request<'_>, wrapped: &[(i64, RoomKey)]) -> String {
    let mut json = String::from("{\"s\":");
    quote(q.signature.unwrap_or_default(), &mut json);
    // Writing to a String cannot fail.
    let _ = write!(
        json,
        ",\"st\":{},\"pt\":{},\"sc\":{},\"sk\":[",
        q.st.unwrap_or_default(),
        q.key_token.unwrap_or_default(),
        q.sc.unwrap_or_default()
    );
    for (n, (user, k)) in wrapped.iter().enumerate() {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(json, "{comma}{{\"u\":{user},\"pt\":{},\"sk\":", k.member_key_token);
        quote(&k.key, &mut json);
        let _ = write!(json, ",\"by\":{},\"bypt\":{},\"s\":", k.from, k.key_token);
        quote(k.signature.as_deref().unwrap_or_default(), &mut json);
        json.push('}');
    }
    json.push_str("]}");
    json
}

/// Appends a JSON string.
fn quote(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if u32::from(c) < 0x20 => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
