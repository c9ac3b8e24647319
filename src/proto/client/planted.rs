//! Planted bugs of the client that are more than a condition (`spec/quirks.yaml`). With none of them each function does
//! what is right.

use core::time::Duration;
use std::borrow::Cow;
use std::collections::BTreeSet;

use super::event::{ConnId, Event, Failure, Why};
use super::link::{Asked, Link};
use super::pending::{Open, Pending};
use super::{Client, Quirk};
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::Limits;
use crate::proto::secure::Era;
use crate::proto::time::Time;
use crate::proto::wire::header::BODY_TYPE;
use crate::proto::wire::{Deframer, Header, Method};

/// What one connection leaves to the next: nothing.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// `pending-outlives-connection`: what it was asked.
    requests: Pending<Asked>,
    /// `keeps-half-packet`: of a packet or frame that was not complete.
    bytes: Vec<u8>,
    /// Which connection has got them.
    read_by: ConnId,
}

impl Leftovers {
    /// What came on a connection, the first time behind what was left.
    pub(super) fn before<'b>(&mut self, conn: ConnId, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.bytes.is_empty() || self.read_by == conn {
            return Cow::Borrowed(bytes);
        }
        self.read_by = conn;
        Cow::Owned([&self.bytes, bytes].concat())
    }
}

impl Client {
    /// How long to wait before the next try.
    pub(super) fn next_delay(&mut self) -> Duration {
        if self.has(Quirk::NoBackoff) {
            return Duration::ZERO;
        }
        if self.has(Quirk::NoJitter) { self.retries.next_ceiling() } else { self.retries.next_delay() }
    }

    /// The requests that end with their connection: all that are open.
    pub(super) fn ended_with(&mut self, link: &mut Link) -> Vec<Open<Asked>> {
        // Nothing takes away what makes no sense: who has begun with leftovers leaves them to the next one.
        if self.has(Quirk::KeepsHalfPacket) && self.leftovers.read_by != link.conn {
            self.leftovers.bytes = link.take_rest();
        }
        if self.has(Quirk::PendingOutlivesConnection) {
            self.leftovers.requests = core::mem::take(&mut link.pending);
            return Vec::new();
        }
        link.pending.drain()
    }

    /// A new connection gets what the former one has left: nothing.
    pub(super) fn inherit(&mut self, link: &mut Link) {
        if self.has(Quirk::PendingOutlivesConnection) {
            link.pending = core::mem::take(&mut self.leftovers.requests);
        }
        if self.has(Quirk::ReusesPacketIds) {
            link.pending.reuse_ids();
        }
    }

    /// The limits of a connection: those that were configured.
    pub(super) fn limits_of_link(&self) -> Limits {
        if self.has(Quirk::AwaitsAnyLength) {
            return Limits { body_len_max: u32::MAX as usize, ..self.config.limits };
        }
        self.config.limits
    }

    /// The era that the handshake names: ours.
    pub(super) fn era_of_handshake(&self) -> Era {
        let older = self.has(Quirk::KeyTypeOf2019) && self.config.era == Era::E2023;
        if older { Era::E2019 } else { self.config.era }
    }

    /// The request that a packet with this header answers, if it answers one.
    pub(super) fn answered_by(&mut self, header: &Header) -> Option<Open<Asked>> {
        let (by_order, by_method) = (self.has(Quirk::MatchesByOrder), self.has(Quirk::MatchesByMethod));
        let pending = &mut self.link.as_mut()?.pending;
        if by_order {
            return pending.take_oldest(|_| true);
        }
        if by_method {
            return pending.take_oldest(|o| o.method == header.method);
        }
        pending.take(header.id, header.method)
    }

    /// Whether a packet that cannot be framed is passed over: never.
    pub(super) fn overlooks(&self, error: Malformed, deframer: &mut Deframer) -> bool {
        if self.has(Quirk::GoesOnAfterGarbage) {
            drop(deframer.take_rest());
            deframer.buffer_mut().clear();
            return true;
        }
        let passes = self.has(Quirk::IgnoresBodyType) && error.kind == MalformedKind::BodyType;
        if passes && let Some(kind) = deframer.buffer_mut().get_mut(BODY_TYPE) {
            *kind = 0;
        }
        passes
    }

    /// Whether a frame that cannot be opened is passed over: never.
    pub(super) fn bears(&self, error: Malformed) -> Result<(), Malformed> {
        if self.has(Quirk::GoesOnAfterGarbage) { Ok(()) } else { Err(error) }
    }

    /// Keeps what is left of a read for the next one.
    pub(super) fn give_back(&mut self, rest: Deframer) {
        let kept = if self.has(Quirk::ForgetsHalfPacket) { Deframer::new(self.config.limits) } else { rest };
        if let Some(link) = &mut self.link {
            link.deframer = kept;
        }
    }

    /// The server wants us elsewhere: the way to it is forgotten.
    pub(super) fn forget_route(&mut self) {
        if !self.has(Quirk::KeepsRouteAfterMove) {
            self.route.forget();
        }
    }

    /// `closes-on-unknown-push`: else it is only told.
    pub(super) fn unknown_push(&mut self, method: Method, now: Time) {
        if self.has(Quirk::ClosesOnUnknownPush) {
            return self.broken(Why::Dismissed, now);
        }
        self.tell(Event::UnknownPush { method });
    }

    /// `replaces-rooms`: as if nothing had been known before the first page.
    pub(super) fn forget_rooms(&mut self, page: u32) {
        if page == 0 && self.has(Quirk::ReplacesRooms) {
            self.rooms.map.clear();
        }
    }

    /// A text as it is shown: as it came.
    pub(super) fn as_written<'t>(&self, text: &'t str) -> &'t str {
        if self.has(Quirk::TrimsText) { text.trim() } else { text }
    }

    /// `fires-and-forgets`: what is written is done.
    pub(super) fn forget_written(&mut self, room: i64, msg_id: i64) {
        if self.has(Quirk::FiresAndForgets) && self.outbox.answered(room, msg_id).is_some() {
            self.rooms.dirty.insert(room);
        }
    }

    /// What is left of a read behind one of its packets.
    pub(super) fn after_packet(&self, rest: Deframer) -> Deframer {
        if self.has(Quirk::ReadsOnePacket) { Deframer::new(self.config.limits) } else { rest }
    }

    /// The rooms to look at after a login: all, and those for which something waits to be sent.
    pub(super) fn rooms_to_look_at(&self) -> BTreeSet<i64> {
        if self.has(Quirk::OutboxSleeps) {
            return self.rooms.map.iter().filter(|(_, r)| r.last > r.seen).map(|(room, _)| *room).collect();
        }
        self.rooms.map.keys().copied().chain(self.outbox.rooms()).collect()
    }

    /// `reports-again-after-login`: as if nothing had been reported.
    pub(super) fn forget_seen(&mut self) {
        if self.has(Quirk::ReportsAgain) {
            self.rooms.map.values_mut().for_each(|r| r.seen = 0);
        }
    }

    /// `takes-doubt-for-failure`: what is in doubt is given up.
    pub(super) fn fail_doubt(&mut self) {
        if !self.has(Quirk::TakesDoubtForFailure) {
            return;
        }
        let rooms: Vec<i64> = self.outbox.rooms().collect();
        for room in rooms {
            if let Some(ticket) = self.outbox.give_up_doubt(room) {
                self.tell(Event::SendFailed { ticket, why: Failure::Disconnected });
            }
        }
    }
}
