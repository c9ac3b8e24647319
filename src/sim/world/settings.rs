//! The settings of a run: what the server has promised, and how turmoil is set.

use std::time::{Duration, UNIX_EPOCH};

use turmoil::Sim;

use crate::sim::clock::EPOCH;
use crate::sim::scenario::Scenario;
use crate::sim::timing::Timing;
use crate::sim::watch::Bounds;

/// More clients than these may all connect in one step.
const FEW: usize = 100;

/// What the server has promised in this scenario.
pub(super) fn bounds(scenario: &Scenario, timing: &Timing) -> Bounds {
    Bounds {
        login_within: timing.login_within,
        idle_after: timing.idle_after,
        file_idle_after: timing.media_idle_after,
        slack: timing.slack,
        connections: scenario.clients().len() * 6 + 16,
        queue: scenario.world.send_queue,
    }
}

/// turmoil for this scenario.
pub(super) fn build(scenario: &Scenario) -> Sim<'static> {
    let w = &scenario.world;
    let epoch = UNIX_EPOCH + Duration::from_micros(EPOCH.as_micros());
    turmoil::Builder::new()
        .rng_seed(scenario.seed)
        .epoch(epoch)
        .tick_duration(w.tick.0)
        .min_message_latency(w.latency.0.0)
        .max_message_latency(w.latency.1.0)
        .simulation_duration(Duration::from_secs(1 << 32))
        .tcp_capacity(if scenario.clients().len() > FEW { 4096 } else { 256 })
        .build()
}
