//! The login and the list of rooms: LOGIN, LOGINLIST, LCHATLIST, NCHATLIST.

use super::gate::admit;
use super::settings::own_revision;
use super::view::RoomParts;
use super::{blocks, secret};
use crate::proto::command::field::Nullable;
use crate::proto::command::types::RoomInfo2012;
use crate::proto::command::{CommandId, lchatlist, login, loginlist, nchatlist};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::changes;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Room, Store};
use crate::proto::session::server::Device;

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::Login, login),
    (CommandId::LoginList, loginlist),
    (CommandId::LChatList, lchatlist),
    (CommandId::NChatList, nchatlist),
];

/// Six bytes that a strict client wants; unknown (loco-modern §3.3, the value of a first login). One who sends six
/// bytes gets his own back (`LOGIN-RP-1`, ours).
const RP: &[u8] = &[0, 0, 0xff, 0xff, 0, 0];
/// The revision of `revisionInfo`, which never changes here.
const REVISION: i32 = 1;

/// The kind of device: `dtype` when it is there, else `useSub`, else what the operating system says
/// (`LOGIN-DEVICES-2`, ours).
fn device(dtype: Option<i32>, use_sub: Option<bool>, os: &str) -> Device {
    //= LOGIN-DEVICES-1, LOGIN-DEVICES-2
    match (dtype, use_sub, os) {
        (Some(2), ..) | (None, Some(true), _) | (None, None, "win32" | "win" | "mac") => Device::Sub,
        _ => Device::Main,
    }
}

/// LOGIN of 2012.
///
/// # Errors
/// A wrong body, an app that is too old, a session key that is nobody's or has expired, a restricted account.
//= LOGIN-2012-1
pub fn login(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: login::Request<'_> = ask.body(answer)?;
    let user = admit(ask, store, q.s_key, q.app_ver)?;
    answer.login = Some((user.id, device(None, None, q.os)));
    answer.reply(&login::Reply { status: 0, user_id: user.id });
    Ok(())
}

/// LOGINLIST: the user, and the rooms that changed since.
///
/// # Errors
/// A wrong body, an app that is too old, a token that is nobody's or has expired, a restricted account.
//= LOGIN-LIST-1
pub fn loginlist(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: loginlist::Request<'_> = ask.body(answer)?;
    let user = admit(ask, store, q.oauth_token, q.app_ver)?;
    let ask = Ask { user: user.id, ..*ask };
    let cursor = Cursor::new(store, q.last_token_id.unwrap_or_default())?;
    let page = Page::gather(&ask, store, &known(q.chat_ids, q.max_ids), i64::MIN, cursor)?;
    answer.login = Some((user.id, device(q.dtype, q.use_sub, q.os)));
    let lbk = blocks::greet(store, user.id, q.lbk, &ask, answer)?;
    //= SECRET-KEYS-3
    let pk_token = secret::token_of(store, user.id)?;
    let list = page.reply(&ask);
    answer.reply(&loginlist::Reply {
        status: 0,
        user_id: user.id,
        //= LOGIN-REVISION-1
        revision: REVISION,
        revision_info: "{}",
        chat_datas: list.chat_datas,
        del_chat_ids: list.del_chat_ids,
        last_chat_id: list.last_chat_id,
        last_token_id: list.last_token_id,
        mcm_revision: list.mcm_revision,
        eof: list.eof,
        lbk,
        pk_token: (pk_token > 0).then_some(pk_token),
        //= LOGIN-RP-1
        rp: q.rp.filter(|rp| rp.len() == RP.len()).unwrap_or(RP),
        ..Default::default()
    });
    Ok(())
}

/// LCHATLIST: the page behind `lastChatId`.
///
/// # Errors
/// A wrong body.
//= ROOM-PAGE-1
pub fn lchatlist(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: lchatlist::Request = ask.body(answer)?;
    let cursor = Cursor::new(store, q.last_token_id)?;
    let page = Page::gather(ask, store, &known(q.chat_ids, q.max_ids), q.last_chat_id, cursor)?;
    let lbk = blocks::revisions(store, ask.user)?.last();
    answer.reply(&lchatlist::Reply { lbk, ..page.reply(ask) });
    Ok(())
}

/// NCHATLIST of 2012: rooms that are new or have newer logs than the client knows.
///
/// # Errors
/// A wrong body.
//= ROOM-NCHATLIST-1, ROOM-NCHATLIST-2
pub fn nchatlist(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: nchatlist::Request = ask.body(answer)?;
    let page = Page::gather(ask, store, &known(Some(q.chat_ids), Some(q.max_ids)), i64::MIN, Cursor::MESSAGES)?;
    let infos = page.rooms.iter().map(|p| RoomInfo2012 {
        chat_id: p.room.id,
        kind: p.room.kind.as_str(),
        last_log_id: p.room.last_log_id,
        last_message: Nullable(p.last.as_ref().and_then(|l| l.message.as_deref())),
        updated_at: i32::try_from(p.room.updated_at).unwrap_or(i32::MAX),
        unread: p.unread,
    });
    answer.reply(&nchatlist::Reply { status: 0, chat_infos: infos.collect() });
    Ok(())
}

