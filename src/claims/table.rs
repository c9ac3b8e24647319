//! The figures as text: Markdown tables, which a terminal shows as well as a forge does.

use std::fmt::Write as _;

use super::band::{Band, Outages};
use super::everything::{BEATING, BEATING_2012, POLLING};
use super::radio::Radio;
use super::report::{Report, short};
use super::scale::{COME_BACK_S, scaled};
use super::script::sample_len;
use super::transport::Transport;
use super::verdict::{CLAIM, findings, ratios, word};
use super::wire;

/// A title, how its figures come about, a head, and rows.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its number and name.
    pub title: String,
    /// Measured how, modelled how.
    pub how: String,
    /// The columns.
    pub head: Vec<String>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn new(title: &str, how: impl Into<String>, head: &[&str]) -> Self {
        let head = head.iter().map(|h| (*h).to_owned()).collect();
        Self { title: title.to_owned(), how: how.into(), head, rows: Vec::new() }
    }

    /// The table in columns of one width.
    #[must_use]
    pub fn markdown(&self) -> String {
        let wide = |at: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(at)).chain(self.head.get(at));
            cells.map(|c| c.chars().count()).max().unwrap_or(3).max(3)
        };
        let line = |cells: &[String]| {
            let cells = cells.iter().enumerate().map(|(i, c)| format!("{c:<width$}", width = wide(i)));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule: Vec<String> = (0..self.head.len()).map(|i| "-".repeat(wide(i))).collect();
        let mut text = format!("### {}\n\n{}\n\n{}{}", self.title, self.how, line(&self.head), line(&rule));
        self.rows.iter().for_each(|row| text.push_str(&line(row)));
        text
    }
}

/// Milliseconds as a person says them.
#[must_use]
pub fn ms(x: f64) -> String {
    if x >= 1e3 { format!("{} s", short(x / 1e3)) } else { format!("{} ms", short(x)) }
}

fn starts(report: &Report) -> Table {
    let how = format!(
        "Measured in the simulation, on a network of exactly 500 ms one way: elapsed time is round trips. From nothing \
         (LOCO asks booking and ticket first; HTTP asks for news first) and for a device that was there before (LOCO \
         knows its carriage, TLS 1.3 resumes), until the first message is acknowledged. IP bytes are modelled: {} bytes \
         of headers a packet, segments of {}. Connections a message: of both devices, over the whole conversation on 3G.",
        wire::HEADER,
        wire::MSS
    );
    let head = [
        "transport",
        "round trips (connections), cold",
        "bytes (IP), cold",
        "round trips (connections), warm",
        "bytes (IP), warm",
        "connections a message",
    ];
    let mut table = Table::new("1. Connecting", how, &head);
    for s in &report.simulated {
        let bytes = |x: &super::figures::Start| format!("{} ({})", x.up + x.down, x.ip_bytes);
        let trips = |x: &super::figures::Start| format!("{} ({})", x.round_trips, x.connections);
        let each = s.on("3g", "none").map_or(0.0, |l| l.connections_per_message);
        table.rows.push(vec![
            s.transport.clone(),
            trips(&s.cold),
            bytes(&s.cold),
            trips(&s.warm),
            bytes(&s.warm),
            format!("{each:.3}"),
        ]);
    }
    table
}

fn weights(report: &Report) -> Table {
    let how = format!(
        "Measured in the simulation, a text of {} bytes, everything above TCP in both directions: sending with \
         acknowledgement, arrival at the other device (for who polls: the poll that brings it), heartbeat with answer (or \
         a poll that brings nothing; in front of the slash what goes up), and a whole idle hour at the usual interval on \
         3G. In brackets as IP packets, modelled. The keep-alive before LOCO was 280 bytes each 10 minutes by the press of \
         2011: 1,680 an hour.",
        sample_len()
    );
    let head = ["transport", "a message", "a push", "a beat, up / both", "interval", "an idle hour"];
    let mut table = Table::new("2. Bytes", how, &head);
    let both = |x: f64, ip: f64| format!("{} ({})", short(x), short(ip));
    for s in &report.simulated {
        let (w, idle) = (&s.weight, s.idle_on("3g"));
        table.rows.push(vec![
            s.transport.clone(),
            both(w.message, w.message_ip),
            both(w.push, w.push_ip),
            format!("{} / {}", short(w.beat_up), both(w.beat, w.beat_ip)),
            idle.map_or_else(String::new, |i| format!("{} s", i.every_s)),
            idle.map_or_else(String::new, |i| both(i.bytes as f64, i.ip_bytes as f64)),
        ]);
    }
    // What 2012 itself did: the same bytes, less often.
    let own = report.intervals.idle.iter().find(|(t, band, _)| t == BEATING_2012.id() && band == "3g");
    if let Some((name, _, i)) = own {
        let [nothing, also, so] = [(); 3].map(|()| String::new());
        let hour = both(i.bytes as f64, i.ip_bytes as f64);
        table.rows.push(vec![format!("{name}, its own"), nothing, also, so, format!("{} s", i.every_s), hour]);
    }
    table
}

