//! What the figures of a crowd come to for millions: multiplication, and nothing else. No queue, no second machine, no
//! kernel memory; `locospec capacity` is the place for a storm.

use super::report::Crowd;

/// Sizes that are modelled.
pub const SIZES: [f64; 3] = [1e5, 1e6, 1e7];

/// What so many connections come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled {
    /// Over what.
    pub transport: String,
    /// Connections.
    pub connections: f64,
    /// Heartbeats, or polls, a second.
    pub beats_per_s: f64,
    /// Processors that do nothing but answer them.
    pub cores: Option<f64>,
    /// Memory of the server's process, in bytes.
    pub bytes: Option<f64>,
    /// Processors that let all log in within ten minutes.
    pub cores_to_log_in: Option<f64>,
}

/// How long everybody may take to come back.
pub const COME_BACK_S: f64 = 600.0;

/// What a crowd comes to at each size, with a beat each `every_s` seconds.
#[must_use]
pub fn scaled(crowd: &Crowd, every_s: f64) -> Vec<Scaled> {
    let cores = |figure: &super::report::Figure, per_s: f64| figure.value().map(|us| us * per_s / 1e6);
    let at = |connections: f64| Scaled {
        transport: crowd.transport.clone(),
        connections,
        beats_per_s: connections / every_s,
        cores: cores(&crowd.cpu_beat_us, connections / every_s),
        bytes: crowd.bytes_each.value().map(|b| b * connections),
        cores_to_log_in: cores(&crowd.cpu_login_us, connections / COME_BACK_S),
    };
    SIZES.iter().map(|n| at(*n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::report::Figure;

    #[test]
    fn a_million_is_a_hundred_times_ten_thousand() {
        let crowd = Crowd {
            transport: "loco-2025".to_owned(),
            connections: 10_000,
            logins_per_s: Figure::Is(500.0),
            cpu_login_us: Figure::Is(2_000.0),
            bytes_each: Figure::Is(3_000.0),
            beats_per_s: Figure::Is(50_000.0),
            cpu_beat_us: Figure::not("no"),
        };
        let all = scaled(&crowd, 60.0);
        assert_eq!(all.len(), SIZES.len());
        assert_eq!((all[1].bytes, all[1].cores), (Some(3e9), None));
        assert!((all[1].beats_per_s - 16_666.7).abs() < 0.1);
        assert!((all[1].cores_to_log_in.unwrap_or_default() - 3.333).abs() < 0.01, "1,667 logins a second of 2 ms");
    }
}
