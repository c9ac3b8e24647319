//! The simulated networks: how long a byte takes, how many pass, and how a network fails. All figures are data of this
//! file and are printed with the results.

use std::time::Duration;

use crate::proto::entropy::Entropy;

/// A network between a device and the server. Both devices of a conversation are on one of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Its name.
    pub id: &'static str,
    /// What it is like.
    pub title: &'static str,
    /// The shortest way of one direction, in milliseconds.
    pub least_ms: u64,
    /// The longest. Between the two turmoil draws from an exponential distribution whose mean is a fifth of the way up.
    pub most_ms: u64,
    /// Bytes a second from the device.
    pub up: u64,
    /// Bytes a second to the device.
    pub down: u64,
    /// A step of simulated time, in milliseconds.
    pub tick_ms: u64,
}

impl Band {
    /// 300 ms there and back, the 3G (UMTS) of 2011.
    pub const G3: Self = Self {
        id: "3g",
        title: "3G: 130 to 230 ms one way, about 300 ms there and back; 384 kbit/s up, 2 Mbit/s down",
        least_ms: 130,
        most_ms: 230,
        up: 48_000,
        down: 250_000,
        tick_ms: 5,
    };
    /// 60 ms there and back.
    pub const LTE: Self = Self {
        id: "lte",
        title: "LTE: 25 to 50 ms one way, about 60 ms there and back; 5 Mbit/s up, 20 Mbit/s down",
        least_ms: 25,
        most_ms: 50,
        up: 625_000,
        down: 2_500_000,
        tick_ms: 1,
    };
    /// 10 ms there and back.
    pub const WIFI: Self = Self {
        id: "wifi",
        title: "Wi-Fi: 4 to 10 ms one way, about 10 ms there and back; 20 Mbit/s up, 50 Mbit/s down",
        least_ms: 4,
        most_ms: 10,
        up: 2_500_000,
        down: 6_250_000,
        tick_ms: 1,
    };
    /// Exactly 500 ms one way and as many bytes as one likes: elapsed seconds are round trips.
    pub const RULER: Self = Self {
        id: "ruler",
        title: "ruler: exactly 500 ms one way, no limit of bytes; a round trip is a second",
        least_ms: 500,
        most_ms: 500,
        up: u64::MAX,
        down: u64::MAX,
        tick_ms: 10,
    };
    /// Those that the latencies are measured on.
    pub const ALL: [Self; 3] = [Self::G3, Self::LTE, Self::WIFI];

    /// The mean way there and back.
    #[must_use]
    pub const fn round_trip(&self) -> Duration {
        Duration::from_millis(2 * self.least_ms + 2 * (self.most_ms - self.least_ms) / 5)
    }
}

/// How a network fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outages {
    /// It does not.
    None,
    /// For two to six seconds, about once a minute, nothing passes; then everything that waited does. A tunnel.
    Shadow,
    /// For two to six seconds, about every two minutes, everything is lost, and with it, silently, each connection: an
    /// address that changed, a router that forgot.
    Lost,
}

impl Outages {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Shadow, Self::Lost];

    /// Its name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Shadow => "shadow",
            Self::Lost => "lost",
        }
    }

    /// When the network of one device is down, from first to last, within `during`.
    #[must_use]
    pub fn plan(self, seed: u64, device: &str, during: Duration) -> Vec<(Duration, Duration)> {
        let every = match self {
            Self::None => return Vec::new(),
            Self::Shadow => 60_000,
            Self::Lost => 120_000,
        };
        let mut dice = Entropy::named(seed, &format!("claims/outages/{}/{device}", self.id()));
        let (mut plan, mut at) = (Vec::new(), Duration::from_millis(dice.range(every / 4, every)));
        while at < during {
            let takes = Duration::from_millis(dice.range(2_000, 6_000));
            plan.push((at, at + takes));
            at += takes + Duration::from_millis(dice.range(every / 2, every * 3 / 2));
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_come_about_as_often_as_they_say_and_do_not_overlap() {
        let hours = Duration::from_secs(10 * 3600);
        for (kind, every) in [(Outages::Shadow, 64.0), (Outages::Lost, 124.0)] {
            let plan = kind.plan(7, "alice", hours);
            let mean = hours.as_secs_f64() / plan.len() as f64;
            assert!((mean / every - 1.0).abs() < 0.1, "{}: one each {mean} s", kind.id());
            assert!(plan.windows(2).all(|w| w[0].0 < w[0].1 && w[0].1 < w[1].0));
            assert_eq!(plan, kind.plan(7, "alice", hours));
            assert_ne!(plan, kind.plan(7, "bob", hours));
        }
        assert!(Outages::None.plan(7, "alice", hours).is_empty());
    }

    #[test]
    fn a_round_trip_is_what_the_title_says() {
        let all = [Band::G3, Band::LTE, Band::WIFI, Band::RULER].map(|b| b.round_trip().as_millis());
        assert_eq!(all, [300, 60, 10, 1000]);
    }
}
