//! Whether the message log of each room is linearizable: every acknowledged message, every message in doubt that is in
//! the log after all, and every look at the end of the log took effect at one instant between its call and its return.
//!
//! Finding such instants is hard for an object in general; for this one it is not. An append returns the place that it
//! took (log ids rise in a room), so there is only one order that can be right, and it is right when it agrees with
//! real time: no append has returned before one with a lower id was called. A look (CHATONROOM) returns the last id: it
//! sees every append that had returned before it was called, and none that was called after it returned. Sorting finds
//! every contradiction (the checkers on the registry search, and are not kept).
//!
//! Beside that, one id is one message: all devices are told the same author and text for it, so the histories that
//! they observe are pieces of one total order.

use std::collections::BTreeMap;

use crate::proto::time::Time;

/// An append to the log of a room.
#[derive(Clone, Debug)]
struct Append {
    who: String,
    called: Time,
    /// Nothing: in doubt.
    returned: Option<Time>,
    id: Option<i64>,
}

/// A look at the end of the log of a room.
#[derive(Clone, Debug)]
struct Look {
    who: String,
    called: Time,
    returned: Time,
    last: i64,
}

#[derive(Clone, Debug, Default)]
struct Room {
    /// By the text, of which no two are the same.
    appends: BTreeMap<String, Append>,
    looks: Vec<Look>,
    told: BTreeMap<i64, (i64, u64)>,
}

/// What was asked of the logs of all rooms, when, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct History {
    rooms: BTreeMap<i64, Room>,
    /// Looks without an answer: who, which room, since when.
    looking: BTreeMap<(String, i64), Time>,
}

impl History {
    /// `who` sends a text that nobody else sends.
    pub fn send(&mut self, who: &str, room: i64, text: &str, now: Time) {
        let append = Append { who: who.to_owned(), called: now, returned: None, id: None };
        self.rooms.entry(room).or_default().appends.insert(text.to_owned(), append);
    }

    /// The text is acknowledged to its sender.
    pub fn sent(&mut self, room: i64, text: &str, id: i64, now: Time) {
        if let Some(a) = self.rooms.entry(room).or_default().appends.get_mut(text) {
            (a.returned, a.id) = (a.returned.or(Some(now)), a.id.or(Some(id)));
        }
    }

    /// The store has the text under this id, whether anybody was told or not.
    pub fn found(&mut self, room: i64, text: &str, id: i64) {
        if let Some(a) = self.rooms.entry(room).or_default().appends.get_mut(text) {
            a.id = a.id.or(Some(id));
        }
    }

    /// `who` asks where the log of a room ends. Of several questions the first one counts.
    pub fn look(&mut self, who: &str, room: i64, now: Time) {
        self.looking.entry((who.to_owned(), room)).or_insert(now);
    }

    /// The answer: the last log of the room. Gives when it was asked for.
    pub fn looked(&mut self, who: &str, room: i64, last: i64, now: Time) -> Option<Time> {
        // Two questions may have had two answers: the later one was asked at the latest now.
        let called = self.looking.remove(&(who.to_owned(), room))?;
        self.rooms.entry(room).or_default().looks.push(Look { who: who.to_owned(), called, returned: now, last });
        Some(called)
    }

    /// The connection of `who` is gone, and with it the answers.
    pub fn lost(&mut self, who: &str) {
        self.looking.retain(|(w, _), _| w != who);
    }

    /// A device is told of a log: what is wrong with it beside what others were told, if anything.
    #[must_use]
    pub fn told(&mut self, room: i64, id: i64, author: i64, text: u64) -> Option<String> {
        let first = *self.rooms.entry(room).or_default().told.entry(id).or_insert((author, text));
        (first != (author, text)).then(|| format!("log {id} of room {room} is told in two ways"))
    }

    /// Everything that has no linearization, a sentence each.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        self.rooms.iter().flat_map(|(room, r)| r.contradictions(*room)).collect()
    }

    /// Appends with a known place, and looks: how much was checked.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let placed = |r: &Room| r.appends.values().filter(|a| a.id.is_some()).count();
        self.rooms.values().fold((0, 0), |(a, l), r| (a + placed(r), l + r.looks.len()))
    }
}

impl Room {
    fn contradictions(&self, room: i64) -> Vec<String> {
        let mut log: Vec<(i64, &Append)> = self.appends.values().filter_map(|a| Some((a.id?, a))).collect();
        log.sort_by_key(|(id, _)| *id);
        let mut wrong = self.appends_out_of_order(room, &log);
        wrong.extend(self.looks_out_of_order(room, &log));
        wrong
    }

    /// An append that had returned before one with a lower id was called.
    fn appends_out_of_order(&self, room: i64, log: &[(i64, &Append)]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut latest: Option<(i64, &Append)> = None;
        for (id, a) in log {
            if let (Some(end), Some((lower, l))) = (a.returned, latest)
                && end < l.called
            {
                wrong.push(format!(
                    "room {room}: {} was told of its log {id} {} before {} sent what became log {lower}",
                    a.who,
                    crate::spec::format::Span(l.called - end),
                    l.who
                ));
            }
            if latest.is_none_or(|(_, l)| a.called > l.called) {
                latest = Some((*id, a));
            }
        }
        wrong
    }

