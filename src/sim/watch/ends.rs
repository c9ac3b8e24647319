//! How connections end, and what only time can show: closed before their time, or not at all.

use std::fmt::Write as _;
use std::time::Duration;

use super::{LOOK_EVERY, Watch};
use crate::proto::error::PeerMisbehaved;
use crate::proto::secure::Era;
use crate::proto::server::{ConnId, Why};
use crate::proto::time::Time;
use crate::sim::invariants::Invariant;
use crate::sim::trace::Kind;

/// What the server promised about time.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// A connection logs in within this.
    pub login_within: Duration,
    /// Silence that ends a session.
    pub idle_after: Duration,
    /// Silence that ends a connection which carries a file.
    pub file_idle_after: Duration,
    /// What the server may be late by.
    pub slack: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Bytes that wait for one peer.
    pub queue: usize,
}

impl Watch {
    pub(super) fn closing(&mut self, conn: ConnId, why: Why, now: Time) {
        self.record(conn, Kind::Line(format!("closing: {why:?}")));
        let Some(view) = self.conns.get_mut(&conn) else { return };
        // A newer upload ends an older one, too.
        if view.file.is_none() {
            self.sometimes.server_closes(why);
        }
        view.closing = Some(now);
        let c = &mut self.closes;
        let early = match why {
            Why::Misbehaved(PeerMisbehaved::Idle) => {
                c.idle += 1;
                let of_file = |moved| now - moved < self.bounds.file_idle_after;
                view.file.as_ref().map_or(now - view.read < self.bounds.idle_after, |f| of_file(f.moved))
            }
            Why::Misbehaved(PeerMisbehaved::LoginTimeout) => {
                c.login_timeout += 1;
                now - view.accepted < self.bounds.login_within
            }
            Why::Misbehaved(PeerMisbehaved::SlowReader) => {
                c.slow += 1;
                false
            }
            Why::Fenced => {
                c.fenced += 1;
                false
            }
            Why::Malformed(_) => {
                c.malformed += 1;
                false
            }
            Why::Drained => {
                c.drained += 1;
                // 2012 has no word for it.
                let told = view.wire.told_to_move || view.tap.era() == Some(Era::E2012);
                if view.login.is_some() && !told {
                    self.court.report(Invariant::Drained, format!("c{conn} is closed without being told why"));
                }
                false
            }
            Why::Store => {
                c.store += 1;
                false
            }
            _ => false,
        };
        if early {
            self.court.report(Invariant::Alive, format!("c{conn} is cut off ({why:?}) before its time is over"));
        }
    }

    /// Looks at what only time can show. Call it once a step.
    pub fn tick(&mut self) {
        if std::mem::take(&mut self.logged_in) {
            self.count_sessions();
        }
        let (now, b) = (self.clock.now(), self.bounds);
        if now < self.look_at {
            return;
        }
        self.look_at = now + LOOK_EVERY;
        let mut late = Vec::new();
        for (conn, v) in &self.conns {
            let (since, bound, what) = match (v.closing, &v.login) {
                (None, None) if v.file.is_some() => {
                    (v.read.max(v.sent), b.file_idle_after, "carries a file and does not get on")
                }
                (Some(at), _) => (at, Duration::from_secs(6), "was ended and is not gone"),
                (None, Some(_)) => (v.read, b.idle_after, "is silent and still a session"),
                (None, None) => (v.accepted, b.login_within, "has not logged in"),
            };
            if now - since > bound + b.slack {
                late.push((*conn, format!("c{conn} ({}) {what} after {:?}", v.door.as_str(), now - since)));
            }
        }
        for (conn, what) in late {
            self.conns.remove(&conn);
            self.court.report(Invariant::Alive, what);
        }
    }

    /// No device may have two live sessions.
    fn count_sessions(&mut self) {
        for (device, n) in self.sessions().into_iter().filter(|(_, n)| *n > 1) {
            let mut which = String::new();
            self.conns.retain(|conn, v| {
                let its = v.login.as_ref().is_some_and(|l| l.device == device);
                if its {
                    let _ = write!(which, " c{conn}");
                }
                !its
            });
            self.court.report(Invariant::Fenced, format!("{device} has {n} live sessions:{which}"));
        }
    }
}
