//! Who is connecting, and who does so too often or for too long.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Control;
use crate::proto::time::Time;

/// Who is connecting, and who did lately.
#[derive(Debug, Default)]
pub(super) struct Dials {
    next: u64,
    open: BTreeMap<u64, (Arc<str>, Time)>,
    lately: BTreeMap<Arc<str>, VecDeque<Time>>,
    /// Who has lost a connection and not connected since, and when.
    lost: BTreeMap<Arc<str>, Time>,
    /// Those who lost theirs in one step.
    falls: BTreeMap<Time, Fall>,
}

/// Clients that lost their connections in the same step.
#[derive(Debug, Default)]
struct Fall {
    clients: usize,
    /// How many of them connected again in which step.
    back: BTreeMap<Time, usize>,
}

/// Of fewer than these it may be by chance that they come back in the same step.
const CROWD: usize = 10;
/// After so long all have come back whom nothing keeps.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// A connect that is under way; dropping it ends it.
#[derive(Debug)]
pub struct Dial {
    control: Control,
    n: u64,
}

impl Drop for Dial {
    fn drop(&mut self) {
        self.control.lock().dials.open.remove(&self.n);
    }
}

impl Control {
    /// `owner` begins to connect.
    #[must_use]
    pub fn dial(&self, owner: &Arc<str>) -> Dial {
        let now = self.clock.now();
        let mut s = self.lock();
        s.dials.next += 1;
        let n = s.dials.next;
        s.dials.open.insert(n, (owner.clone(), now));
        s.dials.lately.entry(owner.clone()).or_default().push_back(now);
        if let Some(fall) = s.dials.lost.remove(owner).and_then(|at| s.dials.falls.get_mut(&at)) {
            *fall.back.entry(now).or_default() += 1;
        }
        drop(s);
        self.sometimes.client_dials();
        Dial { control: self.clone(), n }
    }

    /// `owner` has lost its connection, and means to come back.
    pub fn lost(&self, owner: &Arc<str>) {
        let now = self.clock.now();
        let dials = &mut self.lock().dials;
        if let Some(before) = dials.lost.insert(owner.clone(), now)
            && let Some(fall) = dials.falls.get_mut(&before)
        {
            fall.clients -= 1;
        }
        dials.falls.entry(now).or_default().clients += 1;
    }

    /// How many lost their connections in one step, and how many of them came back in one step, where those are nine
    /// in ten of at least ten: once for each time.
    ///
    /// Whoever waits for a random time comes back like this by chance, too, but not before the end of the world: with
    /// ten clients and six steps to choose from in one of ten million falls.
    #[must_use]
    pub fn crowd(&self) -> Option<(usize, usize)> {
        let now = self.clock.now();
        let dials = &mut self.lock().dials;
        dials.falls.retain(|at, _| now - *at <= BACK_WITHIN);
        let most = |fall: &Fall| fall.back.values().copied().max().unwrap_or_default();
        let is_crowd = |fall: &Fall| most(fall) >= CROWD.max(fall.clients - fall.clients / 10);
        let at = dials.falls.iter().find(|(_, fall)| is_crowd(fall)).map(|(at, _)| *at)?;
        dials.falls.remove(&at).map(|fall| (fall.clients, most(&fall)))
    }

    /// Somebody who has been connecting for longer than `most`, once for each connect.
    #[must_use]
    pub fn late_dial(&self, most: Duration) -> Option<Arc<str>> {
        let now = self.clock.now();
        let open = &mut self.lock().dials.open;
        let n = open.iter().find(|(_, (_, since))| now - *since > most).map(|(n, _)| *n)?;
        open.remove(&n).map(|(owner, _)| owner)
    }

    /// Somebody who has connected more than `most` times in the last `within`, once for each rush.
    #[must_use]
    pub fn rush(&self, most: usize, within: Duration) -> Option<Arc<str>> {
        let now = self.clock.now();
        let lately = &mut self.lock().dials.lately;
        for (owner, times) in lately {
            while times.front().is_some_and(|at| now - *at > within) {
                times.pop_front();
            }
            if times.len() > most {
                times.clear();
                return Some(owner.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::clock::SimClock;

    /// So many fall together; they come back after these times, in milliseconds.
    fn crowd(fall: usize, back: impl Iterator<Item = u64>) -> Option<(usize, usize)> {
        let clock = SimClock::default();
        let control = Control::new(clock.clone());
        let names: Vec<Arc<str>> = (0..fall).map(|n| format!("u{n}/main").into()).collect();
        names.iter().for_each(|name| control.lost(name));
        for (name, ms) in names.iter().zip(back) {
            clock.set(Duration::from_millis(ms));
            drop(control.dial(name));
        }
        let found = control.crowd();
        assert_eq!(control.crowd(), None, "it is said once");
        found
    }

    #[test]
    fn those_who_fell_together_must_not_rise_together() {
        assert_eq!(crowd(12, (0..12).map(|_| 300)), Some((12, 12)));
        assert_eq!(crowd(12, (0..12).map(|n| if n == 0 { 250 } else { 300 })), Some((12, 11)));
        assert_eq!(crowd(12, (0..12).map(|n| if n < 2 { 250 } else { 300 })), None);
        assert_eq!(crowd(12, (0..12).map(|n| n * 25)), None);
        assert_eq!(crowd(9, (0..9).map(|_| 300)), None, "nine may meet by chance");
        assert_eq!(crowd(100, (0..90).map(|_| 300)), Some((100, 90)), "the others have not come yet");
    }

    #[test]
    fn who_falls_again_before_it_comes_back_counts_for_its_last_fall() {
        let clock = SimClock::default();
        let control = Control::new(clock.clone());
        let names: Vec<Arc<str>> = (0..10).map(|n| format!("u{n}/main").into()).collect();
        names.iter().for_each(|name| control.lost(name));
        clock.set(Duration::from_millis(20));
        control.lost(&names[0]);
        clock.set(Duration::from_millis(300));
        names.iter().for_each(|name| drop(control.dial(name)));
        assert_eq!(control.crowd(), None, "nine of the first fall, one of the second");
    }
}
