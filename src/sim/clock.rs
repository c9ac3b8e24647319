//! The harness clock: the one time of a run. The harness sets it between two steps, everybody else reads it.
//!
//! turmoil has a clock too, but it reads the real one while a host is crashed or bounced.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::net::Clock;
use crate::proto::time::Time;

/// When every run begins: 2026-01-01 00:00:00 UTC.
pub const EPOCH: Time = Time::from_secs(1_767_225_600);

/// Simulated time. Clones show the same.
#[derive(Clone, Debug, Default)]
pub struct SimClock(Arc<AtomicU64>);

impl SimClock {
    /// Sets how long the run has lasted.
    pub fn set(&self, elapsed: Duration) {
        self.0.store(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long the run has lasted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    /// What time it is in the world.
    #[must_use]
    pub fn now(&self) -> Time {
        EPOCH + self.elapsed()
    }

    /// The same for the drivers.
    #[must_use]
    pub fn driver(&self) -> Clock {
        let clock = self.clone();
        Clock::of(move || clock.now())
    }
}

/// The clock of one client, which may run fast or slow. It is right until somebody says otherwise, and never goes back.
#[derive(Clone, Debug)]
pub struct OwnClock {
    clock: SimClock,
    pace: Arc<Mutex<Pace>>,
}

/// What it showed when its rate changed last, and when that was.
#[derive(Clone, Copy, Debug)]
struct Pace {
    since: Duration,
    shown: Time,
    permille: u32,
}

impl OwnClock {
    /// A clock that is right.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        let pace = Pace { since: clock.elapsed(), shown: clock.now(), permille: 1000 };
        Self { clock, pace: Arc::new(Mutex::new(pace)) }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Time {
        let pace = *self.pace();
        pace.shown + (self.clock.elapsed().saturating_sub(pace.since)) * pace.permille / 1000
    }

    /// From now on it runs at this rate.
    pub fn set_rate(&self, permille: u32) {
        let shown = self.now();
        *self.pace() = Pace { since: self.clock.elapsed(), shown, permille: permille.max(1) };
    }

    /// The same for the drivers: what they wait for comes when this clock shows it.
    #[must_use]
    pub fn driver(&self) -> Clock {
        let (reads, waits) = (self.clone(), self.clone());
        Clock::running(move || reads.now(), move |shown| shown * 1000 / waits.pace().permille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_off_stays_off_and_never_goes_back() {
        let world = SimClock::default();
        let own = OwnClock::new(world.clone());
        let s = Duration::from_secs;
        let mut off = Vec::new();
        for (at, rate) in [(10, 1500), (20, 500), (30, 1000)] {
            world.set(s(at));
            off.push(own.now() - EPOCH);
            own.set_rate(rate);
            assert_eq!(own.now() - EPOCH, off[off.len() - 1], "a change of the rate changes nothing at once");
        }
        world.set(s(40));
        assert_eq!(off, [s(10), s(25), s(30)]);
        assert_eq!(own.now() - EPOCH, s(40));
    }

    #[test]
    fn a_fast_clock_waits_for_less_and_a_slow_one_for_more() {
        let world = SimClock::default();
        for (rate, waits) in [(1000, 6000), (2000, 3000), (500, 12_000)] {
            let own = OwnClock::new(world.clone());
            own.set_rate(rate);
            let clock = own.driver();
            assert_eq!(clock.until(clock.now() + Duration::from_secs(6)), Duration::from_millis(waits));
        }
    }
}
