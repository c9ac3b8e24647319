//! Messages: catching up with a room page by page, looking up what is in doubt, sending what waits.
//!
//! Each room is reported in order and without a gap: a message is passed on only when it follows the last one that
//! was. What comes too early is not kept, only its number is: the room is then **behind**, and is fetched from the last
//! message that was reported. One job fetches one room; what is pushed meanwhile makes it go on.

use super::event::{Event, Failure, Message, Source, Why};
use super::link::Asked;
use super::outbox::ROOM_UNKNOWN;
use super::rooms::{JOBS_MAX, Job};
use super::{Client, Quirk};
use crate::proto::command::types::ChatLog;
use crate::proto::command::{AnyInt, CommandId, Nullable, read, status, syncmsg, write};
use crate::proto::error::Malformed;
use crate::proto::secure::Era;
use crate::proto::time::Time;
use crate::proto::wire::{Method, Packet};

/// How many logs we ask for; servers send as many at most, whatever one asks for (loco-modern §4.2).
const PAGE_LOGS: i32 = 300;
/// WRITE of a text.
const TEXT: i32 = 1;

impl Client {
    /// Does what is to be done in the rooms where something has changed.
    pub(super) fn pump(&mut self, now: Time) {
        while self.is_logged_on() {
            let Some(room) = self.rooms.next_to_tend() else { return };
            self.tend(room, now);
        }
    }

    fn tend(&mut self, room: i64, now: Time) {
        let doubt = self.outbox.doubt(room);
        let fetch = doubt.is_some() || self.rooms.wanted.contains_key(&room) || self.rooms.behind(room);
        if fetch && !self.rooms.jobs.contains_key(&room) {
            if self.rooms.jobs.len() < JOBS_MAX {
                self.fetch(room, doubt, now);
            } else {
                self.rooms.waiting.insert(room);
            }
        }
        if doubt.is_none() {
            self.write(room, now);
        }
    }

    /// Begins to fetch a room: from the last message that was reported, or from before what is in doubt.
    fn fetch(&mut self, room: i64, doubt: Option<i64>, now: Time) {
        //= CLIENT-SYNC-1
        let wanted = self.rooms.wanted.remove(&room);
        let (seen, last) = self.rooms.map.get(&room).map_or((None, 0), |r| (Some(r.seen), r.last));
        let begin = if self.config.history { Some(0) } else { doubt };
        let seen = seen.or(wanted).or(begin).unwrap_or_default();
        //= CLIENT-ONCE-1
        let cur = doubt.map_or(seen, |mark| mark.min(seen)).max(0);
        // A message in doubt may be above everything that is known.
        let max = if wanted.is_some() || doubt.is_some() { i64::MAX } else { last };
        self.rooms.jobs.insert(room, Job { cur, max, claim: 0, hidden: false });
        self.ask_page(room, now);
    }

    fn ask_page(&mut self, room: i64, now: Time) {
        let last = self.rooms.map.get(&room).map_or(0, |r| r.last);
        let Some(job) = self.rooms.jobs.get_mut(&room) else { return };
        job.claim = last.min(job.max);
        let (cur, max) = (job.cur, job.max);
        let asked = Asked::Sync { room, cur };
        if self.config.era == Era::E2012 {
            self.ask(CommandId::Read.method(), asked, &read::Request { chat_id: room, since: cur }, now);
        } else {
            let body = syncmsg::Request { chat_id: room, cur, max, cnt: Some(PAGE_LOGS) };
            self.ask(CommandId::SyncMsg.method(), asked, &body, now);
        }
    }

