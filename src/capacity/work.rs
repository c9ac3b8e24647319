//! The processors of a server, as far as a queue before them matters: what comes waits until one of them is free.

use std::time::Duration;

use crate::proto::time::Time;

/// How long a server works at what comes, on one of its processors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// A connection that is accepted, with its share of TLS and of what the kernel does for it.
    pub connection: Duration,
    /// A session key that is unwrapped: RSA.
    pub unwrap: Duration,
    /// Bytes that are read, and what they ask for.
    pub read: Duration,
}

impl Costs {
    /// As on a machine that is so many times slower.
    #[must_use]
    pub fn slower(self, by: f64) -> Self {
        let [connection, unwrap, read] = [self.connection, self.unwrap, self.read].map(|d| d.mul_f64(by.max(0.0)));
        Self { connection, unwrap, read }
    }
}

/// The processors. All of them accept, unwrap and move bytes.
#[derive(Debug)]
pub(super) struct Processors {
    free_at: Vec<Time>,
    /// The longest that anything has waited for one.
    pub(super) longest_wait: Duration,
    /// How long they have worked, added up.
    pub(super) busy: Duration,
}

impl Processors {
    pub(super) fn new(cores: usize) -> Self {
        Self { free_at: vec![Time::default(); cores.max(1)], longest_wait: Duration::ZERO, busy: Duration::ZERO }
    }

    /// When work that comes now is done.
    pub(super) fn done_at(&mut self, now: Time, takes: Duration) -> Time {
        if takes.is_zero() {
            return now;
        }
        let Some(first) = self.free_at.iter_mut().min() else { return now };
        let begin = (*first).max(now);
        *first = begin + takes;
        self.longest_wait = self.longest_wait.max(begin - now);
        self.busy += takes;
        *first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_waits_for_the_first_processor_that_is_free() {
        let (ms, at) = (Duration::from_millis, |ms: u64| Time::from_micros(ms * 1000));
        let mut two = Processors::new(2);
        let done: Vec<Time> = (0..5).map(|_| two.done_at(at(100), ms(10))).collect();
        assert_eq!(done, [110, 110, 120, 120, 130].map(at));
        assert_eq!(two.done_at(at(200), Duration::ZERO), at(200), "what takes no time waits for nobody");
        assert_eq!((two.longest_wait, two.busy), (ms(20), ms(50)));
    }
}
