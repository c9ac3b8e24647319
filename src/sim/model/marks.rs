//! How far somebody has read: every mark that anybody is told of, by a push or in the list of an open room, is one that
//! its user has asked for; and a list has no lower one than what was known before it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Model, Place};
use crate::proto::client::Action;
use crate::proto::time::Time;
use crate::sim::invariants::Invariant;

/// The read marks of one user in one room.
#[derive(Debug, Default)]
struct Marks {
    /// What his devices have asked for.
    asked: BTreeSet<i64>,
    /// When somebody was told of which one.
    told: Vec<(Time, i64)>,
}

/// All read marks, by room and user.
#[derive(Debug, Default)]
pub(super) struct ReadMarks(BTreeMap<(i64, i64), Marks>);

impl ReadMarks {
    fn asks(&mut self, room: i64, user: i64, log: i64) {
        self.0.entry((room, user)).or_default().asked.insert(log);
    }

    fn is_asked(&self, room: i64, user: i64, log: i64) -> bool {
        self.0.get(&(room, user)).is_some_and(|m| m.asked.contains(&log))
    }

    fn told(&mut self, room: i64, user: i64, log: i64, now: Time) {
        let told = &mut self.0.entry((room, user)).or_default().told;
        // Only what rises says something new.
        if told.last().is_none_or(|(_, last)| *last < log) {
            told.push((now, log));
        }
    }

    /// The highest mark that somebody had been told of before then.
    fn before(&self, room: i64, user: i64, then: Time) -> i64 {
        let told = self.0.get(&(room, user)).map_or(&[][..], |m| &m.told);
        told.iter().rev().find(|(at, _)| *at < then).map_or(0, |(_, log)| *log)
    }
}

impl Model {
    /// The user of this device marks a room as read: up to its last message, or to one of `back` before it.
    pub fn mark_read(&mut self, device: usize, room: i64, back: usize) -> Option<Action> {
        let log_id = self.seen(device, room, back)?;
        self.wants_mark(device, room, log_id);
        Some(Action::MarkRead { room, log_id })
    }

    pub(super) fn wants_mark(&mut self, device: usize, room: i64, log: i64) {
        if let Some(user) = self.user(device) {
            self.marks.asks(room, user, log);
        }
    }

    /// A device is told how far a user has read: by a push, or because its own request was granted.
    pub(super) fn marked(&mut self, device: usize, room: i64, user: i64, log: i64) {
        let label = self.devices.get(device).map_or("", |d| &*d.label).to_owned();
        let known = log == 0 || self.is_known(room, log);
        // A device that was told of a read mark need not have been told of the message yet.
        if !known && !self.acked.contains_key(&(room, log)) {
            let what = format!("{label} is told that {log} is read in room {room}: no such message");
            self.report(Invariant::Watermarks, what);
        } else if !self.marks.is_asked(room, user, log) {
            let what =
                format!("{label} is told that user {user} has read room {room} up to {log}, and he never said so");
            self.report(Invariant::Watermarks, what);
        }
        self.marks.told(room, user, log, self.clock.now());
    }

    /// A device sees in a room that it has asked for then how far everybody has read.
    pub(super) fn marks_listed(&self, device: usize, room: i64, all: &[(i64, i64)], asked: Time) {
        let label = self.devices.get(device).map_or("", |d| &*d.label);
        for (user, log) in all {
            let before = self.marks.before(room, *user, asked);
            // Who comes later begins with what is there.
            let founder = self.place(room, *user).is_some_and(|p: &Place| p.founder && !p.ever_out);
            if *log < before {
                let what =
                    format!("{label} sees that user {user} has read room {room} up to {log}, and it was {before}");
                self.report(Invariant::Watermarks, what);
            } else if founder && *log != 0 && !self.marks.is_asked(room, *user, *log) {
                let what =
                    format!("{label} sees that user {user} has read room {room} up to {log}, and he never said so");
                self.report(Invariant::Watermarks, what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_held_against_what_was_told_before_it_was_asked_for() {
        let mut m = ReadMarks::default();
        let at = Time::from_secs;
        m.asks(7, 1, 20);
        assert!(m.is_asked(7, 1, 20) && !m.is_asked(7, 1, 10) && !m.is_asked(7, 2, 20));
        m.told(7, 1, 20, at(5));
        m.told(7, 1, 10, at(6));
        m.told(7, 1, 30, at(8));
        assert_eq!([4, 5, 6, 8, 9].map(|s| m.before(7, 1, at(s))), [0, 0, 20, 20, 30]);
        assert_eq!(m.before(8, 1, at(9)), 0);
    }
}
