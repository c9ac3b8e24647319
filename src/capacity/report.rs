//! What was measured, what follows from it, and what it is worth: as a table and as JSON.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::fleet::{Calm, Storm};
use super::model::{Cost, Limit, Load, Need};
use super::real::Look;
use crate::table::table;

/// The looks of a real run without anybody, with few and with all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looks {
    /// Nobody.
    pub empty: Look,
    /// Few: what is measured.
    pub few: Look,
    /// All: what is foretold from the few, and then measured too.
    pub all: Look,
}

/// One figure that was foretold and then measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What it is.
    pub what: &'static str,
    /// Foretold from few.
    pub foretold: f64,
    /// Measured with all.
    pub measured: f64,
}

impl Looks {
    /// What a connection costs, from the first of these looks to the second.
    #[must_use]
    pub fn cost(&self) -> Cost {
        cost(&self.empty, &self.few)
    }

    /// The same from all.
    #[must_use]
    pub fn cost_of_all(&self) -> Cost {
        cost(&self.empty, &self.all)
    }

    /// What the few foretell of all, beside what was measured.
    #[must_use]
    pub fn checks(&self, heartbeat: Duration) -> Vec<Check> {
        let (cost, all) = (self.cost(), &self.all);
        let n = all.clients as f64;
        let seconds = all.lasted.as_secs_f64();
        let beats = n / heartbeat.as_secs_f64();
        let mib = 1024.0 * 1024.0;
        vec![
            Check { what: "heartbeats a second", foretold: beats, measured: all.heartbeats as f64 / seconds },
            Check {
                what: "CPU of the process, %",
                foretold: beats * cost.heartbeat.as_secs_f64() * 100.0,
                measured: all.cpu.as_secs_f64() / seconds * 100.0,
            },
            Check {
                what: "memory of the process, MiB",
                foretold: (self.empty.resident as f64 + n * cost.memory) / mib,
                measured: all.resident as f64 / mib,
            },
            Check {
                what: "tables of the kernel, both ends, MiB",
                foretold: 2.0 * n * cost.kernel / mib,
                measured: all.kernel.saturating_sub(self.empty.kernel) as f64 / mib,
            },
            Check {
                what: "bytes a second, both ways",
                foretold: beats * cost.bytes,
                measured: (all.bytes_in + all.bytes_out) as f64 / seconds,
            },
        ]
    }
}

fn cost(empty: &Look, look: &Look) -> Cost {
    let n = look.clients.max(1) as f64;
    let beats = look.heartbeats.max(1);
    let idle = empty.cpu.mul_f64(look.lasted.as_secs_f64() / empty.lasted.as_secs_f64().max(f64::MIN_POSITIVE));
    let per = |whole: Duration, n: u64| whole.div_f64(n.max(1) as f64);
    Cost {
        memory: look.resident.saturating_sub(empty.resident) as f64 / n,
        kernel: look.kernel.saturating_sub(empty.kernel) as f64 / n / 2.0,
        heartbeat: per(look.cpu.saturating_sub(idle), beats),
        login: per(look.logins.1, look.logins.0 as u64),
        bytes: (look.bytes_in + look.bytes_out) as f64 / beats as f64,
    }
}

/// One storm and its world.
#[derive(Clone, Debug, PartialEq)]
pub struct Stormed {
    /// The servers that had to take it: one of these, with its share of the connections.
    pub need: Need,
    /// Whether the clients drew their waits.
    pub jitter: bool,
    /// So many connections of the server stand behind each machine.
    pub each_for: f64,
    /// What came of it.
    pub storm: Storm,
}

/// Everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was asked: connections.
    pub connections: u64,
    /// What was asked: between two heartbeats.
    pub heartbeat: Duration,
    /// Machines in virtual time.
    pub machines: usize,
    /// Seconds of simulated time that they went through in one of this machine.
    pub pace: f64,
    /// What they said at rest.
    pub calm: Calm,
    /// The real run and its heartbeat, or why there is none.
    pub real: Result<(Looks, Duration), String>,
    /// All heartbeats together.
    pub load: Option<Load>,
    /// Servers of each size.
    pub needs: Vec<Need>,
    /// RSA on one core.
    pub unwrap: Duration,
    /// What happens after an outage.
    pub storms: Vec<Stormed>,
}

