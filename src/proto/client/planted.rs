//! Planted bugs of the client that are more than a condition (`spec/quirks.yaml`). With none of them each function does
//! what is right.

use std::collections::BTreeSet;

use super::event::{Event, Failure};
use super::link::{Asked, Link};
use super::pending::{Open, Pending};
use super::{Client, Quirk};
use crate::proto::wire::Deframer;

impl Client {
    /// The requests that end with their connection: all that are open.
    pub(super) fn ended_with(&mut self, link: &mut Link) -> Vec<Open<Asked>> {
        if self.has(Quirk::PendingOutlivesConnection) {
            self.kept = core::mem::replace(&mut link.pending, Pending::new());
            return Vec::new();
        }
        link.pending.drain()
    }

    /// A new connection gets what the former one has left: nothing.
    pub(super) fn inherit_requests(&mut self, link: &mut Link) {
        if self.has(Quirk::PendingOutlivesConnection) {
            link.pending = core::mem::replace(&mut self.kept, Pending::new());
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
