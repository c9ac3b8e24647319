//! A scenario from a seed. Pure: the same seed gives the same scenario, for this version of the generator.
//!
//! Swarm: each kind of fault is on with p = 1/2, else fully off, and latencies, sizes and counts are drawn too. Random
//! subsets find more than everything at once.

mod mix;
mod more;
pub mod profile;

use std::time::Duration;

use self::profile::Profile;
use super::fault::ResetWay;
use super::scenario::{Fault, Format, Scenario, Swarm, Workload, WorldSpec, client_name, host_name};
use super::server::HOST;
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;
use crate::spec::format::Span;

fn span_ms(ms: u64) -> Span {
    Span(Duration::from_millis(ms))
}

fn span(s: u64) -> Span {
    Span(Duration::from_secs(s))
}

/// A draw as a smaller number; the ranges here are small.
fn draw(e: &mut Entropy, low: u64, high: u64) -> u32 {
    u32::try_from(e.range(low, high)).unwrap_or(u32::MAX)
}

/// The scenario of `seed`, small and short.
#[must_use]
pub fn generate(seed: u64) -> Scenario {
    generate_for(Profile::Short, seed)
}

/// The scenario of `seed` for this purpose.
#[must_use]
pub fn generate_for(profile: Profile, seed: u64) -> Scenario {
    let e = &mut Entropy::named(seed, "generate");
    let era = match e.below(10) {
        0 | 1 => Era::E2012,
        2 | 3 => Era::E2019,
        4 => Era::E2023,
        _ => Era::E2025,
    };
    let low = e.range(1, 10);
    let world = WorldSpec {
        profile,
        carriages: 1,
        eras: Vec::new(),
        client_hosts: draw(e, 2, 4),
        users: draw(e, 3, 6),
        devices_per_user: draw(e, 1, 2),
        rooms: draw(e, 2, 6),
        tick: span_ms(20),
        latency: (span_ms(low), span_ms(low + e.range(5, 200))),
        commit: (span_ms(0), span_ms(if e.chance(1, 2) { e.range(20, 150) } else { 0 })),
        heartbeat: span(e.range(4, 12)),
        real_rsa: e.chance(1, 32),
        send_queue: 256 << 10,
    };
    let swarm = Swarm {
        partitions: e.chance(1, 2),
        holds: e.chance(1, 2),
        latency: e.chance(1, 2),
        crashes: e.chance(1, 2),
        power_cuts: e.chance(1, 2),
        heartbeat_loss: e.chance(1, 2),
        slow_readers: e.chance(1, 2),
        drains: e.chance(1, 2),
        storms: e.chance(1, 2),
        resets: e.chance(1, 2),
        corruption: e.chance(1, 2),
        disk_errors: e.chance(1, 4),
        ..Swarm::default()
    };
    let heal_s = e.range(60, 110);
    let workload = Workload {
        actions: draw(e, 30, 140),
        mix: mix::mix(seed, era, e),
        text_max: if e.chance(1, 2) { 64 } else { draw(e, 3000, 9000) },
        script: Vec::new(),
    };
    let mut s = Scenario {
        format: Format::V1,
        title: String::new(),
        written_by: format!("locospec {}", env!("CARGO_PKG_VERSION")),
        seed,
        era,
        world,
        swarm,
        workload,
        faults: Vec::new(),
        heal_at: span(heal_s),
        quirks: Vec::new(),
    };
    s.workload.actions += mix::extra(&s.workload.mix);
    profile.shape(&mut s);
    let last_s = s.heal_at.0.as_secs() - 8;
    s.faults = faults(&s, last_s, e);
    more::more(&mut s, last_s);
    profile.add_faults(&mut s, last_s);
    s
}

/// Whom and when.
struct Dice<'e> {
    e: &'e mut Entropy,
    last_s: u64,
    /// How many times as many as usual.
    times: u64,
    hosts: Vec<String>,
    clients: Vec<String>,
}

impl<'e> Dice<'e> {
    /// Dice for the hosts and clients of this scenario, whose faults begin within so many seconds.
    fn new(e: &'e mut Entropy, s: &Scenario, last_s: u64) -> Self {
        let hosts = (1..=s.world.client_hosts).map(host_name).collect();
        let clients = s.clients().into_iter().map(|(u, second, _)| client_name(u, second)).collect();
        Self { e, last_s, times: s.world.profile.times(), hosts, clients }
    }

