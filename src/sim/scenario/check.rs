//! What a scenario must be to be run: numbers within their bounds, names that exist, faults before the end.

use std::time::Duration;

use super::{Do, Fault, Scenario, Step, client_name, host_name};
use crate::proto::quirk::Quirk;
use crate::sim::fault::Target;
use crate::sim::server::{HOST, server_hosts};
use crate::sim::stream::HELD_MS_MAX;
use crate::sim::timing::Timing;
use crate::spec::format::Span;

impl Scenario {
    /// The first thing that is wrong with it: the path of the node, and what.
    #[must_use]
    pub fn wrong(&self) -> Option<(String, String)> {
        let w = &self.world;
        let bound = |name: &str, n: u64, least: u64, most: u64| {
            (n < least || n > most).then(|| (name.to_owned(), format!("{n} is not within {least} and {most}")))
        };
        bound("world.carriages", w.carriages.into(), 1, 2)
            .or_else(|| bound("world.client_hosts", w.client_hosts.into(), 1, 8))
            .or_else(|| bound("world.users", w.users.into(), 2, 1000))
            .or_else(|| bound("world.devices_per_user", w.devices_per_user.into(), 1, 2))
            .or_else(|| {
                let clients = u64::from(w.users) * u64::from(w.devices_per_user);
                (clients > 1000).then(|| ("world.users".to_owned(), format!("{clients} clients are more than 1000")))
            })
            .or_else(|| bound("world.rooms", w.rooms.into(), 1, 1000))
            .or_else(|| bound("world.tick", ms(w.tick), 1, 1000))
            .or_else(|| bound("world.latency", ms(w.latency.1), ms(w.latency.0).max(1), 2000))
            .or_else(|| bound("world.commit", ms(w.commit.1), ms(w.commit.0), 2000))
            .or_else(|| bound("world.heartbeat", ms(w.heartbeat), 2000, 3_600_000))
            .or_else(|| bound("world.send_queue", w.send_queue as u64, 32 << 10, 32 << 20))
            .or_else(|| bound("workload.actions", self.workload.actions.into(), 0, 100_000))
            .or_else(|| bound("workload.text_max", self.workload.text_max.into(), 16, 60_000))
            .or_else(|| bound("heal_at", ms(self.heal_at), 1000, 24 * 3_600_000))
            .or_else(|| {
                (self.workload.actions > 0 && self.workload.mix.sum() == 0)
                    .then(|| ("workload.mix".to_owned(), "there are actions, but none is ever drawn".to_owned()))
            })
            .or_else(|| self.wrong_name())
    }

    fn wrong_name(&self) -> Option<(String, String)> {
        for (i, q) in self.quirks.iter().enumerate() {
            if Quirk::parse(q).is_none() {
                return Some((format!("quirks[{i}]"), format!("there is no quirk `{q}`")));
            }
        }
        let names = Names::of(self);
        for (i, step) in self.workload.script.iter().enumerate() {
            if let Some(what) = names.wrong_client(&step.client).or_else(|| self.wrong_step(step)) {
                return Some((format!("workload.script[{i}]"), what));
            }
        }
        let wrong = |(i, fault): (usize, &Fault)| {
            let what = names.wrong(fault).or_else(|| self.wrong_time(fault)).or_else(|| self.wrong_fault(fault))?;
            Some((format!("faults[{i}]"), what))
        };
        self.faults.iter().enumerate().find_map(wrong)
    }

    fn wrong_step(&self, step: &Step) -> Option<String> {
        if step.at > self.heal_at {
            return Some(format!("it is due at {}, after heal_at", step.at));
        }
        if step.r#do == Do::Relogin && step.at.0 + step.r#for.0 > self.heal_at.0 * 2 {
            return Some("it comes back long after heal_at".to_owned());
        }
        let most = if step.r#do == Do::Upload { 1_000_000 } else { 60_000 };
        (step.len > most).then(|| format!("len is {}, and at most {most}", step.len))
    }

    fn wrong_time(&self, fault: &Fault) -> Option<String> {
        (fault.at() > self.heal_at).then(|| format!("it begins at {}, after heal_at", fault.at()))
    }

    /// What cannot be about the numbers of a fault.
    fn wrong_fault(&self, fault: &Fault) -> Option<String> {
        let within = |name: &str, n: u64, least: u64, most: u64| {
            (n < least || n > most).then(|| format!("{name}: {n} is not within {least} and {most}"))
        };
        match fault {
            Fault::Burst { room, .. } if !(7000..7000 + i64::from(self.world.rooms)).contains(room) => {
                Some(format!("there is no room {room}"))
            }
            Fault::Jitter { min, max, .. } if min > max => Some(format!("min {min} is above max {max}")),
            Fault::Jitter { max, .. } | Fault::Latency { max, .. } => {
                within("max, in milliseconds", ms(*max), 0, 60_000)
            }
            Fault::Bandwidth { bytes_per_second, .. } | Fault::SlowReader { bytes_per_second, .. } => {
                within("bytes_per_second", *bytes_per_second, 1, 1 << 40)
            }
            Fault::Storm { share, .. } => within("share, in percent", (*share).into(), 1, 100),
            Fault::SlowSync { by, .. } => within("by, in milliseconds", ms(*by), 1, 5000),
            Fault::DelayHeartbeat { by, .. } => within("by, in milliseconds", ms(*by), 1, 60_000),
            Fault::ClockRate { permille, .. } => {
                within("permille", (*permille).into(), 500, 2000).or_else(|| self.wrong_rate(*permille))
            }
            _ => None,
        }
    }

    /// A fast clock gives up waiting sooner: an answer must come in time in a world without other faults.
    fn wrong_rate(&self, permille: u32) -> Option<String> {
        let (timing, w) = (Timing::of(self), &self.world);
        let waits = timing.request_timeout * 1000 / permille.max(1);
        let takes = (w.latency.1.0 + w.commit.1.0 + w.tick.0) * 2 + HELD * 2;
        (waits <= takes)
            .then(|| format!("permille: at {permille} a client waits for {waits:?}, an answer takes {takes:?}"))
    }
}

