//! What the client knows of its rooms: how far it has come in each, and what it is fetching.

use std::collections::{BTreeMap, BTreeSet};

use super::event::RoomSummary;

/// A room.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) kind: String,
    pub(super) unread: i32,
    /// The last log that somebody has told us of.
    pub(super) last: i64,
    /// The last log that was reported. Everything before it was reported too.
    pub(super) seen: i64,
    /// Who has read how far; rises only.
    marks: BTreeMap<i64, i64>,
}

/// Read marks that one room may make us hold.
const MARKS_MAX: usize = 10_000;
/// Rooms that a server may make us hold.
pub(super) const ROOMS_MAX: usize = 100_000;
/// Rooms that are caught up with at the same time.
pub(super) const JOBS_MAX: usize = 8;

impl Room {
    pub(super) fn mark(&mut self, user_id: i64, watermark: i64) {
        if self.marks.len() < MARKS_MAX || self.marks.contains_key(&user_id) {
            let mark = self.marks.entry(user_id).or_insert(watermark);
            *mark = watermark.max(*mark);
        }
    }

    pub(super) fn marks(&self) -> impl Iterator<Item = (i64, i64)> {
        self.marks.iter().map(|(user_id, mark)| (*user_id, *mark))
    }

    pub(super) fn watermark(&self, user_id: i64) -> Option<i64> {
        self.marks.get(&user_id).copied()
    }
}

/// One room is being fetched, page by page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    /// The logs after this one are asked for.
    pub(super) cur: i64,
    /// And up to this one.
    pub(super) max: i64,
    /// The room's last log that the page under way must contain, if it exists.
    pub(super) claim: i64,
    /// A log that is not shown to us lies behind the message in doubt: we were out of the room in between.
    pub(super) hidden: bool,
}

/// All rooms.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    pub(super) map: BTreeMap<i64, Room>,
    pub(super) jobs: BTreeMap<i64, Job>,
    /// Rooms in which something may have to be done.
    pub(super) dirty: BTreeSet<i64>,
    /// Rooms that must be fetched and wait for a place among the jobs.
    pub(super) waiting: BTreeSet<i64>,
    /// Rooms that somebody wants fetched, news or not, and after which log.
    pub(super) wanted: BTreeMap<i64, i64>,
}

impl Rooms {
    /// The room, made if it must be; `seen` is where a new one begins. `None` when there are too many.
    pub(super) fn make(&mut self, room: i64, seen: i64) -> Option<&mut Room> {
        if self.map.len() >= ROOMS_MAX && !self.map.contains_key(&room) {
            return None;
        }
        Some(self.map.entry(room).or_insert_with(|| Room { seen, last: seen, ..Room::default() }))
    }

    pub(super) fn seen(&self, room: i64) -> Option<i64> {
        self.map.get(&room).map(|r| r.seen)
    }

    /// Whether there is more than was reported.
    pub(super) fn behind(&self, room: i64) -> bool {
        self.map.get(&room).is_some_and(|r| r.last > r.seen)
    }

    /// The connection has ended: nothing is being fetched any more.
    pub(super) fn disconnected(&mut self) {
        self.jobs.clear();
        self.dirty.clear();
        self.waiting.clear();
    }

    /// A room in which something may have to be done, or that must be fetched, once there is a place among the jobs.
    ///
    /// Asked after every input, and mostly in vain: an empty set is not looked into, as its memory is elsewhere.
    pub(super) fn next_to_tend(&mut self) -> Option<i64> {
        if !self.dirty.is_empty() {
            return self.dirty.pop_first();
        }
        if self.waiting.is_empty() || self.jobs.len() >= JOBS_MAX { None } else { self.waiting.pop_first() }
    }

    pub(super) fn remove(&mut self, room: i64) -> bool {
        self.jobs.remove(&room);
        self.wanted.remove(&room);
        self.map.remove(&room).is_some()
    }

    pub(super) fn summaries(&self) -> Vec<RoomSummary> {
        let one = |(&room, r): (&i64, &Room)| RoomSummary {
            room,
            kind: r.kind.clone(),
            last_log_id: r.last.max(r.seen),
            unread: r.unread,
        };
        self.map.iter().map(one).collect()
    }

    /// The rooms and how far we are in each: what a delta login tells the server.
    pub(super) fn known(&self) -> (Vec<i64>, Vec<i64>) {
        self.map.iter().map(|(room, r)| (*room, r.seen)).unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_marks_only_rise_and_are_bounded() {
        let mut r = Room::default();
        r.mark(1, 5);
        r.mark(1, 3);
        assert_eq!((r.watermark(1), r.watermark(2)), (Some(5), None));
        for user in 0..20_000 {
            r.mark(user, 7);
        }
        assert_eq!((r.marks.len(), r.watermark(1)), (MARKS_MAX, Some(7)));
    }
}
