//! How often each fault *bit*, and how much was done: a simulation whose faults do nothing proves nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::director::Director;
use super::world::World;

/// Counters by name, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(BTreeMap<&'static str, u64>);

/// The counters of faults: each must be above zero over a sweep that is worth its name.
pub const FAULTS: &[&str] = &[
    "fault/bit flipped",
    "fault/bytes joined",
    "fault/connection reset",
    "fault/disk: failed sync",
    "fault/disk: failed write",
    "fault/disk: operation dropped",
    "fault/disk: operation kept",
    "fault/disk: operation reordered",
    "fault/disk: write torn",
    "fault/heartbeat lost",
    "fault/hold: write delayed",
    "fault/latency changed",
    "fault/partition: message deleted",
    "fault/partition: write lost",
    "fault/read cut",
    "fault/read held back",
    "fault/reader stalled",
    "fault/server crashed",
    "fault/server drained",
    "fault/server: disk error",
    "fault/server: power cut at rest",
    "fault/server: power cut in an operation",
    "fault/storm",
    "fault/write cut",
];

impl Evidence {
    /// A counter; 0 when nobody has counted.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (name, n) in &other.0 {
            *self.0.entry(name).or_default() += n;
        }
    }

    /// The faults that never bit.
    #[must_use]
    pub fn toothless(&self) -> Vec<&'static str> {
        FAULTS.iter().copied().filter(|f| self.get(f) == 0).collect()
    }

    /// All counters, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(name, n)| (*name, *n))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, n)| writeln!(f, "  {name:<42} {n:>10}"))
    }
}

/// The counters of a run.
#[must_use]
pub fn collect(world: &World, director: &Director) -> Evidence {
    let (s, f, d) = (world.control.bites(), director.falls(), world.server.disk().bites());
    let c = world.watch().closes();
    let all = [
        ("fault/bit flipped", s.flips),
        ("fault/bytes joined", s.joined_reads),
        ("fault/connection reset", s.resets),
        ("fault/disk: failed sync", d.failed_syncs),
        ("fault/disk: failed write", d.failed_writes),
        ("fault/disk: operation dropped", d.dropped),
        ("fault/disk: operation kept", d.kept),
        ("fault/disk: operation reordered", d.reordered),
        ("fault/disk: write torn", d.torn),
        ("fault/heartbeat lost", s.heartbeats_lost),
        ("fault/hold: write delayed", s.held_writes),
        ("fault/latency changed", f.latency_changes),
        ("fault/partition: message deleted", s.partition_in_flight),
        ("fault/partition: write lost", s.partition_writes),
        ("fault/read cut", s.cut_reads),
        ("fault/read held back", s.held_reads),
        ("fault/reader stalled", s.stalled_reads),
        ("fault/server crashed", f.crashes),
        ("fault/server drained", f.drains),
        ("fault/server: disk error", f.disk_errors),
        ("fault/server: power cut at rest", f.power_cuts_at_rest),
        ("fault/server: power cut in an operation", f.power_cuts_in_operation),
        ("fault/skipped, the server was down", f.skipped),
        ("fault/storm", f.storms),
        ("fault/write cut", s.cut_writes),
        ("done/closed: bad bytes", c.malformed),
        ("done/closed: drained", c.drained),
        ("done/closed: fenced", c.fenced),
        ("done/closed: no login in time", c.login_timeout),
        ("done/closed: silent", c.idle),
        ("done/closed: slow reader", c.slow),
        ("done/closed: store failed", c.store),
        ("done/commits", c.commits),
        ("done/connects that failed", s.failed_connects),
        ("done/logins", c.logins),
        ("done/messages acknowledged", world.model.acknowledged() as u64),
        ("done/messages sent", world.model.sent() as u64),
        ("done/packets to the server", c.packets_in),
        ("done/packets from the server", c.packets_out),
        ("done/server starts", u64::from(world.server.lives())),
    ];
    Evidence(all.into_iter().collect())
}
