//! What the harness tells the streams to do, and what they tell it: one record for each stream and for each owner.
//!
//! An owner is a client (`alice/main`) or `server`. Orders stay with the owner, so that they find whichever connection
//! it has; each fault counts how often it *bit*, which is not how often it was ordered.

mod bites;
mod dials;
mod moves;
mod orders;
mod throttle;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

pub use self::bites::Bites;
use self::dials::Dials;
use self::moves::Moves;
pub use self::orders::{Orders, ResetWay};
use self::throttle::Throttles;
pub use self::throttle::{Grant, Narrow};
use super::clock::SimClock;
use super::sometimes::Sometimes;
use crate::proto::time::Time;

#[derive(Debug)]
struct Line {
    owner: Arc<str>,
    /// The client's end only.
    address: Option<SocketAddr>,
    reset: bool,
    wakers: [Option<Waker>; 2],
}

#[derive(Debug, Default)]
struct State {
    bites: Bites,
    lines: BTreeMap<u64, Line>,
    next_line: u64,
    orders: BTreeMap<Arc<str>, Orders>,
    /// Whose client's end has which address.
    addresses: BTreeMap<SocketAddr, Arc<str>>,
    throttles: Throttles,
    /// When a fault of a stream bit last.
    bitten: Option<Time>,
    /// When bytes were lost without a word last: their connection is dead, and nobody knows.
    silenced: Option<Time>,
    /// Clients whose clocks run off, and how fast: 1000 is right.
    rates: BTreeMap<Arc<str>, u32>,
    /// Hosts of clients and servers between which the way up, or down, is cut; and those on hold.
    dark: BTreeSet<(Arc<str>, Arc<str>, bool)>,
    held: BTreeSet<(Arc<str>, Arc<str>)>,
    holds: BTreeMap<(Arc<str>, Arc<str>), u32>,
    /// Hosts whose messages take anything within a band.
    jittery: BTreeSet<Arc<str>>,
    /// Whose process is being killed, and its streams so far.
    dying: BTreeSet<Arc<str>>,
    graves: BTreeMap<(Arc<str>, u64), Box<dyn Any + Send>>,
    /// When bytes came last to each owner.
    came: BTreeMap<Arc<str>, Time>,
    dials: Dials,
    moves: Moves,
}

