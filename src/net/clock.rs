//! The one reader of the wall clock and of the system's entropy.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::proto::entropy::Entropy;
use crate::proto::time::Time;

/// Says what time it is. It never goes back.
#[derive(Clone)]
pub struct Clock {
    read: Arc<dyn Fn() -> Time + Send + Sync>,
    /// How long the runtime has to wait until this clock has gone on by so much; nothing where it keeps the same time.
    wait: Option<Arc<dyn Fn(Duration) -> Duration + Send + Sync>>,
}

impl Clock {
    /// The wall clock, read once; from then on monotonic time is added.
    #[must_use]
    #[allow(clippy::disallowed_methods)]
    pub fn system() -> Self {
        let base = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let base = Time::from_micros(u64::try_from(base.as_micros()).unwrap_or(u64::MAX));
        let start = std::time::Instant::now();
        Self::of(move || base + start.elapsed())
    }

    /// The time of the runtime, which shows `begin` now: it stands still while a paused runtime works.
    #[must_use]
    #[allow(clippy::disallowed_methods)]
    pub fn of_runtime(begin: Time) -> Self {
        let start = tokio::time::Instant::now();
        Self::of(move || begin + start.elapsed())
    }

    /// A clock of the caller's own: the simulator's.
    #[must_use]
    pub fn of(read: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read), wait: None }
    }

    /// A clock that does not keep the runtime's time: `wait` says how long the runtime has to wait until this clock has
    /// gone on by so much.
    #[must_use]
    pub fn running(
        read: impl Fn() -> Time + Send + Sync + 'static,
        wait: impl Fn(Duration) -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self { read: Arc::new(read), wait: Some(Arc::new(wait)) }
    }

    /// This clock, so many times faster from now on, from a hundredth to ten thousand times. The runtime keeps the time
    /// that it had.
    #[must_use]
    pub fn scaled(self, by: f64) -> Self {
        let by = if by.is_finite() { by.clamp(0.01, 10_000.0) } else { 1.0 };
        let (begin, old) = (self.now(), self.clone());
        let wait = move |left: Duration| {
            let left = left.div_f64(by);
            old.wait.as_ref().map_or(left, |wait| wait(left))
        };
        Self::running(move || begin + self.now().since(begin).mul_f64(by), wait)
    }

    /// How long the runtime has to wait until this clock shows `at`.
    #[must_use]
    pub fn until(&self, at: Time) -> Duration {
        let left = at - self.now();
        self.wait.as_ref().map_or(left, |wait| wait(left))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Time {
        (self.read)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Randomness from the system.
///
/// # Errors
/// The system has none to give.
#[allow(clippy::disallowed_methods)]
pub fn system_entropy() -> std::io::Result<Entropy> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(Entropy::from_seed(seed))
}
