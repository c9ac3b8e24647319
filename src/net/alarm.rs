//! A deadline that moves.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Sleep, sleep};

use super::Clock;
use crate::proto::time::Time;

/// Wakes a driver at its machine's deadline. It stays set while the driver works.
#[derive(Default)]
pub(super) struct Alarm {
    at: Option<Time>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// It rings at `deadline`, or not at all. How long that is is asked anew: the clock may not keep the runtime's time.
    pub(super) fn at(&mut self, deadline: Option<Time>, clock: &Clock) {
        match deadline {
            Some(deadline) => self.set(deadline, clock),
            None => (self.at, self.sleep) = (None, None),
        }
    }

    /// It rings at `deadline`, or before, rather than being set anew each time that a packet puts a deadline off.
    pub(super) fn by(&mut self, deadline: Option<Time>, clock: &Clock) {
        if let Some(deadline) = deadline.filter(|at| self.at.is_none_or(|set| *at < set)) {
            self.set(deadline, clock);
        }
    }

    fn set(&mut self, deadline: Time, clock: &Clock) {
        let anew = sleep(clock.until(deadline));
        match &mut self.sleep {
            Some(old) => old.as_mut().set(anew),
            None => self.sleep = Some(Box::pin(anew)),
        }
        self.at = Some(deadline);
    }

    /// Waits until it rings.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = self.sleep.as_mut().filter(|_| self.at.is_some()) else { return Poll::Pending };
        ready!(sleep.as_mut().poll(cx));
        self.at = None;
        Poll::Ready(())
    }

    /// The same.
    pub(super) async fn rings(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_the_deadline_and_one_that_is_put_off_rings_early_where_it_may() {
        let clock = Clock::of_runtime(Time::default());
        let (soon, later) = (Time::from_secs(10), Time::from_secs(60));
        let mut alarm = Alarm::default();
        alarm.by(Some(soon), &clock);
        alarm.by(Some(later), &clock);
        alarm.rings().await;
        assert_eq!(clock.now(), soon, "it was not set anew");
        alarm.at(Some(soon + Duration::from_secs(10)), &clock);
        alarm.at(Some(later), &clock);
        alarm.rings().await;
        assert_eq!(clock.now(), later, "it was");
        alarm.at(Some(later), &clock);
        alarm.rings().await;
        assert_eq!(clock.now(), later, "what is over rings at once, and again");
        alarm.at(None, &clock);
        let never = tokio::time::timeout(Duration::from_secs(3600), alarm.rings());
        assert!(never.await.is_err(), "nothing is due");
    }
}
