//! What the harness tells the streams to do, and what they tell it: one record for each stream and for each owner.
//!
//! An owner is a client (`alice/main`) or `server`. Orders stay with the owner, so that they find whichever connection
//! it has; each fault counts how often it *bit*, which is not how often it was ordered.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::clock::SimClock;
use crate::proto::time::Time;

/// How often each fault of a stream or link bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bites {
    /// Writes that went out in several pieces.
    pub cut_writes: u64,
    /// Reads that gave less than had come.
    pub cut_reads: u64,
    /// Reads that joined what had come in several pieces.
    pub joined_reads: u64,
    /// Bytes that came and were held back for a while.
    pub held_reads: u64,
    /// Heartbeats that were swallowed.
    pub heartbeats_lost: u64,
    /// Reads that a stalled reader did not do.
    pub stalled_reads: u64,
    /// Streams that were reset under their owner.
    pub resets: u64,
    /// Bits that were flipped.
    pub flips: u64,
    /// Messages of the network in flight that a partition deleted.
    pub partition_in_flight: u64,
    /// Writes into a partition.
    pub partition_writes: u64,
    /// Writes that a hold delayed.
    pub held_writes: u64,
    /// Connects that failed.
    pub failed_connects: u64,
}

/// What is ordered for an owner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Orders {
    /// Swallow this many heartbeats.
    pub heartbeats: u32,
    /// Flip a bit in this many writes to the carriage server.
    pub flips: u32,
    /// Reset the carriage connection after this many more bytes.
    pub reset_after: Option<u64>,
    /// Read nothing before this time.
    pub stalled_until: Option<Time>,
}

#[derive(Debug)]
struct Line {
    owner: Arc<str>,
    reset: bool,
    wakers: [Option<Waker>; 2],
}

#[derive(Debug, Default)]
struct State {
    bites: Bites,
    lines: BTreeMap<u64, Line>,
    next_line: u64,
    orders: BTreeMap<Arc<str>, Orders>,
    /// Hosts whose way to the server, or from it, is cut; and those on hold.
    dark: BTreeSet<(Arc<str>, bool)>,
    held: BTreeSet<Arc<str>>,
    /// Whose process is being killed, and its streams so far.
    dying: Option<Arc<str>>,
    graves: BTreeMap<u64, Box<dyn Any + Send>>,
    /// When bytes came last to each owner.
    came: BTreeMap<Arc<str>, Time>,
    dials: Dials,
}

/// Who is connecting, and who did lately.
#[derive(Debug, Default)]
struct Dials {
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

/// The records. Clones are handles on the same ones.
#[derive(Clone, Debug)]
pub struct Control {
    clock: SimClock,
    state: Arc<Mutex<State>>,
}

/// Which half of a stream waits.
#[derive(Clone, Copy, Debug)]
pub enum Half {
    /// The reader.
    Read,
    /// The writer.
    Write,
}

impl Control {
    /// No streams, no orders.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        Self { clock, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// A new stream of `owner`: its number.
    pub fn open(&self, owner: &Arc<str>) -> u64 {
        let mut s = self.lock();
        s.next_line += 1;
        let n = s.next_line;
        s.lines.insert(n, Line { owner: owner.clone(), reset: false, wakers: [None, None] });
        n
    }

    /// The stream is gone.
    pub fn close(&self, line: u64) {
        self.lock().lines.remove(&line);
    }

    /// Streams that are open, by owner.
    #[must_use]
    pub fn open_lines(&self) -> Vec<(u64, Arc<str>)> {
        self.lock().lines.iter().map(|(n, l)| (*n, l.owner.clone())).collect()
    }

    /// Whether the stream was reset; if not, who to wake when it is.
    pub fn is_reset(&self, line: u64, half: Half, waker: &Waker) -> bool {
        let mut s = self.lock();
        let Some(l) = s.lines.get_mut(&line) else { return true };
        if let Some(slot) = l.wakers.get_mut(half as usize) {
            *slot = Some(waker.clone());
        }
        l.reset
    }