impl Report {
    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let beats = self.connections as f64 / self.heartbeat.as_secs_f64();
        let _ = writeln!(
            out,
            "{} connections, a heartbeat every {:?}: {} heartbeats a second\n",
            grouped(self.connections as f64),
            self.heartbeat,
            grouped(beats)
        );
        self.measured(&mut out);
        self.modelled(&mut out);
        self.stormed(&mut out);
        out
    }

    fn measured(&self, out: &mut String) {
        let calm = &self.calm;
        let _ = writeln!(
            out,
            "Simulated: {} client machines and one server machine, {:.0} s of virtual time at {:.0} times real time.\n\
             At rest a client says {:.3} packets a minute; a heartbeat is {:.0} bytes there and {:.0} back, sealed.\n",
            grouped(self.machines as f64),
            calm.lasted.as_secs_f64(),
            self.pace,
            calm.packets_in as f64 / self.machines.max(1) as f64 / calm.lasted.as_secs_f64() * 60.0,
            calm.bytes_in as f64 / calm.packets_in.max(1) as f64,
            calm.bytes_out as f64 / calm.packets_out.max(1) as f64,
        );
        let (looks, heartbeat) = match &self.real {
            Ok((looks, heartbeat)) => (looks, *heartbeat),
            Err(why) => {
                let _ = writeln!(out, "Real run: not measured: {why}\n");
                return;
            }
        };
        let _ = writeln!(
            out,
            "Real run on this machine: {} clients on loopback, a heartbeat every {heartbeat:?}, looked at for {:.0} s.\n",
            grouped(looks.all.clients as f64),
            looks.all.lasted.as_secs_f64()
        );
        let (few, all) = (looks.cost(), looks.cost_of_all());
        let rows = [
            ("memory of a connection, bytes", few.memory, all.memory),
            ("the kernel's for one end, bytes", few.kernel, all.kernel),
            ("CPU of a heartbeat, us", micros(few.heartbeat), micros(all.heartbeat)),
            ("CPU of a login, us", micros(few.login), micros(all.login)),
            ("bytes of a heartbeat, both ways", few.bytes, all.bytes),
        ];
        let with = |n: usize| format!("with {}", grouped(n as f64));
        let head = ["a connection costs the server", &*with(looks.few.clients), &*with(looks.all.clients)];
        let rows = rows.map(|(what, few, all)| vec![what.to_owned(), figure(few), figure(all)]);
        let _ = writeln!(out, "{}", table(&head, &rows));
        let rows: Vec<_> = looks
            .checks(heartbeat)
            .iter()
            .map(|c| {
                let off = (c.measured / c.foretold - 1.0) * 100.0;
                vec![c.what.to_owned(), figure(c.foretold), figure(c.measured), format!("{off:+.0} %")]
            })
            .collect();
        let head = ["check of the model", "foretold from few", "measured with all", "off by"];
        let _ = writeln!(out, "{}", table(&head, &rows));
    }

    fn modelled(&self, out: &mut String) {
        let Some(load) = &self.load else {
            let _ = writeln!(out, "Servers: not measured: it takes the costs of a real run.\n");
            return;
        };
        let _ = writeln!(
            out,
            "Modelled: all heartbeats are {} packets and {:.1} Mbit a second on the wire, {:.1} cores and {:.1} GiB.\n\
             In calm times at most {:.0} % of a server's cores and {:.0} % of its memory are used.\n",
            grouped(load.packets),
            load.bits / 1e6,
            load.cores,
            load.memory / f64::from(1 << 30),
            super::model::CPU_SHARE * 100.0,
            super::model::MEMORY_SHARE * 100.0,
        );
        let row = |n: &Need| {
            vec![
                format!("{} ({} cores, {} GiB)", n.size.name, n.size.cores, n.size.memory >> 30),
                grouped(n.servers as f64),
                grouped(n.each as f64),
                format!("{:.1} %", n.cpu * 100.0),
                format!("{:.0} %", n.memory * 100.0),
                n.limit.as_str().to_owned(),
            ]
        };
        let head = ["server", "servers", "connections each", "cores used", "memory used", "held back by"];
        let _ = writeln!(out, "{}", table(&head, &self.needs.iter().map(row).collect::<Vec<_>>()));
    }

    fn stormed(&self, out: &mut String) {
        let Some(first) = self.storms.first() else { return };
        let _ = writeln!(
            out,
            "Storm: a server is away for {:?}; its clients come back by themselves, through all doors. Simulated with {}\n\
             machines in place of its connections, its processors slowed by as much; of connections that wait to be accepted\n\
             1,024 are kept at each door. RSA takes {:.0} us of a core here.\n",
            first.storm.down,
            grouped(self.machines as f64),
            micros(self.unwrap),
        );
        let seconds =
            |at: Option<Duration>| at.map_or_else(|| "not".to_owned(), |d| format!("{:.1} s", d.as_secs_f64()));
        let row = |s: &Stormed| {
            let back = |percent| s.storm.back.iter().find(|(p, _)| *p == percent).and_then(|(_, at)| *at);
            vec![
                s.need.size.name.to_owned(),
                grouped(s.need.each as f64),
                if s.jitter { "with" } else { "without" }.to_owned(),
                seconds(back(50)),
                seconds(back(99)),
                seconds(back(100)),
                grouped(s.storm.busiest_second as f64 * s.each_for),
                format!("{:.1} s", s.storm.longest_wait.as_secs_f64()),
                format!("{:.2}", s.storm.logins as f64 / self.machines.max(1) as f64),
            ]
        };
        let head = [
            "server",
            "connections",
            "jitter",
            "half back",
            "99 % back",
            "all back",
            "connects in the worst second",
            "longest wait",
            "logins for each client",
        ];
        let _ = writeln!(out, "{}", table(&head, &self.storms.iter().map(row).collect::<Vec<_>>()));
    }

    /// As JSON, format `locospec-capacity/1`. Times are in microseconds, sizes in bytes.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        use serde_json::json;
        let cost = |c: &Cost| {
            json!({"memory": c.memory, "kernel": c.kernel, "heartbeat_us": micros(c.heartbeat),
                   "login_us": micros(c.login), "bytes": c.bytes})
        };
        let real = match &self.real {
            Ok((looks, heartbeat)) => json!({
                "clients": [looks.few.clients, looks.all.clients],
                "heartbeat_s": heartbeat.as_secs_f64(),
                "cost_from_few": cost(&looks.cost()),
                "cost_from_all": cost(&looks.cost_of_all()),
                "checks": looks.checks(*heartbeat),
            }),
            Err(why) => json!({"not_measured": why}),
        };
        let needs = self.needs.iter().map(|n| {
            json!({"size": n.size.name, "servers": n.servers, "each": n.each, "cpu": n.cpu, "memory": n.memory,
                   "limit": if n.limit == Limit::Cpu { "cpu" } else { "memory" }})
        });
        let storms = self.storms.iter().map(|s| {
            let back: Vec<_> = s.storm.back.iter().map(|(p, at)| json!({"percent": p, "us": at.map(micros)})).collect();
            json!({"size": s.need.size.name, "jitter": s.jitter, "back": back, "dials": s.storm.dials,
                   "busiest_second": s.storm.busiest_second as f64 * s.each_for, "logins": s.storm.logins,
                   "longest_wait_us": micros(s.storm.longest_wait)})
        });
        json!({
            "format": "locospec-capacity/1",
            "connections": self.connections,
            "heartbeat_s": self.heartbeat.as_secs_f64(),
            "machines": self.machines,
            "real": real,
            "load": self.load.map(|l| json!({"heartbeats": l.heartbeats, "packets": l.packets, "bits": l.bits,
                                             "cores": l.cores, "memory": l.memory})),
            "servers": needs.collect::<Vec<_>>(),
            "unwrap_us": micros(self.unwrap),
            "storms": storms.collect::<Vec<_>>(),
        })
    }
}

