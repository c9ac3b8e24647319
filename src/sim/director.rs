//! Breaks the world by its scenario, and mends it: faults begin and end here, and the server falls and rises.
//!
//! The order of a power loss matters: the disk dies first, in an operation of its own choosing, then everything in
//! flight is lost, then the process is killed. The other way round redb would shut down cleanly.

use std::sync::Arc;
use std::time::Duration;

use super::invariants::Invariant;
use super::scenario::Fault;
use super::server::{Ended, HOST};
use super::world::World;
use crate::proto::client::Action;
use crate::proto::entropy::Entropy;

/// How long a fault of the disk waits for an operation to strike.
const ARMED_FOR: Duration = Duration::from_secs(4);

/// What the server is in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Armed {
    /// The power goes when the disk dies.
    Power { by: Duration, down_for: Duration },
    /// The store fails, and the server with it.
    Error { down_for: Duration },
    /// It was asked to stop.
    Drain { down_for: Duration },
}

/// How often each fault of the server bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Falls {
    /// Processes that were killed.
    pub crashes: u64,
    /// Cuts of power in an operation of the disk.
    pub power_cuts_in_operation: u64,
    /// Cuts of power of a resting disk.
    pub power_cuts_at_rest: u64,
    /// Stops for an error of the disk.
    pub disk_errors: u64,
    /// Planned stops.
    pub drains: u64,
    /// All connections reset at once.
    pub storms: u64,
    /// Changes of latency.
    pub latency_changes: u64,
    /// Faults that found the server down already.
    pub skipped: u64,
}

