//! Waiting between two tries: exponential, capped, with full jitter, so that clients that fell together do not rise
//! together (`CLIENT-BACKOFF-1`).

use core::time::Duration;

use super::config::Backoff;
use crate::proto::entropy::Entropy;

/// How often we have tried in vain, and the dice.
#[derive(Debug)]
pub(super) struct Retries {
    config: Backoff,
    failed: u32,
    entropy: Entropy,
}

impl Retries {
    pub(super) const fn new(config: Backoff, entropy: Entropy) -> Self {
        Self { config, failed: 0, entropy }
    }

    /// How long to wait now: anything from nothing to `base` × 2ⁿ after n vain tries, at most `max`.
    pub(super) fn next_delay(&mut self) -> Duration {
        let ceiling = u64::try_from(self.next_ceiling().as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.entropy.below(ceiling.saturating_add(1)))
    }

    /// The longest wait now. It counts as a vain try.
    pub(super) fn next_ceiling(&mut self) -> Duration {
        //= CLIENT-BACKOFF-1
        let grown = self.config.base.saturating_mul(2u32.saturating_pow(self.failed.min(31)));
        self.failed = self.failed.saturating_add(1);
        grown.min(self.config.max)
    }

    /// It worked: begin anew with `base`.
    pub(super) const fn reset(&mut self) {
        self.failed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(seed: u64) -> Retries {
        let config = Backoff { base: Duration::from_millis(500), max: Duration::from_secs(30) };
        Retries::new(config, Entropy::named(seed, "backoff"))
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_cap_and_every_delay_is_under_it() {
        for n in 0..10u32 {
            let ceiling = Duration::from_millis(500 << n).min(Duration::from_secs(30));
            let delays: Vec<_> = (0..200)
                .map(|seed| {
                    let mut r = retries(seed);
                    for _ in 0..n {
                        let _ = r.next_delay();
                    }
                    r.next_delay()
                })
                .collect();
            assert!(delays.iter().all(|d| *d <= ceiling), "{n}");
            assert!(delays.iter().any(|d| *d > ceiling * 9 / 10), "{n}: the upper end is used");
            assert!(delays.iter().any(|d| *d < ceiling / 10), "{n}: the lower end is used");
        }
    }

    #[test]
    fn success_begins_anew_and_ages_of_failure_do_not_overflow() {
        let mut r = retries(1);
        for _ in 0..200 {
            assert!(r.next_delay() <= Duration::from_secs(30));
        }
        r.reset();
        assert!(r.next_delay() <= Duration::from_millis(500));
        let mut none = Retries::new(Backoff { base: Duration::ZERO, max: Duration::ZERO }, Entropy::named(1, "x"));
        assert_eq!(none.next_delay(), Duration::ZERO);
    }
}
