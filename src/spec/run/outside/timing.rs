//! Which cases are about timers, how long they take, and when a client is seen to do nothing more.

use core::time::Duration;

use super::super::proc::Activity;
use super::super::target::Open;
use crate::proto::time::Time;
use crate::spec::format::Case;
use crate::spec::format::step::Step;

/// A case with a wait of so much is about timers.
const TIMER_MIN: Duration = Duration::from_secs(10);
/// A client that does nothing for so long, on the wall, will not do what was to be done at once.
const IDLE: Duration = Duration::from_secs(2);
/// The same for what a timer was to do, when its time is over.
const LULL: Duration = Duration::from_millis(250);
/// How often it is seen to do nothing in each: a judge that does not get the processor itself sees less.
const LOOKS_MIN: (u32, u32) = (12, 3);

/// What has to come may be so late on the wall, if the client is busy: the machine may have something else to do.
const LATE: Duration = Duration::from_secs(10);
/// What must not be said is waited for so long on the wall at most, where time runs faster: the timers of a client, which
/// run on meanwhile, may be fifteen seconds.
const SILENCE: Duration = Duration::from_millis(100);

/// Watches whether a client does anything: all its threads sleep, and none has had the processor since.
#[derive(Debug, Default)]
pub(super) struct Idle(Option<Still>);

/// A time in which it did nothing.
#[derive(Clone, Copy, Debug)]
struct Still {
    from: Time,
    /// How much of the processor it had had by then.
    ticks: u64,
    looks: u32,
}

impl Idle {
    /// It did something, or was told something.
    pub(super) fn wakes(&mut self) {
        self.0 = None;
    }

    /// Looks once more; `seen` is nothing where nobody can tell.
    pub(super) fn look(&mut self, now: Time, seen: Option<Activity>) {
        match seen.filter(|a| a.asleep && self.0.is_none_or(|s| s.ticks == a.ticks)) {
            Some(seen) => self.0.get_or_insert(Still { from: now, ticks: seen.ticks, looks: 0 }).looks += 1,
            None => self.wakes(),
        }
    }

    /// Whether that is long enough for a wait to be given up.
    pub(super) fn ends(&self, now: Time, open: Open, scale: f64) -> bool {
        let (span, looks) = if open.given < TIMER_MIN { (IDLE, LOOKS_MIN.0) } else { (LULL, LOOKS_MIN.1) };
        let long = |s: Still| now.since(s.from.max(open.since)) >= span.mul_f64(scale);
        self.0.is_some_and(|s| s.looks >= looks && long(s))
    }
}

/// How long something that has to come within this time is waited for.
pub(super) fn leniently(within: Duration, scale: f64) -> Duration {
    within + LATE.mul_f64(scale)
}

/// How long something that must not be said within this time is waited for: a client has its time of the wall to say it,
/// however fast the clock is.
pub(super) fn strictly(within: Duration, scale: f64) -> Duration {
    within.max(within.min(SILENCE).mul_f64(scale))
}

/// Whether a case is about timers: it needs a clock of its own, or waits long.
pub(super) fn is_timed(case: &Case) -> bool {
    let long = |s: &Step| {
        let waits = [
            s.expect.as_ref().and_then(|e| e.within),
            s.expect_none.as_ref().and_then(|e| e.until.settle),
            s.observe.as_ref().and_then(|o| o.within),
            s.outcome.as_ref().and_then(|o| o.within),
            s.together.as_ref().map(|t| t.within),
            s.advance,
        ];
        waits.into_iter().flatten().any(|span| span.0 >= TIMER_MIN)
    };
    // To show that it still works, a client may have to come back first.
    let long = |s: &Step| s.alive.is_some() || long(s);
    case.needs.all_of.iter().any(|p| p == "virtual-time") || case.steps.iter().any(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sleeps_and_uses_nothing_is_given_up_when_its_time_is_over() {
        let at = |millis: u64| Time::from_micros(millis * 1000);
        let sleeps = |ticks| Some(Activity { asleep: true, ticks });
        let open = |since: u64, given: u64| Open { since: at(since), given: Duration::from_secs(given) };
        // When the wait is given up, looked at every 100 ms for 5 s.
        let given_up = |open: Open, seen: &dyn Fn(u64) -> Option<Activity>| {
            let mut idle = Idle::default();
            (0..50).map(|n| n * 100).find(|ms| {
                idle.look(at(*ms), seen(*ms));
                idle.ends(at(*ms), open, 1.0)
            })
        };
        assert_eq!(given_up(open(0, 0), &|_| sleeps(7)), Some(2000), "nobody said how long");
        assert_eq!(given_up(open(1000, 1), &|_| sleeps(7)), Some(3000), "not before its time");
        assert_eq!(given_up(open(1000, 60), &|_| sleeps(7)), Some(1300), "a timer that was to be over");
        assert_eq!(given_up(open(0, 60), &|_| sleeps(7)), Some(300));
        assert_eq!(given_up(open(0, 0), &|ms| sleeps(u64::from(ms >= 1000))), Some(3100), "it ran between two looks");
        let waits_for_the_processor = |ms| Some(Activity { asleep: ms >= 500, ticks: 7 });
        assert_eq!(given_up(open(0, 60), &waits_for_the_processor), Some(800));
        assert_eq!(given_up(open(0, 0), &|_| None), None, "nobody can tell");
        let mut idle = Idle::default();
        idle.look(at(0), sleeps(7));
        assert!(!idle.ends(at(60_000), open(0, 60), 1.0), "who has looked once has seen nothing");
    }
}
