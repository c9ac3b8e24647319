//! Messages that change after they were sent: DELETEMSG and MODIFYMSG.
//!
//! A changed message keeps its place. Besides it a hidden feed is appended, so that whoever was away and has the old
//! message already learns of the change by the way he learns of every message.

use super::feed::{FEED, feed};
use super::links;
use super::members::push_feed;
use super::view::{chat_log, room_of};
use super::writing::{DELETED, TEXT, check_len, everybody, nick_name, write_feed};
use crate::proto::command::{CommandId, deletemsg, modifymsg, status, syncdlmsg, syncmodmsg};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Effect, Log, Room, RoomKind, Store};
use crate::proto::time::Time;

/// What is answered here.
pub const HANDLERS: &[Row] = &[(CommandId::DeleteMsg, deletemsg), (CommandId::ModifyMsg, modifymsg)];

/// Feed: deleted for everyone.
const FEED_DELETED: i32 = 14;
/// Feed: edited.
const FEED_EDITED: i32 = 25;

/// DELETEMSG: the message keeps its place and loses its text; every other device in the room gets SYNCDLMSG.
///
/// # Errors
/// A wrong body, a room that is not the user's, no such message (-203), one of somebody else or a feed (-210), one that
/// is deleted already (-211) or is too old (-212).
//= MSG-DELETE-1, MSG-DELETE-2
pub fn deletemsg(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: deletemsg::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::writable(store, &room)?;
    let log = log_of(store, &room, q.log_id)?;
    //= MSG-DELETE-4
    if log.author_id != ask.user || log.kind == FEED {
        return Err(Refused::Status(status::NOT_DELETABLE));
    }
    //= MSG-DELETE-5
    if is_deleted(&log) {
        return Err(Refused::Status(status::ALREADY_DELETED));
    }
    //= MSG-DELETE-6
    if is_older(ask, &log, ask.config.delete_window) && !ask.config.quirks.has(Quirk::DeleteAfterWindow) {
        return Err(Refused::Status(status::TOO_LATE));
    }
    //= MSG-DELETE-7
    if room.kind == RoomKind::Memo {
        answer.reply(&deletemsg::Reply { status: 0, chat_log: None });
        return Ok(());
    }
    answer.effects.push(Effect::ReplaceLog(emptied(ask, &log)));
    let json = feed(FEED_DELETED, &[("logId", log.log_id.to_string()), ("hidden", "true".to_owned())]);
    let notice = write_feed(ask, &room, json, answer);
    let push = syncdlmsg::Push { chat_log: chat_log(&notice, Era::E2019), trace_id: None };
    //= ROOM-FEED-2
    push_feed(&notice, &nick_name(store, &room, ask.user)?, everybody(&room), CommandId::SyncDlMsg, &push, answer);
    answer.reply(&deletemsg::Reply { status: 0, chat_log: Some(chat_log(&notice, ask.era)) });
    Ok(())
}

/// MODIFYMSG: the text becomes another and the revision rises; every other device in the room gets SYNCMODMSG.
///
/// # Errors
/// A wrong body, a room that is not the user's, no such message or a new text that cannot be (-203), or a message that
/// is somebody else's, is no text, is deleted or is too old (-500).
//= MSG-EDIT-1
pub fn modifymsg(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: modifymsg::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    links::writable(store, &room)?;
    let log = log_of(store, &room, q.log_id)?;
    if q.kind.is_some_and(|kind| kind != TEXT) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    //= MSG-EDIT-2, MSG-EDIT-3
    let own = log.author_id == ask.user || ask.config.quirks.has(Quirk::EditByAnybody);
    if !own || log.kind != TEXT || is_older(ask, &log, ask.config.edit_window) {
        return Err(Refused::Status(status::DENIED));
    }
    let attachment = q.extra.map(str::to_owned).or(log.attachment.clone());
    check_len([Some(q.msg), attachment.as_deref(), log.supplement.as_deref()])?;
    let revision = log.revision.saturating_add(1);
    let edited = Log { message: Some(q.msg.to_owned()), attachment, revision, ..log };
    let fields = [("logId", edited.log_id.to_string()), ("targetRevision", revision.to_string())];
    let notice = write_feed(ask, &room, feed(FEED_EDITED, &fields), answer);
    let push = syncmodmsg::Push {
        chat_id: room.id,
        chat_log: chat_log(&notice, Era::E2019),
        modified_chat_log: chat_log(&edited, Era::E2019),
    };
    push_feed(&notice, &nick_name(store, &room, ask.user)?, everybody(&room), CommandId::SyncModMsg, &push, answer);
    answer.reply(&modifymsg::Reply {
        status: 0,
        chat_log: Some(chat_log(&notice, ask.era)),
        modified_chat_log: Some(chat_log(&edited, ask.era)),
    });
    answer.effects.push(Effect::ReplaceLog(edited));
    Ok(())
}

/// A log of a room; that there is none is a wrong parameter.
//= MSG-UNKNOWN-1
pub(super) fn log_of(store: &dyn Store, room: &Room, log_id: i64) -> Result<Log, Refused> {
    store.log(room.id, log_id)?.ok_or(Refused::Status(status::BAD_BODY))
}

pub(super) const fn is_deleted(log: &Log) -> bool {
    log.kind & DELETED != 0
}

/// The log as it is once nobody may read it any more: in its place, flagged, without its texts.
//= MSG-DELETE-3
pub(super) fn emptied(ask: &Ask<'_>, log: &Log) -> Log {
    let kind = log.kind | DELETED;
    if ask.config.quirks.has(Quirk::DeleteKeepsText) {
        return Log { kind, ..log.clone() };
    }
    Log { kind, message: Some(String::new()), attachment: None, supplement: None, ..log.clone() }
}

fn is_older(ask: &Ask<'_>, log: &Log, window: core::time::Duration) -> bool {
    ask.now.since(Time::from_secs(u64::try_from(log.send_at).unwrap_or_default())) > window
}
