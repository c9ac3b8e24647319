//! What a scenario must be to be run: numbers within their bounds, names that exist, faults before the end.

use super::{Do, Fault, Scenario, client_name, host_name};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::spec::format::Span;

impl Scenario {
    /// The first thing that is wrong with it: the path of the node, and what.
    #[must_use]
    pub fn wrong(&self) -> Option<(String, String)> {
        let w = &self.world;
        let bound = |name: &str, n: u64, least: u64, most: u64| {
            (n < least || n > most).then(|| (name.to_owned(), format!("{n} is not within {least} and {most}")))
        };
        let ms = |s: Span| u64::try_from(s.0.as_millis()).unwrap_or(u64::MAX);
        bound("world.carriages", w.carriages.into(), 1, 1)
            .or_else(|| bound("world.client_hosts", w.client_hosts.into(), 1, 8))
            .or_else(|| bound("world.users", w.users.into(), 2, 60))
            .or_else(|| bound("world.devices_per_user", w.devices_per_user.into(), 1, 2))
            .or_else(|| bound("world.rooms", w.rooms.into(), 1, 100))
            .or_else(|| bound("world.tick", ms(w.tick), 1, 100))
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
        let hosts: Vec<String> = (1..=self.world.client_hosts).map(host_name).collect();
        let clients: Vec<String> = self.clients().into_iter().map(|(u, second, _)| client_name(u, second)).collect();
        for (i, q) in self.quirks.iter().enumerate() {
            if Quirk::parse(q).is_none() {
                return Some((format!("quirks[{i}]"), format!("there is no quirk `{q}`")));
            }
        }
        for (i, step) in self.workload.script.iter().enumerate() {
            let path = format!("workload.script[{i}]");
            if !clients.contains(&step.client) {
                return Some((path, format!("there is no `{}`; there are {}", step.client, clients.join(", "))));
            }
            if step.at > self.heal_at {
                return Some((path, format!("it is due at {}, after heal_at", step.at)));
            }
            if step.r#do == Do::Relogin && step.at.0 + step.r#for.0 > self.heal_at.0 * 2 {
                return Some((path, "it comes back long after heal_at".to_owned()));
            }
            if step.len > 60_000 {
                return Some((path, format!("len is {}, and at most 60000", step.len)));
            }
        }
        for (i, fault) in self.faults.iter().enumerate() {
            let path = format!("faults[{i}]");
            let known = match fault {
                Fault::Partition { .. }
                | Fault::PartitionOneway { .. }
                | Fault::Hold { .. }
                | Fault::Latency { .. } => &hosts,
                _ => &clients,
            };
            if let Some(name) = fault.target().filter(|t| !known.iter().any(|k| k == t)) {
                return Some((path, format!("there is no `{name}`; there are {}", known.join(", "))));
            }
            if fault.at() > self.heal_at {
                return Some((path, format!("it begins at {}, after heal_at", fault.at())));
            }
            if matches!(fault, Fault::Flip { .. }) && self.era != Era::E2025 {
                return Some((path, format!("era {} has no authentication: a flipped bit may pass", self.era)));
            }
            if let Fault::Burst { room, .. } = fault
                && !(7000..7000 + i64::from(self.world.rooms)).contains(room)
            {
                return Some((path, format!("there is no room {room}")));
            }
        }
        None
    }
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
        assert!(refusal("carriages: 1", "carriages: 3").contains("3 is not within 1 and 1"));
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
        s.faults = vec![Fault::Hold { at: Span(std::time::Duration::ZERO), r#for: s.heal_at, host: "phones-9".into() }];
        assert!(s.wrong().is_some_and(|(path, what)| path == "faults[0]" && what.contains("no `phones-9`")));
        s.faults = vec![Fault::Storm { at: Span(s.heal_at.0 * 2) }];
        assert!(s.wrong().is_some_and(|(_, what)| what.contains("after heal_at")));
    }
}
