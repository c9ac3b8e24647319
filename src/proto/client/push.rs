//! What the server sends unasked: everything whose packet id and method answer no request (loco-modern §1.4).

use super::Client;
use super::event::{Event, Message, Source};
use super::state::{Happening, Move, next};
use crate::proto::command::types::ChatLog;
use crate::proto::command::{Command, CommandId, decunread, kickout, msg};
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
                self.marked(push.chat_id, push.user_id, push.watermark);
            }
            Some(CommandId::KickOut) => {
                let push: kickout::Push = self.read(packet)?;
                self.kicked(push.reason.unwrap_or_default(), now);
            }
            Some(CommandId::ChangeSvr) => self.moves(now),
            Some(id) if id.row().push.is_some() => {
                self.hand_on(id, packet)?;
                self.acknowledge(id, packet)?;
            }
            //= CLIENT-PUSH-2
            _ => self.tell(Event::UnknownPush { method: packet.header.method }),
        }
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
            self.step(Happening::Kicked, now);
        }
    }

    fn moves(&mut self, now: Time) {
        //= CLIENT-CHANGESVR-1
        if next(self.state, Happening::Moved) != Move::Ignore {
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
            text: log.message.unwrap_or_default().to_owned(),
            send_at: log.send_at,
            msg_id: log.msg_id.get(),
            own: log.author_id == self.account.user_id,
            source,
        }
    }
}
