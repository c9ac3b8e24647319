//! Which of several smaller scenarios still fails in the same way: runs them, remembers, and keeps to a budget.

use std::collections::{BTreeMap, BTreeSet};

use crate::sim::invariants::Invariant;
use crate::sim::run::Outcome;
use crate::sim::scenario::Scenario;

/// In which way a run failed: by the invariants that were violated first, and where it panicked, if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(BTreeSet<(Invariant, String)>);

impl Cause {
    /// The cause of an outcome, if it failed.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let first = outcome.violations.iter().map(|v| v.at).min()?;
        let of_first = outcome.violations.iter().filter(|v| v.at == first);
        Some(Self(of_first.map(|v| (v.invariant, panic_in(&v.what))).collect()))
    }

    /// Whether an outcome failed in this way.
    #[must_use]
    pub fn is_of(&self, outcome: &Outcome) -> bool {
        Self::of(outcome).is_some_and(|other| !self.0.is_disjoint(&other.0))
    }

    /// The names of the invariants.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.iter().map(|(invariant, _)| invariant.name()).collect();
        names.dedup();
        names
    }
}

/// What a panic said, without its numbers: two panics with different words are two bugs.
fn panic_in(what: &str) -> String {
    let said = what.strip_prefix(crate::sim::run::PANICKED).unwrap_or_default();
    said.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// What is known of a scenario.
#[derive(Clone, Copy, Debug)]
struct Known {
    fails: bool,
    /// Whether it was needed and counted, or only run ahead beside others.
    counted: bool,
}

/// Asks whether scenarios still fail, a few at a time.
///
/// What comes out does not depend on how many run at once: the first in order wins, and only those up to it count.
pub struct Judge<'a> {
    fails: &'a (dyn Fn(&Scenario) -> bool + Sync),
    jobs: usize,
    runs_max: u64,
    runs: u64,
    known: BTreeMap<String, Known>,
}

impl std::fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Judge({} of {} runs)", self.runs, self.runs_max)
    }
}

impl<'a> Judge<'a> {
    /// Asks `fails`, `jobs` at a time, at most `runs_max` times.
    pub fn new(fails: &'a (dyn Fn(&Scenario) -> bool + Sync), jobs: usize, runs_max: u64) -> Self {
        Self { fails, jobs: jobs.max(1), runs_max, runs: 0, known: BTreeMap::new() }
    }

    /// Runs that counted.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Whether the budget is used up.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.runs >= self.runs_max
    }

    /// The first scenario that still fails, with its place; `None` stands for one that cannot be and is passed over.
    pub fn first(&mut self, scenarios: &mut dyn Iterator<Item = Option<Scenario>>) -> Option<(usize, Scenario)> {
        let mut scenarios = scenarios.enumerate();
        loop {
            let batch = self.batch(&mut scenarios);
            if batch.is_empty() {
                return None;
            }
            for (place, key, scenario) in batch {
                let known = self.known.get_mut(&key)?;
                if !known.counted {
                    if self.runs >= self.runs_max {
                        return None;
                    }
                    self.runs += 1;
                    known.counted = true;
                }
                if known.fails {
                    return Some((place, scenario));
                }
            }
        }
    }

    /// The next scenarios, all of them known then; not more are run than there are jobs.
    fn batch(&mut self, from: &mut dyn Iterator<Item = (usize, Option<Scenario>)>) -> Vec<(usize, String, Scenario)> {
        let (mut batch, mut fresh) = (Vec::new(), BTreeMap::new());
        for (place, scenario) in from {
            let Some(scenario) = scenario else { continue };
            let Ok(key) = serde_json::to_string(&scenario) else { continue };
            let known = self.known.get(&key).copied();
            if known.is_none() {
                fresh.entry(key.clone()).or_insert_with(|| scenario.clone());
            }
            batch.push((place, key, scenario));
            if fresh.len() >= self.jobs || known.is_some_and(|k| k.fails) || self.is_spent() {
                break;
            }
        }
        let fails = self.fails;
        let answers: Vec<(String, bool)> = std::thread::scope(|scope| {
            let asked: Vec<_> = fresh.iter().map(|(key, s)| (key, scope.spawn(move || fails(s)))).collect();
            asked.into_iter().map(|(key, asked)| (key.clone(), asked.join().unwrap_or(false))).collect()
        });
        self.known.extend(answers.into_iter().map(|(key, fails)| (key, Known { fails, counted: false })));
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::sim::generate::generate;
    use crate::sim::invariants::Violation;
    use crate::sim::run::PANICKED;

    fn outcome(violations: &[(Invariant, u64, &str)]) -> Outcome {
        let violation = |(invariant, s, what): &(Invariant, u64, &str)| Violation {
            invariant: *invariant,
            at: Duration::from_secs(*s),
            what: (*what).to_owned(),
            event: 0,
        };
        Outcome { violations: violations.iter().map(violation).collect(), ..Outcome::nothing(1) }
    }

    #[test]
    fn the_cause_is_what_was_violated_first() {
        let cause =
            Cause::of(&outcome(&[(Invariant::Once, 3, "a"), (Invariant::Ordered, 3, "b"), (Invariant::Alive, 9, "c")]));
        let is_of = |o: &Outcome| cause.as_ref().is_some_and(|c| c.is_of(o));
        assert!(is_of(&outcome(&[(Invariant::Ordered, 1, "x"), (Invariant::Alive, 2, "y")])));
        assert!(
            !is_of(&outcome(&[(Invariant::Alive, 1, "x"), (Invariant::Once, 2, "y")])),
            "something else came first"
        );
        assert!(!is_of(&outcome(&[])));
        assert_eq!(cause.as_ref().map(Cause::names), Some(vec!["once", "ordered"]));
    }

    #[test]
    fn two_panics_are_the_same_by_their_words() {
        let panic = |what: &str| outcome(&[(Invariant::Honest, 0, &format!("{PANICKED}{what}"))]);
        let cause = Cause::of(&panic("index 7 of 5"));
        let is_of = |o: &Outcome| cause.as_ref().is_some_and(|c| c.is_of(o));
        assert!(is_of(&panic("index 12 of 3")));
        assert!(!is_of(&panic("no entry")));
        assert!(!is_of(&outcome(&[(Invariant::Honest, 0, "a host failed")])));
    }

    #[test]
    fn the_first_in_order_wins_and_each_is_run_once_whatever_the_jobs() {
        let scenarios: Vec<_> = (0..20).map(generate).collect();
        for jobs in [1, 3, 8] {
            let asked = AtomicUsize::new(0);
            let fails = |s: &Scenario| {
                asked.fetch_add(1, Ordering::Relaxed);
                s.seed >= 11
            };
            let mut judge = Judge::new(&fails, jobs, 100);
            for _ in 0..2 {
                let found = judge.first(&mut scenarios.iter().cloned().map(|s| (s.seed != 12).then_some(s)));
                assert_eq!(found.map(|(place, s)| (place, s.seed)), Some((11, 11)), "{jobs} jobs");
                assert_eq!(judge.runs(), 12, "{jobs} jobs");
            }
            assert!(asked.into_inner() <= 12 + jobs, "{jobs} jobs");
        }
    }

    #[test]
    fn the_budget_ends_the_search() {
        let mut judge = Judge::new(&|s| s.seed == 9, 4, 9);
        assert!(judge.first(&mut (0..20).map(|seed| Some(generate(seed)))).is_none());
        assert!(judge.is_spent());
        let mut judge = Judge::new(&|s| s.seed == 9, 4, 10);
        assert!(judge.first(&mut (0..20).map(|seed| Some(generate(seed)))).is_some());
    }
}
