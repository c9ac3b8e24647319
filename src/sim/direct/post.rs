//! Who knows when bytes arrive, and wakes their reader then: one clock for all ways, and not one for each.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use tokio::time::{Sleep, sleep};

use super::pipe::{Cable, End, arrived};
use crate::net::Clock;
use crate::proto::time::Time;

/// The post of a network. Clones are the same one.
#[derive(Clone)]
pub(super) struct Post(Arc<Office>);

struct Office {
    clock: Clock,
    state: Mutex<State>,
}

/// A way on which something is.
type Busy = (Weak<Mutex<Cable>>, End);

#[derive(Default)]
struct State {
    /// The ways on which something is, by when it arrives; what arrives at once, in the order in which it was sent.
    due: BTreeMap<(Time, u64), Busy>,
    sent: u64,
    waker: Option<Waker>,
}

impl Post {
    /// The post, at work as a task of this runtime.
    pub(super) fn start(clock: Clock) -> Self {
        let post = Self(Arc::new(Office { clock, state: Mutex::default() }));
        let mut alarm = None;
        let works = post.clone();
        tokio::spawn(async move { poll_fn(|cx| works.poll(cx, &mut alarm)).await });
        post
    }

    /// What time it is.
    pub(super) fn now(&self) -> Time {
        self.0.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is on the way to this end that arrives at `at`.
    pub(super) fn send(&self, at: Time, cable: Weak<Mutex<Cable>>, to: End) {
        let mut state = self.state();
        state.sent += 1;
        let key = (at, state.sent);
        state.due.insert(key, (cable, to));
        if state.due.first_key_value().is_some_and(|(first, _)| *first == key) {
            state.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// A way on which something has arrived.
    fn due(&self, now: Time) -> Option<Busy> {
        let mut state = self.state();
        state.due.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove())
    }

    /// Wakes who has something to read, and waits for the next; it never ends.
    fn poll(&self, cx: &mut Context<'_>, alarm: &mut Option<(Time, Pin<Box<Sleep>>)>) -> Poll<()> {
        loop {
            let now = self.now();
            while let Some((cable, to)) = self.due(now) {
                cable.upgrade().iter().for_each(|cable| arrived(cable, to));
            }
            let mut state = self.state();
            state.waker = Some(cx.waker().clone());
            let Some((next, _)) = state.due.first_key_value().map(|(key, _)| *key) else { return Poll::Pending };
            drop(state);
            match alarm {
                Some((at, _)) if *at == next => {}
                Some((at, set)) => {
                    *at = next;
                    set.as_mut().set(sleep(next - now));
                }
                None => *alarm = Some((next, Box::pin(sleep(next - now)))),
            }
            if alarm.as_mut().is_some_and(|(_, set)| set.as_mut().poll(cx).is_pending()) {
                return Poll::Pending;
            }
            *alarm = None;
        }
    }
}