/// The records. Clones are handles on the same ones.
#[derive(Clone, Debug)]
pub struct Control {
    clock: SimClock,
    state: Arc<Mutex<State>>,
    sometimes: Sometimes,
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
        Self { sometimes: Sometimes::new(clock.clone()), clock, state: Arc::default() }
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
        s.moves.begin(owner);
        let n = s.next_line;
        s.lines.insert(n, Line { owner: owner.clone(), address: None, reset: false, wakers: [None, None] });
        n
    }

    /// The stream is gone.
    pub fn close(&self, line: u64) {
        let mut s = self.lock();
        if let Some(address) = s.lines.remove(&line).and_then(|l| l.address) {
            s.addresses.remove(&address);
        }
        drop(s);
        self.sometimes.client_closed(line);
    }

    /// The client's end of this stream has this address.
    pub fn has_address(&self, line: u64, address: SocketAddr) {
        let mut s = self.lock();
        let Some(l) = s.lines.get_mut(&line) else { return };
        l.address = Some(address);
        let owner = l.owner.clone();
        s.addresses.insert(address, owner);
    }

    /// Until when the streams of the client at this address are joined by order.
    #[must_use]
    pub fn joins_of(&self, address: &SocketAddr) -> Option<Time> {
        let s = self.lock();
        s.orders.get(s.addresses.get(address)?)?.join_until
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
        s.bitten = Some(self.clock.now());
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

    /// All orders are off, and whoever waited for one goes on. Clocks go on as they do.
    pub fn heal(&self) {
        let mut s = self.lock();
        s.orders.clear();
        s.throttles = Throttles::default();
        let woken: Vec<_> = s.lines.values_mut().flat_map(|l| l.wakers.iter_mut().filter_map(Option::take)).collect();
        drop(s);
        woken.into_iter().for_each(Waker::wake);
    }

    /// The interesting places of the run.
    #[must_use]
    pub const fn sometimes(&self) -> &Sometimes {
        &self.sometimes
    }

    /// Makes the way of `target`, a client or a client host, narrow until then.
    pub fn narrow(&self, target: &str, narrow: Narrow, bytes_per_second: u64, until: Time) {
        self.lock().throttles.set(target, narrow, bytes_per_second, until);
    }

    /// What may pass now on a stream of `owner` on `host`, by these throttles.
    #[must_use]
    pub fn allowed(&self, owner: &str, host: &str, narrow: &[Narrow]) -> Grant {
        let now = self.clock.now();
        self.lock().throttles.allowed(&[owner, host], narrow, now)
    }

    /// So many bytes have passed.
    pub fn spent(&self, owner: &str, host: &str, narrow: &[Narrow], bytes: usize) {
        let now = self.clock.now();
        self.lock().throttles.spent(&[owner, host], narrow, bytes, now);
    }

    /// The clock of `owner` runs at this rate, in permille.
    pub fn set_rate(&self, owner: &Arc<str>, permille: u32) {
        self.lock().rates.insert(owner.clone(), permille);
    }

    /// Whether the clock of `owner` does not run as it should.
    #[must_use]
    pub fn runs_off(&self, owner: &Arc<str>) -> bool {
        self.lock().rates.get(owner).is_some_and(|r| *r != 1000)
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
        self.lock().dying.insert(owner.clone());
    }

    /// Whether the process of `owner` is being killed.
    #[must_use]
    pub fn is_dying(&self, owner: &Arc<str>) -> bool {
        self.lock().dying.contains(owner)
    }

    /// Keeps the stream of a process that is killed.
    pub fn inter(&self, owner: &Arc<str>, line: u64, stream: Box<dyn Any + Send>) {
        self.lock().graves.insert((owner.clone(), line), stream);
    }

    /// Drops the streams of the process of `owner` that was killed, on its host: each says farewell, in the order of
    /// their lines.
    pub fn bury(&self, owner: &Arc<str>) {
        let mut s = self.lock();
        s.dying.remove(owner);
        let graves: Vec<_> = s.graves.extract_if(.., |(of, _), _| of == owner).map(|(_, stream)| stream).collect();
        drop(s);
        graves.into_iter().for_each(drop);
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

    /// Counts.
    pub fn bit(&self, count: impl FnOnce(&mut Bites)) {
        count(&mut self.lock().bites);
    }

    /// Counts a bite that may break a connection now, long after it was ordered.
    pub fn bit_hard(&self, count: impl FnOnce(&mut Bites)) {
        let now = self.clock.now();
        let mut s = self.lock();
        count(&mut s.bites);
        s.bitten = Some(now);
    }

    /// When a fault of a stream bit last, where that may break a connection.
    #[must_use]
    pub fn bitten(&self) -> Option<Time> {
        self.lock().bitten
    }

    /// Bytes on their way are lost without a word.
    pub fn silence(&self, messages: u64) {
        if messages > 0 {
            let mut s = self.lock();
            s.bites.partition_in_flight += messages;
            s.silenced = Some(self.clock.now());
        }
    }

    /// When bytes were lost without a word last.
    #[must_use]
    pub fn silenced(&self) -> Option<Time> {
        self.lock().silenced
    }

    /// How often each fault bit.
    #[must_use]
    pub fn bites(&self) -> Bites {
        self.lock().bites
    }

    /// How often the link of `host` to a server has been put on hold.
    #[must_use]
    pub fn holds(&self, host: &Arc<str>, server: &Arc<str>) -> u32 {
        self.lock().holds.get(&(host.clone(), server.clone())).copied().unwrap_or_default()
    }

    /// Says how the link between a client host and a server is: dark upwards, dark downwards, held.
    pub fn link(&self, host: &Arc<str>, server: &str, up: bool, down: bool, held: bool) {
        let server: Arc<str> = server.into();
        let mut s = self.lock();
        for (dark, is_up) in [(up, true), (down, false)] {
            let key = (host.clone(), server.clone(), is_up);
            if dark {
                s.dark.insert(key);
            } else {
                s.dark.remove(&key);
            }
        }
        if held {
            let key = (host.clone(), server);
            if s.held.insert(key.clone()) {
                *s.holds.entry(key).or_default() += 1;
            }
        } else {
            s.held.remove(&(host.clone(), server));
        }
    }

    /// Whether messages to and from `host` take anything within a band.
    pub fn set_jittery(&self, host: &str, jittery: bool) {
        let mut s = self.lock();
        if jittery {
            s.jittery.insert(host.into());
        } else {
            s.jittery.remove(host);
        }
    }

    /// A write on the link of `host` to a server, up from the client or down to it: counts what a fault does to it.
    pub fn wrote(&self, host: &Arc<str>, server: &Arc<str>, up: bool) {
        let mut s = self.lock();
        if s.dark.contains(&(host.clone(), server.clone(), up)) {
            s.bites.partition_writes += 1;
            s.silenced = Some(self.clock.now());
        } else if s.held.contains(&(host.clone(), server.clone())) {
            s.bites.held_writes += 1;
        } else if s.jittery.contains(host) {
            s.bites.jittery_writes += 1;
        }
    }
}
