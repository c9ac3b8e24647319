//! A disk that forgets: what was not synced when the power went is kept, torn, reordered or lost, from a seed.
//!
//! It has two images. The *view* is what the running process reads: everything written. The *durable* image has what
//! was synced. Between them lie the unsynced operations, in their order.
//!
//! What a cut does is what a page cache over a journaling file system and a disk with a cache do: writes reach the
//! platter in any order, in sectors of 512 bytes that are whole or not there; changes of the length keep their order;
//! what was written past the length that came through is lost.
//!
//! The order of a power loss: [`SimDisk::power_cut`] first, then drop the database, then [`SimDisk::revive`]. redb
//! writes when it is dropped, so a database that is dropped on a living disk shuts down cleanly, and the fault that
//! was to be found is not. [`SimDisk::kill_after`] pulls the plug in the midst of a commit, which no fault between
//! two steps of a simulation can.
//!
//! Nothing here waits: a slow sync is the business of who calls the store.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redb::StorageBackend;

pub use super::fate::SECTOR_LEN;
use super::fate::{Fate, Op, Sectors, apply, in_order, put, scattered, tear};
use crate::proto::entropy::Entropy;

/// How often each fault bit: an operation that a fault could have struck but did not is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bites {
    /// Cuts of power with something unsynced.
    pub cuts: u64,
    /// Unsynced operations that came through whole.
    pub kept: u64,
    /// Unsynced writes of which some sectors came through.
    pub torn: u64,
    /// Unsynced operations that were lost.
    pub dropped: u64,
    /// Operations that came through although an earlier one did not, or came after them.
    pub reordered: u64,
    /// Times that the disk died in an operation, by [`SimDisk::kill_after`].
    pub kills: u64,
    /// Writes that failed by [`SimDisk::fail_write`].
    pub failed_writes: u64,
    /// Syncs that failed by [`SimDisk::fail_sync`].
    pub failed_syncs: u64,
    /// Operations refused for want of space.
    pub full: u64,
    /// Syncs with something to sync that took long, by [`SimDisk::slow_sync`].
    pub slow_syncs: u64,
    /// Syncs with something to sync that did nothing and said that they did, by [`SimDisk::lie_about_sync`].
    pub lies: u64,
}

#[derive(Default)]
struct State {
    durable: Vec<u8>,
    view: Vec<u8>,
    unsynced: Vec<Op>,
    dead: bool,
    /// The power went: the durable image is all there is.
    cut: bool,
    /// A cut of power has taken something, or part of it, before this life.
    lost: bool,
    ops: u64,
    kill_in: Option<u64>,
    fail_write_in: Option<u64>,
    fail_sync_in: Option<u64>,
    capacity: Option<u64>,
    /// What may still be written, over others or not.
    space: Option<u64>,
    sync_takes: Duration,
    lying: bool,
    bites: Bites,
}

/// A handle on a simulated disk; clones are handles on the same one. The store gets one, the simulation keeps one.
#[derive(Clone, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

impl std::fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = self.state();
        write!(f, "SimDisk({} bytes, {} unsynced, dead: {})", s.view.len(), s.unsynced.len(), s.dead)
    }
}

impl SimDisk {
    /// An empty disk without bound.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `ops` more operations (writes, syncs, changes of the length) pass and dies in the next one: a write then
    /// is as unsynced as those before it, a sync syncs nothing. All later operations fail.
    pub fn kill_after(&self, ops: u64) {
        self.state().kill_in = Some(ops);
    }

    /// Dies now. Without a [`Self::power_cut`] this is the death of the process alone: what it wrote is there.
    pub fn kill(&self) {
        self.state().dead = true;
    }

    /// Cuts the power: dies now, and decides the fate of every unsynced operation. A second cut does nothing.
    pub fn power_cut(&self, entropy: &mut Entropy) {
        self.state().power_cut(entropy);
    }

