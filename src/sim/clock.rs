//! The harness clock: the one time of a run. The harness sets it between two steps, everybody else reads it.
//!
//! turmoil has a clock too, but it reads the real one while a host is crashed or bounced.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
