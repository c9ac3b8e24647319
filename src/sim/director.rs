//! Breaks the world by its scenario, and mends it: faults begin and end here, and the server falls and rises.
//!
//! The order of a power loss matters: the disk dies first, in an operation of its own choosing, then everything in
//! flight is lost, then the process is killed. The other way round redb would shut down cleanly.

mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use self::server::Armed;
pub use self::server::Falls;
use super::control::{Narrow, Orders};
use super::courier::{client_of, files_of};
use super::scenario::Fault;
use super::server::{HOST, is_server};
use super::world::World;
use crate::proto::client::Action;
use crate::proto::entropy::Entropy;

/// The director.
#[derive(Debug)]
pub struct Director {
    /// Faults that have not begun, the next one last.
    todo: Vec<(Duration, usize, Moment)>,
    faults: Arc<[Fault]>,
    active: u32,
    armed: BTreeMap<&'static str, Armed>,
    /// Down until then; whether the power is gone.
    down: BTreeMap<&'static str, (Duration, bool)>,
    /// Nobody has the disk; a carriage may take it from then on.
    vacant: Option<Duration>,
    /// Who had it last.
    last: &'static str,
    entropy: Entropy,
    falls: Falls,
    /// Which clients a storm strikes.
    storms: Entropy,
    healed: bool,
    /// Until then a full disk explains a store that fails.
    full_until: Option<Duration>,
    /// Until then a failed store is explained, after all is mended.
    lenient_until: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Begin,
    End,
}

