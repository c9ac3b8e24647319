//! The way of a packet: out of the deframer, through the session's table, to its handler, and what comes of it.

use super::ConnId;
use super::changes;
use super::dispatch::{Answer, Ask, Refused, handler};
use super::fanout::PUSH_ID;
use super::machine::{Output, Server, Why};
use super::store::{Store, StoreError};
use crate::proto::command::table::When;
use crate::proto::command::{Command, CommandId, Door, status};
use crate::proto::error::{Malformed, PeerMisbehaved, Verdict};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::session::server::{Device, Received};
use crate::proto::session::{Event, Move, State, next};
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Document, Method, Packet};

impl Server {
    pub(super) fn received(
        &mut self,
        conn: ConnId,
        received: Result<Received, Malformed>,
        now: Time,
        store: &mut dyn Store,
    ) -> Result<(), StoreError> {
        match received {
            Ok(Received::Wrapped(h)) => {
                self.outputs.push_back(Output::Unwrap { conn, era: h.era, wrapped: h.wrapped.as_bytes().to_vec() });
            }
            Ok(Received::Packets) => return self.packets(conn, now, store),
            // What came whole before the bad bytes is answered first: it was good.
            Err(e) => {
                self.packets(conn, now, store)?;
                self.malformed(conn, e);
            }
        }
        Ok(())
    }

    fn malformed(&mut self, conn: ConnId, e: Malformed) {
        self.stats.malformed_closed += 1;
        self.event(conn, Event::Malformed, Why::Malformed(e));
    }

    fn packets(&mut self, conn: ConnId, now: Time, store: &mut dyn Store) -> Result<(), StoreError> {
        let Some(s) = self.sessions.get_mut(&conn) else { return Ok(()) };
        if s.state == State::Media {
            return self.media(conn, now, store);
        }
        let mut deframer = core::mem::replace(&mut s.deframer, Deframer::new(self.config.limits));
        let mut fault = None;
        loop {
            match deframer.next_packet() {
                Ok(Some(packet)) => self.one_packet(conn, &packet, now, store)?,
                Ok(None) => break,
                Err(e) => {
                    fault = Some(e);
                    break;
                }
            }
            if self.config.quirks.has(Quirk::OneReadOnePacket) {
                deframer = Deframer::new(self.config.limits);
            }
            match self.sessions.get(&conn).map(|s| s.state) {
                None | Some(State::Closing) => return Ok(()),
                Some(State::Media) => break,
                Some(_) => (),
            }
        }
        let Some(s) = self.sessions.get_mut(&conn) else { return Ok(()) };
        self.buffers.give(deframer.give_back());
        s.deframer = deframer;
        if s.state == State::Media {
            return self.media(conn, now, store);
        }
        if let Some(e) = fault {
            self.malformed(conn, e);
        }
        Ok(())
    }

    fn one_packet(
        &mut self,
        conn: ConnId,
        packet: &Packet<'_>,
        now: Time,
        store: &mut dyn Store,
    ) -> Result<(), StoreError> {
        self.stats.packets_in += 1;
        let Some(s) = self.sessions.get(&conn) else { return Ok(()) };
        let row = Command::find(&packet.header.method).filter(|c| belongs(c, s.door, s.era));
        let who = (s.user.map_or(0, |(user, _)| user), s.era.unwrap_or(Era::E2019));
        if s.state == State::LoggedOn && is_receipt(packet, row) {
            self.stats.receipts += 1;
            if self.config.quirks.has(Quirk::AnswersReceipts) {
                self.refuse(conn, packet.header.id, packet.header.method, status::OK);
            }
            return Ok(());
        }
        let event = match row.map(|c| c.when) {
            Some(When::Alone) => Event::AloneRequest,
            Some(When::Login) => Event::LoginRequest,
            Some(When::LoggedOn) => Event::UserRequest,
            Some(When::Push) | None => Event::UnknownRequest,
        };
        let mut action = next(s.state, event);
        let quirks = self.config.quirks;
        if quirks.has(Quirk::AnswersBeforeLogin) && action == Move::Refuse(status::NOT_LOGGED_ON) {
            action = Move::Refuse(status::OK);
        }
        if quirks.has(Quirk::ClosesOnUnknownMethod) && action == Move::Refuse(status::UNKNOWN_METHOD) {
            self.close(conn, Why::Quirk);
            return Ok(());
        }
        match (action, row) {
            (Move::Handle, Some(row)) => return self.dispatch(conn, who, row.id, packet, now, store),
            (Move::Refuse(status), _) => self.refuse(conn, packet.header.id, packet.header.method, status),
            (Move::Close, _) => self.close(conn, Why::Misbehaved(PeerMisbehaved::UnknownMethod)),
            _ => (),
        }
        Ok(())
    }

