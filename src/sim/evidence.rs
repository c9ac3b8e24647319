//! How often each fault *bit*, which interesting places were reached, and how much was done: a simulation whose faults
//! do nothing proves nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::director::Director;
use super::scenario::Do;
use super::sometimes::Place;
use super::world::World;

/// One counter over some runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that was counted.
    pub sum: u64,
    /// Runs in which anything was counted.
    pub seeds: u64,
}

/// Counters by name, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(BTreeMap<&'static str, Tally>);

/// The counters of faults: each must be above zero over a sweep that is worth its name.
pub const FAULTS: &[&str] = &[
    "fault/bandwidth: put off",
    "fault/bit flipped",
    "fault/bit flipped in a plain packet",
    "fault/bit flipped on the way back",
    "fault/bit flipped without notice",
    "fault/byte by byte",
    "fault/bytes joined",
    "fault/bytes joined by order",
    "fault/clock: heartbeat off its time",
    "fault/connection reset",
    "fault/disk: failed sync",
    "fault/disk: failed write",
    "fault/disk: full",
    "fault/disk: operation dropped",
    "fault/disk: operation kept",
    "fault/disk: operation reordered",
    "fault/disk: slow sync",
    "fault/disk: write torn",
    "fault/heartbeat doubled",
    "fault/heartbeat late",
    "fault/heartbeat lost",
    "fault/hold: write delayed",
    "fault/jitter: write drawn from the band",
    "fault/latency changed",
    "fault/partition: message deleted",
    "fault/partition: write lost",
    "fault/read cut",
    "fault/read held back",
    "fault/reader slow",
    "fault/reader stalled",
    "fault/server crashed",
    "fault/server drained",
    "fault/server: disk error",
    "fault/server: disk full",
    "fault/server: power cut at rest",
    "fault/server: power cut in an operation",
    "fault/standby took over",
    "fault/storm",
    "fault/token: login refused",
    "fault/write cut",
];

/// Those that need two carriages, which the worlds of profile `short` do not have.
pub const OF_TWO_CARRIAGES: &[&str] = &["fault/standby took over"];

impl Evidence {
    /// These counters of one run.
    #[must_use]
    pub fn of_run(counters: impl IntoIterator<Item = (&'static str, u64)>) -> Self {
        Self(counters.into_iter().map(|(name, sum)| (name, Tally { sum, seeds: u64::from(sum > 0) })).collect())
    }

    /// A counter; 0 when nobody has counted.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |t| t.sum)
    }

    /// Runs in which something was counted.
    #[must_use]
    pub fn seeds(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |t| t.seeds)
    }

    /// Adds those of other runs.
    pub fn add(&mut self, other: &Self) {
        for (name, t) in &other.0 {
            let mine = self.0.entry(name).or_default();
            mine.sum += t.sum;
            mine.seeds += t.seeds;
        }
    }

    /// The faults that never bit.
    #[must_use]
    pub fn toothless(&self) -> Vec<&'static str> {
        FAULTS.iter().copied().filter(|f| self.get(f) == 0).collect()
    }

    /// The places that were never reached.
    #[must_use]
    pub fn unreached(&self) -> Vec<&'static str> {
        Place::ALL.iter().map(|p| p.name()).filter(|p| self.get(p) == 0).collect()
    }

    /// All counters, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(name, t)| (*name, t.sum))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:<58} {:>10} {:>7}", "what", "sum", "seeds")?;
        self.0.iter().try_for_each(|(name, t)| writeln!(f, "  {name:<58} {:>10} {:>7}", t.sum, t.seeds))
    }
}

/// The counters of a run.
#[must_use]
pub fn collect(world: &World, director: &Director) -> Evidence {
    let mut all = Vec::new();
    all.extend(faults(world, director));
    all.extend(done(world, director));
    for what in Do::ALL.into_iter().filter(|what| what.is_counted()) {
        all.extend(what.counters().into_iter().zip(world.model.requests(what)));
    }
    let disk = world.server.disk().bites();
    let some = world.control.sometimes();
    for place in Place::ALL {
        let n = match place {
            Place::CommitTorn => disk.torn,
            Place::DiedInCommit => disk.kills,
            _ => some.count(*place),
        };
        all.push((place.name(), n));
    }
    Evidence::of_run(all)
}

