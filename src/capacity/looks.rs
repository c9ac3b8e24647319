//! What the looks of a real run say: what a server takes with so many connections, as a fixed part and a part for each.
//!
//! Two looks make such a line, and the third, which had no part in it, says what the line is worth. What a server has set
//! free while it started is used up before its memory grows, and one that is woken for each heartbeat takes several times
//! the CPU of one that is awake: so no look is at nobody, and the heartbeats of a real run come fast.

use std::time::Duration;

use serde::Serialize;

use super::model::{Cost, Line};
use super::real::Look;

/// The looks of a real run: without anybody, with a quarter, with a half, and with all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looks {
    /// Nobody. What the kernel keeps is counted from here.
    pub empty: Look,
    /// A quarter: fitted.
    pub quarter: Look,
    /// A half: fitted.
    pub half: Look,
    /// All: foretold, and then measured too.
    pub all: Look,
}

/// One figure that was foretold and then measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What it is.
    pub what: &'static str,
    /// Foretold from a quarter and a half.
    pub foretold: f64,
    /// Measured with all.
    pub measured: f64,
}

impl Looks {
    /// What connections cost, from a quarter and a half of them.
    #[must_use]
    pub fn cost_of_parts(&self) -> Cost {
        self.cost(&[self.quarter, self.half])
    }

    /// The same from all three.
    #[must_use]
    pub fn cost_of_all(&self) -> Cost {
        self.cost(&[self.quarter, self.half, self.all])
    }

    fn cost(&self, looks: &[Look]) -> Cost {
        let fit = |x: &dyn Fn(&Look) -> f64, y: &dyn Fn(&Look) -> f64| {
            Line::fit(&looks.iter().map(|l| (x(l), y(l))).collect::<Vec<_>>())
        };
        let clients = |l: &Look| l.clients as f64;
        let cpu = fit(&beats_per_second, &cores);
        let logins = looks.iter().map(|l| l.logins.0).sum::<usize>().max(1);
        let worked: f64 = looks.iter().map(|l| self.for_logins(l, &cpu)).sum();
        let (beats, bytes) = looks.iter().fold((0, 0), |(n, b), l| (n + l.heartbeats, b + l.bytes_in + l.bytes_out));
        Cost {
            memory: fit(&clients, &|l| l.resident as f64),
            kernel: fit(&clients, &|l| self.tables(l) / 2.0),
            cpu,
            login: Duration::from_secs_f64(worked / logins as f64),
            bytes: bytes as f64 / beats.max(1) as f64,
        }
    }

    /// Seconds of CPU that the logins before this look took: without those for the heartbeats that came meanwhile, from half of
    /// those who came and all who were there before, as often as they came in the look.
    fn for_logins(&self, look: &Look, cpu: &Line) -> f64 {
        let there = (look.clients as f64 - look.logins.0 as f64 / 2.0) / look.clients.max(1) as f64;
        let beats = beats_per_second(look) * there * look.came_for.as_secs_f64();
        (look.logins.1.as_secs_f64() - beats * cpu.each.max(0.0)).max(0.0)
    }

    /// CPU of a login before this look, by the fit to all three.
    #[must_use]
    pub fn login(&self, look: &Look) -> Duration {
        Duration::from_secs_f64(self.for_logins(look, &self.cost_of_all().cpu) / look.logins.0.max(1) as f64)
    }

    /// What the kernel's tables have grown by, both ends, bytes.
    #[must_use]
    pub fn tables(&self, look: &Look) -> f64 {
        look.kernel.saturating_sub(self.empty.kernel) as f64
    }

    /// What a quarter and a half foretell of all, beside what was measured.
    #[must_use]
    pub fn checks(&self, heartbeat: Duration) -> Vec<Check> {
        let (cost, all) = (self.cost_of_parts(), &self.all);
        let n = all.clients as f64;
        let beats = n / heartbeat.as_secs_f64();
        let mib = f64::from(1 << 20);
        let check = |what, foretold, measured| Check { what, foretold, measured };
        vec![
            check("heartbeats a second", beats, beats_per_second(all)),
            check("CPU of the process, %", cost.cpu.at(beats) * 100.0, cores(all) * 100.0),
            check("memory of the process, MiB", cost.memory.at(n) / mib, all.resident as f64 / mib),
            check("tables of the kernel, both ends, MiB", 2.0 * cost.kernel.at(n) / mib, self.tables(all) / mib),
            check("bytes a second, both ways", beats * cost.bytes, bytes_per_second(all)),
        ]
    }
}

/// Heartbeats that came in a second.
#[must_use]
pub fn beats_per_second(look: &Look) -> f64 {
    look.heartbeats as f64 / seconds(look)
}

/// Cores that the process took.
#[must_use]
pub fn cores(look: &Look) -> f64 {
    look.cpu.as_secs_f64() / seconds(look)
}

fn bytes_per_second(look: &Look) -> f64 {
    (look.bytes_in + look.bytes_out) as f64 / seconds(look)
}

fn seconds(look: &Look) -> f64 {
    look.lasted.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(clients: usize, resident: u64, kernel: u64, cpu_ms: u64, heartbeats: u64) -> Look {
        Look {
            clients,
            resident,
            kernel,
            logins: (clients / 2, Duration::from_millis(clients as u64)),
            came_for: Duration::from_secs(5),
            lasted: Duration::from_secs(10),
            cpu: Duration::from_millis(cpu_ms),
            heartbeats,
            bytes_in: heartbeats * 60,
            bytes_out: heartbeats * 70,
        }
    }

    #[test]
    fn a_fixed_part_is_told_from_the_part_of_each() {
        let looks = Looks {
            // What it had set free is used up before the first look: nobody is not on the line.
            empty: look(0, 10_000_000, 1_000_000, 1, 0),
            quarter: look(250, 10_250_000, 3_500_000, 150, 2500),
            half: look(500, 11_000_000, 6_000_000, 200, 5000),
            all: look(1000, 12_500_000, 11_000_000, 330, 10_000),
        };
        let cost = looks.cost_of_parts();
        assert_eq!(cost.memory, Line { fixed: 9_500_000.0, each: 3000.0 });
        assert_eq!(cost.kernel, Line { fixed: 0.0, each: 5000.0 });
        assert!((cost.cpu.fixed - 0.01).abs() < 1e-9 && (cost.cpu.each - 20e-6).abs() < 1e-12, "{cost:?}");
        // 2 ms for each, of which 0.15 are for heartbeats that came meanwhile.
        assert_eq!(((cost.login.as_secs_f64() * 1e6).round(), cost.bytes), (1850.0, 130.0));
        let off: Vec<_> =
            looks.checks(Duration::from_secs(1)).iter().map(|c| (c.measured / c.foretold * 100.0).round()).collect();
        assert_eq!(off, [100.0, 110.0, 100.0, 100.0, 100.0]);
        assert!(looks.cost_of_all().cpu.each > cost.cpu.each, "what was seen of all counts for what is reckoned");
    }
}