    /// One page of a room.
    pub(super) fn replied_to_sync(
        &mut self,
        room: i64,
        cur: i64,
        status: i32,
        packet: &Packet<'_>,
        now: Time,
    ) -> Result<(), Malformed> {
        if status == status::NO_SUCH_ROOM {
            self.lost(room, packet.header.method, status);
            return Ok(());
        }
        // Anything else may pass: the next login tries again.
        if status != status::OK {
            self.broken(Why::Refused(packet.header.method, status), now);
            return Ok(());
        }
        let (logs, end) = if self.config.era == Era::E2012 {
            let reply: read::Reply<'_> = self.read(packet)?;
            let last = reply.chat_room.last_log_id;
            let end = reply.chat_logs.last().is_none_or(|log| log.log_id >= last);
            (reply.chat_logs, end)
        } else {
            let reply: syncmsg::Reply<'_> = self.read(packet)?;
            (reply.chat_logs.unwrap_or_default(), reply.is_ok)
        };
        self.page(room, cur, &logs, end, now);
        Ok(())
    }

    fn page(&mut self, room: i64, cur: i64, logs: &[ChatLog<'_>], end: bool, now: Time) {
        // The reply to a job that is no more.
        if self.rooms.jobs.get(&room).is_none_or(|job| job.cur != cur) {
            return;
        }
        // Somebody wants an earlier part since: this page would leave a gap.
        if self.rooms.seen(room).is_some_and(|seen| cur > seen) {
            return self.job_done(room);
        }
        let mut at = cur;
        let mark = self.outbox.doubt(room).filter(|mark| *mark != ROOM_UNKNOWN).unwrap_or(i64::MAX);
        let mut hidden = self.rooms.jobs.get(&room).is_some_and(|job| job.hidden);
        for log in logs {
            // Out of order, or what we did not ask for.
            if log.log_id <= at {
                continue;
            }
            hidden |= log.prev_id.is_some_and(|prev| prev > at.max(mark));
            at = log.log_id;
            let message = self.message(room, log.log_id, log, Source::Sync);
            self.settle(&message);
            if self.rooms.seen(room).is_none_or(|seen| seen < at) {
                self.report(message, cur);
            }
        }
        if !end && at > cur {
            if let Some(job) = self.rooms.jobs.get_mut(&room) {
                (job.cur, job.hidden) = (at, hidden);
            }
            return self.ask_page(room, now);
        }
        // Who has left and come back is not shown what was in between: sending again might send twice.
        //= CLIENT-ONCE-1
        let unseen = if hidden { self.outbox.give_up_doubt(room) } else { None };
        if let Some(ticket) = unseen {
            self.tell(Event::SendFailed { ticket, why: Failure::InDoubt(status::OK) });
        }
        if let Some(ticket) = self.outbox.not_found(room) {
            self.tell(Event::SendFailed { ticket, why: Failure::BadReply });
        }
        let claim = self.rooms.jobs.get(&room).map_or(0, |job| job.claim);
        if let Some(r) = self.rooms.map.get_mut(&room)
            && r.last <= claim
        {
            // Whoever told us of more was wrong, or it is not for us.
            r.last = r.seen;
        }
        self.job_done(room);
    }

    fn job_done(&mut self, room: i64) {
        self.rooms.jobs.remove(&room);
        self.rooms.dirty.insert(room);
    }

    /// The room cannot be looked into.
    fn lost(&mut self, room: i64, method: Method, status: i32) {
        self.tell(Event::ActionFailed { method, room, why: Failure::Status(status) });
        if let Some(ticket) = self.outbox.give_up_doubt(room) {
            self.tell(Event::SendFailed { ticket, why: Failure::InDoubt(status) });
        }
        self.job_done(room);
        self.leave(room);
    }

    /// A message has come by push, or as the reply to our WRITE. `prev` is the log before it, where the server says so.
    pub(super) fn hear(&mut self, message: Message, prev: Option<i64>) {
        let (room, log_id) = (message.room, message.log_id);
        self.settle(&message);
        let floor = prev.unwrap_or_else(|| log_id.saturating_sub(1));
        let known = self.rooms.map.contains_key(&room) || !self.config.history;
        let (blind, twice) = (self.has(Quirk::IgnoresGaps), self.has(Quirk::ShowsDoubledPush));
        let Some(r) = self.room(room, floor) else { return };
        if log_id <= r.seen && !twice {
            return;
        }
        let (seen, behind) = (r.seen, r.last > r.seen);
        r.last = r.last.max(log_id);
        // 2012 does not say what came before: then our own unanswered WRITE may have, or what we are behind with, or
        // the past of a room that nobody has told us of. Before the list of rooms is in, nobody knows at all.
        let follows = blind
            || match prev {
                Some(prev) => prev <= seen,
                None => known && !behind && !self.outbox.in_flight(room),
            };
        //= CLIENT-SYNC-2
        if follows && self.is_logged_on() && !self.rooms.jobs.contains_key(&room) {
            self.report(message, floor);
        }
        self.rooms.dirty.insert(room);
    }

    /// If the message is one that we wrote and nobody has confirmed, this confirms it.
    fn settle(&mut self, message: &Message) {
        if let Some(ticket) = self.outbox.found(message) {
            self.tell(Event::Sent { ticket, room: message.room, log_id: message.log_id });
        }
    }

    fn report(&mut self, message: Message, floor: i64) {
        let Some(r) = self.room(message.room, floor) else { return };
        r.seen = message.log_id;
        r.last = r.last.max(message.log_id);
        self.tell(Event::Message(message));
    }

    /// Writes the room's next message, if it may go out.
    fn write(&mut self, room: i64, now: Time) {
        let last = self.rooms.map.get(&room).map_or(ROOM_UNKNOWN, |r| r.last.max(r.seen));
        let Some(queued) = self.outbox.next(room, last) else { return };
        let (msg_id, text) = (queued.msg_id, queued.text.clone());
        let asked = Asked::Write { room, msg_id };
        if self.config.era == Era::E2012 {
            let body = write::Request2012 { chat_id: room, msg: &text, extra: Nullable(None), kind: TEXT };
            self.ask(CommandId::Write.method(), asked, &body, now);
            return self.forget_written(room, msg_id);
        }
        let body = write::Request {
            chat_id: room,
            msg_id: Some(AnyInt::Int64(msg_id)),
            kind: TEXT,
            no_seen: Some(false),
            msg: Some(&text),
            ..write::Request::default()
        };
        self.ask(CommandId::Write.method(), asked, &body, now);
        self.forget_written(room, msg_id);
    }

    /// The reply to WRITE: the message is where it says, or never will be.
    pub(super) fn replied_to_write(
        &mut self,
        room: i64,
        msg_id: i64,
        status: i32,
        packet: &Packet<'_>,
    ) -> Result<(), Malformed> {
        if status != status::OK {
            if let Some(queued) = self.outbox.answered(room, msg_id) {
                self.tell(Event::SendFailed { ticket: queued.ticket, why: Failure::Status(status) });
            }
            self.rooms.dirty.insert(room);
            return Ok(());
        }
        let (log_id, prev_id, send_at, user_id) = if self.config.era == Era::E2012 {
            let reply: write::Reply2012<'_> = self.read(packet)?;
            let log = reply.chat_log.as_ref();
            (reply.log_id, log.and_then(|l| l.prev_id), log.map_or(0, |l| l.send_at), self.account.user_id)
        } else {
            let reply: write::Reply<'_> = self.read(packet)?;
            (reply.log_id, Some(reply.prev_id), reply.send_at, self.account.user_id)
        };
        self.rooms.dirty.insert(room);
        // None: found in the logs before, told and reported then.
        let Some(queued) = self.outbox.answered(room, msg_id) else { return Ok(()) };
        self.tell(Event::Sent { ticket: queued.ticket, room, log_id });
        let message = Message {
            room,
            log_id,
            prev_id: prev_id.unwrap_or_default(),
            author_id: user_id,
            kind: TEXT,
            text: queued.text,
            send_at,
            msg_id: if self.config.era == Era::E2012 { 0 } else { msg_id },
            own: true,
            source: Source::Reply,
        };
        self.hear(message, prev_id);
        Ok(())
    }

    /// Reports a room again from `after` on.
    pub(super) fn sync_again(&mut self, room: i64, after: i64) {
        if let Some(r) = self.rooms.map.get_mut(&room) {
            r.seen = r.seen.min(after.max(0));
        }
        self.rooms.wanted.insert(room, after.max(0));
        self.rooms.dirty.insert(room);
    }
}