    fn at(&mut self) -> Span {
        span_ms(self.e.range(2000, self.last_s * 1000))
    }

    fn pick(e: &mut Entropy, of: &[String]) -> String {
        let i = usize::try_from(e.below(of.len() as u64)).unwrap_or_default();
        of.get(i).cloned().unwrap_or_default()
    }

    fn host(&mut self) -> String {
        Self::pick(self.e, &self.hosts)
    }

    fn client(&mut self) -> String {
        Self::pick(self.e, &self.clients)
    }

    /// One to `most` faults, when the kind is on.
    fn some(&mut self, on: bool, most: u64, out: &mut Vec<Fault>, make: impl Fn(&mut Self) -> Fault) {
        if on {
            for _ in 0..self.e.range(1, most * self.times) {
                let fault = make(self);
                out.push(fault);
            }
        }
    }
}

fn faults(s: &Scenario, last_s: u64, e: &mut Entropy) -> Vec<Fault> {
    let mut d = Dice::new(e, s, last_s);
    let (on, mut all) = (s.swarm, Vec::new());
    d.some(on.partitions, 3, &mut all, |d| {
        let (at, host, long) = (d.at(), d.host(), d.e.chance(1, 4));
        let r#for = span_ms(if long { d.e.range(30_000, 60_000) } else { d.e.range(1, 15_000) });
        if d.e.chance(1, 3) {
            Fault::PartitionOneway { at, r#for, host, to: None, up: d.e.chance(1, 2) }
        } else {
            Fault::Partition { at, r#for, host, to: None }
        }
    });
    d.some(on.holds, 3, &mut all, |d| Fault::Hold {
        at: d.at(),
        r#for: span_ms(d.e.range(50, 20_000)),
        host: d.host(),
        to: None,
    });
    d.some(on.latency, 2, &mut all, |d| Fault::Latency {
        at: d.at(),
        r#for: span(d.e.range(2, 30)),
        host: d.host(),
        to: None,
        max: span_ms(d.e.range(210, 1500)),
    });
    d.some(on.crashes, 2, &mut all, |d| Fault::Crash {
        at: d.at(),
        host: HOST.to_owned(),
        down_for: span_ms(d.e.range(20, 8000)),
    });
    d.some(on.power_cuts, 3, &mut all, |d| Fault::PowerCut {
        at: d.at(),
        host: HOST.to_owned(),
        after_disk_ops: d.e.below(24),
        down_for: span_ms(d.e.range(20, 8000)),
    });
    d.some(on.disk_errors, 2, &mut all, |d| Fault::DiskError {
        at: d.at(),
        after_disk_ops: d.e.below(8),
        sync: d.e.chance(1, 2),
        down_for: span_ms(d.e.range(20, 4000)),
    });
    of_clients(&mut d, on, s.era, &mut all);
    all.sort_by_key(Fault::at);
    all
}

/// Faults of clients, and of all of them at once.
fn of_clients(d: &mut Dice<'_>, on: Swarm, era: Era, all: &mut Vec<Fault>) {
    d.some(on.heartbeat_loss, 3, all, |d| Fault::DropHeartbeat {
        at: d.at(),
        client: d.client(),
        count: draw(d.e, 1, 3),
    });
    d.some(on.slow_readers, 2, all, |d| Fault::StalledReader {
        at: d.at(),
        r#for: span_ms(d.e.range(200, 30_000)),
        client: d.client(),
    });
    d.some(on.drains, 1, all, |d| Fault::Drain {
        at: d.at(),
        host: HOST.to_owned(),
        down_for: span_ms(d.e.range(20, 5000)),
    });
    d.some(on.storms, 2, all, |d| Fault::Storm { at: d.at(), share: 100 });
    d.some(on.resets, 4, all, |d| Fault::Reset {
        at: d.at(),
        client: d.client(),
        after_bytes: d.e.below(2500),
        way: ResetWay::Both,
    });
    d.some(on.corruption && era == Era::E2025, 2, all, |d| Fault::Flip {
        at: d.at(),
        client: d.client(),
        count: draw(d.e, 1, 2),
        down: false,
        plain: false,
    });
}