impl Director {
    /// The faults of the world's scenario, none of them begun.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let faults: Arc<[Fault]> = world.scenario.faults.clone().into();
        let mut todo = Vec::new();
        for (i, fault) in faults.iter().enumerate() {
            todo.push((fault.at().0, i, Moment::Begin));
            if let Some(lasts) = fault.lasts() {
                todo.push((fault.at().0 + lasts, i, Moment::End));
            }
        }
        todo.sort_by_key(|(at, i, _)| std::cmp::Reverse((*at, *i)));
        let entropy = Entropy::named(world.scenario.seed, "disk");
        let falls = Falls::default();
        Self {
            todo,
            faults,
            active: 0,
            armed: BTreeMap::new(),
            down: BTreeMap::new(),
            vacant: None,
            last: HOST,
            entropy,
            falls,
            storms: Entropy::named(world.scenario.seed, "storms"),
            healed: false,
            full_until: None,
            lenient_until: Duration::ZERO,
        }
    }

    /// How often each fault of the server bit.
    #[must_use]
    pub const fn falls(&self) -> Falls {
        self.falls
    }

    /// Whether the servers run and nothing hangs over them.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.down.is_empty() && self.armed.is_empty() && self.vacant.is_none() && self.active == 0
    }

    /// Does what is due. Call it before each step.
    pub fn direct(&mut self, world: &mut World) {
        let now = world.elapsed();
        while let Some((_, i, moment)) = self.todo.pop_if(|(at, ..)| *at <= now && !self.healed) {
            let Some(fault) = self.faults.get(i).cloned() else { continue };
            match moment {
                Moment::Begin => self.begin(world, &fault),
                Moment::End => self.end(world, &fault),
            }
        }
        if !self.healed && now >= world.scenario.heal_at.0 {
            self.heal(world);
        }
        self.mind_servers(world);
        world.log_in_again();
        world.model.disturbed = world.model.disturbed.max(world.control.bitten());
        if !self.is_calm() {
            world.model.disturbed = Some(world.clock.now());
        }
    }

    fn begin(&mut self, world: &mut World, fault: &Fault) {
        world.fault(format!("begins: {fault:?}"));
        if fault.disturbs() {
            world.model.disturbed = Some(world.clock.now());
            self.active += u32::from(fault.lasts().is_some());
        }
        match fault {
            Fault::Storm { share, .. } => self.storm(world, *share),
            Fault::ExpireToken { user, .. } => {
                self.falls.expiries += 1;
                let now = world.clock.now();
                world.users(user).for_each(|id| world.tokens.expire(id, now));
            }
            Fault::ClockRate { client, permille, .. } => world.set_rate(client, *permille),
            Fault::Burst { client, room, writes, text, .. } => {
                let Some(i) = world.client(client) else { return };
                for _ in 0..*writes {
                    if let Some(action) = world.model.write(i, *room, *text as usize) {
                        world.act(i, action);
                    }
                }
            }
            Fault::DiskFull { at, r#for, after_bytes, .. } => {
                world.server.disk().set_space(Some(*after_bytes));
                self.full_until = self.full_until.max(Some(at.0 + r#for.0));
            }
            Fault::SlowSync { by, .. } => world.server.disk().slow_sync(by.0),
            Fault::Crash { .. } | Fault::PowerCut { .. } | Fault::DiskError { .. } | Fault::Drain { .. } => {
                self.strike(world, fault);
            }
            _ => {
                self.begin_link(world, fault);
                order(world, fault);
            }
        }
    }

    fn begin_link(&mut self, world: &mut World, fault: &Fault) {
        let to = fault.to();
        match fault {
            Fault::Partition { host, .. } => world.links.change_to(&world.sim, host, to, |l| l.dark += 1),
            Fault::PartitionOneway { host, up, .. } => world.links.change_to(&world.sim, host, to, |l| {
                *(if *up { &mut l.up } else { &mut l.down }) += 1;
            }),
            Fault::Hold { host, .. } => world.links.change_to(&world.sim, host, to, |l| l.held += 1),
            Fault::Latency { host, max, .. } => {
                self.falls.latency_changes += 1;
                world.links.latency(&world.sim, host, to, Some(max.0));
            }
            Fault::Jitter { host, min, max, .. } => world.links.jitter(&world.sim, host, to, Some((min.0, max.0))),
            _ => {}
        }
    }

    /// Connections of so many percent of the clients break.
    fn storm(&mut self, world: &World, share: u32) {
        self.falls.storms += 1;
        if share >= 100 {
            return world.control.reset(|owner| !is_server(owner));
        }
        let all = world.model.devices.iter().map(|d| d.label.clone());
        let struck: Vec<Arc<str>> = all.filter(|_| self.storms.chance(share.into(), 100)).collect();
        world.control.reset(|owner| struck.iter().any(|s| &**s == client_of(owner)));
    }

    fn end(&mut self, world: &mut World, fault: &Fault) {
        world.fault(format!("ends: {fault:?}"));
        if fault.disturbs() {
            world.model.disturbed = Some(world.clock.now());
            self.active = self.active.saturating_sub(1);
        }
        let to = fault.to();
        match fault {
            Fault::Partition { host, .. } => {
                world.links.change_to(&world.sim, host, to, |l| l.dark = l.dark.saturating_sub(1))
            }
            Fault::PartitionOneway { host, up, .. } => world.links.change_to(&world.sim, host, to, |l| {
                let way = if *up { &mut l.up } else { &mut l.down };
                *way = way.saturating_sub(1);
            }),
            Fault::Hold { host, .. } => {
                world.links.change_to(&world.sim, host, to, |l| l.held = l.held.saturating_sub(1))
            }
            Fault::Latency { host, .. } => world.links.latency(&world.sim, host, to, None),
            Fault::Jitter { host, .. } => world.links.jitter(&world.sim, host, to, None),
            Fault::ClockRate { client, .. } => world.set_rate(client, 1000),
            Fault::SlowSync { .. } => world.server.disk().slow_sync(Duration::ZERO),
            Fault::DiskFull { .. } if self.full_until.is_none_or(|until| until <= world.elapsed()) => {
                world.server.disk().set_space(None);
            }
            Fault::ExpireToken { user, .. } => {
                world.users(user).for_each(|id| world.tokens.renew(id));
            }
            _ => {}
        }
    }

    /// Everything is mended, for good.
    fn heal(&mut self, world: &mut World) {
        world.fault("everything is mended");
        world.model.disturbed = Some(world.clock.now());
        self.healed = true;
        self.active = 0;
        self.todo.clear();
        world.links.heal(&world.sim);
        world.control.heal();
        world.tokens.renew_all();
        world.server.disk().slow_sync(Duration::ZERO);
        world.server.disk().set_space(None);
        self.full_until = self.full_until.min(Some(world.elapsed()));
        self.disarm(world);
        for i in 0..world.clients() {
            if world.model.devices.get(i).is_some_and(|d| d.online.is_none()) {
                world.act(i, Action::Login);
            }
        }
    }
}

/// What the streams of a client have to do.
fn order(world: &World, fault: &Fault) {
    let (control, now) = (&world.control, world.clock.now());
    let orders = |client: &String, change: &dyn Fn(&mut Orders)| control.order(&client.as_str().into(), change);
    match fault {
        Fault::DropHeartbeat { client, count, .. } => orders(client, &|o| o.heartbeats += count),
        Fault::DelayHeartbeat { client, count, by, .. } => orders(client, &|o| {
            o.late_heartbeats += count;
            o.late_by = by.0;
        }),
        Fault::DoubleHeartbeat { client, count, .. } => orders(client, &|o| o.double_heartbeats += count),
        Fault::StalledReader { client, r#for, .. } => orders(client, &|o| o.stalled_until = Some(now + r#for.0)),
        Fault::Cut { client, r#for, .. } => orders(client, &|o| o.cut_until = Some(now + r#for.0)),
        Fault::Join { client, r#for, .. } => orders(client, &|o| o.join_until = Some(now + r#for.0)),
        Fault::Reset { client, after_bytes, way, .. } => orders(client, &|o| {
            o.reset_after = Some(*after_bytes);
            o.reset_way = *way;
        }),
        Fault::ResetFile { client, after_bytes, way, .. } => orders(&files_of(client), &|o| {
            o.reset_after = Some(*after_bytes);
            o.reset_way = *way;
        }),
        Fault::Flip { client, count, down, plain, .. } => orders(client, &|o| {
            *match (plain, down) {
                (false, false) => &mut o.flips,
                (false, true) => &mut o.flips_down,
                (true, false) => &mut o.flips_plain,
                (true, true) => &mut o.flips_plain_down,
            } += count;
        }),
        Fault::SlowReader { client, r#for, bytes_per_second, .. } => {
            control.narrow(client, Narrow::Reader, *bytes_per_second, now + r#for.0);
        }
        Fault::Bandwidth { target, r#for, bytes_per_second, .. } => {
            control.narrow(target, Narrow::Up, *bytes_per_second, now + r#for.0);
            control.narrow(target, Narrow::Down, *bytes_per_second, now + r#for.0);
        }
        _ => {}
    }
}
