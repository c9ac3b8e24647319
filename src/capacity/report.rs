//! What was measured, what follows from it, and what it is worth: as a table and as JSON.

use std::fmt::Write;
use std::time::Duration;

use super::fleet::{Calm, Storm};
use super::looks::{Looks, cores};
use super::model::{Cost, Limit, Line, Load, Need};
use super::real::Look;
use crate::table::table;

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
        measured_looks(looks, heartbeat, out);
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

    /// As JSON, format `locospec-capacity/2`. Times are in microseconds, sizes in bytes, and CPU is in microseconds a second:
    /// a fixed part, and one for each heartbeat a second.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        use serde_json::json;
        let line = |l: Line, unit: f64| json!({"fixed": l.fixed * unit, "each": l.each * unit});
        let cost = |c: &Cost| {
            json!({"memory": line(c.memory, 1.0), "kernel": line(c.kernel, 1.0), "cpu_us": line(c.cpu, 1e6),
                   "login_us": micros(c.login), "bytes": c.bytes})
        };
        let look = |l: &Look| {
            json!({"clients": l.clients, "memory": l.resident, "kernel": l.kernel, "lasted_us": micros(l.lasted),
                   "cpu_us": micros(l.cpu), "heartbeats": l.heartbeats, "bytes": l.bytes_in + l.bytes_out,
                   "logins": l.logins.0, "logins_cpu_us": micros(l.logins.1)})
        };
        let real = match &self.real {
            Ok((looks, heartbeat)) => {
                let seen = [&looks.empty, &looks.quarter, &looks.half, &looks.all].map(look);
                json!({"heartbeat_s": heartbeat.as_secs_f64(), "looks": seen, "cost_from_parts": cost(&looks.cost_of_parts()),
                       "cost_from_all": cost(&looks.cost_of_all()), "checks": looks.checks(*heartbeat)})
            }
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
            "format": "locospec-capacity/2",
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

/// What the looks saw, what they were fitted to, and what the fit is worth.
fn measured_looks(looks: &Looks, heartbeat: Duration, out: &mut String) {
    let seen = [&looks.quarter, &looks.half, &looks.all];
    let [quarter, half, all] = seen.map(|l| grouped(l.clients as f64));
    let _ = writeln!(
        out,
        "Real run on this machine: {all} clients on loopback, a heartbeat every {heartbeat:?}, looked at for {:.0} s.\n",
        looks.all.lasted.as_secs_f64()
    );
    let mib = f64::from(1 << 20);
    let row = |what: &str, of: &dyn Fn(&Look) -> f64| {
        std::iter::once(what.to_owned()).chain(seen.map(|l| figure(of(l)))).collect::<Vec<_>>()
    };
    let rows = [
        row("CPU of the process, %", &|l| cores(l) * 100.0),
        row("memory of the process, MiB", &|l| l.resident as f64 / mib),
        row("tables of the kernel, both ends, MiB", &|l| looks.tables(l) / mib),
        row("CPU of a login, us", &|l| micros(looks.login(l))),
    ];
    let head = [quarter.as_str(), &half, &all].map(|n| format!("with {n}"));
    let head: Vec<&str> = std::iter::once("measured").chain(head.iter().map(String::as_str)).collect();
    let _ = writeln!(out, "{}", table(&head, &rows));
    let (parts, whole) = (looks.cost_of_parts(), looks.cost_of_all());
    let row = |what: &str, unit: f64, of: &dyn Fn(&Cost) -> Line| {
        let (a, b) = (of(&parts), of(&whole));
        let all = [a.fixed / mib, a.each * unit, b.fixed / mib, b.each * unit];
        std::iter::once(what.to_owned()).chain(all.map(figure)).collect::<Vec<_>>()
    };
    let percent = |l: Line| Line { fixed: l.fixed * 100.0 * mib, each: l.each };
    let rows = [
        row("CPU: %, and us a heartbeat", 1e6, &|c| percent(c.cpu)),
        row("memory: MiB, and bytes a connection", 1.0, &|c| c.memory),
        row("the kernel's for one end: MiB, and bytes a connection", 1.0, &|c| c.kernel),
    ];
    let from = format!("from {quarter} and {half}: fixed");
    let head = ["fitted", &*from, "each", "from all three: fixed", "each"];
    let _ = writeln!(out, "{}", table(&head, &rows));
    let rows: Vec<_> = looks
        .checks(heartbeat)
        .iter()
        .map(|c| {
            let off = (c.measured / c.foretold - 1.0) * 100.0;
            vec![c.what.to_owned(), figure(c.foretold), figure(c.measured), format!("{off:+.0} %")]
        })
        .collect();
    let from = format!("predicted for {all} from {quarter} and {half}");
    let head = ["check of the model", &*from, "measured then", "off by"];
    let _ = writeln!(out, "{}", table(&head, &rows));
    let _ = writeln!(
        out,
        "The tables of the kernel are the whole machine's: what else it does moves them.\n\
         What follows is reckoned from the fit to all three.\n"
    );
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

    #[test]
    fn figures_are_readable() {
        let texts = [0.0, 9.96, 1234.4, 12_345_678.0, -4321.0].map(figure);
        assert_eq!(texts, ["0.0", "10.0", "1,234", "12,345,678", "-4,321"]);
    }
}
