//! Hunting: fresh seeds for as long as there is time, on one machine or many, and what came of all of them together.
//!
//! ```text
//!  seeds asked for ─> shard ─> hunt ─> report ─┬─> kept as it grows: goes on after a stop, whatever stopped it
//!                              (jobs)          └─> merged with those of the other shards
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`seeds`] | sets of seeds |
//! | [`shard`] | which seeds are whose |
//! | [`report`] | what came of them |

pub mod report;
pub mod seeds;
pub mod shard;

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::report::Report;
use self::shard::Shard;
use super::run::{Outcome, run};
use super::scenario::Scenario;
use crate::net::Clock;

/// Which seeds are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The first.
    pub first: u64,
    /// The one after the last; without it there is no last.
    pub end: Option<u64>,
    /// Only the part of this shard.
    pub shard: Option<Shard>,
}

impl Asked {
    /// The seeds to run.
    ///
    /// # Errors
    /// There are none.
    pub fn seeds(&self) -> Result<Range<u64>, String> {
        match self.shard {
            Some(shard) => shard.seeds(self.first, self.end),
            None => Ok(self.first..self.end.unwrap_or(u64::MAX)),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            Some(end) => write!(f, "{}..{end}", self.first)?,
            None => write!(f, "from {}", self.first)?,
        }
        self.shard.map_or(Ok(()), |shard| write!(f, ", shard {shard}"))
    }
}

/// When a hunt ends.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// No run begins after so much time, that of earlier parts of the hunt included.
    pub time: Option<Duration>,
    /// No run begins after so many failures.
    pub failures: usize,
}

/// Why a hunt has ended. Runs that had begun were finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All seeds were run.
    Complete,
    /// The time was over.
    Time,
    /// Enough has failed.
    Failures,
    /// It was told to stop.
    Stopped,
}

/// What a hunt is made of beside its seeds.
pub struct Hunter<'a> {
    /// Runs at the same time.
    pub jobs: usize,
    /// When it ends.
    pub until: Until,
    /// The scenario of a seed.
    pub make: &'a (dyn Fn(u64) -> Scenario + Sync),
    /// Whether it shall stop now.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Hears of each run as it ends, in any order, with the report that it is in already.
    pub each: &'a (dyn Fn(&Outcome, &Report) + Sync),
    /// The clock on the wall.
    pub clock: Clock,
}

impl fmt::Debug for Hunter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hunter({} jobs, {:?})", self.jobs, self.until)
    }
}

/// A hunt that is on.
struct State<'r> {
    report: &'r mut Report,
    next: u64,
    end: Option<End>,
}

impl Hunter<'_> {
    /// Runs those of `seeds` that `report` does not have yet, and adds them to it.
    pub fn hunt(&self, seeds: Range<u64>, report: &mut Report) -> End {
        let (before, began) = (report.took_ms, self.clock.now());
        let took = || before.saturating_add(u64::try_from((self.clock.now() - began).as_millis()).unwrap_or(u64::MAX));
        let state = Mutex::new(State { report, next: seeds.start, end: None });
        let locked = || state.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let Some(seed) = self.next(&mut locked(), seeds.end, took()) else { return };
                        let outcome = run(&(self.make)(seed));
                        let mut state = locked();
                        state.report.add(&outcome);
                        state.report.took_ms = took();
                        (self.each)(&outcome, state.report);
                    }
                });
            }
        });
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.report.took_ms = took();
        state.end.unwrap_or(End::Complete)
    }

    /// The next seed, unless it is time to end.
    fn next(&self, state: &mut State<'_>, end: u64, took_ms: u64) -> Option<u64> {
        let seed = state.report.done.next_free(state.next);
        let is_over = self.until.time.is_some_and(|t| u128::from(took_ms) >= t.as_millis());
        let why = if state.end.is_some() {
            state.end
        } else if (self.stop)() {
            Some(End::Stopped)
        } else if state.report.failed.len() >= self.until.failures {
            Some(End::Failures)
        } else if seed >= end {
            Some(End::Complete)
        } else {
            is_over.then_some(End::Time)
        };
        if why.is_some() {
            state.end = why;
            return None;
        }
        state.next = seed + 1;
        Some(seed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::report::Of;
    use super::*;
    use crate::proto::time::Time;
    use crate::sim::generate::generate;

    fn fresh() -> Report {
        Report::new(Of::this_build("sweep", &[]), "0..9".to_owned())
    }

    /// A scenario that cannot be, so that a run costs nothing and fails.
    fn broken(seed: u64) -> Scenario {
        let mut s = generate(seed);
        s.world.users = 0;
        s
    }

    /// Hunts with a clock that goes on by a second whenever a run ends.
    fn hunt(until: Until, stop_after: u64, report: &mut Report) -> End {
        let ended = Arc::new(AtomicU64::new(0));
        let hands = ended.clone();
        let hunter = Hunter {
            jobs: 2,
            until,
            make: &broken,
            stop: &|| ended.load(Ordering::Relaxed) >= stop_after,
            each: &|_, _| {
                ended.fetch_add(1, Ordering::Relaxed);
            },
            clock: Clock::of(move || Time::from_micros(hands.load(Ordering::Relaxed) * 1_000_000)),
        };
        hunter.hunt(0..9, report)
    }

    const LONG: Until = Until { time: None, failures: 100 };

    #[test]
    fn a_hunt_that_was_stopped_goes_on_where_it_was() {
        let mut report = fresh();
        assert_eq!(hunt(LONG, 4, &mut report), End::Stopped);
        let done = report.done.len();
        assert!((4..=5).contains(&done), "{done}: what had begun is finished");
        assert_eq!(hunt(LONG, 100, &mut report), End::Complete);
        let mut whole = fresh();
        assert_eq!(hunt(LONG, 100, &mut whole), End::Complete);
        assert_eq!((&report.done, &report.failed, &report.evidence), (&whole.done, &whole.failed, &whole.evidence));
        assert_eq!(report.failed.len(), 9, "each run once");
        assert_eq!(hunt(LONG, 100, &mut report), End::Complete);
        assert_eq!(report.done, whole.done, "nothing is left to do");
    }

    #[test]
    fn time_and_failures_end_it_too() {
        let mut report = fresh();
        let three_seconds = Until { time: Some(Duration::from_secs(3)), failures: 100 };
        assert_eq!(hunt(three_seconds, 100, &mut report), End::Time);
        assert!((3..=4).contains(&report.done.len()) && report.took_ms >= 3000, "{report:?}");
        assert_eq!(hunt(three_seconds, 100, &mut report), End::Time, "the time of the first part counts");
        assert_eq!(hunt(Until { failures: 6, ..LONG }, 100, &mut report), End::Failures);
        assert!((6..=7).contains(&report.failed.len()));
    }

    #[test]
    fn what_is_asked_is_said_in_a_line() -> Result<(), String> {
        let asked = Asked { first: 5, end: None, shard: Some(Shard::new(2, 8)?) };
        assert_eq!(asked.to_string(), "from 5, shard 2/8");
        assert_eq!(Asked { end: Some(9), shard: None, ..asked }.to_string(), "5..9");
        assert_eq!(Asked { end: Some(9), shard: None, ..asked }.seeds()?, 5..9);
        Ok(())
    }
}