    fn looks_out_of_order(&self, room: i64, log: &[(i64, &Append)]) -> Vec<String> {
        let mut wrong = Vec::new();
        // Up to each place: the latest call of any append; from each place on: the first return.
        let mut called_up_to = Vec::with_capacity(log.len());
        let mut latest: Option<Time> = None;
        for (_, a) in log {
            latest = latest.max(Some(a.called));
            called_up_to.push(latest);
        }
        let mut returned_from = vec![None; log.len()];
        let mut first: Option<Time> = None;
        for (slot, (_, a)) in returned_from.iter_mut().zip(log).rev() {
            first = match (first, a.returned) {
                (Some(f), Some(r)) => Some(f.min(r)),
                (f, r) => f.or(r),
            };
            *slot = first;
        }
        for look in &self.looks {
            let seen = log.partition_point(|(id, _)| *id <= look.last);
            let missed = returned_from.get(seen).copied().flatten().is_some_and(|end| end < look.called);
            let foreseen = seen.checked_sub(1).and_then(|i| called_up_to.get(i).copied().flatten());
            let (who, last) = (&look.who, look.last);
            if missed {
                wrong.push(format!(
                    "room {room}: {who} sees it end with {last}, and a later message was acknowledged before it looked"
                ));
            }
            if foreseen.is_some_and(|call| call > look.returned) {
                wrong.push(format!("room {room}: {who} sees it end with {last} before a message up to there was sent"));
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Time {
        Time::from_secs(s)
    }

    /// Text, called, returned, id.
    fn history(appends: &[(&str, u64, Option<u64>, i64)], looks: &[(u64, u64, i64)]) -> History {
        let mut h = History::default();
        for (text, called, returned, id) in appends {
            h.send("a", 1, text, at(*called));
            match returned {
                Some(end) => h.sent(1, text, *id, at(*end)),
                None => h.found(1, text, *id),
            }
        }
        for (called, returned, last) in looks {
            h.look("b", 1, at(*called));
            h.looked("b", 1, *last, at(*returned));
        }
        h
    }

    #[test]
    fn what_overlaps_may_come_in_either_order() {
        let h = history(&[("x", 1, Some(5), 20), ("y", 2, Some(6), 10)], &[(0, 3, 10), (3, 9, 20), (0, 2, 0)]);
        assert_eq!(h.contradictions(), [""; 0]);
        assert_eq!(h.size(), (2, 3));
    }

    #[test]
    fn a_message_behind_one_that_was_sent_later_is_found() {
        let h = history(&[("x", 1, Some(2), 20), ("y", 3, Some(4), 10)], &[]);
        assert_eq!(h.contradictions().len(), 1, "{:?}", h.contradictions());
        // In doubt, it has no end, and may have happened at any time after its call.
        assert_eq!(history(&[("x", 1, None, 20), ("y", 3, Some(4), 10)], &[]).contradictions(), [""; 0]);
        // But not before its call.
        assert_eq!(history(&[("x", 1, Some(2), 20), ("y", 3, None, 10)], &[]).contradictions().len(), 1);
        // The one between hides nothing.
        let h = history(&[("x", 1, Some(2), 30), ("z", 1, None, 20), ("y", 3, Some(4), 10)], &[]);
        assert_eq!(h.contradictions().len(), 1);
    }

    #[test]
    fn a_look_into_the_past_and_one_into_the_future_are_found() {
        let one = [("x", 1, Some(2), 10)];
        assert_eq!(history(&one, &[(3, 4, 10), (1, 2, 0), (2, 3, 0)]).contradictions(), [""; 0]);
        assert!(history(&one, &[(3, 4, 0)]).contradictions()[0].contains("acknowledged before it looked"));
        assert!(history(&[("x", 5, Some(6), 10)], &[(3, 4, 10)]).contradictions()[0].contains("before a message"));
        // A log that is nobody's message, as a feed is, changes nothing.
        assert_eq!(history(&one, &[(3, 4, 15)]).contradictions(), [""; 0]);
    }

    #[test]
    fn of_two_questions_the_first_counts_and_a_lost_connection_answers_none() {
        let mut h = history(&[("x", 1, Some(2), 10)], &[]);
        h.look("b", 1, at(1));
        h.look("b", 1, at(3));
        h.looked("b", 1, 0, at(4));
        assert_eq!(h.contradictions(), [""; 0], "the question of before may have been answered");
        h.look("b", 1, at(3));
        h.lost("b");
        h.looked("b", 1, 0, at(5));
        assert_eq!(h.size(), (1, 1));
    }

    #[test]
    fn one_id_is_one_message() {
        let mut h = History::default();
        assert_eq!(h.told(1, 10, 7, 99), None);
        assert_eq!(h.told(1, 10, 7, 99), None);
        assert_eq!(h.told(2, 10, 8, 98), None);
        assert!(h.told(1, 10, 7, 98).is_some() && h.told(1, 10, 8, 99).is_some());
    }
}
