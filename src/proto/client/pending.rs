//! The request map: what was asked on one connection and is not answered yet, by packet id.
//!
//! Ids run from 1 upward and skip those in flight; 0 is left to pushes (loco-modern §1.4). A reply must carry both id
//! and method of its request; whatever does not is a push. Each request leaves the map exactly once.

use std::collections::BTreeMap;

use crate::proto::time::Time;
use crate::proto::wire::Method;

/// One request that is not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open<T> {
    pub(super) id: u32,
    pub(super) method: Method,
    pub(super) what: T,
    deadline: Time,
    order: u64,
}

/// The request map of one connection.
#[derive(Debug)]
pub(super) struct Pending<T> {
    open: BTreeMap<u32, Open<T>>,
    last_id: u32,
    asked: u64,
    /// A planted bug: two ids in turn, whatever is in flight.
    reuses: bool,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Pending<T> {
    pub(super) const fn new() -> Self {
        Self { open: BTreeMap::new(), last_id: 0, asked: 0, reuses: false }
    }

    /// How the quirk `reuses-packet-ids` gives ids.
    pub(super) const fn reuse_ids(&mut self) {
        self.reuses = true;
    }

    /// Notes a request and gives its packet id.
    pub(super) fn open(&mut self, method: Method, what: T, deadline: Time) -> u32 {
        //= CLIENT-ID-1
        loop {
            if self.reuses {
                self.last_id = self.last_id % 2 + 1;
                break;
            }
            self.last_id = self.last_id.wrapping_add(1);
            if self.last_id != 0 && !self.open.contains_key(&self.last_id) {
                break;
            }
        }
        self.asked += 1;
        let open = Open { id: self.last_id, method, what, deadline, order: self.asked };
        self.open.insert(self.last_id, open);
        self.last_id
    }

    /// Takes the request that a packet with this id and method answers, if it answers one.
    pub(super) fn take(&mut self, id: u32, method: Method) -> Option<Open<T>> {
        //= CLIENT-MATCH-1
        if self.open.get(&id)?.method == method { self.remove(id) } else { None }
    }

    /// Takes the oldest of these requests: how the quirks `matches-by-order` and `matches-by-method` do it.
    pub(super) fn take_oldest(&mut self, which: impl Fn(&Open<T>) -> bool) -> Option<Open<T>> {
        let id = self.open.values().filter(|o| which(o)).min_by_key(|o| o.order)?.id;
        self.remove(id)
    }

    /// Takes a request whose time is over.
    pub(super) fn take_overdue(&mut self, now: Time) -> Option<Open<T>> {
        let id = self.open.values().filter(|o| o.deadline <= now).min_by_key(|o| o.order)?.id;
        self.remove(id)
    }

    /// Takes one out; a connection on which nothing is asked holds no memory for it.
    fn remove(&mut self, id: u32) -> Option<Open<T>> {
        let open = self.open.remove(&id);
        if self.open.is_empty() {
            self.open = BTreeMap::new();
        }
        open
    }

    /// Takes all that is left, oldest first: the connection has ended.
    pub(super) fn drain(&mut self) -> Vec<Open<T>> {
        let mut all: Vec<_> = core::mem::take(&mut self.open).into_values().collect();
        all.sort_by_key(|o| o.order);
        all
    }

    /// The reply turned out to be none: the request is open again.
    pub(super) fn put_back(&mut self, open: Open<T>) {
        self.open.insert(open.id, open);
    }

    /// When the first of them has waited long enough.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.open.values().map(|o| o.deadline).min()
    }

    pub(super) fn any(&self, mut which: impl FnMut(&T) -> bool) -> bool {
        self.open.values().any(|o| which(&o.what))
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Method = Method::constant("A");
    const B: Method = Method::constant("B");

    #[test]
    fn ids_begin_at_1_skip_those_in_flight_and_never_are_0() {
        let mut p = Pending::new();
        assert_eq!(p.open(A, 'a', Time::from_secs(1)), 1);
        assert_eq!(p.open(A, 'b', Time::from_secs(1)), 2);
        p.last_id = u32::MAX - 1;
        assert_eq!(p.open(A, 'c', Time::from_secs(1)), u32::MAX);
        assert_eq!(p.open(A, 'd', Time::from_secs(1)), 3);
    }

    #[test]
    fn a_reply_needs_both_id_and_method() {
        let mut p = Pending::new();
        let id = p.open(A, 'a', Time::from_secs(1));
        assert!(p.take(id, B).is_none() && p.take(0, A).is_none() && p.take(id + 1, A).is_none());
        assert_eq!(p.take(id, A).map(|o| o.what), Some('a'));
        assert!(p.take(id, A).is_none(), "it is answered once");
    }

    #[test]
    fn the_oldest_is_taken_first_also_after_the_ids_wrapped() {
        let mut p = Pending::new();
        p.last_id = u32::MAX - 1;
        for (what, at) in [('a', 5), ('b', 4), ('c', 6)] {
            p.open(A, what, Time::from_secs(at));
        }
        assert_eq!(p.deadline(), Some(Time::from_secs(4)));
        assert!(p.take_overdue(Time::from_secs(3)).is_none());
        assert_eq!(p.take_overdue(Time::from_secs(4)).map(|o| o.what), Some('b'));
        assert_eq!(p.take_oldest(|_| true).map(|o| o.what), Some('a'));
        assert_eq!(p.drain().iter().map(|o| o.what).collect::<Vec<_>>(), ['c']);
        assert_eq!((p.len(), p.deadline()), (0, None));
    }
}