    /// Whether every operation fails.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// The disk as the next start finds it, living, without pending faults; counts and bounds are carried on. Handles
    /// on the old one stay dead. A disk that was not killed is killed by this.
    #[must_use]
    pub fn revive(&self) -> Self {
        let mut s = self.state();
        s.dead = true;
        let mut next = State {
            capacity: s.capacity,
            space: s.space,
            lost: s.cut && s.lost,
            sync_takes: s.sync_takes,
            lying: s.lying,
            bites: s.bites,
            ops: s.ops,
            ..State::default()
        };
        next.durable = s.durable.clone();
        if s.cut {
            next.view = next.durable.clone();
        } else {
            next.view = s.view.clone();
            next.unsynced = s.unsynced.clone();
        }
        Self(Arc::new(Mutex::new(next)))
    }

    /// Lets `writes` more writes pass; the next one fails with an input/output error and writes nothing.
    pub fn fail_write(&self, writes: u64) {
        self.state().fail_write_in = Some(writes);
    }

    /// Lets `syncs` more syncs pass; the next one fails with an input/output error and syncs nothing.
    pub fn fail_sync(&self, syncs: u64) {
        self.state().fail_sync_in = Some(syncs);
    }

    /// How many bytes fit, from now on: beyond, the disk is full.
    pub fn set_capacity(&self, bytes: u64) {
        self.state().capacity = Some(bytes);
    }

    /// How many bytes can still be written, from now on, whether over others or not: a volume that copies on write has
    /// so much room left. Beyond, it is full; with nothing, it has room again.
    pub fn set_space(&self, bytes: Option<u64>) {
        self.state().space = bytes;
    }

    /// Whether there is an end to what can be written.
    #[must_use]
    pub fn is_filling(&self) -> bool {
        self.state().space.is_some()
    }

    /// From now on a sync takes this long.
    pub fn slow_sync(&self, takes: Duration) {
        self.state().sync_takes = takes;
    }

    /// How long a sync takes: whoever calls the store waits for it.
    #[must_use]
    pub fn sync_takes(&self) -> Duration {
        self.state().sync_takes
    }

    /// Whether this life begins with what a cut of power has left, and something is missing.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        self.state().lost
    }

    /// A planted bug: syncs do nothing and say that they did.
    pub fn lie_about_sync(&self, lying: bool) {
        self.state().lying = lying;
    }

    /// What a process would read now: the whole image.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        self.state().view.clone()
    }

    /// A planted bug: the disk is an older one.
    pub fn become_old(&self, image: Vec<u8>) {
        let mut s = self.state();
        s.unsynced.clear();
        s.durable.clone_from(&image);
        s.view = image;
    }

    /// How often each fault bit, over all lives of this disk.
    #[must_use]
    pub fn bites(&self) -> Bites {
        self.state().bites
    }

    /// Operations so far, over all lives: what [`Self::kill_after`] counts.
    #[must_use]
    pub fn ops(&self) -> u64 {
        self.state().ops
    }
}

fn eio(what: &str) -> io::Error {
    io::Error::other(format!("simulated input/output error: {what}"))
}

/// One fewer to pass: whether this is the one.
fn due(counter: &mut Option<u64>) -> bool {
    match counter {
        Some(0) => {
            *counter = None;
            true
        }
        Some(n) => {
            *n -= 1;
            false
        }
        None => false,
    }
}

