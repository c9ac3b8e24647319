//! Servers fall and rise: killed, without power, with a disk that fails or is full, or because they were asked to. Of two
//! carriages the one takes over the disk of the other, and never before that one is dead or cut off from it.

use std::time::Duration;

use super::Director;
use crate::sim::invariants::Invariant;
use crate::sim::scenario::Fault;
use crate::sim::server::{CARRIAGES, Ended, FRONT, HOST};
use crate::sim::world::World;

/// How long a fault of the disk waits for an operation to strike.
pub(super) const ARMED_FOR: Duration = Duration::from_secs(4);
/// After so long a server that stopped for a full disk is started again.
const FULL_DOWN_FOR: Duration = Duration::from_secs(1);

/// After so long it is noticed that a carriage is gone which did not say so.
const NOTICED_AFTER: Duration = Duration::from_secs(1);

/// What a server is in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Armed {
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
    /// Stops for a full disk.
    pub disk_full: u64,
    /// Planned stops.
    pub drains: u64,
    /// All connections reset at once.
    pub storms: u64,
    /// Changes of latency.
    pub latency_changes: u64,
    /// Users whose tokens expired.
    pub expiries: u64,
    /// Times that the other carriage got the disk.
    pub takeovers: u64,
    /// Faults that found the server down already.
    pub skipped: u64,
}

impl Director {
    /// A fault of a server itself: one at a time for each.
    pub(super) fn strike(&mut self, world: &mut World, fault: &Fault) {
        let host = match fault {
            Fault::Crash { host, .. } | Fault::PowerCut { host, .. } | Fault::Drain { host, .. } => host,
            _ => HOST,
        };
        let up = |host: &&str| !self.down.contains_key(host) && !self.armed.contains_key(host);
        let Some(host) = world.server.meant(host).filter(up) else {
            self.falls.skipped += 1;
            world.fault("the server has fallen already");
            return;
        };
        let has_disk = world.server.active() == Some(host);
        let disk = world.server.disk();
        match fault {
            Fault::Crash { down_for, .. } => {
                self.falls.crashes += 1;
                self.fall(world, host, down_for.0, false);
            }
            Fault::PowerCut { after_disk_ops, down_for, .. } if has_disk => {
                disk.kill_after(*after_disk_ops);
                self.armed.insert(host, Armed::Power { by: world.elapsed() + ARMED_FOR, down_for: down_for.0 });
            }
            Fault::PowerCut { down_for, .. } => {
                self.falls.power_cuts_at_rest += 1;
                self.fall(world, host, down_for.0, true);
            }
            Fault::DiskError { after_disk_ops, sync, down_for, .. } => {
                if *sync {
                    disk.fail_sync(*after_disk_ops)
                } else {
                    disk.fail_write(*after_disk_ops)
                }
                self.armed.insert(host, Armed::Error { down_for: down_for.0 });
            }
            Fault::Drain { down_for, .. } if (has_disk || host == FRONT) && world.server.drain(host) => {
                world.control.sometimes().drains(true);
                self.armed.insert(host, Armed::Drain { down_for: down_for.0 });
            }
            // Who waits for the disk, or has not begun, has nobody to send away.
            Fault::Drain { down_for, .. } => self.fall(world, host, down_for.0, false),
            _ => {}
        }
    }

    /// The process of a server is gone. `dark`: and nobody is told.
    fn fall(&mut self, world: &mut World, host: &'static str, down_for: Duration, dark: bool) {
        let has_disk = world.server.active() == Some(host);
        let planned = matches!(self.armed.remove(host), Some(Armed::Drain { .. }));
        if has_disk && !planned {
            world.server.disk().kill();
        }
        world.server.kill(host);
        if dark {
            world.links.black_out(&world.sim, host);
        }
        world.sim.crash(host);
        if dark {
            world.links.refresh(&world.sim, host);
        } else {
            // The system outlives the process: it ends its connections, and refuses new ones.
            world.server.set_bare(host, true);
            world.sim.bounce(host);
        }
        world.watch().restart(host);
        world.control.sometimes().server_falls();
        let _ = world.server.take_ended(host);
        if has_disk {
            // Whatever is left of the old process has no disk from here on.
            world.server.revive_disk();
        }
        if has_disk && CARRIAGES.contains(&host) {
            world.server.vacate();
            self.last = host;
            self.vacant = Some(world.elapsed() + if planned { Duration::ZERO } else { NOTICED_AFTER });
        }
        self.down.insert(host, (world.elapsed() + down_for, dark));
        world.fault(format!("{host} is down for {down_for:?}"));
    }

