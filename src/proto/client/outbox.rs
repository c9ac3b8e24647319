//! What waits to be sent: first in, first out in each room, one WRITE in flight per room, so that the order holds.
//!
//! A message whose connection ended before its reply is **in doubt**: the server may have it. It is looked up in the
//! room's logs first and sent again only when it is not there (`CLIENT-ONCE-1`). That needs the server's fence: after
//! our new login nothing of the old session is applied any more.

use std::collections::{BTreeMap, VecDeque};

use super::event::Message;

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    InFlight,
    Doubt,
}

/// The mark of what was written to a room that nobody had told us of: how much of its past is not shown to us is not
/// known either.
pub(super) const ROOM_UNKNOWN: i64 = -1;

/// A message to be sent.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) ticket: u64,
    /// Unique in this client's life: what the message is found by.
    pub(super) msg_id: i64,
    pub(super) text: String,
    /// The room's last log that was known when it was written: it is above it, if it is there. [`ROOM_UNKNOWN`] where
    /// the room itself was not known.
    pub(super) mark: i64,
    stage: Stage,
    /// The reply came and could not be read.
    pub(super) answered_badly: bool,
}

impl Queued {
    /// A message of an earlier life: what was written and not answered then is in doubt now.
    pub(super) const fn remembered(
        ticket: u64,
        msg_id: i64,
        text: String,
        mark: i64,
        written: bool,
        answered_badly: bool,
    ) -> Self {
        let stage = if written { Stage::Doubt } else { Stage::Waiting };
        Self { ticket, msg_id, text, mark, stage, answered_badly }
    }

    pub(super) fn is_written(&self) -> bool {
        self.stage != Stage::Waiting
    }
}

/// The messages of all rooms.
#[derive(Debug)]
pub(super) struct Outbox {
    rooms: BTreeMap<i64, VecDeque<Queued>>,
    len: usize,
    next_msg_id: i64,
    /// 2012: WRITE carries no number of ours, so a message is found by its author and its text.
    by_text: bool,
}

impl Outbox {
    pub(super) const fn new(first_msg_id: i64, by_text: bool) -> Self {
        Self { rooms: BTreeMap::new(), len: 0, next_msg_id: first_msg_id, by_text }
    }

    pub(super) const fn next_msg_id(&self) -> i64 {
        self.next_msg_id
    }

