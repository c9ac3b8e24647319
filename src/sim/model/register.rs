//! A value that is written and read by many: the text of a message, a setting, a reaction, a block. What a read may see
//! follows from when each write began and when it was acknowledged; a write in doubt may take effect at any time after
//! it began, or never.

use crate::proto::time::Time;

#[derive(Clone, Debug)]
struct Write {
    value: String,
    began: Time,
    /// Acknowledged then.
    acked: Option<Time>,
    refused: bool,
}

/// One value.
#[derive(Clone, Debug)]
pub struct Register {
    initial: String,
    writes: Vec<Write>,
}

impl Register {
    /// Nobody has written yet.
    #[must_use]
    pub fn new(initial: &str) -> Self {
        Self { initial: initial.to_owned(), writes: Vec::new() }
    }

    /// Somebody writes; the number names the write.
    pub fn begin(&mut self, value: &str, now: Time) -> usize {
        self.writes.push(Write { value: value.to_owned(), began: now, acked: None, refused: false });
        self.writes.len() - 1
    }

    /// The write is acknowledged.
    pub fn done(&mut self, write: usize, now: Time) {
        if let Some(w) = self.writes.get_mut(write) {
            w.acked = w.acked.or(Some(now));
        }
    }

    /// The write is refused: it has changed nothing.
    pub fn refused(&mut self, write: usize) {
        if let Some(w) = self.writes.get_mut(write) {
            w.refused = true;
        }
    }

    /// Whether anybody has written, or is about to.
    #[must_use]
    pub const fn is_touched(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Whether a read that was asked and answered then may see this value.
    #[must_use]
    pub fn may_be(&self, value: &str, asked: Time, answered: Time) -> bool {
        // A write is over when another one began after its end and was acknowledged before the read.
        let buried = |end: Option<Time>| {
            end.is_some_and(|end| {
                self.writes.iter().any(|w| w.began > end && w.acked.is_some_and(|acked| acked < asked))
            })
        };
        let first = self.writes.iter().any(|w| w.acked.is_some_and(|acked| acked < asked));
        (value == self.initial && !first)
            || self.writes.iter().any(|w| !w.refused && w.value == value && w.began <= answered && !buried(w.acked))
    }

    /// All values that a read at the end may see, for a person.
    #[must_use]
    pub fn possible(&self, now: Time) -> Vec<&str> {
        let all = std::iter::once(&self.initial).chain(self.writes.iter().map(|w| &w.value));
        all.map(String::as_str).filter(|v| self.may_be(v, now, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Time {
        Time::from_secs(s)
    }

    #[test]
    fn an_acknowledged_write_replaces_what_was_there() {
        let mut r = Register::new("a");
        assert!(r.may_be("a", at(9), at(9)) && !r.may_be("b", at(9), at(9)) && !r.is_touched());
        let b = r.begin("b", at(1));
        assert!(r.may_be("a", at(2), at(2)) && r.may_be("b", at(2), at(2)), "it is under way");
        r.done(b, at(3));
        assert!(!r.may_be("a", at(4), at(5)) && r.may_be("b", at(4), at(5)));
        assert!(r.may_be("a", at(2), at(5)), "a read that was asked before may have been answered before");
        let c = r.begin("c", at(6));
        r.done(c, at(7));
        assert_eq!(r.possible(at(8)), ["c"]);
    }

    #[test]
    fn a_write_in_doubt_may_be_and_may_not_be() {
        let mut r = Register::new("a");
        r.begin("b", at(1));
        let c = r.begin("c", at(2));
        r.done(c, at(3));
        // b may have come before c, or after it.
        assert_eq!(r.possible(at(9)), ["b", "c"]);
    }

    #[test]
    fn writes_at_once_may_end_either_way_and_a_refused_one_never_was() {
        let mut r = Register::new("a");
        let (b, c) = (r.begin("b", at(1)), r.begin("c", at(2)));
        r.done(c, at(3));
        r.done(b, at(4));
        assert_eq!(r.possible(at(9)), ["b", "c"]);
        let d = r.begin("d", at(5));
        r.refused(d);
        assert_eq!(r.possible(at(9)), ["b", "c"]);
        assert!(!r.may_be("e", at(9), at(9)));
    }
}