    fn rise(&mut self, world: &mut World, host: &'static str, dark: bool) {
        self.down.remove(host);
        world.control.sometimes().drains(false);
        world.fault(format!("{host} is started"));
        // What is left of its old life goes now; after a loss of power nobody hears its farewells.
        world.server.set_bare(host, false);
        if dark {
            world.links.black_out(&world.sim, host);
        }
        world.sim.bounce(host);
        if dark {
            world.links.refresh(&world.sim, host);
        }
    }

    /// A carriage that is up gets the disk: the one that had it last only if there is no other.
    fn hand_over(&mut self, world: &World) {
        let up = |host: &&&str| !self.down.contains_key(**host);
        let other = CARRIAGES.iter().filter(|host| **host != self.last).find(up);
        let Some(next) = other.or_else(|| CARRIAGES.iter().find(up)) else { return };
        self.vacant = None;
        self.falls.takeovers += u64::from(*next != self.last);
        world.fault(format!("{next} gets the disk"));
        world.server.promote(next);
    }

    pub(super) fn mind_servers(&mut self, world: &mut World) {
        let now = world.elapsed();
        let due = self.down.iter().filter(|(_, (until, _))| *until <= now);
        let due: Vec<(&str, bool)> = due.map(|(host, (_, dark))| (*host, *dark)).collect();
        for (host, dark) in due {
            self.rise(world, host, dark);
        }
        if self.vacant.is_some_and(|at| at <= now) {
            self.hand_over(world);
        }
        for host in world.server.hosts() {
            if !self.down.contains_key(host) {
                self.mind(world, host, now);
            }
        }
    }

    /// Looks whether what hangs over a server has struck.
    fn mind(&mut self, world: &mut World, host: &'static str, now: Duration) {
        let armed = self.armed.get(host).copied();
        if let Some(Armed::Power { by, down_for }) = armed {
            let disk = world.server.disk();
            let dead = disk.is_dead();
            if dead || by <= now {
                let count = &mut self.falls;
                *(if dead { &mut count.power_cuts_in_operation } else { &mut count.power_cuts_at_rest }) += 1;
                disk.power_cut(&mut self.entropy);
                world.fault("the power is gone");
                self.fall(world, host, down_for, true);
            }
            return;
        }
        let Some(ended) = world.server.take_ended(host) else {
            if self.healed && matches!(armed, Some(Armed::Error { .. })) && self.lenient_until <= now {
                self.armed.remove(host);
            }
            return;
        };
        let full = self.full_until.is_some_and(|until| now < until + ARMED_FOR);
        match (ended, armed) {
            (Ended::Drained, Some(Armed::Drain { down_for })) => {
                self.falls.drains += 1;
                self.fall(world, host, down_for, false);
            }
            (Ended::Failed(_), Some(Armed::Error { down_for })) => {
                self.falls.disk_errors += 1;
                self.fall(world, host, down_for, false);
            }
            (Ended::Failed(_), _) if full => {
                self.falls.disk_full += 1;
                self.fall(world, host, FULL_DOWN_FOR, false);
            }
            (ended, armed) => {
                let what = format!("{host} has stopped ({ended:?}, expected {armed:?})");
                world.court.report(Invariant::Honest, what);
                self.armed.remove(host);
                self.fall(world, host, Duration::ZERO, false);
            }
        }
    }

    /// What has not struck does not strike any more, and who is down rises.
    pub(super) fn disarm(&mut self, world: &World) {
        let (disk, now) = (world.server.disk(), world.elapsed());
        self.armed.retain(|_, armed| match armed {
            Armed::Power { .. } if !disk.is_dead() => {
                disk.kill_after(u64::MAX);
                false
            }
            Armed::Error { .. } => {
                // It may have struck in the last step: then the server's end is on its way.
                disk.fail_sync(u64::MAX);
                disk.fail_write(u64::MAX);
                self.lenient_until = now + ARMED_FOR;
                true
            }
            Armed::Power { .. } | Armed::Drain { .. } => true,
        });
        self.down.values_mut().for_each(|(until, _)| *until = now);
        self.vacant = self.vacant.map(|at| at.min(now));
    }
}
