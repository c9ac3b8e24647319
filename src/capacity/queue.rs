//! What happens next: a heap of events in virtual time, first come first served within one instant.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::proto::time::Time;

/// Events by time, then in the order in which they were put in.
#[derive(Debug)]
pub(super) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    put: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Time,
    seq: u64,
    what: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

impl<T> Queue<T> {
    /// Nothing happens.
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), put: 0 }
    }

    /// This happens then.
    pub(super) fn put(&mut self, at: Time, what: T) {
        self.put += 1;
        self.heap.push(Reverse(Entry { at, seq: self.put, what }));
    }

    /// The next event, if it happens by then.
    pub(super) fn next_by(&mut self, by: Time) -> Option<(Time, T)> {
        if self.heap.peek()?.0.at > by {
            return None;
        }
        self.heap.pop().map(|Reverse(e)| (e.at, e.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_at_once_happens_in_its_order() {
        let mut queue = Queue::new();
        for (at, what) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            queue.put(Time::from_secs(at), what);
        }
        let mut seen = String::new();
        while let Some((_, what)) = queue.next_by(Time::from_secs(2)) {
            seen.push(what);
        }
        assert_eq!(seen, "abc", "and what comes later stays");
        assert_eq!(queue.next_by(Time::from_secs(3)), Some((Time::from_secs(3), 'd')));
    }
}