/// The director.
#[derive(Debug)]
pub struct Director {
    /// Faults that have not begun, the next one last.
    todo: Vec<(Duration, usize, Moment)>,
    faults: Arc<[Fault]>,
    active: u32,
    armed: Option<Armed>,
    /// Down until then; whether the power is gone.
    down: Option<(Duration, bool)>,
    entropy: Entropy,
    falls: Falls,
    healed: bool,
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
            if let Some(lasts) = lasts(fault) {
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
            armed: None,
            down: None,
            entropy,
            falls,
            healed: false,
            lenient_until: Duration::ZERO,
        }
    }

    /// How often each fault of the server bit.
    #[must_use]
    pub const fn falls(&self) -> Falls {
        self.falls
    }

    /// Whether the server runs and nothing hangs over it.
    #[must_use]
    pub const fn is_calm(&self) -> bool {
        self.down.is_none() && self.armed.is_none() && self.active == 0
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
        self.mind_server(world);
        if self.active > 0 || self.armed.is_some() || self.down.is_some() {
            world.model.disturbed = Some(world.clock.now());
        }
    }

    fn begin(&mut self, world: &mut World, fault: &Fault) {
        world.fault(format!("begins: {fault:?}"));
        world.model.disturbed = Some(world.clock.now());
        self.active += u32::from(lasts(fault).is_some());
        let owner = |name: &String| -> Arc<str> { name.as_str().into() };
        match fault {
            Fault::Partition { host, .. } => world.links.change(&world.sim, host, |l| l.dark += 1),
            Fault::PartitionOneway { host, up, .. } => world.links.change(&world.sim, host, |l| {
                *(if *up { &mut l.up } else { &mut l.down }) += 1;
            }),
            Fault::Hold { host, .. } => world.links.change(&world.sim, host, |l| l.held += 1),
            Fault::Latency { host, max, .. } => {
                self.falls.latency_changes += 1;
                world.links.latency(&world.sim, host, Some(max.0));
            }
            Fault::DropHeartbeat { client, count, .. } => {
                world.control.order(&owner(client), |o| o.heartbeats += count);
            }
            Fault::StalledReader { client, r#for, .. } => {
                let until = world.clock.now() + r#for.0;
                world.control.order(&owner(client), |o| o.stalled_until = Some(until));
            }
            Fault::Storm { .. } => {
                self.falls.storms += 1;
                world.control.reset(|owner| owner != HOST);
            }
            Fault::Reset { client, after_bytes, .. } => {
                world.control.order(&owner(client), |o| o.reset_after = Some(*after_bytes));
            }
            Fault::Flip { client, count, .. } => world.control.order(&owner(client), |o| o.flips += count),
            Fault::Burst { client, room, writes, text, .. } => {
                let Some(i) = world.client(client) else { return };
                for _ in 0..*writes {
                    if let Some(action) = world.model.write(i, *room, *text as usize) {
                        world.act(i, action);
                    }
                }
            }
            Fault::Crash { .. } | Fault::PowerCut { .. } | Fault::DiskError { .. } | Fault::Drain { .. } => {
                self.strike(world, fault);
            }
        }
    }

    /// A fault of the server itself: one at a time.
    fn strike(&mut self, world: &mut World, fault: &Fault) {
        if self.down.is_some() || self.armed.is_some() {
            self.falls.skipped += 1;
            world.fault("the server has fallen already");
            return;
        }
        match fault {
            Fault::Crash { down_for, .. } => {
                self.falls.crashes += 1;
                world.server.disk().kill();
                self.fall(world, down_for.0, false);
            }
            Fault::PowerCut { after_disk_ops, down_for, .. } => {
                world.server.disk().kill_after(*after_disk_ops);
                self.armed = Some(Armed::Power { by: world.elapsed() + ARMED_FOR, down_for: down_for.0 });
            }
            Fault::DiskError { after_disk_ops, sync, down_for, .. } => {
                let disk = world.server.disk();
                if *sync {
                    disk.fail_sync(*after_disk_ops)
                } else {
                    disk.fail_write(*after_disk_ops)
                }
                self.armed = Some(Armed::Error { down_for: down_for.0 });
            }
            Fault::Drain { down_for, .. } => {
                world.server.drain();
                self.armed = Some(Armed::Drain { down_for: down_for.0 });
            }
            _ => {}
        }
    }

    fn end(&mut self, world: &mut World, fault: &Fault) {
        world.fault(format!("ends: {fault:?}"));
        world.model.disturbed = Some(world.clock.now());
        self.active = self.active.saturating_sub(1);
        match fault {
            Fault::Partition { host, .. } => {
                world.links.change(&world.sim, host, |l| l.dark = l.dark.saturating_sub(1))
            }
            Fault::PartitionOneway { host, up, .. } => world.links.change(&world.sim, host, |l| {
                let way = if *up { &mut l.up } else { &mut l.down };
                *way = way.saturating_sub(1);
            }),
            Fault::Hold { host, .. } => world.links.change(&world.sim, host, |l| l.held = l.held.saturating_sub(1)),
            Fault::Latency { host, .. } => world.links.latency(&world.sim, host, None),
            _ => {}
        }
    }

    /// The server's process is gone. `dark`: and nobody is told.
    fn fall(&mut self, world: &mut World, down_for: Duration, dark: bool) {
        if dark {
            world.links.black_out(&world.sim);
        }
        world.sim.crash(HOST);
        if dark {
            world.links.refresh(&world.sim);
        }
        world.watch().restart();
        let _ = world.server.take_ended();
        world.server.revive_disk();
        self.armed = None;
        self.down = Some((world.elapsed() + down_for, dark));
        world.fault(format!("the server is down for {down_for:?}"));
    }

    fn rise(&mut self, world: &mut World, dark: bool) {
        self.down = None;
        world.fault("the server is started");
        // What is left of its old life goes now, and its farewells with it.
        if dark {
            world.links.black_out(&world.sim);
        }
        world.sim.bounce(HOST);
        if dark {
            world.links.refresh(&world.sim);
        }
    }

    fn mind_server(&mut self, world: &mut World) {
        let now = world.elapsed();
        if let Some((until, dark)) = self.down {
            if until <= now {
                self.rise(world, dark);
            }
            return;
        }
        let dead = world.server.disk().is_dead();
        if let Some(Armed::Power { by, down_for }) = self.armed {
            if dead || by <= now {
                let count = &mut self.falls;
                *(if dead { &mut count.power_cuts_in_operation } else { &mut count.power_cuts_at_rest }) += 1;
                world.server.disk().power_cut(&mut self.entropy);
                world.fault("the power is gone");
                self.fall(world, down_for, true);
            }
            return;
        }
        let Some(ended) = world.server.take_ended() else {
            if self.healed && matches!(self.armed, Some(Armed::Error { .. })) && self.lenient_until <= now {
                self.armed = None;
            }
            return;
        };
        match (ended, self.armed) {
            (Ended::Drained, Some(Armed::Drain { down_for })) => {
                self.falls.drains += 1;
                self.fall(world, down_for, false);
            }
            (Ended::Failed(_), Some(Armed::Error { down_for })) => {
                self.falls.disk_errors += 1;
                world.server.disk().kill();
                self.fall(world, down_for, false);
            }
            (ended, armed) => {
                world
                    .court
                    .report(Invariant::Honest, format!("the server has stopped ({ended:?}, expected {armed:?})"));
                world.server.disk().kill();
                self.fall(world, Duration::ZERO, false);
            }
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
        match self.armed {
            Some(Armed::Power { .. }) if !world.server.disk().is_dead() => {
                world.server.disk().kill_after(u64::MAX);
                self.armed = None;
            }
            Some(Armed::Error { .. }) => {
                // It may have struck in the last step: then the server's end is on its way.
                world.server.disk().fail_sync(u64::MAX);
                world.server.disk().fail_write(u64::MAX);
                self.lenient_until = world.elapsed() + ARMED_FOR;
            }
            _ => {}
        }
        if let Some((until, _)) = &mut self.down {
            *until = world.elapsed();
        }
        for i in 0..world.clients() {
            if world.model.devices.get(i).is_some_and(|d| d.online.is_none()) {
                world.act(i, Action::Login);
            }
        }
    }
}

/// How long a fault lasts, when it is the harness that ends it.
fn lasts(fault: &Fault) -> Option<Duration> {
    match fault {
        Fault::Partition { r#for, .. }
        | Fault::PartitionOneway { r#for, .. }
        | Fault::Hold { r#for, .. }
        | Fault::Latency { r#for, .. }
        | Fault::StalledReader { r#for, .. } => Some(r#for.0),
        _ => None,
    }
}
