//! The login and the list of rooms: LOGIN, LOGINLIST, LCHATLIST, NCHATLIST.

use super::view::RoomParts;
use crate::proto::command::field::Nullable;
use crate::proto::command::types::RoomInfo2012;
use crate::proto::command::{CommandId, lchatlist, login, loginlist, nchatlist, status};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Store, User};
use crate::proto::session::server::Device;

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::Login, login),
    (CommandId::LoginList, loginlist),
    (CommandId::LChatList, lchatlist),
    (CommandId::NChatList, nchatlist),
];

/// Six bytes that a strict client wants; unknown (loco-modern §3.3, the value of a first login).
const RP: &[u8] = &[0, 0, 0xff, 0xff, 0, 0];

fn user_by_token(ask: &Ask<'_>, store: &dyn Store, token: &str) -> Result<User, Refused> {
    //= LOGIN-TOKEN-1
    match store.user_by_token(token)? {
        Some(user) => Ok(user),
        None if ask.config.quirks.has(Quirk::AcceptsAnyToken) => {
            store.user(1001)?.ok_or(Refused::Status(status::BAD_TOKEN))
        }
        None => Err(Refused::Status(status::BAD_TOKEN)),
    }
}

/// The kind of device: `dtype` when it is there, else what the operating system says (`LOGIN-DEVICES-1`, ours).
fn device(dtype: Option<i32>, os: &str) -> Device {
    //= LOGIN-DEVICES-1
    match (dtype, os) {
        (Some(2), _) | (None, "win32" | "win" | "mac") => Device::Sub,
        _ => Device::Main,
    }
}

/// LOGIN of 2012.
///
/// # Errors
/// A wrong body, or a session key that is nobody's.
//= LOGIN-2012-1
pub fn login(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: login::Request<'_> = ask.body(answer)?;
    let user = user_by_token(ask, store, q.s_key)?;
    answer.login = Some((user.id, device(None, q.os)));
    answer.reply(&login::Reply { status: 0, user_id: user.id });
    Ok(())
}

/// LOGINLIST: the user, and the rooms that changed since.
///
/// # Errors
/// A wrong body, or a token that is nobody's.
//= LOGIN-LIST-1
pub fn loginlist(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: loginlist::Request<'_> = ask.body(answer)?;
    let user = user_by_token(ask, store, q.oauth_token)?;
    let ask = Ask { user: user.id, ..*ask };
    let page = Page::gather(&ask, store, &known(q.chat_ids, q.max_ids), i64::MIN)?;
    answer.login = Some((user.id, device(q.dtype, q.os)));
    let list = page.reply(&ask);
    answer.reply(&loginlist::Reply {
        status: 0,
        user_id: user.id,
        revision: 1,
        revision_info: "{}",
        chat_datas: list.chat_datas,
        del_chat_ids: list.del_chat_ids,
        last_chat_id: list.last_chat_id,
        last_token_id: list.last_token_id,
        eof: list.eof,
        rp: RP,
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
    let page = Page::gather(ask, store, &known(q.chat_ids, q.max_ids), q.last_chat_id)?;
    answer.reply(&page.reply(ask));
    Ok(())
}

/// NCHATLIST of 2012: rooms that are new or have newer logs than the client knows.
///
/// # Errors
/// A wrong body.
//= ROOM-NCHATLIST-1, ROOM-NCHATLIST-2
pub fn nchatlist(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: nchatlist::Request = ask.body(answer)?;
    let page = Page::gather(ask, store, &known(Some(q.chat_ids), Some(q.max_ids)), i64::MIN)?;
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

/// One page of rooms.
struct Page {
    rooms: Vec<RoomParts>,
    gone: Vec<i64>,
    last_chat_id: i64,
    eof: bool,
}

impl Page {
    /// Rooms with an id above `after` that changed since the client saw them; on the first page, rooms that are gone.
    //= LOGIN-DELTA-1
    fn gather(ask: &Ask<'_>, store: &dyn Store, known: &[(i64, i64)], after: i64) -> Result<Self, Refused> {
        let all = store.rooms_of(ask.user)?;
        let gone = match after {
            i64::MIN => known.iter().map(|k| k.0).filter(|id| all.binary_search(id).is_err()).collect(),
            _ => Vec::new(),
        };
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
            if known.iter().all(|k| k.0 != id || room.last_log_id > k.1) {
                rooms.push(RoomParts::gather(ask, store, room)?);
            }
        }
        Ok(Self { rooms, gone, last_chat_id, eof })
    }

    fn reply(&self, ask: &Ask<'_>) -> lchatlist::Reply<'_> {
        lchatlist::Reply {
            chat_datas: self.rooms.iter().map(|p| p.item(ask.era)).collect(),
            del_chat_ids: self.gone.clone(),
            last_chat_id: self.last_chat_id,
            last_token_id: ask.last_log_id,
            eof: self.eof,
            ..Default::default()
        }
    }
}
