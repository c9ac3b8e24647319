//! The one time type of the core, as an argument. Reading a clock is the driver's business.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// Microseconds since the Unix epoch, as the driver of a machine says it.
///
/// Within one driver it never goes back: a driver on real clocks reads the wall clock once and adds monotonic time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The time `us` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(us: u64) -> Self {
        Self(us)
    }

    /// The time `s` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch: what `sendAt` carries.
    #[must_use]
    pub const fn unix_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long after `earlier` this is; zero when it is before it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, d: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Time> for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// `0:00:30.000000` of the day, enough to read a trace by.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, us) = (self.0 / 1_000_000 % 86_400, self.0 % 1_000_000);
        write!(f, "{}:{:02}:{:02}.{us:06}", s / 3600, s / 60 % 60, s % 60)
    }
}
