//! The figures of a run of `locospec claims`, as they are written to JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::figures::{Idle, Latency, Start, Weight};
use crate::capacity::process::Unmeasured;

/// A figure that was measured, or why not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// It was.
    Is(f64),
    /// It was not.
    Not {
        /// Why.
        not_measured: String,
    },
}

impl Figure {
    /// The figure, if there is one.
    #[must_use]
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Is(x) => Some(*x),
            Self::Not { .. } => None,
        }
    }

    /// Not measured, for this reason.
    pub fn not(why: impl Into<String>) -> Self {
        Self::Not { not_measured: why.into() }
    }
}

impl From<Result<f64, Unmeasured>> for Figure {
    fn from(found: Result<f64, Unmeasured>) -> Self {
        found.map_or_else(|why| Self::not(why.0), Self::Is)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(x) => f.write_str(&short(*x)),
            Self::Not { not_measured } => write!(f, "not measured: {not_measured}"),
        }
    }
}

/// A number with three digits that count.
#[must_use]
pub fn short(x: f64) -> String {
    let a = x.abs();
    if a >= 1e7 {
        format!("{x:.1e}")
    } else if a >= 100.0 || x.fract() == 0.0 {
        format!("{x:.0}")
    } else if a >= 10.0 {
        format!("{x:.1}")
    } else {
        format!("{x:.2}")
    }
}

/// One transport on the simulated networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// Which.
    pub transport: String,
    /// From nothing to the first message.
    pub cold: Start,
    /// The same for a device that was there before.
    pub warm: Start,
    /// Bytes.
    pub weight: Weight,
    /// Idle hours, by network, at the usual intervals.
    pub idle: Vec<(String, Idle)>,
    /// Latencies, by network and outages.
    pub latency: Vec<(String, String, Latency)>,
}

/// LOCO and polling at other intervals than the usual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Idle hours of one transport, by its name and network.
    pub idle: Vec<(String, String, Idle)>,
    /// Latencies without outages of a poll each so many seconds, by network.
    pub polls: Vec<(String, u64, Latency)>,
}

/// One transport on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnLoopback {
    /// Which.
    pub transport: String,
    /// From send to arrival, in microseconds; not of transports that poll.
    pub p50_us: Figure,
    /// 99 of 100.
    pub p99_us: Figure,
    /// The server's CPU for one message with its push, or with the poll that brings it, in microseconds.
    pub cpu_message_us: Figure,
    /// The same for a heartbeat, or a poll that brings nothing.
    pub cpu_beat_us: Figure,
    /// The same for a login of a device that was there before.
    pub cpu_login_us: Figure,
}

/// Many connections on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crowd {
    /// Over what.
    pub transport: String,
    /// How many.
    pub connections: usize,
    /// Logins from nothing a second, with this machine's processors for both ends.
    pub logins_per_s: Figure,
    /// The server's CPU for one of them, in microseconds.
    pub cpu_login_us: Figure,
    /// The server's memory for one connection that is idle, in bytes.
    pub bytes_each: Figure,
    /// Heartbeats (or polls) a second.
    pub beats_per_s: Figure,
    /// The server's CPU for one of them when all beat, in microseconds.
    pub cpu_beat_us: Figure,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// `locospec-claims/1`.
    pub format: String,
    /// Of the crate.
    pub version: String,
    /// The command that makes it.
    pub command: String,
    /// Where everything simulated follows from.
    pub seed: u64,
    /// Messages of a conversation.
    pub messages: usize,
    /// Bytes of the certificate that TLS shows.
    pub chain_len: usize,
    /// Seconds between two polls.
    pub poll_s: u64,
    /// Seconds between two heartbeats.
    pub heartbeat_s: u64,
    /// In virtual time.
    pub simulated: Vec<Simulated>,
    /// In virtual time, other intervals.
    pub intervals: Intervals,
    /// On this machine.
    pub loopback: Vec<OnLoopback>,
    /// On this machine.
    pub crowds: Vec<Crowd>,
}

/// The format of a report.
pub const FORMAT: &str = "locospec-claims/1";

impl Report {
    /// A transport's simulated figures.
    #[must_use]
    pub fn of(&self, transport: &str) -> Option<&Simulated> {
        self.simulated.iter().find(|s| s.transport == transport)
    }
}

impl Simulated {
    /// The latency on this network with these outages.
    #[must_use]
    pub fn on(&self, band: &str, outages: &str) -> Option<&Latency> {
        self.latency.iter().find(|(b, o, _)| b == band && o == outages).map(|(_, _, l)| l)
    }

    /// The idle hour on this network.
    #[must_use]
    pub fn idle_on(&self, band: &str) -> Option<&Idle> {
        self.idle.iter().find(|(b, _)| b == band).map(|(_, i)| i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_why_it_is_none_and_survives_json() {
        let figures = [Figure::Is(3.5), Figure::not("no /proc")];
        let text = serde_json::to_string(&figures).expect("it can");
        assert_eq!(text, r#"[3.5,{"not_measured":"no /proc"}]"#);
        assert_eq!(serde_json::from_str::<[Figure; 2]>(&text).expect("it can"), figures);
        assert_eq!(figures[1].to_string(), "not measured: no /proc");
    }

    #[test]
    fn a_number_has_three_digits() {
        let all = [0.0, 6.0, 0.123, 1.236, 12.36, 123.6, 1_234_567.0, 1.5e8].map(short);
        assert_eq!(all, ["0", "6", "0.12", "1.24", "12.4", "124", "1234567", "1.5e8"]);
    }
}
