//! Read marks and signs of life: NOTIREAD, SYNCLINK, SETST, PING.

use super::view::room_of;
use crate::proto::command::{CommandId, decunread, notiread, ping, setst, synclink};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Effect, Store};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::NotiRead, notiread),
    (CommandId::SyncLink, synclink),
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
    let before = room.member(ask.user).map_or(0, |m| m.watermark);
    //= READ-MARK-2, READ-MARK-3
    let watermark = q.watermark.min(room.last_log_id);
    let back = ask.config.quirks.has(Quirk::WatermarkGoesBack);
    if watermark > before || back {
        answer.effects.push(Effect::SetWatermark { chat_id: room.id, user_id: ask.user, log_id: watermark });
        let to = room.members.iter().map(|m| m.user_id).collect();
        let push = decunread::Push { chat_id: room.id, user_id: ask.user, watermark };
        answer.push(to, CommandId::DecUnread, &push);
    }
    answer.reply(&notiread::Reply { status: 0, noti_read: None });
    Ok(())
}

/// SYNCLINK: there are no open links yet.
///
/// # Errors
/// A wrong body.
//= LINK-SYNC-1
pub fn synclink(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: synclink::Request = ask.body(answer)?;
    answer.reply(&synclink::Reply { status: 0, links: Some(Vec::new()), ltk: q.ltk, deleted: Some(Vec::new()) });
    Ok(())
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
