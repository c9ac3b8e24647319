//! Read marks and signs of life: NOTIREAD, CHATON and UPSEEN of 2012, SETST, PING.

use super::links;
use super::view::room_of;
use super::writing::everybody;
use crate::proto::command::field::Nullable;
use crate::proto::command::{CommandId, chaton, decunread, notiread, ping, setst, upseen};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Effect, Room, Store};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::NotiRead, notiread),
    (CommandId::ChatOn, chaton),
    (CommandId::UpSeen, upseen),
    (CommandId::SetSt, setst),
    (CommandId::Ping, ping),
];

/// NOTIREAD: the mark rises, never above the room's last log; every other device in the room hears of it.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= READ-MARK-1
pub fn notiread(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: notiread::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::same_link(&room, q.link_id.or(q.link_id_alt))?;
    raise_mark(ask, &room, q.watermark, answer);
    //= READ-ECHO-1
    answer.reply(&notiread::Reply { status: 0, noti_read: q.noti_read });
    Ok(())
}

/// CHATON of 2012: the room is on the screen. What of it is read, UPSEEN says.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= READ-2012-1
pub fn chaton(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: chaton::Request = ask.body(answer)?;
    room_of(ask, store, q.chat_id)?;
    answer.reply(&chaton::Reply { status: 0 });
    Ok(())
}

/// UPSEEN of 2012: read up to `max`, and up to the room's last log when it is 0.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= READ-2012-2
pub fn upseen(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: upseen::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    raise_mark(ask, &room, q.max.filter(|max| *max != 0).unwrap_or(i64::MAX), answer);
    answer.reply(&upseen::Reply { status: 0, is_ok: true, err_msg: Nullable(None) });
    Ok(())
}

/// The user has read up to `log_id`. The mark rises, never above the room's last log; every other device in the room
/// hears of it, and of none that stays.
//= READ-MARK-2, READ-MARK-3, READ-MARK-5
fn raise_mark(ask: &Ask<'_>, room: &Room, log_id: i64, answer: &mut Answer) {
    let before = room.member(ask.user).map_or(0, |m| m.watermark);
    let watermark = log_id.min(room.last_log_id);
    if watermark > before || ask.config.quirks.has(Quirk::WatermarkGoesBack) {
        answer.effects.push(Effect::SetWatermark { chat_id: room.id, user_id: ask.user, log_id: watermark });
        let push = decunread::Push { chat_id: room.id, user_id: ask.user, watermark };
        answer.push(everybody(room), CommandId::DecUnread, &push);
    }
}

/// SETST: noted by nobody.
///
/// # Errors
/// A wrong body.
//= ROOM-SETST-1
pub fn setst(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let _: setst::Request = ask.body(answer)?;
    answer.reply(&setst::Reply { status: 0 });
    Ok(())
}

/// PING: alive.
///
/// # Errors
/// A wrong body.
//= PING-REPLY-1
pub fn ping(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let _: ping::Request = ask.body(answer)?;
    answer.reply(&ping::Reply { status: Some(0) });
    Ok(())
}