    /// Puts a message of an earlier life behind those that are there; `blindly`, nothing is in doubt.
    pub(super) fn restore(&mut self, room: i64, mut queued: Queued, blindly: bool) {
        if blindly {
            queued.stage = Stage::Waiting;
        }
        self.rooms.entry(room).or_default().push_back(queued);
        self.len += 1;
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn has_ticket(&self, ticket: u64) -> bool {
        self.rooms.values().flatten().any(|q| q.ticket == ticket)
    }

    pub(super) fn push(&mut self, room: i64, ticket: u64, text: String) {
        let msg_id = self.next_msg_id;
        self.next_msg_id = self.next_msg_id.wrapping_add(1);
        let queued = Queued { ticket, msg_id, text, mark: 0, stage: Stage::Waiting, answered_badly: false };
        self.rooms.entry(room).or_default().push_back(queued);
        self.len += 1;
    }

    /// The room's next message, if it may go out now; it is in flight from here on. `last` is the last log known, or
    /// [`ROOM_UNKNOWN`].
    pub(super) fn next(&mut self, room: i64, last: i64) -> Option<&Queued> {
        //= CLIENT-OUTBOX-1
        let head = self.rooms.get_mut(&room)?.front_mut().filter(|q| q.stage == Stage::Waiting)?;
        head.stage = Stage::InFlight;
        head.mark = last;
        Some(head)
    }

    /// Takes the message that was answered; `None` when it was found in the logs before.
    pub(super) fn answered(&mut self, room: i64, msg_id: i64) -> Option<Queued> {
        self.take_head(room, |q| q.msg_id == msg_id)
    }

    /// Takes the ticket of the message that `log` is, if it is one of ours that was written.
    pub(super) fn found(&mut self, log: &Message) -> Option<u64> {
        if !log.own {
            return None;
        }
        let by_text = self.by_text;
        let queued = self.take_head(log.room, |q| match q.stage {
            Stage::Waiting => false,
            _ if log.log_id <= q.mark => false,
            stage if by_text => stage == Stage::Doubt && q.text == log.text,
            _ => q.msg_id == log.msg_id,
        })?;
        Some(queued.ticket)
    }

    /// The connection has ended: what was written and not answered is in doubt, or, `blindly`, just sent again.
    pub(super) fn disconnected(&mut self, blindly: bool) {
        let stage = if blindly { Stage::Waiting } else { Stage::Doubt };
        for head in self.rooms.values_mut().filter_map(VecDeque::front_mut) {
            if head.stage == Stage::InFlight {
                head.stage = stage;
            }
        }
    }

    /// After which log the room's message in doubt must be looked for, if there is one.
    pub(super) fn doubt(&self, room: i64) -> Option<i64> {
        self.head(room).filter(|q| q.stage == Stage::Doubt).map(|q| q.mark)
    }

    pub(super) fn in_flight(&self, room: i64) -> bool {
        self.head(room).is_some_and(|q| q.stage == Stage::InFlight)
    }

    /// The reply to this message cannot be read: it is in doubt.
    pub(super) fn answered_badly(&mut self, room: i64, msg_id: i64) {
        if let Some(head) = self.rooms.get_mut(&room).and_then(VecDeque::front_mut)
            && head.msg_id == msg_id
        {
            (head.stage, head.answered_badly) = (Stage::Doubt, true);
        }
    }

    /// The look-up has come to the room's end: what is still in doubt is not there. It waits to be sent again, unless
    /// the server has answered it: then that answer was a refusal, and its ticket is given back.
    pub(super) fn not_found(&mut self, room: i64) -> Option<u64> {
        if let Some(head) = self.rooms.get_mut(&room).and_then(VecDeque::front_mut)
            && head.stage == Stage::Doubt
            && !head.answered_badly
        {
            head.stage = Stage::Waiting;
        }
        self.give_up_doubt(room)
    }

    /// The room cannot be looked into: gives up what is in doubt there.
    pub(super) fn give_up_doubt(&mut self, room: i64) -> Option<u64> {
        self.take_head(room, |q| q.stage == Stage::Doubt).map(|q| q.ticket)
    }

    /// All messages, with their rooms.
    pub(super) fn all(&self) -> impl Iterator<Item = (i64, &Queued)> {
        self.rooms.iter().flat_map(|(room, queue)| queue.iter().map(|q| (*room, q)))
    }

    /// The rooms with something to send.
    pub(super) fn rooms(&self) -> impl Iterator<Item = i64> {
        self.rooms.keys().copied()
    }

    fn head(&self, room: i64) -> Option<&Queued> {
        self.rooms.get(&room)?.front()
    }

    fn take_head(&mut self, room: i64, which: impl FnOnce(&Queued) -> bool) -> Option<Queued> {
        let queue = self.rooms.get_mut(&room)?;
        let queued = queue.pop_front_if(|q| which(q))?;
        self.len = self.len.saturating_sub(1);
        if queue.is_empty() {
            self.rooms.remove(&room);
        }
        Some(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Source;
    use super::*;

    fn log(room: i64, log_id: i64, msg_id: i64, text: &str, own: bool) -> Message {
        Message {
            room,
            log_id,
            prev_id: 0,
            author_id: 1,
            kind: 1,
            text: text.to_owned(),
            send_at: 0,
            msg_id,
            own,
            source: Source::Sync,
        }
    }

    fn outbox(by_text: bool) -> Outbox {
        let mut o = Outbox::new(100, by_text);
        o.push(7, 1, "a".into());
        o.push(7, 2, "b".into());
        o.push(8, 3, "c".into());
        o
    }

    fn next(o: &mut Outbox, room: i64, last: i64) -> Option<(u64, i64)> {
        o.next(room, last).map(|q| (q.ticket, q.msg_id))
    }

    #[test]
    fn one_message_per_room_is_in_flight_and_rooms_do_not_wait_for_each_other() {
        let mut o = outbox(false);
        assert_eq!(next(&mut o, 7, 0), Some((1, 100)));
        assert_eq!(next(&mut o, 7, 0), None);
        assert_eq!(next(&mut o, 8, 0), Some((3, 102)));
        assert!(o.answered(7, 999).is_none());
        assert_eq!(o.answered(7, 100).map(|q| q.ticket), Some(1));
        assert_eq!(next(&mut o, 7, 0), Some((2, 101)));
        assert_eq!(o.len(), 2);
    }

    #[test]
    fn a_message_in_doubt_blocks_its_room_until_it_is_found_or_not() {
        let mut o = outbox(false);
        o.next(7, 50);
        o.disconnected(false);
        assert_eq!((o.doubt(7), o.doubt(8)), (Some(50), None));
        assert_eq!(next(&mut o, 7, 60), None);
        for wrong in [log(7, 51, 101, "a", true), log(7, 51, 100, "a", false), log(7, 50, 100, "a", true)] {
            assert_eq!(o.found(&wrong), None, "{wrong:?}");
        }
        assert_eq!(o.found(&log(7, 51, 100, "changed", true)), Some(1));
        assert_eq!(next(&mut o, 7, 60), Some((2, 101)));
        o.disconnected(false);
        o.not_found(7);
        assert_eq!(next(&mut o, 7, 70), Some((2, 101)), "the same number when it is sent again");
        o.disconnected(false);
        assert_eq!((o.give_up_doubt(7), o.give_up_doubt(8)), (Some(2), None));
        assert_eq!(o.len(), 1);
    }

    #[test]
    fn in_2012_a_message_is_found_by_text_above_its_mark_and_only_when_in_doubt() {
        let mut o = outbox(true);
        o.next(7, 50);
        assert_eq!(o.found(&log(7, 51, 0, "a", true)), None, "its reply is still awaited");
        o.disconnected(false);
        assert_eq!(o.found(&log(7, 50, 0, "a", true)), None, "an older one of the same text");
        assert_eq!(o.found(&log(7, 51, 0, "b", true)), None);
        assert_eq!(o.found(&log(7, 52, 0, "a", true)), Some(1));
    }

    #[test]
    fn the_quirk_forgets_the_doubt() {
        let mut o = outbox(false);
        o.next(7, 50);
        o.disconnected(true);
        assert_eq!(o.doubt(7), None);
        assert_eq!(next(&mut o, 7, 50), Some((1, 100)));
    }
}