fn micros(d: Duration) -> f64 {
    d.as_secs_f64() * 1e6
}

/// A figure with as many digits as it deserves.
fn figure(x: f64) -> String {
    if x.abs() >= 100.0 { grouped(x) } else { format!("{x:.1}") }
}

/// A whole number in groups of three.
fn grouped(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut text = String::new();
    for (n, c) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    if x < -0.5 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(clients: usize, resident: u64, kernel: u64, cpu_ms: u64, heartbeats: u64) -> Look {
        Look {
            clients,
            resident,
            kernel,
            logins: (clients, Duration::from_millis(clients as u64)),
            lasted: Duration::from_secs(10),
            cpu: Duration::from_millis(cpu_ms),
            heartbeats,
            bytes_in: heartbeats * 60,
            bytes_out: heartbeats * 70,
        }
    }

    #[test]
    fn what_nobody_costs_is_taken_off() {
        let looks = Looks {
            empty: look(0, 10_000_000, 1_000_000, 10, 0),
            few: look(100, 10_300_000, 2_000_000, 30, 1000),
            all: look(1000, 13_100_000, 11_000_000, 190, 10_000),
        };
        let cost = looks.cost();
        assert_eq!((cost.memory, cost.kernel, cost.bytes), (3000.0, 5000.0, 130.0));
        assert_eq!((cost.heartbeat, cost.login), (Duration::from_micros(20), Duration::from_millis(1)));
        let off: Vec<_> =
            looks.checks(Duration::from_secs(1)).iter().map(|c| (c.measured / c.foretold * 100.0).round()).collect();
        assert_eq!(off, [100.0, 95.0, 101.0, 100.0, 100.0]);
    }

    #[test]
    fn figures_are_readable() {
        let texts = [0.0, 9.96, 1234.4, 12_345_678.0, -4321.0].map(figure);
        assert_eq!(texts, ["0.0", "10.0", "1,234", "12,345,678", "-4,321"]);
    }
}
