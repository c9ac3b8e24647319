//! What the server sends unasked: everything whose packet id and method answer no request (loco-modern §1.4).

use super::event::{Event, Message, Source, Why};
use super::feeds;
use super::state::{Happening, Move, next};
use super::{Client, Quirk};
use crate::proto::command::types::ChatLog;
use crate::proto::command::{
    Command, CommandId, decunread, delmem, feed, kickout, left, linkkicked, lnkdeleted, msg, newmem, syncdlmsg,
    syncjoin, syncmemt, syncmodmsg,
};
use crate::proto::error::Malformed;
use crate::proto::time::Time;
use crate::proto::wire::Packet;

/// KICKOUT reasons that mean CHANGESVR; the sources disagree on the sign (loco-modern §7 row 10), so both do.
const CHANGE_SERVER: [i32; 2] = [-2, 2];

impl Client {
    /// Acts on a push.
    pub(super) fn pushed(&mut self, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        match Command::find(&packet.header.method).map(|row| row.id) {
            Some(CommandId::Msg) => {
                let push: msg::Push<'_> = self.read(packet)?;
                let message = self.message(push.chat_id, push.log_id, &push.chat_log, Source::Push);
                self.hear(message, push.chat_log.prev_id);
            }
            Some(CommandId::DecUnread) => {
                let push: decunread::Push = self.read(packet)?;
                //= CLIENT-READ-1
                self.marked(push.chat_id, push.user_id, push.watermark);
            }
            Some(CommandId::KickOut) => {
                let push: kickout::Push = self.read(packet)?;
                self.kicked(push.reason.unwrap_or_default(), now);
            }
            Some(CommandId::ChangeSvr) => self.moves(now),
            Some(id) if self.about_a_room(id, packet)? => {}
            Some(id) if id.row().push.is_some() => {
                self.hand_on(id, packet)?;
                self.acknowledge(id, packet)?;
            }
            //= CLIENT-PUSH-2
            _ => self.unknown_push(packet.header.method, now),
        }
        Ok(())
    }

    /// A push that brings a log of a room, or says that a room is ours or is ours no more. Whether it is one of these;
    /// whoever uses the machine gets it besides.
    //= CLIENT-FEED-1, CLIENT-FEED-2
    fn about_a_room(&mut self, id: CommandId, packet: &Packet<'_>) -> Result<bool, Malformed> {
        let (room, log) = match id {
            CommandId::NewMem => {
                let push: newmem::Push<'_> = self.read(packet)?;
                (push.chat_id, Some(push.chat_log))
            }
            CommandId::DelMem => {
                let push: delmem::Push<'_> = self.read(packet)?;
                (push.chat_id.unwrap_or(push.chat_log.chat_id), Some(push.chat_log))
            }
            CommandId::SyncJoin => {
                let push: syncjoin::Push<'_> = self.read(packet)?;
                (push.chat_id, push.chat_log)
            }
            CommandId::Feed => {
                let push: feed::Push<'_> = self.read(packet)?;
                (push.chat_id, Some(push.chat_log))
            }
            CommandId::SyncDlMsg => {
                let push: syncdlmsg::Push<'_> = self.read(packet)?;
                (push.chat_log.chat_id, Some(push.chat_log))
            }
            CommandId::SyncModMsg => {
                let push: syncmodmsg::Push<'_> = self.read(packet)?;
                (push.chat_id, Some(push.chat_log))
            }
            CommandId::LinkKicked => {
                let push: linkkicked::Push<'_> = self.read(packet)?;
                (push.chat_id, Some(push.chat_log))
            }
            CommandId::SyncMemT => {
                let push: syncmemt::Push<'_> = self.read(packet)?;
                (push.chat_id, push.chat_log)
            }
            CommandId::LnkDeleted => {
                let push: lnkdeleted::Push<'_> = self.read(packet)?;
                (push.chat_log.chat_id, Some(push.chat_log))
            }
            CommandId::Left => {
                let push: left::Push = self.read(packet)?;
                self.tell_body(id, packet)?;
                self.out_of(push.chat_id);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        self.tell_body(id, packet)?;
        let message = log.map(|log| (self.message(room, log.log_id, &log, Source::Push), log.prev_id));
        let out = message.as_ref().and_then(|(m, _)| if m.kind == 0 { feeds::out(&m.text) } else { None });
        match message {
            _ if out == Some(self.account.user_id) => self.out_of(room),
            Some((message, prev)) => self.hear(message, prev),
            // A new room in which nothing was said yet.
            None => drop(self.room(room, 0).map(|_| ())),
        }
        Ok(true)
    }

    /// We are out of the room. What waits to be sent there, or is in doubt, must come to its end.
    fn out_of(&mut self, room: i64) {
        if self.has(Quirk::IgnoresLeft) {
            return;
        }
        self.leave(room);
        self.rooms.dirty.insert(room);
    }

    fn tell_body(&mut self, command: CommandId, packet: &Packet<'_>) -> Result<(), Malformed> {
        let body = packet.document(&self.config.limits)?.bytes().to_vec();
        self.tell(Event::Pushed { command, body });
        Ok(())
    }

    /// A push that the machine has nothing to do with: whoever uses it may.
    fn hand_on(&mut self, command: CommandId, packet: &Packet<'_>) -> Result<(), Malformed> {
        let body = packet.document(&self.config.limits)?;
        if let Some(form) = command.row().push {
            let mut unknown = 0;
            (form.recode)(body, &mut unknown, &mut Vec::new())?;
            self.tally.unknown_fields += u64::from(unknown);
        }
        self.tell(Event::Pushed { command, body: body.bytes().to_vec() });
        Ok(())
    }

    fn kicked(&mut self, reason: i32, now: Time) {
        if CHANGE_SERVER.contains(&reason) {
            return self.moves(now);
        }
        //= CLIENT-KICKOUT-1
        if next(self.state, Happening::Kicked) != Move::Ignore {
            self.tell(Event::Kicked { reason });
            if self.has(Quirk::ReturnsAfterKickout) {
                return self.broken(Why::Closed, now);
            }
            self.step(Happening::Kicked, now);
        }
    }

    fn moves(&mut self, now: Time) {
        //= CLIENT-CHANGESVR-1
        if next(self.state, Happening::Moved) != Move::Ignore && !self.has(Quirk::IgnoresChangeSvr) {
            self.tell(Event::ServerMoves);
            self.step(Happening::Moved, now);
        }
    }

    /// The message that a chat log is, as we report it.
    pub(super) fn message(&self, room: i64, log_id: i64, log: &ChatLog<'_>, source: Source) -> Message {
        Message {
            room,
            log_id,
            prev_id: log.prev_id.unwrap_or_default(),
            author_id: log.author_id,
            kind: log.kind,
            //= CLIENT-TEXT-1
            text: self.as_written(log.message.unwrap_or_default()).to_owned(),
            send_at: log.send_at,
            msg_id: log.msg_id.get(),
            own: log.author_id == self.account.user_id,
            source,
        }
    }
}
