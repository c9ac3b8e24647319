//! How long things may take in a run: the settings of both sides, and the bounds that follow from them.

use std::time::Duration;

use super::scenario::{Fault, Scenario};
use crate::proto::client::Backoff;

/// The times of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two PINGs.
    pub heartbeat: Duration,
    /// A reply may take this long.
    pub request_timeout: Duration,
    /// A connect may take this long.
    pub connect_timeout: Duration,
    /// Waiting between two tries.
    pub backoff: Backoff,
    /// The server gives a connection this long to log in.
    pub login_within: Duration,
    /// The server ends a session after this much silence.
    pub idle_after: Duration,
    /// The server ends a connection that carries a file after this much silence.
    pub media_idle_after: Duration,
    /// What may come on top: latency, commits, steps.
    pub slack: Duration,
    /// The rate of the slowest clock of a client, 1000 being right.
    pub slowest: u32,
}

impl Timing {
    /// The times of this scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let w = &scenario.world;
        let heartbeat = w.heartbeat.0;
        let login_within = Duration::from_secs(10);
        let (mut slowest, mut slow_sync) = (1000, Duration::ZERO);
        for fault in &scenario.faults {
            match fault {
                Fault::ClockRate { permille, .. } => slowest = slowest.min(*permille),
                Fault::SlowSync { by, .. } => slow_sync = slow_sync.max(by.0),
                _ => {}
            }
        }
        Self {
            heartbeat,
            request_timeout: Duration::from_secs(6),
            connect_timeout: Duration::from_secs(6),
            backoff: Backoff { base: Duration::from_millis(300), max: Duration::from_secs(4) },
            login_within,
            idle_after: login_within.max(heartbeat * 2 + login_within),
            media_idle_after: login_within,
            slack: Duration::from_secs(2) + w.latency.1.0 * 2 + (w.commit.1.0 + slow_sync) * 4 + w.tick.0 * 4,
            slowest,
        }
    }

    /// How long this may take by the slowest clock of a client.
    #[must_use]
    pub fn by_slowest(&self, d: Duration) -> Duration {
        d * 1000 / self.slowest.max(1)
    }

    /// A client finds a dead server within this: one heartbeat, and no answer to it.
    #[must_use]
    pub fn client_bound(&self) -> Duration {
        self.by_slowest(self.heartbeat + self.request_timeout) + self.slack
    }

    /// After the last fault all is well within this: a peer is found dead, the server forgets the old session, the
    /// client waits and comes back through every door, and fetches what it has missed.
    #[must_use]
    pub fn converge_bound(&self) -> Duration {
        let doors = self.by_slowest((self.connect_timeout + self.request_timeout) * 3);
        self.client_bound() + self.idle_after + self.by_slowest(self.backoff.max * 2) + doors + self.slack
    }
}
