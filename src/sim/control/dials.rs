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
}

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
        drop(s);
        self.sometimes.client_dials();
        Dial { control: self.clone(), n }
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
