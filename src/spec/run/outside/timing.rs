//! Which cases are about timers, how long they take, and when a client is seen to do nothing more.

use core::time::Duration;

use super::super::proc::Activity;
use crate::proto::time::Time;
use crate::spec::format::Case;
use crate::spec::format::step::Step;

/// A case with a wait of so much is about timers.
const TIMER_MIN: Duration = Duration::from_secs(10);
/// A client that does nothing for so long, on the wall, will not do what was to be done at once.
pub(super) const IDLE: Duration = Duration::from_secs(2);
/// It is seen to do nothing that often: a judge that does not get the processor itself sees less.
const LOOKS_MIN: u32 = 12;

/// A case that waits longer than this, on the wall, for nothing to come is left out.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What comes at once may take so long on the wall: the machine may have something else to do.
const PROMPTLY: Duration = Duration::from_secs(2);
/// What comes by a timer may be so late on the wall.
const LATE: Duration = Duration::from_millis(250);

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

    /// Looks once more. Since when it has done nothing; `None` while it does something, was not looked at often enough,
    /// or nobody can tell.
    pub(super) fn since(&mut self, now: Time, seen: Option<Activity>) -> Option<Time> {
        let Some(seen) = seen.filter(|a| a.asleep && self.0.is_none_or(|s| s.ticks == a.ticks)) else {
            self.wakes();
            return None;
        };
        let still = self.0.get_or_insert(Still { from: now, ticks: seen.ticks, looks: 0 });
        still.looks += 1;
        (still.looks >= LOOKS_MIN).then_some(still.from)
    }
}

/// How long something that has to come within this time is waited for.
pub(super) fn leniently(within: Duration, scale: f64) -> Duration {
    if within < TIMER_MIN { within.max(PROMPTLY.mul_f64(scale)) } else { within + LATE.mul_f64(scale) }
}

/// How long something that must not be said within this time is waited for: a client has its time of the wall to say it,
/// however fast the clock is.
pub(super) fn strictly(within: Duration, scale: f64) -> Duration {
    within.max(within.min(LATE).mul_f64(scale))
}

/// Why a case is left out, when it waits too long for nothing to come.
pub(super) fn too_long(case: &Case, scale: f64) -> Option<String> {
    let waits = pure_waits(case);
    let here = waits.div_f64(scale);
    (here > WAIT_MAX).then(|| format!("it waits {} s, {} s at this time_scale", waits.as_secs(), here.as_secs()))
}

/// How long a case waits whatever the client does.
fn pure_waits(case: &Case) -> Duration {
    let of = |s: &Step| {
        let settles = s.expect_none.as_ref().and_then(|e| e.until.settle);
        let silences = s.observe.as_ref().filter(|o| o.never).and_then(|o| o.within);
        [s.advance, settles, silences].into_iter().flatten().map(|span| span.0).sum::<Duration>()
    };
    case.steps.iter().map(of).sum()
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
    fn who_sleeps_and_uses_nothing_is_idle_since_then() {
        let at = Time::from_micros;
        let sleeps = |ticks| Some(Activity { asleep: true, ticks });
        let mut idle = Idle::default();
        let mut looks = |from: u64, seen: Option<Activity>| {
            (0..u64::from(LOOKS_MIN)).map(|n| idle.since(at(from + n), seen)).collect::<Vec<_>>()
        };
        let often = looks(1, sleeps(7));
        assert_eq!((often.first(), often.last()), (Some(&None), Some(&Some(at(1)))), "not at the first look");
        assert_eq!(looks(100, sleeps(7)).first(), Some(&Some(at(1))));
        let works = Some(Activity { asleep: false, ticks: 7 });
        assert!(looks(200, works).iter().all(Option::is_none), "a thread runs, or waits for the processor");
        assert_eq!(looks(300, sleeps(7)).last(), Some(&Some(at(300))));
        let again = looks(400, sleeps(8));
        assert_eq!(again.first(), Some(&None), "it has run between two looks");
        assert_eq!(looks(500, None).last(), Some(&None), "nobody can tell");
        idle.wakes();
        assert_eq!(idle.since(at(600), sleeps(8)), None);
    }
}