/// What a read may be held back.
const HELD: Duration = Duration::from_millis(HELD_MS_MAX);

fn ms(s: Span) -> u64 {
    u64::try_from(s.0.as_millis()).unwrap_or(u64::MAX)
}

/// Who can be named.
struct Names {
    hosts: Vec<String>,
    servers: Vec<String>,
    clients: Vec<String>,
    users: Vec<String>,
}

impl Names {
    fn of(s: &Scenario) -> Self {
        Self {
            hosts: (1..=s.world.client_hosts).map(host_name).collect(),
            servers: server_hosts(s.world.carriages).iter().map(|h| (*h).to_owned()).collect(),
            clients: s.clients().into_iter().map(|(u, second, _)| client_name(u, second)).collect(),
            users: (1..=s.world.users).map(|n| format!("u{n}")).collect(),
        }
    }

    /// That there is no such client.
    fn wrong_client(&self, name: &str) -> Option<String> {
        let nobody = || format!("there is no `{name}`; there are {}", self.clients.join(", "));
        (!self.clients.iter().any(|c| c == name)).then(nobody)
    }

    /// That the fault names nobody.
    fn wrong(&self, fault: &Fault) -> Option<String> {
        let (name, known) = match fault.aims_at() {
            Target::World => return None,
            Target::Host(name) => (name, vec![&self.hosts]),
            Target::Server(name) => (name, vec![&self.servers]),
            Target::Client(name) => (name, vec![&self.clients]),
            Target::ClientOrHost(name) => (name, vec![&self.hosts, &self.clients]),
            Target::User(name) => (name, vec![&self.users]),
        };
        // Whichever server has the disk.
        let disk = matches!(fault.aims_at(), Target::Server(HOST));
        let wrong = (!disk).then(|| missing(name, &known)).flatten();
        wrong.or_else(|| fault.to().and_then(|to| missing(to, &[&self.servers])))
    }
}

/// That nobody is called so.
fn missing(name: &str, known: &[&Vec<String>]) -> Option<String> {
    let known: Vec<&str> = known.iter().copied().flatten().map(String::as_str).collect();
    (!known.contains(&name)).then(|| format!("there is no `{name}`; there are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::generate::generate;

    #[test]
    fn what_is_written_is_read_again() -> Result<(), String> {
        for seed in 0..50 {
            let scenario = generate(seed);
            assert_eq!(scenario.wrong(), None, "seed {seed}");
            let text = scenario.to_yaml()?;
            let read = Scenario::parse("s.yaml", &text).map_err(|e| format!("{e}\n{text}"))?;
            assert_eq!(read, scenario, "seed {seed}");
        }
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() -> Result<(), String> {
        let text = generate(3).to_yaml()?;
        let refusal = |from: &str, to: &str| match Scenario::parse("s.yaml", &text.replacen(from, to, 1)) {
            Ok(_) => format!("taken with {to}"),
            Err(e) => e.to_string(),
        };
        assert!(refusal("carriages: 1", "carriages: 3").contains("3 is not within 1 and 2"));
        assert!(
            refusal("seed: 3", "sead: 3").starts_with("s.yaml:3:1: unknown field `sead`"),
            "{}",
            refusal("seed: 3", "sead: 3")
        );
        assert!(refusal("quirks: []", "quirks: [nonsense]").contains("there is no quirk `nonsense`"));
        assert!(refusal("quirks: []", "faults: [{kind: storm, at: 9h}]\nquirks: []").contains("duplicate"));
        Ok(())
    }

    #[test]
    fn a_fault_of_an_unknown_host_or_a_late_one_is_refused() {
        let mut s = generate(3);
        s.faults = vec![Fault::Hold {
            at: Span(std::time::Duration::ZERO),
            r#for: s.heal_at,
            host: "phones-9".into(),
            to: None,
        }];
        assert!(s.wrong().is_some_and(|(path, what)| path == "faults[0]" && what.contains("no `phones-9`")));
        s.faults = vec![Fault::Storm { at: Span(s.heal_at.0 * 2), share: 100 }];
        assert!(s.wrong().is_some_and(|(_, what)| what.contains("after heal_at")));
    }
}