impl State {
    /// Counts an operation. `Ok(true)`: this is the one in which the disk dies.
    fn begin(&mut self) -> io::Result<bool> {
        self.alive()?;
        self.ops += 1;
        let dies = due(&mut self.kill_in);
        if dies {
            self.dead = true;
            self.bites.kills += 1;
        }
        Ok(dies)
    }

    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(eio("the disk is dead")) } else { Ok(()) }
    }

    fn fits(&mut self, end: u64) -> io::Result<usize> {
        if self.capacity.is_some_and(|c| end > c) {
            self.bites.full += 1;
            return Err(io::Error::new(ErrorKind::StorageFull, "simulated: no space left on the disk"));
        }
        usize::try_from(end).map_err(|_| io::Error::from(ErrorKind::InvalidInput))
    }

    /// A write of `len` bytes finds room.
    fn finds_room(&mut self, len: u64) -> io::Result<()> {
        let Some(space) = self.space else { return Ok(()) };
        self.space = Some(space.saturating_sub(len));
        if len > space {
            self.bites.full += 1;
            return Err(io::Error::new(ErrorKind::StorageFull, "simulated: no space left on the volume"));
        }
        Ok(())
    }

    fn change(&mut self, op: Op, dies: bool) -> io::Result<()> {
        apply(&mut self.view, &op);
        self.unsynced.push(op);
        if dies { Err(eio("the disk died in an operation")) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.begin()? {
            return Err(eio("the disk died in a sync"));
        }
        if due(&mut self.fail_sync_in) {
            self.bites.failed_syncs += 1;
            return Err(eio("sync"));
        }
        self.bites.slow_syncs += u64::from(!self.unsynced.is_empty() && !self.sync_takes.is_zero());
        if self.lying {
            self.bites.lies += u64::from(!self.unsynced.is_empty());
            return Ok(());
        }
        for op in std::mem::take(&mut self.unsynced) {
            apply(&mut self.durable, &op);
        }
        Ok(())
    }

    fn power_cut(&mut self, entropy: &mut Entropy) {
        self.dead = true;
        if std::mem::replace(&mut self.cut, true) {
            return;
        }
        let ops = std::mem::take(&mut self.unsynced);
        if !ops.is_empty() {
            self.bites.cuts += 1;
            let fates = if entropy.chance(1, 3) { in_order(&ops, entropy) } else { scattered(&ops, entropy) };
            self.lost = fates.iter().any(|fate| fate.sectors != Sectors::All);
            self.settle(&ops, &fates);
        }
        self.view = Vec::new();
    }

    /// Brings through what comes through: lengths in their order first, then writes by their turn.
    fn settle(&mut self, ops: &[Op], fates: &[Fate]) {
        let all: Vec<(&Op, &Fate)> = ops.iter().zip(fates).collect();
        for (i, (_, fate)) in all.iter().enumerate() {
            let earlier = all.get(..i).unwrap_or_default();
            match fate.sectors {
                Sectors::None => self.bites.dropped += 1,
                Sectors::All => self.bites.kept += 1,
                Sectors::Some(_) => self.bites.torn += 1,
            }
            let overtook = |o: &Fate| o.sectors == Sectors::None || o.turn > fate.turn;
            if fate.sectors != Sectors::None && earlier.iter().any(|(_, o)| overtook(o)) {
                self.bites.reordered += 1;
            }
        }
        for (op, fate) in &all {
            if let (Op::SetLen(_), Sectors::All) = (op, fate.sectors) {
                apply(&mut self.durable, op);
            }
        }
        let mut writes: Vec<_> = all.iter().filter(|(op, _)| matches!(op, Op::Write { .. })).collect();
        writes.sort_by_key(|(_, fate)| fate.turn);
        for (op, fate) in writes {
            let Op::Write { at, data } = op else { continue };
            match fate.sectors {
                Sectors::None => {}
                Sectors::All => put(&mut self.durable, *at, data),
                Sectors::Some(seed) => tear(&mut self.durable, *at, data, &mut Entropy::named(seed, "sectors")),
            }
        }
    }
}

impl StorageBackend for SimDisk {
    fn len(&self) -> io::Result<u64> {
        let s = self.state();
        s.alive()?;
        Ok(s.view.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let s = self.state();
        s.alive()?;
        let from = usize::try_from(offset).ok().and_then(|at| s.view.get(at..at.checked_add(out.len())?));
        out.copy_from_slice(from.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut s = self.state();
        let dies = s.begin()?;
        let len = s.fits(len)?;
        s.change(Op::SetLen(len), dies)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.state().sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut s = self.state();
        let dies = s.begin()?;
        if due(&mut s.fail_write_in) {
            s.bites.failed_writes += 1;
            return Err(eio("write"));
        }
        s.finds_room(data.len() as u64)?;
        let end = s.fits(offset.saturating_add(data.len() as u64))?;
        if end > s.view.len() {
            s.view.resize(end, 0);
            s.unsynced.push(Op::SetLen(end));
        }
        s.change(Op::Write { at: end - data.len(), data: data.to_vec() }, dies)
    }
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