/// Rooms that the client knows, each with the last log that it has. A room without one counts as known up to 0.
fn known(ids: Option<Vec<i64>>, max: Option<Vec<i64>>) -> Vec<(i64, i64)> {
    let max = max.unwrap_or_default();
    let last = max.into_iter().chain(core::iter::repeat(0));
    ids.unwrap_or_default().into_iter().zip(last).collect()
}

/// Which changes of a room the client knows, and which there are. A page that is not the last one gives the first back
/// and the last page the second: a list that breaks off is begun again from where it was.
#[derive(Clone, Copy)]
struct Cursor {
    known: i64,
    last: i64,
}

impl Cursor {
    /// New messages and nothing else: 2012 has no cursor.
    const MESSAGES: Self = Self { known: i64::MAX, last: 0 };

    /// From what the client sends. A number that no login has given stands for 0.
    //= LOGIN-CURSOR-1
    fn new(store: &dyn Store, token: i64) -> Result<Self, Refused> {
        let last = changes::last(store)?;
        Ok(Self { known: if (0..=last).contains(&token) { token } else { 0 }, last })
    }
}

/// One page of rooms.
struct Page {
    cursor: Cursor,
    rooms: Vec<RoomParts>,
    gone: Vec<i64>,
    last_chat_id: i64,
    eof: bool,
    own_revision: i32,
}

impl Page {
    /// Rooms with an id above `after` that changed since the client saw them; on the first page, rooms that are gone.
    //= LOGIN-DELTA-1
    fn gather(
        ask: &Ask<'_>,
        store: &dyn Store,
        known: &[(i64, i64)],
        after: i64,
        cursor: Cursor,
    ) -> Result<Self, Refused> {
        let all = store.rooms_of(ask.user)?;
        let gone = if after == i64::MIN { gone(ask, store, known, &all, cursor)? } else { Vec::new() };
        let (mut rooms, mut eof, mut last_chat_id) = (Vec::new(), true, after.max(0));
        // NCHATLIST of 2012 has no second page: a room that is left out would be lost.
        let page = if ask.era == Era::E2012 { usize::MAX } else { ask.config.rooms_per_page.max(1) };
        for id in all.into_iter().filter(|id| *id > after) {
            if rooms.len() == page {
                eof = false;
                break;
            }
            let Some(room) = store.room(id)? else { continue };
            last_chat_id = id;
            if news(ask, store, known, &room, cursor)? {
                rooms.push(RoomParts::gather(ask, store, room)?);
            }
        }
        Ok(Self { cursor, rooms, gone, last_chat_id, eof, own_revision: own_revision(ask, store)? })
    }

    fn reply(&self, ask: &Ask<'_>) -> lchatlist::Reply<'_> {
        lchatlist::Reply {
            chat_datas: self.rooms.iter().map(|p| p.item(ask.era)).collect(),
            del_chat_ids: self.gone.clone(),
            last_chat_id: self.last_chat_id,
            //= LOGIN-CURSOR-2
            last_token_id: if self.eof { self.cursor.last } else { self.cursor.known },
            mcm_revision: self.own_revision,
            eof: self.eof,
            ..Default::default()
        }
    }
}

/// Whether the client has something to learn of this room: it is new to him, has newer messages, or changed otherwise.
fn news(ask: &Ask<'_>, store: &dyn Store, known: &[(i64, i64)], room: &Room, cursor: Cursor) -> Result<bool, Refused> {
    let quirks = ask.config.quirks;
    let Some((_, last)) = known.iter().find(|k| k.0 == room.id) else { return Ok(true) };
    if room.last_log_id > *last || quirks.has(Quirk::DeltaSendsAll) {
        return Ok(true);
    }
    Ok(!quirks.has(Quirk::DeltaForgetsRoom) && changes::changed(store, ask.user, room.id, cursor.known)?)
}

/// The rooms that are not the user's any more: of those that he names, and of those that he has left since.
//= LOGIN-GONE-1
fn gone(
    ask: &Ask<'_>,
    store: &dyn Store,
    known: &[(i64, i64)],
    all: &[i64],
    cursor: Cursor,
) -> Result<Vec<i64>, Refused> {
    let mut gone: Vec<i64> = known.iter().map(|k| k.0).collect();
    if cursor.known > 0 {
        gone.extend(changes::left(store, ask.user, cursor.known)?);
    }
    gone.retain(|id| all.binary_search(id).is_err());
    gone.sort_unstable();
    gone.dedup();
    Ok(gone)
}