fn faults(world: &World, director: &Director) -> impl IntoIterator<Item = (&'static str, u64)> {
    let (s, f, d) = (world.control.bites(), director.falls(), world.server.disk().bites());
    [
        ("fault/bandwidth: put off", s.throttled),
        ("fault/bit flipped", s.flips),
        ("fault/bit flipped in a plain packet", s.flips_plain),
        ("fault/bit flipped on the way back", s.flips_down),
        ("fault/bit flipped without notice", s.flips_unnoticed),
        ("fault/byte by byte", s.single_bytes),
        ("fault/bytes joined", s.joined_reads),
        ("fault/bytes joined by order", s.joined_by_order),
        ("fault/clock: heartbeat off its time", s.heartbeats_off),
        ("fault/connection reset", s.resets),
        ("fault/disk: failed sync", d.failed_syncs),
        ("fault/disk: failed write", d.failed_writes),
        ("fault/disk: full", d.full),
        ("fault/disk: operation dropped", d.dropped),
        ("fault/disk: operation kept", d.kept),
        ("fault/disk: operation reordered", d.reordered),
        ("fault/disk: slow sync", d.slow_syncs),
        ("fault/disk: write torn", d.torn),
        ("fault/heartbeat doubled", s.heartbeats_doubled),
        ("fault/heartbeat late", s.heartbeats_late),
        ("fault/heartbeat lost", s.heartbeats_lost),
        ("fault/hold: write delayed", s.held_writes),
        ("fault/jitter: write drawn from the band", s.jittery_writes),
        ("fault/latency changed", f.latency_changes),
        ("fault/partition: message deleted", s.partition_in_flight),
        ("fault/partition: write lost", s.partition_writes),
        ("fault/read cut", s.cut_reads),
        ("fault/read held back", s.held_reads),
        ("fault/reader slow", s.slow_reads),
        ("fault/reader stalled", s.stalled_reads),
        ("fault/server crashed", f.crashes),
        ("fault/server drained", f.drains),
        ("fault/server: disk error", f.disk_errors),
        ("fault/server: disk full", f.disk_full),
        ("fault/server: power cut at rest", f.power_cuts_at_rest),
        ("fault/server: power cut in an operation", f.power_cuts_in_operation),
        ("fault/standby took over", f.takeovers),
        ("fault/storm", f.storms),
        ("fault/token: login refused", world.control.sometimes().count(Place::TokenRefused)),
        ("fault/write cut", s.cut_writes),
    ]
}

fn done(world: &World, director: &Director) -> impl IntoIterator<Item = (&'static str, u64)> {
    let c = world.watch().closes();
    [
        ("done/closed: bad bytes", c.malformed),
        ("done/closed: drained", c.drained),
        ("done/closed: fenced", c.fenced),
        ("done/closed: no login in time", c.login_timeout),
        ("done/closed: silent", c.idle),
        ("done/closed: slow reader", c.slow),
        ("done/closed: store failed", c.store),
        ("done/commits", c.commits),
        ("done/connects that failed", world.control.bites().failed_connects),
        ("done/faults skipped, the server was down", director.falls().skipped),
        ("done/logins", c.logins),
        ("done/messages acknowledged", world.model.acknowledged() as u64),
        ("done/messages sent", world.model.sent() as u64),
        ("done/packets to the server", c.packets_in),
        ("done/packets from the server", c.packets_out),
        ("done/server starts", u64::from(world.server.lives())),
        ("done/tokens expired", director.falls().expiries),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_seeds_are_added_apart() {
        let mut all = Evidence::of_run([("fault/storm", 3), ("fault/write cut", 0)]);
        all.add(&Evidence::of_run([("fault/storm", 4), ("some/one read brought two packets", 1)]));
        assert_eq!((all.get("fault/storm"), all.seeds("fault/storm")), (7, 2));
        assert_eq!((all.get("fault/write cut"), all.seeds("fault/write cut")), (0, 0));
        assert!(all.toothless().contains(&"fault/write cut") && !all.toothless().contains(&"fault/storm"));
        assert_eq!(all.unreached().len(), Place::ALL.len() - 1);
    }

    #[test]
    fn every_fault_that_must_bite_is_counted() {
        let mut sorted = FAULTS.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), FAULTS.len());
    }
}
