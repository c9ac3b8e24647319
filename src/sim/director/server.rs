//! The server falls and rises: killed, without power, with a disk that fails or is full, or because it was asked to.

use std::time::Duration;

use super::Director;
use crate::sim::invariants::Invariant;
use crate::sim::scenario::Fault;
use crate::sim::server::{Ended, HOST};
use crate::sim::world::World;

/// How long a fault of the disk waits for an operation to strike.
pub(super) const ARMED_FOR: Duration = Duration::from_secs(4);
/// After so long a server that stopped for a full disk is started again.
const FULL_DOWN_FOR: Duration = Duration::from_secs(1);

/// What the server is in for.
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
    /// Faults that found the server down already.
    pub skipped: u64,
}

impl Director {
    /// A fault of the server itself: one at a time.
    pub(super) fn strike(&mut self, world: &mut World, fault: &Fault) {
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
                world.control.sometimes().drains(true);
                self.armed = Some(Armed::Drain { down_for: down_for.0 });
            }
            _ => {}
        }
    }

    /// The server's process is gone. `dark`: and nobody is told.
    fn fall(&mut self, world: &mut World, down_for: Duration, dark: bool) {
        world.server.kill();
        if dark {
            world.links.black_out(&world.sim);
        }
        world.sim.crash(HOST);
        if dark {
            world.links.refresh(&world.sim);
        } else {
            // The system outlives the process: it ends its connections, and refuses new ones.
            world.server.set_bare(true);
            world.sim.bounce(HOST);
        }
        world.watch().restart();
        world.control.sometimes().server_falls();
        let _ = world.server.take_ended();
        world.server.revive_disk();
        self.armed = None;
        self.down = Some((world.elapsed() + down_for, dark));
        world.fault(format!("the server is down for {down_for:?}"));
    }

    fn rise(&mut self, world: &mut World, dark: bool) {
        self.down = None;
        world.control.sometimes().drains(false);
        world.fault("the server is started");
        // What is left of its old life goes now; after a loss of power nobody hears its farewells.
        world.server.set_bare(false);
        if dark {
            world.links.black_out(&world.sim);
        }
        world.sim.bounce(HOST);
        if dark {
            world.links.refresh(&world.sim);
        }
    }

    pub(super) fn mind_server(&mut self, world: &mut World) {
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
        let full = self.full_until.is_some_and(|until| now < until + ARMED_FOR);
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
            (Ended::Failed(_), _) if full => {
                self.falls.disk_full += 1;
                world.server.disk().kill();
                self.fall(world, FULL_DOWN_FOR, false);
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
}
