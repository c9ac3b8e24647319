//! What the user of the client wants, turned into requests.

use super::event::{Action, Event, Failure};
use super::link::{About, Asked, Content};
use super::state::{Happening, State};
use super::{Client, Quirk};
use crate::proto::command::{Body, CommandId, chatonroom, leave, notiread, setst};
use crate::proto::limits::HEADER_LEN;
use crate::proto::time::Time;

/// Requests of our own user that may be under way at once.
const PENDING_MAX: usize = 1024;
/// What a body needs beside its text, generously.
const BODY_OVERHEAD: usize = 1024;

impl Client {
    pub(super) fn act(&mut self, action: Action, now: Time) {
        match action {
            Action::Login => {
                if self.state == State::Away {
                    self.retries.reset();
                }
                self.step(Happening::Login, now);
            }
            //= CLIENT-CLOSE-1
            Action::Logout => {
                self.step(Happening::Logout, now);
            }
            Action::Rooms => self.tell(Event::Rooms(self.rooms.summaries())),
            Action::Send { ticket, room, text } => self.send(ticket, room, text),
            Action::Sync { room, after } => self.sync_again(room, after),
            //= CLIENT-READ-1
            Action::MarkRead { room, log_id } => {
                let body = notiread::Request { chat_id: room, watermark: log_id, ..notiread::Request::default() };
                self.command(CommandId::NotiRead, room, Asked::MarkRead { room, watermark: log_id }, &body, now);
            }
            Action::Open { room } => {
                let body = chatonroom::Request { chat_id: room, token: Some(0), ..Default::default() };
                self.command(CommandId::ChatOnRoom, room, Asked::Open { room }, &body, now);
            }
            Action::Leave { room } => {
                let block = self.config.era.is_modern().then_some(false);
                let body = leave::Request { chat_id: room, block, link_id: None };
                self.command(CommandId::Leave, room, Asked::Leave { room }, &body, now);
                if self.has(Quirk::LeavesBeforeReply) {
                    self.leave(room);
                }
            }
            Action::SetStatus(st) => self.command(CommandId::SetSt, 0, Asked::SetStatus, &setst::Request { st }, now),
            Action::Request { ticket, method, body } => match self.refusal(body.len()) {
                Some(how) => self.tell(Event::RequestEnded { ticket, how }),
                None => {
                    let asked = Asked::Raw { ticket, about: About::read(&body, &self.config.limits) };
                    self.ask_with(method, asked, &Content::Bytes(&body), Vec::new(), now);
                }
            },
        }
    }

    fn send(&mut self, ticket: u64, room: i64, text: String) {
        let limits = &self.config.limits;
        let longest = limits.bson_string_len_max.min(limits.body_len_max).saturating_sub(BODY_OVERHEAD);
        //= CLIENT-LIMIT-1
        if self.outbox.len() >= self.config.outbox_max || text.len() > longest {
            return self.tell(Event::SendFailed { ticket, why: Failure::OverLimit });
        }
        self.outbox.push(room, ticket, text);
        self.rooms.dirty.insert(room);
    }

    /// A command with a reply of its own event.
    fn command<'b>(&mut self, id: CommandId, room: i64, asked: Asked, body: &impl Body<'b>, now: Time) {
        let row = id.row();
        let in_era = row.eras.contains(&self.config.era);
        match self.refusal(0).filter(|_| in_era).or((!in_era).then_some(Failure::NotInEra)) {
            Some(why) => self.tell(Event::ActionFailed { method: row.method, room, why }),
            None => self.ask(row.method, asked, body, now),
        }
    }

    /// Why a request of our user cannot go out now.
    fn refusal(&self, body_len: usize) -> Option<Failure> {
        if !self.is_logged_on() {
            return Some(Failure::NotLoggedOn);
        }
        let over = self.pending_requests() >= PENDING_MAX || body_len + HEADER_LEN > self.config.limits.body_len_max;
        over.then_some(Failure::OverLimit)
    }
}
