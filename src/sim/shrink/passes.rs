//! The passes of shrinking, one for each thing that can be less: events, people and places, operations, settings,
//! sizes and times.

use serde_json::Value;

use super::ddmin::ddmin;
use super::judge::Judge;
use super::tree::{self, possible, tidy, value_of};
use super::{Size, Told};
use crate::proto::secure::Era;
use crate::sim::scenario::{Scenario, Swarm, host_name};
use crate::sim::server::{HOST, is_server};

/// A scenario on its way to a smaller one.
pub struct Shrinker<'a> {
    /// The smallest one so far that fails.
    pub now: Scenario,
    /// Who runs the candidates.
    pub judge: Judge<'a>,
    tell: &'a dyn Fn(Told<'_>),
}

impl std::fmt::Debug for Shrinker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shrinker({}, {:?})", Size::of(&self.now), self.judge)
    }
}

/// The simplest era to read about: the one that all of the world's servers and tools know best.
const PLAIN_ERA: Era = Era::E2025;

impl<'a> Shrinker<'a> {
    /// Begins with a scenario that fails.
    pub fn new(now: Scenario, judge: Judge<'a>, tell: &'a dyn Fn(Told<'_>)) -> Self {
        Self { now, judge, tell }
    }

    /// Makes it smaller until nothing more can go or the budget is spent.
    pub fn run(&mut self) {
        // First, as long as the script is that of the whole run: drawn again for fewer, it would be another one.
        self.unroll();
        let mut round = 0;
        loop {
            let before = self.now.clone();
            self.leaf("the end", "/heal_at", true);
            self.list("faults", "/faults");
            self.hosts();
            self.carriages();
            self.users();
            self.numbers_of_world();
            self.list("operations", "/workload/script");
            self.other_lists();
            if round == 0 {
                self.settings();
            }
            self.eras();
            self.leaves();
            round += 1;
            if self.now == before || self.judge.is_spent() {
                break;
            }
        }
        // What does not matter says nothing, rather than its least value.
        self.settings();
    }

    /// Takes the first candidate that still fails; gives its place.
    fn attempt(&mut self, what: &str, candidates: &mut dyn Iterator<Item = Option<Scenario>>) -> Option<usize> {
        let (now, before) = (self.now.clone(), Size::of(&self.now));
        let mut others = candidates.map(|c| c.filter(|c| *c != now));
        let (place, scenario) = self.judge.first(&mut others)?;
        self.now = scenario;
        (self.tell)(Told { what, runs: self.judge.runs(), before, after: Size::of(&self.now) });
        Some(place)
    }

    /// Takes items out of a list of the scenario.
    fn list(&mut self, what: &str, pointer: &str) {
        let items = value_of(&self.now).pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        ddmin(items, |lists| {
            let base = value_of(&self.now);
            self.attempt(what, &mut lists.map(|list| tidy(tree::with(&base, pointer, list.into()))))
        });
    }

    fn other_lists(&mut self) {
        let lists: Vec<String> = {
            let value = value_of(&self.now);
            let is_other = |at: &str| at != "/faults" && at != "/workload/script";
            tree::nodes(&value).into_iter().filter(|(at, v)| v.is_array() && is_other(at)).map(|(at, _)| at).collect()
        };
        for at in lists {
            self.list(at.trim_start_matches('/'), &at);
        }
    }

    /// Takes out users; those who stay move up, so that there is no gap in the names.
    fn users(&mut self) {
        let users: Vec<u32> = (1..=self.now.world.users).collect();
        // Whoever is left has another number than at first: numbers are those of the scenario as it is.
        let mut there = users.clone();
        ddmin(users, |lists| {
            let base = value_of(&self.now);
            let lists: Vec<Vec<u32>> = lists.collect();
            let mut candidates = lists.iter().map(|list| Self::only_users(&base, &there, list));
            let place = self.attempt("users", &mut candidates)?;
            there = lists.into_iter().nth(place)?;
            Some(place)
        });
        let one_device = |base: &Value, rename: bool| {
            let base = if rename {
                tree::renamed(base, &|name| Some(format!("{}/main", name.strip_suffix("/sub")?)))
            } else {
                base.clone()
            };
            tidy(tree::with(&base, "/world/devices_per_user", 1.into()))
        };
        let base = value_of(&self.now);
        self.attempt("devices", &mut [false, true].into_iter().map(|rename| one_device(&base, rename)));
    }

    /// The scenario with only these of the users that are there.
    fn only_users(base: &Value, there: &[u32], list: &[u32]) -> Option<Scenario> {
        let rename = |name: &str| {
            let (user, device) = name.strip_prefix('u')?.split_once('/')?;
            let user: usize = user.parse().ok()?;
            let known = there.get(user.checked_sub(1)?)?;
            // A user 0 does not exist: what names him is taken out.
            let now = list.iter().position(|u| u == known).map_or(0, |at| at + 1);
            Some(format!("u{now}/{device}"))
        };
        tidy(tree::with(&tree::renamed(base, &rename), "/world/users", list.len().into()))
    }

    /// Fewer hosts of clients, with what happened to one that is gone happening to another.
    fn hosts(&mut self) {
        let (base, hosts) = (value_of(&self.now), self.now.world.client_hosts);
        let fewer = |n: u32| {
            let rename = |name: &str| {
                let host: u32 = name.strip_prefix("phones-")?.parse().ok()?;
                (host > n).then(|| host_name((host - 1) % n + 1))
            };
            tidy(tree::with(&tree::renamed(&base, &rename), "/world/client_hosts", n.into()))
        };
        self.attempt("hosts", &mut (1..hosts).map(fewer));
    }

    /// One server instead of several: what happened to one of them happens to it.
    fn carriages(&mut self) {
        let base = value_of(&self.now);
        let rename = |name: &str| is_server(name).then(|| HOST.to_owned());
        let alone = tidy(tree::with(&tree::renamed(&base, &rename), "/world/carriages", 1.into()));
        if self.now.world.carriages > 1 {
            self.attempt("carriages", &mut std::iter::once(alone));
        }
    }

    /// The counts of the world: what names what is gone then goes too.
    fn numbers_of_world(&mut self) {
        for (at, leaf) in tree::nodes(&value_of(&self.now)) {
            if at.starts_with("/world/") && leaf.is_number() {
                self.leaf(at.trim_start_matches("/world/"), &at, true);
            }
        }
    }

    /// From so many drawn actions to a script of them, from which each can be taken out by itself.
    fn unroll(&mut self) {
        let script = tidy(value_of(&self.now.unrolled()));
        self.attempt("unrolled", &mut std::iter::once(script));
    }

    /// Fields that may be left out are, once: their defaults are not always the least values.
    fn settings(&mut self) {
        let quiet = Scenario { swarm: Swarm::default(), ..self.now.clone() };
        self.attempt("swarm", &mut std::iter::once(Some(quiet)));
        for (at, _) in tree::nodes(&value_of(&self.now)) {
            let less = tree::without(&value_of(&self.now), &at).and_then(|v| possible(&v));
            self.attempt(at.trim_start_matches('/'), &mut std::iter::once(less));
        }
    }

    /// The plain era everywhere, else wherever it will do.
    fn eras(&mut self) {
        let base = value_of(&self.now);
        let plain = Value::from(PLAIN_ERA.as_str());
        let other: Vec<String> = tree::nodes(&base)
            .into_iter()
            .filter(|(_, v)| **v != plain && v.as_str().is_some_and(|s| Era::parse(s).is_some()))
            .map(|(at, _)| at)
            .collect();
        let everywhere = other.iter().fold(base, |v, at| tree::with(&v, at, plain.clone()));
        self.attempt("eras", &mut std::iter::once(possible(&everywhere)));
        for at in other {
            let here = tree::with(&value_of(&self.now), &at, plain.clone());
            self.attempt(at.trim_start_matches('/'), &mut std::iter::once(possible(&here)));
        }
    }

    /// Every number, span and boolean.
    fn leaves(&mut self) {
        for (at, _) in tree::nodes(&value_of(&self.now)) {
            self.leaf(at.trim_start_matches('/'), &at, false);
        }
    }

    /// Makes one number, span or boolean as small as it can be.
    fn leaf(&mut self, what: &str, pointer: &str, with_tidy: bool) {
        loop {
            let base = value_of(&self.now);
            let Some(leaf) = base.pointer(pointer) else { return };
            let mut candidates = tree::smaller(pointer, leaf).into_iter().map(|smaller| {
                let value = tree::with(&base, pointer, smaller);
                if with_tidy { tidy(value) } else { possible(&value) }
            });
            if self.attempt(what, &mut candidates).is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sim::generate::generate;
    use crate::sim::scenario::Fault;
    use crate::spec::format::Span;

    #[test]
    fn what_happened_to_one_of_two_carriages_happens_to_the_one_that_is_left() {
        let s = |s| Span(Duration::from_secs(s));
        let mut two = generate(3);
        two.world.carriages = 2;
        two.faults = vec![
            Fault::Crash { at: s(5), host: "carriage-b".into(), down_for: s(1) },
            Fault::Hold { at: s(6), r#for: s(2), host: "phones-1".into(), to: Some("front".into()) },
        ];
        assert_eq!(two.wrong(), None);
        let fails = |s: &Scenario| {
            let is_crash = |f: &Fault| matches!(f, Fault::Crash { .. });
            s.faults.iter().any(is_crash) && s.faults.iter().any(|f| f.to().is_some())
        };
        let mut shrinker = Shrinker::new(two, Judge::new(&fails, 1, 500), &|_| ());
        shrinker.run();
        let least = shrinker.now;
        assert_eq!((least.world.carriages, least.faults.len()), (1, 2), "{:?}", least.faults);
        assert!(least.faults.iter().all(|f| f.to().is_none_or(|to| to == HOST)), "{:?}", least.faults);
    }
}
