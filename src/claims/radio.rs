//! What keeping a connection alive costs a phone's radio, by a stated model: a radio that has carried something stays
//! awake for its tail, in case more comes. The parameters are data of this file.
//!
//! Sources: the tails of 3G are those of carrier 1 in Qian et al., "Characterizing Radio Resource Allocation for 3G
//! Networks", IMC 2010 (5 s in DCH, then 12 s in FACH); the tail of LTE, the tail of Wi-Fi and the powers are those of
//! Huang et al., "A Close Examination of Performance and Power Characteristics of 4G LTE Networks", MobiSys 2012. They
//! are American phones and carriers of 2009 to 2012, not Korean ones: read the ratios.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::proto::time::Time;

/// A radio: asleep, or waking up, or awake for what is carried, then in its tails one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radio {
    /// Its name.
    pub id: &'static str,
    /// From asleep to awake, in milliseconds, and at how many milliwatts.
    pub wakes: (u64, f64),
    /// After the last packet: so many milliseconds at so many milliwatts, then the next.
    pub tails: &'static [(u64, f64)],
}

/// What a radio spends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// Times that it was woken up.
    pub wake_ups: u64,
    /// Seconds in which it was not asleep.
    pub awake_s: f64,
    /// Energy above sleeping, in joules.
    pub joules: f64,
}

impl Radio {
    /// Those of the tables.
    pub const ALL: [Self; 3] = [
        Self { id: "3g", wakes: (582, 659.4), tails: &[(5_000, 803.9), (12_000, 601.3)] },
        Self { id: "lte", wakes: (260, 1210.7), tails: &[(11_576, 1060.0)] },
        Self { id: "wifi", wakes: (79, 124.4), tails: &[(238, 119.3)] },
    ];

    /// How long after the last packet it sleeps again.
    #[must_use]
    pub fn tail(&self) -> Duration {
        Duration::from_millis(self.tails.iter().map(|t| t.0).sum())
    }

    /// What it spends for packets at these times, within `during` of the first and its own tail.
    ///
    /// A packet itself takes no time: chat is so small that the tail is everything.
    #[must_use]
    pub fn spends(&self, packets: &[Time], during: Duration) -> Spent {
        let (mut spent, mut last) = (Spent::default(), None::<Time>);
        let Some(first) = packets.first() else { return spent };
        let ends = |spent: &mut Spent, mut left: Duration| {
            for &(ms, mw) in self.tails {
                let here = left.min(Duration::from_millis(ms)).as_secs_f64();
                left = left.saturating_sub(Duration::from_millis(ms));
                spent.awake_s += here;
                spent.joules += here * mw / 1e3;
            }
        };
        for &at in packets.iter().take_while(|at| at.since(*first) <= during) {
            let rested = last.map(|last| at.since(last));
            if rested.is_none_or(|r| r > self.tail()) {
                let wakes = Duration::from_millis(self.wakes.0).as_secs_f64();
                spent.wake_ups += 1;
                spent.awake_s += wakes;
                spent.joules += wakes * self.wakes.1 / 1e3;
            }
            if let Some(rested) = rested {
                ends(&mut spent, rested);
            }
            last = Some(at);
        }
        ends(&mut spent, self.tail());
        spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Radio = Radio { id: "plain", wakes: (1_000, 500.0), tails: &[(5_000, 800.0), (12_000, 400.0)] };
    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: &[u64]) -> Vec<Time> {
        seconds.iter().map(|s| Time::from_secs(1000 + s)).collect()
    }

    #[test]
    fn one_packet_costs_a_waking_and_both_tails() {
        let spent = PLAIN.spends(&at(&[0]), HOUR);
        // 1 s × 0.5 W + 5 s × 0.8 W + 12 s × 0.4 W.
        assert_eq!(spent, Spent { wake_ups: 1, awake_s: 18.0, joules: 0.5 + 4.0 + 4.8 });
    }

    #[test]
    fn a_packet_within_the_tail_prolongs_it() {
        let spent = PLAIN.spends(&at(&[0, 10]), HOUR);
        // 1 s, then 5 s + 5 s until the second packet, then 17 s: 9.3 J + 5 × 0.8 J + 5 × 0.4 J.
        assert_eq!((spent.wake_ups, spent.awake_s), (1, 28.0));
        assert!((spent.joules - 15.3).abs() < 1e-9, "{}", spent.joules);
    }

    #[test]
    fn a_packet_after_the_tail_wakes_it_again_and_one_after_the_time_does_not_count() {
        assert_eq!(PLAIN.spends(&at(&[0, 17]), HOUR).wake_ups, 1, "at its last moment");
        let spent = PLAIN.spends(&at(&[0, 60, 4000]), HOUR);
        assert_eq!((spent.wake_ups, spent.awake_s), (2, 36.0));
        assert_eq!(PLAIN.spends(&[], HOUR), Spent::default());
    }

    #[test]
    fn a_poll_each_five_seconds_never_lets_3g_sleep() {
        let polls: Vec<u64> = (0..720).map(|n| n * 5).collect();
        let spent = Radio::ALL[0].spends(&at(&polls), HOUR);
        assert_eq!(spent.wake_ups, 1);
        assert!((spent.awake_s - (0.582 + 719.0 * 5.0 + 17.0)).abs() < 1e-6, "{}", spent.awake_s);
    }
}