    /// Resets every stream for which `which` holds.
    pub fn reset(&self, which: impl Fn(&str) -> bool) {
        let mut s = self.lock();
        let (mut woken, mut resets) = (Vec::new(), 0);
        for line in s.lines.values_mut().filter(|l| which(&l.owner) && !l.reset) {
            line.reset = true;
            resets += 1;
            woken.extend(line.wakers.iter_mut().filter_map(Option::take));
        }
        s.bites.resets += resets;
        drop(s);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Resets one stream from inside.
    pub fn reset_line(&self, line: u64) {
        let mut s = self.lock();
        s.bites.resets += 1;
        if let Some(l) = s.lines.get_mut(&line) {
            l.reset = true;
            // The caller is one half; the other must learn of it.
            l.wakers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
        }
    }

    /// Changes the orders of `owner`, and wakes its streams.
    pub fn order(&self, owner: &Arc<str>, change: impl FnOnce(&mut Orders)) {
        let mut s = self.lock();
        change(s.orders.entry(owner.clone()).or_default());
        let mut woken = Vec::new();
        for line in s.lines.values_mut().filter(|l| l.owner == *owner) {
            woken.extend(line.wakers.iter_mut().filter_map(Option::take));
        }
        drop(s);
        woken.into_iter().for_each(Waker::wake);
    }

    /// All orders are off.
    pub fn heal(&self) {
        self.lock().orders.clear();
    }

    /// The orders of `owner`.
    #[must_use]
    pub fn orders(&self, owner: &Arc<str>) -> Orders {
        self.lock().orders.get(owner).copied().unwrap_or_default()
    }

    /// Takes one of an order that is counted, if there is one left.
    pub fn take(&self, owner: &Arc<str>, which: impl FnOnce(&mut Orders) -> &mut u32) -> bool {
        let mut s = self.lock();
        let left = which(s.orders.entry(owner.clone()).or_default());
        let had = *left > 0;
        *left = left.saturating_sub(1);
        had
    }

    /// The process of `owner` is killed: its streams are kept until [`Control::bury`].
    ///
    /// A runtime drops its tasks in an order that depends on numbers of the whole process (tokio keeps them in four
    /// lists by task id), and each stream says farewell when it is dropped. So that a run repeats, they are dropped
    /// later, in their own order.
    pub fn kill(&self, owner: &Arc<str>) {
        self.lock().dying = Some(owner.clone());
    }

    /// Whether the process of `owner` is being killed.
    #[must_use]
    pub fn is_dying(&self, owner: &Arc<str>) -> bool {
        self.lock().dying.as_ref() == Some(owner)
    }

    /// Keeps the stream of a process that is killed.
    pub fn inter(&self, line: u64, stream: Box<dyn Any + Send>) {
        self.lock().graves.insert(line, stream);
    }

    /// Drops the streams of the process that was killed, on its host: each says farewell, in the order of their lines.
    pub fn bury(&self) {
        let mut s = self.lock();
        s.dying = None;
        let graves = std::mem::take(&mut s.graves);
        drop(s);
        graves.into_values().for_each(drop);
    }

    /// Bytes came to `owner`.
    pub fn came(&self, owner: &Arc<str>) {
        let now = self.clock.now();
        self.lock().came.insert(owner.clone(), now);
    }

    /// When bytes came last to `owner`.
    #[must_use]
    pub fn came_last(&self, owner: &Arc<str>) -> Option<Time> {
        self.lock().came.get(owner).copied()
    }

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

    /// Counts.
    pub fn bit(&self, count: impl FnOnce(&mut Bites)) {
        count(&mut self.lock().bites);
    }

    /// How often each fault bit.
    #[must_use]
    pub fn bites(&self) -> Bites {
        self.lock().bites
    }

    /// Says how the link between a client host and the server is: dark upwards, dark downwards, held.
    pub fn link(&self, host: &Arc<str>, up: bool, down: bool, held: bool) {
        let mut s = self.lock();
        for (dark, is_up) in [(up, true), (down, false)] {
            let key = (host.clone(), is_up);
            if dark {
                s.dark.insert(key);
            } else {
                s.dark.remove(&key);
            }
        }
        if held {
            s.held.insert(host.clone());
        } else {
            s.held.remove(host);
        }
    }

    /// A write on the link of `host`, up from the client or down to it: counts what a fault does to it.
    pub fn wrote(&self, host: &Arc<str>, up: bool) {
        let mut s = self.lock();
        if s.dark.contains(&(host.clone(), up)) {
            s.bites.partition_writes += 1;
        } else if s.held.contains(host) {
            s.bites.held_writes += 1;
        }
    }
}
