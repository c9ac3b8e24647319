//! Replies and pushes as packets. A push goes to every online device of every user it is for, but the one that caused
//! it, and only where its era has it; its packet id is 0 (`FRAME-PUSHID-1`; loco-modern §7 row 9).

use core::time::Duration;

use super::ConnId;
use super::dispatch::Push;
use super::machine::{Output, Server, Why};
use crate::proto::command::field::{Body, encode};
use crate::proto::command::{CommandId, changesvr, kickout, status};
use crate::proto::error::PeerMisbehaved;
use crate::proto::limits::{EMPTY_DOCUMENT_LEN, HEADER_LEN};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::session::server::{Device, Session};
use crate::proto::session::{Event, State};
use crate::proto::wire::header::{BODY_LEN, ID, STATUS};
use crate::proto::wire::{Document, Method, begin_packet, end_packet};

/// How long after its login a session gets no pushes, where that bug is planted.
const LATE: Duration = Duration::from_millis(500);
/// The packet id of every push.
pub(super) const PUSH_ID: u32 = 0;

impl Server {
    /// Answers with a status and nothing else.
    pub(super) fn refuse(&mut self, conn: ConnId, id: u32, method: Method, status: i32) {
        let mut body = Vec::with_capacity(32);
        encode(&status::Refusal { status }, &mut body);
        self.reply(conn, id, method, &body);
    }

    //= FRAME-ID-1
    pub(super) fn reply(&mut self, conn: ConnId, id: u32, method: Method, body: &[u8]) {
        let quirks = self.config.quirks;
        let id = if quirks.has(Quirk::ForgetsPacketId) { id.wrapping_add(1) } else { id };
        self.build(id, method, body);
        if quirks.has(Quirk::StatusInHeaderOnly) {
            let status = Document::check(body, &self.config.limits).ok().and_then(|d| d.integer("status"));
            self.build(id, method, Document::EMPTY.bytes());
            self.packet[STATUS].copy_from_slice(&i16::try_from(status.unwrap_or_default()).unwrap_or(-1).to_le_bytes());
        }
        if quirks.has(Quirk::BigEndianLength) {
            self.packet[BODY_LEN].reverse();
        }
        self.send(conn);
    }

    //= FRAME-PUSHID-1, CHAT-WRITE-4, CHAT-WRITE-5
    pub(super) fn push_all(&mut self, from: ConnId, request_id: u32, pushes: &[Push]) {
        let quirks = self.config.quirks;
        if pushes.is_empty() || quirks.has(Quirk::AckWithoutPush) {
            return;
        }
        for push in pushes {
            let id = if quirks.has(Quirk::PushReusesRequestId) { request_id } else { PUSH_ID };
            let times = if quirks.has(Quirk::PushTwice) { 2 } else { 1 };
            let skip = (!quirks.has(Quirk::PushToSender)).then_some(from);
            let mut devices = core::mem::take(&mut self.targets);
            self.devices(&push.to, push.eras, skip, &mut devices);
            for conn in devices.drain(..) {
                let idle = self.sessions.get(&conn).is_some_and(|s| s.out.is_empty());
                for _ in 0..times {
                    self.build(id, push.command.method(), &push.body);
                    self.send(conn);
                }
                if idle && quirks.has(Quirk::PushBeforeCommit) {
                    self.hurry(conn);
                }
            }
            self.targets = devices;
        }
    }

    /// What is queued for a connection goes out before the commit: a planted bug.
    fn hurry(&mut self, conn: ConnId) {
        if let Some(s) = self.sessions.get_mut(&conn).filter(|s| !s.out.is_empty()) {
            let bytes = core::mem::take(&mut s.out);
            s.in_flight += bytes.len();
            self.planted.early.push_back(Output::Transmit { conn, bytes });
        }
    }

    /// Pushes to the connection that asked.
    pub(super) fn push_own(&mut self, conn: ConnId, pushes: &[Push]) {
        if pushes.is_empty() {
            return;
        }
        let era = self.sessions.get(&conn).and_then(|s| s.era);
        for push in pushes.iter().filter(|p| era.is_some_and(|e| p.command.row().eras.contains(&e))) {
            self.build(PUSH_ID, push.command.method(), &push.body);
            self.send(conn);
        }
    }