    fn dispatch(
        &mut self,
        conn: ConnId,
        (user, era): (i64, Era),
        id: CommandId,
        packet: &Packet<'_>,
        now: Time,
        store: &mut dyn Store,
    ) -> Result<(), StoreError> {
        if self.config.quirks.has(Quirk::IgnoresPing) && id == CommandId::Ping {
            return Ok(());
        }
        if id != CommandId::Ping
            && self.config.quirks.has(Quirk::PingIsNoSignOfLife)
            && let Some(s) = self.sessions.get_mut(&conn)
        {
            s.deadline = now + self.config.idle_after(s.era == Some(Era::E2012));
        }
        let mut answer = self.answer.take().unwrap_or_default();
        answer.clear();
        let outcome = match packet.document(&self.config.limits) {
            Err(e) => Err(Refused::Body(e)),
            Ok(body) => {
                let ask = Ask { body, ..self.ask(id, era, user, now) };
                handler(id)(&ask, store, &mut answer)
            }
        };
        let done = self.settle(conn, packet.header.id, packet.header.method, outcome, &mut answer, now, store);
        self.answer = Some(answer);
        done
    }

    #[allow(clippy::too_many_arguments)]
    fn settle(
        &mut self,
        conn: ConnId,
        id: u32,
        method: Method,
        outcome: Result<(), Refused>,
        answer: &mut Answer,
        now: Time,
        store: &mut dyn Store,
    ) -> Result<(), StoreError> {
        self.stats.unknown_fields += u64::from(answer.unknown);
        match outcome {
            Ok(()) if answer.login.is_some_and(|of| self.comes_late(conn, of)) => self.close(conn, Why::Fenced),
            Ok(()) => {
                for effect in &answer.effects {
                    store.apply(effect)?;
                }
                changes::note(store, &answer.effects)?;
                self.note_batch(&answer.effects);
                self.last_log_id = self.last_log_id.max(answer.last_log_id);
                if let Some((user, device)) = answer.login {
                    self.logged_on(conn, user, device, now);
                }
                self.reply(conn, id, method, &answer.body);
                if let Some(transfer) = answer.transfer.take() {
                    self.begin_transfer(conn, transfer, now);
                }
                self.push_own(conn, &answer.own_pushes);
                self.push_all(conn, id, &answer.pushes);
            }
            Err(Refused::Status(status)) => self.refuse(conn, id, method, status),
            Err(Refused::Body(e)) => match e.verdict() {
                Verdict::Reply(_) if self.config.quirks.has(Quirk::IgnoresBadBody) => {
                    self.refuse(conn, id, method, status::OK);
                }
                Verdict::Reply(status) => self.refuse(conn, id, method, status),
                Verdict::Close => self.malformed(conn, e),
            },
            Err(Refused::Store(e)) => return Err(e),
        }
        Ok(())
    }

    /// A request with an empty body.
    pub(super) fn ask(&self, id: CommandId, era: Era, user: i64, now: Time) -> Ask<'_> {
        let (config, media_secret, batch) = (&self.config, self.media_secret, &self.planted.batch);
        Ask { id, era, user, now, body: Document::EMPTY, config, last_log_id: self.last_log_id, media_secret, batch }
    }

    /// Whether a login comes on an older connection than that of the device's session: its client has given it up long
    /// ago, and would be thrown out by what it had on its way.
    //= PROMISE-ONESESSION-2
    fn comes_late(&self, conn: ConnId, of: (i64, Device)) -> bool {
        self.online.get(&of).is_some_and(|session| *session > conn) && !self.config.quirks.has(Quirk::LateLoginWins)
    }

    /// A login succeeded: the older session of the same device ends before anything else happens.
    fn logged_on(&mut self, conn: ConnId, user: i64, device: Device, now: Time) {
        self.stats.logins += 1;
        let Some(s) = self.sessions.get_mut(&conn) else { return };
        s.state = State::LoggedOn;
        s.user = Some((user, device));
        s.since = now;
        s.deadline = now + self.config.idle_after(s.era == Some(Era::E2012));
        let older = self.online.insert((user, device), conn);
        let quirks = self.config.quirks;
        //= PROMISE-ONESESSION-1
        if let Some(older) = older.filter(|o| *o != conn && !quirks.has(Quirk::NoFence)) {
            self.stats.fenced += 1;
            let newer = quirks.has(Quirk::FencesTheNewer);
            if newer {
                self.online.insert((user, device), older);
            }
            self.event(if newer { conn } else { older }, Event::Fenced, Why::Fenced);
        }
        if quirks.has(Quirk::OneSessionForAllDevices) {
            for other in self.devices_of(user).into_iter().filter(|c| *c != conn) {
                self.event(other, Event::Fenced, Why::Fenced);
            }
        }
    }
}

/// Whether a client has answered a push: by the id of our pushes and a method that is answered so. A client that begins
/// to count at 0 does not begin with BLSYNC.
//= SESSION-RECEIPT-1
fn is_receipt(packet: &Packet<'_>, row: Option<&Command>) -> bool {
    packet.header.id == PUSH_ID && row.is_some_and(|c| matches!(c.id, CommandId::BlSync | CommandId::Hint))
}

fn belongs(row: &Command, door: Door, era: Option<Era>) -> bool {
    row.doors.contains(&door) && era.is_none_or(|e| row.eras.contains(&e))
}
