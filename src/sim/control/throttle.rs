//! Ways that are narrow for a while: so many bytes a second, shared by all streams that go through them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::proto::time::Time;

/// How long a narrow way may have rested and catch up: steps of simulated time are not its loss.
const CATCH_UP: Duration = Duration::from_millis(100);
/// A grant is what passes in this time.
const GRANT_MS: u64 = 50;

/// Which way is narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Narrow {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
    /// The client's reading from the carriage server: its own sloth, not the network's.
    Reader,
}

/// What may pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Everything: nothing is narrow.
    All,
    /// So many bytes, at least 1.
    Some(usize),
    /// Nothing for so long.
    Wait(Duration),
}

#[derive(Debug)]
struct Throttle {
    bytes_per_second: u64,
    until: Time,
    /// When all that has passed would have passed at this rate.
    due: Time,
}

/// All narrow ways, by client or host.
#[derive(Debug, Default)]
pub(super) struct Throttles(BTreeMap<(Arc<str>, Narrow), Throttle>);

impl Throttles {
    pub(super) fn set(&mut self, target: &str, narrow: Narrow, bytes_per_second: u64, until: Time) {
        let throttle = Throttle { bytes_per_second: bytes_per_second.max(1), until, due: Time::default() };
        self.0.insert((target.into(), narrow), throttle);
    }

    /// Those that hold now for these targets.
    fn holding(&mut self, targets: &[&str], narrow: &[Narrow], now: Time) -> impl Iterator<Item = &mut Throttle> {
        let holds = move |((target, way), t): (&(Arc<str>, Narrow), &mut Throttle)| {
            t.until > now && narrow.contains(way) && targets.contains(&&**target)
        };
        self.0.iter_mut().filter_map(move |(key, t)| holds((key, t)).then_some(t))
    }

    /// The narrowest of all that hold.
    pub(super) fn allowed(&mut self, targets: &[&str], narrow: &[Narrow], now: Time) -> Grant {
        if self.0.is_empty() {
            return Grant::All;
        }
        let mut grant = Grant::All;
        for t in self.holding(targets, narrow, now) {
            let most = usize::try_from((t.bytes_per_second * GRANT_MS / 1000).max(1)).unwrap_or(usize::MAX);
            grant = match (grant, t.due > now) {
                (Grant::Wait(other), true) => Grant::Wait(other.max(t.due - now)),
                (_, true) => Grant::Wait(t.due - now),
                (Grant::All, false) => Grant::Some(most),
                (Grant::Some(other), false) => Grant::Some(other.min(most)),
                (wait, false) => wait,
            };
        }
        grant
    }

    pub(super) fn spent(&mut self, targets: &[&str], narrow: &[Narrow], bytes: usize, now: Time) {
        for t in self.holding(targets, narrow, now) {
            let takes = Duration::from_micros(bytes as u64 * 1_000_000 / t.bytes_per_second);
            // Time cannot be subtracted from, so the rest that counts is added to what is due.
            let from = if now - t.due > CATCH_UP { now } else { t.due };
            t.due = from + takes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_bytes_a_second_pass_and_the_narrowest_way_counts() {
        let mut all = Throttles::default();
        let (start, end) = (Time::from_secs(10), Time::from_secs(20));
        assert_eq!(all.allowed(&["a", "h"], &[Narrow::Up], start), Grant::All);
        all.set("a", Narrow::Up, 1000, end);
        all.set("h", Narrow::Up, 400, end);
        let (mut now, mut passed) = (start, 0);
        while now < end {
            match all.allowed(&["a", "h"], &[Narrow::Up], now) {
                Grant::Some(n) => {
                    assert!((1..=20).contains(&n));
                    passed += n;
                    all.spent(&["a", "h"], &[Narrow::Up], n, now);
                }
                // A step of simulated time.
                Grant::Wait(_) => now = now + Duration::from_millis(20),
                Grant::All => panic!("it is narrow"),
            }
        }
        assert!((3900..=4100).contains(&passed), "{passed} bytes in 10 s at 400 a second");
        assert_eq!(all.allowed(&["a", "h"], &[Narrow::Down], start), Grant::All);
        assert_eq!(all.allowed(&["b", "g"], &[Narrow::Up], start), Grant::All);
        assert_eq!(all.allowed(&["a", "h"], &[Narrow::Up], end), Grant::All, "it is over");
    }
}
