//! Messages that were missed: SYNCMSG, MCHATLOGS, GETMSGS.

use super::view::{chat_log, room_of, since};
use super::writing::link_of;
use crate::proto::command::types::ChatLog;
use crate::proto::command::{CommandId, getmsgs, mchatlogs, status, syncmsg};
use crate::proto::limits::{LOG_OVERHEAD_MAX, LOGS_ASKED_MAX, PAGE_LEN_MAX, ROOMS_ASKED_MAX};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::{Log, Store, StoreError};

/// What is answered here.
pub const HANDLERS: &[Row] =
    &[(CommandId::SyncMsg, syncmsg), (CommandId::MChatLogs, mchatlogs), (CommandId::GetMsgs, getmsgs)];

/// Logs for one reply: as many as may be, and no more bytes than a page may have, but at least one log.
pub(super) struct Page {
    logs: Vec<Log>,
    most: usize,
    len: usize,
    /// A log had no place.
    full: bool,
}

impl Page {
    /// An empty page for at most `most` logs.
    pub(super) fn new(most: usize) -> Self {
        Self { logs: Vec::new(), most: most.max(1), len: 0, full: false }
    }

    /// Adds the logs of a room with `after < log_id <= up_to`, oldest first, until the page is full.
    //= CHAT-SYNC-2, MSG-PAGE-1
    pub(super) fn fill(&mut self, store: &dyn Store, chat_id: i64, after: i64, up_to: i64) -> Result<(), StoreError> {
        if self.full {
            return Ok(());
        }
        let room_for = self.most - self.logs.len();
        // One more than there is room for tells whether the page holds everything.
        for log in store.logs(chat_id, after, up_to, room_for.saturating_add(1))? {
            let len = self.len + written_len(&log);
            if self.logs.len() == self.most || (len > PAGE_LEN_MAX && !self.logs.is_empty()) {
                self.full = true;
                break;
            }
            self.len = len;
            self.logs.push(log);
        }
        Ok(())
    }

    /// The logs as the wire has them.
    pub(super) fn chat_logs(&self, era: Era) -> Vec<ChatLog<'_>> {
        self.logs.iter().map(|l| chat_log(l, era)).collect()
    }
}

/// The most bytes that a log takes in a reply.
fn written_len(log: &Log) -> usize {
    let texts = [&log.message, &log.attachment, &log.supplement];
    LOG_OVERHEAD_MAX + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

/// SYNCMSG: one page of the messages after `cur` up to `max`. A `max` of 0 is no bound.
///
/// # Errors
/// A wrong body, or a room that is not the user's.
//= CHAT-SYNC-1, CHAT-SYNC-3, PROMISE-PUSHED-1
pub fn syncmsg(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: syncmsg::Request = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    let up_to = if q.max > 0 { q.max } else { i64::MAX };
    let asked = q.cnt.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(usize::MAX);
    let repeats = ask.config.quirks.has(Quirk::SyncRepeatsEntry);
    let cur = if repeats { q.cur.saturating_sub(1) } else { q.cur };
    let first = since(ask, store, room.id)?;
    let mut page = Page::new(asked.min(ask.config.logs_per_page));
    page.fill(store, room.id, cur.max(first), up_to)?;
    let mut chat_logs = page.chat_logs(ask.era);
    if ask.config.quirks.has(Quirk::SyncSkipsEntry) && chat_logs.len() > 1 {
        chat_logs.remove(0);
    }
    answer.reply(&syncmsg::Reply {
        status: 0,
        is_ok: !page.full,
        chat_logs: (!chat_logs.is_empty()).then_some(chat_logs),
        min_log_id: Some(first),
        last_token_id: ask.last_log_id,
        link_id: link_of(&room),
        ..Default::default()
    });
    Ok(())
}

/// MCHATLOGS: the messages of several rooms, each after its own `since`, room by room in the order of the request.
/// eof false says that the page is full: the client asks again from what it has now.
///
/// # Errors
/// A wrong body, lists of different lengths or too many rooms (-203), or a room among them that is not the user's.
//= MSG-MCHATLOGS-1, MSG-MCHATLOGS-2
pub fn mchatlogs(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: mchatlogs::Request = ask.body(answer)?;
    let pairs = paired(&q.chat_ids, &q.sinces, ROOMS_ASKED_MAX)?;
    //= MSG-MCHATLOGS-3
    for (chat_id, _) in pairs.clone() {
        if !ask.config.quirks.has(Quirk::MchatlogsLeaks) {
            room_of(ask, store, chat_id)?;
        }
    }
    let mut page = Page::new(ask.config.logs_per_page);
    for (chat_id, after) in pairs {
        page.fill(store, chat_id, after.max(since(ask, store, chat_id)?), i64::MAX)?;
    }
    answer.reply(&mchatlogs::Reply { status: 0, chat_logs: page.chat_logs(ask.era), eof: Some(!page.full) });
    Ok(())
}

/// GETMSGS: single messages, in the order of the request. One that is not there is left out.
///
/// # Errors
/// A wrong body, lists of different lengths or too many messages (-203), or a room among them that is not the user's.
//= MSG-GETMSGS-1, MSG-GETMSGS-2
pub fn getmsgs(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: getmsgs::Request = ask.body(answer)?;
    let mut logs = Vec::new();
    for (chat_id, log_id) in paired(&q.chat_ids, &q.log_ids, LOGS_ASKED_MAX)? {
        room_of(ask, store, chat_id)?;
        if log_id > since(ask, store, chat_id)? {
            logs.extend(store.log(chat_id, log_id)?);
        }
    }
    let chat_logs = logs.iter().map(|l| chat_log(l, ask.era)).collect();
    answer.reply(&getmsgs::Reply { status: 0, chat_logs });
    Ok(())
}

/// Two lists of one length, pair by pair, at most `most`.
fn paired<'a>(
    a: &'a [i64],
    b: &'a [i64],
    most: usize,
) -> Result<impl Iterator<Item = (i64, i64)> + Clone + 'a, Refused> {
    if a.len() != b.len() || a.len() > most {
        return Err(Refused::Status(status::BAD_BODY));
    }
    Ok(a.iter().copied().zip(b.iter().copied()))
}
