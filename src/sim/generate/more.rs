//! The kinds of fault that came later, drawn from a stream of their own: what a seed had before, it has still.

use super::{Dice, draw, span_ms};
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;
use crate::sim::fault::ResetWay;
use crate::sim::scenario::{Fault, Scenario, Swarm};
use crate::sim::server::HOST;

/// The kinds of fault that came later, from a stream of their own.
pub(super) fn more(s: &mut Scenario, last_s: u64) {
    let e = &mut Entropy::named(s.seed, "generate/more");
    let on = Swarm {
        bandwidth: e.chance(1, 2),
        jitter: e.chance(1, 2),
        heartbeat_delay: e.chance(1, 2),
        heartbeat_double: e.chance(1, 2),
        cuts: e.chance(1, 2),
        expiries: e.chance(1, 2),
        clocks: e.chance(1, 2),
        slow_syncs: e.chance(1, 3),
        disk_full: e.chance(1, 4),
        ..s.swarm
    };
    s.swarm = on;
    vary(&mut s.faults, e);
    let mut all = std::mem::take(&mut s.faults);
    let mut d = Dice::new(e, s, last_s);
    links(&mut d, on, &mut all);
    clients_of(&mut d, on, &mut all);
    servers(&mut d, on, s.world.users, &mut all);
    flips(&mut d, on, s.era, &mut all);
    files(&mut d, &mut s.swarm, s.workload.mix.upload > 0, s.seed, &mut all);
    all.sort_by_key(Fault::at);
    s.faults = all;
}

/// Connections of files break while they carry some: an order stands until there is one.
fn files(d: &mut Dice<'_>, on: &mut Swarm, any: bool, seed: u64, all: &mut Vec<Fault>) {
    let e = &mut Entropy::named(seed, "generate/files");
    on.file_resets = any && e.chance(2, 3);
    let mut d = Dice { e, last_s: d.last_s, times: d.times, hosts: Vec::new(), clients: d.clients.clone() };
    d.some(on.file_resets, 8, all, |d| {
        let (at, client) = (d.at(), d.client());
        // Whole pieces must be through for an upload or a download to go on from there.
        let most = [4000, 190_000][usize::from(d.e.chance(3, 4))];
        let way = [ResetWay::Both, ResetWay::Up, ResetWay::Down][d.e.below(3) as usize];
        Fault::ResetFile { at, client, after_bytes: d.e.range(500, most), way }
    });
}

/// Draws what the earlier kinds have got new fields for.
fn vary(faults: &mut [Fault], e: &mut Entropy) {
    for fault in faults {
        match fault {
            Fault::Storm { share, .. } if e.chance(1, 2) => *share = draw(e, 10, 90),
            Fault::Reset { way, .. } => *way = [ResetWay::Both, ResetWay::Up, ResetWay::Down][e.below(3) as usize],
            Fault::Flip { down, .. } => *down = e.chance(1, 2),
            _ => {}
        }
    }
}

fn links(d: &mut Dice<'_>, on: Swarm, all: &mut Vec<Fault>) {
    d.some(on.bandwidth, 2, all, |d| Fault::Bandwidth {
        at: d.at(),
        r#for: span_ms(d.e.range(1000, 20_000)),
        target: if d.e.chance(1, 2) { d.host() } else { d.client() },
        bytes_per_second: d.e.range(100, 4000),
    });
    d.some(on.jitter, 2, all, |d| {
        let min = d.e.range(1, 200);
        Fault::Jitter {
            at: d.at(),
            r#for: span_ms(d.e.range(1000, 30_000)),
            host: d.host(),
            to: None,
            min: span_ms(min),
            max: span_ms(min + d.e.range(50, 900)),
        }
    });
    d.some(on.slow_readers, 1, all, |d| Fault::SlowReader {
        at: d.at(),
        r#for: span_ms(d.e.range(1000, 20_000)),
        client: d.client(),
        bytes_per_second: d.e.range(20, 2000),
    });
}

fn clients_of(d: &mut Dice<'_>, on: Swarm, all: &mut Vec<Fault>) {
    d.some(on.cuts, 3, all, |d| {
        let (at, r#for, client) = (d.at(), span_ms(d.e.range(500, 10_000)), d.client());
        if d.e.chance(1, 2) { Fault::Cut { at, r#for, client } } else { Fault::Join { at, r#for, client } }
    });
    d.some(on.heartbeat_delay, 3, all, |d| Fault::DelayHeartbeat {
        at: d.at(),
        client: d.client(),
        count: draw(d.e, 1, 3),
        by: span_ms(d.e.range(50, 8000)),
    });
    d.some(on.heartbeat_double, 3, all, |d| Fault::DoubleHeartbeat {
        at: d.at(),
        client: d.client(),
        count: draw(d.e, 1, 3),
    });
    d.some(on.clocks, 2, all, |d| Fault::ClockRate {
        at: d.at(),
        r#for: d.e.chance(1, 2).then(|| span_ms(d.e.range(5000, 60_000))),
        client: d.client(),
        permille: draw(d.e, 600, 1500),
    });
}

fn servers(d: &mut Dice<'_>, on: Swarm, users: u32, all: &mut Vec<Fault>) {
    d.some(on.expiries, 2, all, |d| Fault::ExpireToken {
        at: d.at(),
        r#for: span_ms(d.e.range(3000, 30_000)),
        user: format!("u{}", d.e.range(1, users.into())),
    });
    d.some(on.slow_syncs, 2, all, |d| Fault::SlowSync {
        at: d.at(),
        r#for: span_ms(d.e.range(1000, 15_000)),
        host: HOST.to_owned(),
        by: span_ms(d.e.range(100, 3000)),
    });
    d.some(on.disk_full, 1, all, |d| Fault::DiskFull {
        at: d.at(),
        r#for: span_ms(d.e.range(500, 8000)),
        host: HOST.to_owned(),
        after_bytes: d.e.below(200_000),
    });
}

fn flips(d: &mut Dice<'_>, on: Swarm, era: Era, all: &mut Vec<Fault>) {
    d.some(on.corruption && era != Era::E2025, 2, all, |d| Fault::Flip {
        at: d.at(),
        client: d.client(),
        count: 1,
        down: d.e.chance(1, 2),
        plain: false,
    });
    d.some(on.corruption, 2, all, |d| Fault::Flip {
        // Most clients are at the doors at the start only.
        at: if d.e.chance(1, 2) { span_ms(d.e.below(1500)) } else { d.at() },
        client: d.client(),
        count: 1,
        down: d.e.chance(1, 2),
        plain: true,
    });
}