    /// Appends the online connections of `users` that are of one of these eras, without `skip`.
    fn devices(&self, users: &[i64], eras: &[Era], skip: Option<ConnId>, out: &mut Vec<ConnId>) {
        let quirks = self.config.quirks;
        let each = if quirks.has(Quirk::SkipsSecondDevice) { 1 } else { usize::MAX };
        let late = |s: &Session| quirks.has(Quirk::PushesBeginLate) && self.now - s.since < LATE;
        let found = users
            .iter()
            .flat_map(|u| self.online.range((*u, Device::Main)..=(*u, Device::Sub)).take(each))
            .map(|(_, conn)| *conn)
            .filter(|c| Some(*c) != skip && !self.sessions.get(c).is_some_and(|s| late(s)))
            .filter(|c| self.sessions.get(c).is_some_and(|s| s.era.is_some_and(|e| eras.contains(&e))));
        out.extend(found);
    }

    /// The online connections of one user.
    pub(super) fn devices_of(&self, user: i64) -> Vec<ConnId> {
        self.online.range((user, Device::Main)..=(user, Device::Sub)).map(|(_, conn)| *conn).collect()
    }

    //= CLOSE-KICKOUT-1
    pub(super) fn push_kickout(&mut self, conn: ConnId, reason: i32) {
        self.push_one(conn, CommandId::KickOut, &kickout::Push { reason: Some(reason) });
    }

    //= PROMISE-DRAINED-1
    pub(super) fn push_changesvr(&mut self, conn: ConnId) {
        if !self.config.quirks.has(Quirk::DrainSendsNoChangeSvr) {
            self.push_one(conn, CommandId::ChangeSvr, &changesvr::Push {});
        }
    }

    /// Pushes a body that is ready to one connection.
    pub(super) fn push_body(&mut self, conn: ConnId, command: CommandId, body: &[u8]) {
        self.build(PUSH_ID, command.method(), body);
        self.send(conn);
    }

    fn push_one<'a>(&mut self, conn: ConnId, command: CommandId, push: &impl Body<'a>) {
        let era = self.sessions.get(&conn).and_then(|s| s.era).unwrap_or(Era::E2012);
        if command.row().eras.contains(&era) {
            let mut body = Vec::with_capacity(EMPTY_DOCUMENT_LEN + 16);
            encode(push, &mut body);
            self.build(PUSH_ID, command.method(), &body);
            self.send(conn);
        }
    }

    /// Makes the packet in the reused buffer.
    //= FRAME-STATUS-1
    fn build(&mut self, id: u32, method: Method, body: &[u8]) {
        self.packet.clear();
        begin_packet(&mut self.packet, id, method);
        self.packet.extend_from_slice(body);
        end_packet(&mut self.packet, 0);
        debug_assert!(self.packet.len() >= HEADER_LEN && self.packet[ID] == id.to_le_bytes());
    }

    /// Queues the packet that was made. A peer that does not take what it is sent is cut off (`PROMISE-SLOW-1`).
    fn send(&mut self, conn: ConnId) {
        let Some(s) = self.sessions.get_mut(&conn).filter(|s| s.state != State::Closing) else { return };
        let quirks = self.config.quirks;
        let full = s.out.len() + s.in_flight + self.packet.len() > self.config.limits.send_queue_bytes_max;
        if full && !quirks.has(Quirk::QueueUnbounded) {
            //= PROMISE-SLOW-1
            self.stats.slow_closed += 1;
            self.event(conn, Event::SlowReader, Why::Misbehaved(PeerMisbehaved::SlowReader));
            return;
        }
        if s.out.is_empty() {
            if s.out.capacity() == 0 {
                s.out = self.buffers.take();
            }
            self.dirty.insert(conn);
        }
        s.transmit(&self.packet, quirks);
        self.stats.packets_out += 1;
    }
}