fn latencies(report: &Report, outages: Outages) -> Table {
    let what = match outages {
        Outages::None => "No outages.",
        Outages::Shadow => "About once a minute, for 2 to 6 s, everything waits, then it goes on: a tunnel.",
        Outages::Lost => {
            "About every two minutes, for 2 to 6 s, everything is lost, and with it, silently, each connection."
        }
    };
    let how = format!(
        "Measured in the simulation: {} messages of two people, seed {}. {what} Median / 99 of 100.",
        report.messages, report.seed
    );
    let mut head = vec!["transport"];
    head.extend(Band::ALL.map(|b| b.id));
    let letter = match outages {
        Outages::None => 'a',
        Outages::Shadow => 'b',
        Outages::Lost => 'c',
    };
    let mut table = Table::new(&format!("3{letter}. From send to arrival, outages: {}", outages.id()), how, &head);
    for s in &report.simulated {
        let mut row = vec![s.transport.clone()];
        for band in Band::ALL {
            let cell = |l: &super::figures::Latency| {
                let missing = l.sent - l.arrived;
                let lost = if missing > 0 { format!(", {missing} did not arrive") } else { String::new() };
                format!("{} / {}{lost}", ms(l.p50_ms), ms(l.p99_ms))
            };
            row.push(s.on(band.id, outages.id()).map_or_else(|| "not measured".to_owned(), cell));
        }
        table.rows.push(row);
    }
    table
}

fn machine(report: &Report) -> Table {
    let how = "Measured on this machine over loopback, server in a process of its own, medians of interleaved slices. CPU \
               is that of the server's process, kernel included. Both servers keep messages in the same store in memory \
               and acknowledge after its commit. A login is one of a device that was there before. An idle hour is \
               modelled: the beats or polls of an hour, each at its CPU.";
    let head =
        ["transport", "send to arrival p50", "p99", "CPU a message", "CPU a beat", "CPU a login", "CPU an idle hour"];
    let mut table = Table::new("4. Load on the server", how, &head);
    let us = |f: &super::report::Figure| if f.value().is_some() { format!("{f} µs") } else { f.to_string() };
    for l in &report.loopback {
        let figures = [&l.p50_us, &l.p99_us, &l.cpu_message_us, &l.cpu_beat_us, &l.cpu_login_us];
        let beats = 3600.0 / interval_of(report, &l.transport) as f64;
        let hour = l.cpu_beat_us.value().map_or_else(|| "not measured".to_owned(), |b| ms(b * beats / 1e3));
        table.rows.push(std::iter::once(l.transport.clone()).chain(figures.map(us)).chain([hour]).collect());
    }
    table
}

fn crowds(report: &Report) -> Table {
    let how = "Measured on this machine: so many connections at once, logged in from nothing; memory is what the server's \
               process grew by; a beat is PING, a WebSocket ping, or a poll that brings nothing.";
    let head = ["transport", "connections", "logins/s", "CPU a login", "memory each", "beats/s", "CPU a beat"];
    let mut table = Table::new("5a. A crowd, real", how, &head);
    for c in &report.crowds {
        let with = |f: &super::report::Figure, unit: &str| {
            if f.value().is_some() { format!("{f}{unit}") } else { f.to_string() }
        };
        let kib =
            c.bytes_each.value().map_or_else(|| c.bytes_each.to_string(), |b| format!("{} KiB", short(b / 1024.0)));
        table.rows.push(vec![
            c.transport.clone(),
            c.connections.to_string(),
            with(&c.logins_per_s, ""),
            with(&c.cpu_login_us, " µs"),
            kib,
            with(&c.beats_per_s, ""),
            with(&c.cpu_beat_us, " µs"),
        ]);
    }
    table
}

fn interval_of(report: &Report, transport: &str) -> u64 {
    let polls = Transport::parse(transport).is_ok_and(Transport::polls);
    if polls { report.poll_s } else { report.heartbeat_s }
}

fn millions(report: &Report) -> Table {
    let how = format!(
        "Modelled: the figures of 5a times a number, a beat each {} s, a poll each {} s; logins spread over {} minutes. No \
         kernel memory, no second machine, no queues.",
        report.heartbeat_s,
        report.poll_s,
        COME_BACK_S / 60.0
    );
    let head = ["transport", "connections", "beats/s", "cores for beats", "memory", "cores to log in"];
    let mut table = Table::new("5b. Millions, modelled", how, &head);
    let or =
        |x: Option<f64>, unit: &str| x.map_or_else(|| "not measured".to_owned(), |x| format!("{}{unit}", short(x)));
    for c in &report.crowds {
        for s in scaled(c, interval_of(report, &c.transport) as f64) {
            table.rows.push(vec![
                s.transport,
                format!("{:.0e}", s.connections),
                short(s.beats_per_s),
                or(s.cores, ""),
                or(s.bytes.map(|b| b / f64::from(1 << 30)), " GiB"),
                or(s.cores_to_log_in, ""),
            ]);
        }
    }
    table
}

