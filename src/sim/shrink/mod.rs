//! From a scenario that fails to the smallest one that fails in the same way.
//!
//! ```text
//!  scenario ─> passes ─> candidates ─> judge ─> the first that violates the same invariant ─┐
//!                ^                     (runs them, some at once)                            │
//!                └──────────────────── until nothing can go or the budget is spent <────────┘
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`ddmin`] | how to take items out of a list |
//! | [`tree`] | a scenario as a tree of values, and what is smaller than a value |
//! | [`passes`] | what is made smaller, in which order |
//! | [`judge`] | who runs the candidates, and which counts as the same failure |
//! | [`page`] | the result as a file for a person |
//!
//! A candidate counts only when one of the invariants that it violates first is one of those that the whole scenario
//! violates first: another bug on the way is not followed. The result is the same for the same budget, however many run
//! at once.

pub mod ddmin;
pub mod judge;
pub mod page;
pub mod passes;
pub mod tree;

use std::fmt;

use self::judge::{Cause, Judge};
use self::passes::Shrinker;
use super::run::{Outcome, run};
use super::scenario::Scenario;

/// How large a scenario is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Faults.
    pub faults: usize,
    /// Clients.
    pub clients: usize,
    /// Operations, drawn or in the script.
    pub operations: usize,
    /// Seconds until all is mended.
    pub seconds: u64,
}

impl Size {
    /// The size of a scenario.
    #[must_use]
    pub fn of(s: &Scenario) -> Self {
        let drawn = usize::try_from(s.workload.actions).unwrap_or(usize::MAX);
        let operations = drawn.saturating_add(s.workload.script.len());
        Self { faults: s.faults.len(), clients: s.clients().len(), operations, seconds: s.heal_at.0.as_secs() }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (faults, clients) = (many(self.faults, "fault"), many(self.clients, "client"));
        write!(f, "{faults}, {clients}, {}, {} s", many(self.operations, "operation"), self.seconds)
    }
}

/// One step that was kept.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What was made smaller.
    pub what: &'a str,
    /// Runs until now.
    pub runs: u64,
    /// The size before.
    pub before: Size,
    /// The size now.
    pub after: Size,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5} runs  {:<26} {}", self.runs, self.what, self.after)
    }
}

/// How much may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Runs at the same time.
    pub jobs: usize,
    /// Runs in all.
    pub runs_max: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest scenario that was found.
    pub scenario: Scenario,
    /// Its run.
    pub outcome: Outcome,
    /// In which way it fails.
    pub cause: Cause,
    /// The size at first.
    pub before: Size,
    /// Runs that it took.
    pub runs: u64,
    /// Whether there was nothing left to try.
    pub is_least: bool,
}

/// Shrinks a scenario; `None` when it does not fail. `tell` hears of each step.
pub fn shrink(scenario: &Scenario, budget: Budget, tell: &dyn Fn(Told<'_>)) -> Option<Shrunk> {
    let cause = Cause::of(&run(scenario))?;
    let fails = |candidate: &Scenario| cause.is_of(&run(candidate));
    let judge = Judge::new(&fails, budget.jobs, budget.runs_max);
    let mut shrinker = Shrinker::new(scenario.clone(), judge, tell);
    shrinker.run();
    let Shrinker { now, judge, .. } = shrinker;
    let (runs, is_least) = (judge.runs(), !judge.is_spent());
    let outcome = run(&now);
    Some(Shrunk { scenario: now, outcome, cause, before: Size::of(scenario), runs, is_least })
}
