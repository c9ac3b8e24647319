//! Who was told to change servers, as far as the client's end of its connection shows beyond doubt.
//!
//! A client that was told closes the connection itself. One that hears the end of the connection instead has not
//! listened, if what it was told came to it whole and in order: a connection that broke, or in which a bit flipped,
//! proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Control;

/// Clients that were told, by the connection on which they were; and connections that prove nothing.
#[derive(Debug, Default)]
pub(super) struct Moves {
    told: BTreeMap<Arc<str>, u64>,
    doubtful: BTreeSet<u64>,
}

impl Moves {
    /// `owner` has a new connection.
    pub(super) fn begin(&mut self, owner: &Arc<str>) {
        self.told.remove(owner);
    }
}

impl Control {
    /// CHANGESVR has come to `owner` on this line.
    pub fn told_to_move(&self, owner: &Arc<str>, line: u64) {
        let mut s = self.lock();
        if !s.moves.doubtful.contains(&line) {
            s.moves.told.insert(owner.clone(), line);
        }
    }

    /// The line broke, or not all that came on it is what was sent.
    pub fn doubt(&self, line: u64) {
        let mut s = self.lock();
        s.moves.doubtful.insert(line);
        s.moves.told.retain(|_, on| *on != line);
    }

    /// Whether `owner` was told on the connection whose end it has just heard, once.
    #[must_use]
    pub fn was_told_to_move(&self, owner: &Arc<str>) -> bool {
        self.lock().moves.told.remove(owner).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::clock::SimClock;

    #[test]
    fn a_line_that_broke_proves_nothing_whatever_comes_first() {
        let (control, me): (_, Arc<str>) = (Control::new(SimClock::default()), "u1/main".into());
        control.told_to_move(&me, 1);
        assert!(control.was_told_to_move(&me) && !control.was_told_to_move(&me), "once");
        control.told_to_move(&me, 2);
        control.doubt(2);
        assert!(!control.was_told_to_move(&me));
        control.doubt(3);
        control.told_to_move(&me, 3);
        assert!(!control.was_told_to_move(&me));
        control.told_to_move(&me, 4);
        control.open(&me);
        assert!(!control.was_told_to_move(&me), "it did as it was told, and has another connection");
    }
}