fn battery(report: &Report) -> Table {
    let how = format!(
        "Traffic measured in the simulation, an idle hour on each network; radio modelled: after the last packet it stays \
         awake for its tail ({}). Wake-ups / minutes awake / joules above sleep, in that hour.",
        Radio::ALL.map(|r| format!("{} {} s", r.id, short(r.tail().as_secs_f64()))).join(", ")
    );
    let mut head = vec!["transport", "interval"];
    head.extend(Band::ALL.map(|b| b.id));
    let mut table = Table::new("6. Battery", how, &head);
    let cell = |i: &super::figures::Idle| {
        format!("{} / {} / {}", i.radio.wake_ups, short(i.radio.awake_s / 60.0), short(i.radio.joules))
    };
    for s in &report.simulated {
        let every = s.idle_on("3g").map_or(0, |i| i.every_s);
        let cells = Band::ALL.map(|b| s.idle_on(b.id).map_or_else(String::new, cell));
        table.rows.push([s.transport.clone(), format!("{every} s")].into_iter().chain(cells).collect());
    }
    for name in [BEATING.id(), BEATING_2012.id(), POLLING.id()] {
        let of = |band: &str| -> Vec<_> {
            report.intervals.idle.iter().filter(|(t, b, _)| t == name && b == band).map(|(_, _, i)| i).collect()
        };
        for (n, first) in of("3g").into_iter().enumerate() {
            let cells = Band::ALL.map(|b| of(b.id).get(n).map_or_else(String::new, |i| cell(i)));
            table.rows.push([name.to_owned(), format!("{} s", first.every_s)].into_iter().chain(cells).collect());
        }
    }
    table
}

fn claim(report: &Report) -> Table {
    let how = format!(
        "The median of the other divided by that of {}, from the tables 3; behind it the same of the 99th of 100. The \
         eras do not differ. As claimed: {} to {} times.",
        BEATING.id(),
        CLAIM.0,
        CLAIM.1
    );
    let mut head = vec!["against", "outages"];
    head.extend(Band::ALL.map(|b| b.id));
    let mut table = Table::new("7. \"5 to 20 times faster\"", how, &head);
    for outages in Outages::ALL {
        for other in report.simulated.iter().filter(|s| !s.transport.starts_with("loco")) {
            let found = ratios(report, BEATING.id(), &other.transport);
            let cells = Band::ALL.map(|b| {
                let of = found.iter().find(|r| r.band == b.id && r.outages == outages.id());
                of.map_or_else(String::new, |r| {
                    format!("{}× (p99 {}×): {}", short(r.median), short(r.p99), word(r.median))
                })
            });
            if !found.is_empty() {
                let first = [other.transport.clone(), outages.id().to_owned()];
                table.rows.push(first.into_iter().chain(cells).collect());
            }
        }
    }
    table
}

fn by_interval(report: &Report) -> Table {
    let how = "The same against HTTP/1.1 keep-alive polling at other intervals, without outages: the claim is about the \
               interval first.";
    let mut head = vec!["a poll each"];
    head.extend(Band::ALL.map(|b| b.id));
    let mut table = Table::new("7b. The same by poll interval", how, &head);
    for seconds in super::everything::POLLS {
        let cells = Band::ALL.map(|b| {
            let poll = report.intervals.polls.iter().find(|(band, s, _)| band == b.id && *s == seconds);
            let ours = report.of(BEATING.id()).and_then(|s| s.on(b.id, "none"));
            poll.zip(ours).map_or_else(String::new, |((_, _, l), ours)| {
                let ratio = l.p50_ms / ours.p50_ms;
                format!("{}×, {}", short(ratio), word(ratio))
            })
        });
        table.rows.push(std::iter::once(format!("{seconds} s")).chain(cells).collect());
    }
    table
}

/// All tables that have rows.
#[must_use]
pub fn tables(report: &Report) -> Vec<Table> {
    let mut all = vec![starts(report), weights(report)];
    all.extend(Outages::ALL.map(|o| latencies(report, o)));
    all.extend([machine(report), crowds(report), millions(report), battery(report), claim(report)]);
    if !report.intervals.polls.is_empty() {
        all.push(by_interval(report));
    }
    all.retain(|t| !t.rows.is_empty());
    all
}

/// All tables one after the other.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::from("### In short\n\n");
    for finding in findings(report) {
        let _ = writeln!(text, "- {finding}");
    }
    text.push('\n');
    for table in tables(report) {
        let _ = writeln!(text, "{}", table.markdown());
    }
    text
}
