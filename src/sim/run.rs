//! One run from its scenario to its verdict, and many runs.
//!
//! Each run has a fresh thread: turmoil and tokio keep state by thread, and a panic inside is one more finding.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use super::clock::SimClock;
use super::director::Director;
use super::evidence::{Evidence, collect};
use super::generate::generate_for;
use super::generate::profile::Profile;
use super::invariants::{Court, Invariant, Violation};
use super::scenario::Scenario;
use super::trace::{Kind, Trace, Tracer};
use super::view::story::WORLD;
use super::workload::Workload;
use super::world::World;
use crate::proto::client::Action;
use crate::store::Database;

/// How long all must stay well before it counts; longer by a client's bound where a leave is in doubt.
const WELL_FOR: Duration = Duration::from_secs(3);

/// How long clients and server have to end when they are told to.
const END_WITHIN: Duration = Duration::from_secs(15);

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed of the scenario.
    pub seed: u64,
    /// Everything that did not hold.
    pub violations: Vec<Violation>,
    /// SHA-256 of the trace.
    pub trace_hash: String,
    /// What happened.
    pub trace: Trace,
    /// How often each fault bit, and how much was done.
    pub evidence: Evidence,
    /// Simulated time.
    pub simulated: Duration,
    /// From the end of the last fault until all was well.
    pub converged_in: Option<Duration>,
}

/// How the words of a violation begin that a panic has caused.
pub const PANICKED: &str = "it panicked: ";

impl Outcome {
    /// The outcome of a run in which nothing happened.
    #[must_use]
    pub fn nothing(seed: u64) -> Self {
        Self {
            seed,
            violations: Vec::new(),
            trace_hash: String::new(),
            trace: Trace::default(),
            evidence: Evidence::default(),
            simulated: Duration::ZERO,
            converged_in: None,
        }
    }

    /// The outcome of a run that did not come to its end.
    fn broken(seed: u64, what: String) -> Self {
        let violation = Violation { invariant: Invariant::Honest, at: Duration::ZERO, what, event: 0 };
        Self { violations: vec![violation], ..Self::nothing(seed) }
    }
}

/// Runs a scenario in a thread of its own. A panic is a violation like another one.
#[must_use]
pub fn run(scenario: &Scenario) -> Outcome {
    run_apart(scenario, |s, stage| run_world(s, false, stage))
}

/// The same run, and its trace has the bytes too: to look at it.
#[must_use]
pub fn run_recorded(scenario: &Scenario) -> Outcome {
    run_apart(scenario, |s, stage| run_world(s, true, stage))
}

/// What is seen of a run from outside: also of one that panics.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Option<(Tracer, Court, SimClock)>>>);

impl Stage {
    /// From now on it is this world.
    fn is(&self, world: &World) {
        let seen = (world.trace.clone(), world.court.clone(), world.clock.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// The outcome of a run that was broken off here: everything until then, and this.
    fn broken_off(&self, seed: u64, what: String) -> Outcome {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((tracer, court, clock)) = seen else { return Outcome::broken(seed, what) };
        let (invariant, at) = (Invariant::Honest, clock.elapsed());
        let event = tracer.record(&WORLD.into(), 0, Kind::Violation(format!("{}: {what}", invariant.name())));
        let (trace, mut violations) = (tracer.take(), court.found());
        violations.push(Violation { invariant, at, what, event });
        Outcome { violations, trace_hash: trace.hash(), trace, simulated: at, ..Outcome::nothing(seed) }
    }
}

fn run_apart(scenario: &Scenario, run: fn(&Scenario, &Stage) -> Outcome) -> Outcome {
    let (mine, seed, stage) = (scenario.clone(), scenario.seed, Stage::default());
    let here = stage.clone();
    let thread = std::thread::Builder::new().name(format!("seed {seed}")).stack_size(8 << 20);
    let guarded = move || {
        let ended = panic::catch_unwind(AssertUnwindSafe(|| run(&mine, &here)));
        ended.unwrap_or_else(|_| {
            let said = SAID.take().unwrap_or_else(|| "nobody knows where".to_owned());
            here.broken_off(mine.seed, format!("{PANICKED}{said}"))
        })
    };
    listen_to_panics();
    match thread.spawn(guarded).map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => stage.broken_off(seed, format!("{PANICKED}once more while it was cleared away")),
        Err(e) => Outcome::broken(seed, format!("no thread: {e}")),
    }
}

thread_local! {
    /// What the last panic of this thread said, and where.
    static SAID: Cell<Option<String>> = const { Cell::new(None) };
}

/// From now on a panic in the thread of a run is kept as its finding and not printed amid everything else, unless
/// somebody asks for backtraces.
fn listen_to_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        let loud = std::env::var_os("RUST_BACKTRACE").is_some_and(|v| v != "0");
        panic::set_hook(Box::new(move |info| {
            let is_run = std::thread::current().name().is_some_and(|n| n.starts_with("seed "));
            if is_run {
                let at = info.location().map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
                let text = info.payload_as_str().unwrap_or("something else than a text");
                SAID.set(Some(format!("{text}{at}")));
            }
            if !is_run || loud {
                others(info);
            }
        }));
    });
}

/// Runs a scenario in this thread. Prefer [`run`].
#[must_use]
pub fn run_here(scenario: &Scenario) -> Outcome {
    run_world(scenario, false, &Stage::default())
}

fn run_world(scenario: &Scenario, recorded: bool, stage: &Stage) -> Outcome {
    let mut world = match World::new(scenario) {
        Ok(world) => world,
        Err(why) => return Outcome::broken(scenario.seed, why),
    };
    stage.is(&world);
    if recorded {
        world.trace.keep_bytes();
    }
    let mut director = Director::new(&world);
    let mut workload = Workload::new(&world);
    let converged_in = play(&mut world, &mut director, &mut workload);
    let evidence = collect(&world, &director);
    // A server that does not end has its database still.
    let server = world.server.clone();
    finish(&mut world, converged_in.is_some());
    let World { court, trace, mut model, clock, sim, .. } = world;
    drop(sim);
    if court.is_clean() || converged_in.is_some() || server.lives() > 0 {
        compare(&server, &mut model, &court, converged_in.is_some());
    }
    let trace = trace.take();
    Outcome {
        seed: scenario.seed,
        violations: court.found(),
        trace_hash: trace.hash(),
        trace,
        evidence,
        simulated: clock.elapsed(),
        converged_in,
    }
}

/// Plays the scenario until all is well or the bound is over.
fn play(world: &mut World, director: &mut Director, workload: &mut Workload) -> Option<Duration> {
    let heal_at = world.scenario.heal_at.0;
    let bound = world.timing.converge_bound();
    let mut well_since = None;
    loop {
        director.direct(world);
        workload.act(world);
        world.step();
        let now = world.elapsed();
        if now <= heal_at {
            continue;
        }
        let trouble = unsettled(world, director);
        let Some(trouble) = trouble else {
            let since = *well_since.get_or_insert(now);
            let in_doubt = world.model.is_leave_in_doubt();
            let well_for = WELL_FOR + if in_doubt { world.timing.client_bound() } else { Duration::ZERO };
            if now - since >= well_for {
                return Some(since - heal_at);
            }
            continue;
        };
        well_since = None;
        if now > heal_at + bound {
            let what = format!("{trouble}, {:?} after everything was mended", now - heal_at);
            world.court.report(Invariant::Converged, what);
            return None;
        }
    }
}

fn unsettled(world: &World, director: &Director) -> Option<String> {
    if !director.is_calm() {
        return Some("the server is not up".to_owned());
    }
    if let Some(trouble) = world.model.unsettled() {
        return Some(trouble);
    }
    let watch = world.watch();
    let sessions = watch.sessions();
    if let Some(d) = world.model.devices.iter().find(|d| sessions.get(&*d.label) != Some(&1)) {
        return Some(format!("{} has {} sessions at the server", d.label, sessions.get(&*d.label).unwrap_or(&0)));
    }
    if !watch.only_sessions() {
        return Some("the server has connections that are no session".to_owned());
    }
    None
}

/// Everybody goes home; what is left is a leak, or was silenced so late that the server has yet to notice.
fn finish(world: &mut World, well: bool) {
    let (now, found) = (world.clock.now(), world.timing.idle_after + world.timing.slack);
    let silent = world.control.silenced().map(|at| at + found - now).unwrap_or_default();
    world.model.disturbed = Some(now);
    for i in 0..world.clients() {
        world.act(i, Action::Logout);
    }
    wait(world, END_WITHIN.max(silent), |w| w.watch().connections() == 0);
    let left = world.watch().connections();
    if left > 0 && well {
        let what = format!("{left} connections are left at the server after all logged out");
        world.court.report(Invariant::Bounded, what);
    }
    world.dismiss();
    world.server.hosts().iter().for_each(|host| _ = world.server.drain(host));
    wait(world, END_WITHIN, |w| w.control.open_lines().is_empty());
    let lines = world.control.open_lines();
    if !lines.is_empty() && well {
        let who: Vec<_> = lines.iter().map(|(n, owner)| format!("c{n} of {owner}")).collect();
        world.court.report(Invariant::Bounded, format!("streams are left over: {}", who.join(", ")));
    }
}

fn wait(world: &mut World, within: Duration, mut done: impl FnMut(&World) -> bool) {
    let by = world.elapsed() + within;
    while !done(world) && world.elapsed() < by {
        world.step();
    }
}

/// Opens what the server has left, as its next start would, and compares.
fn compare(
    server: &super::server::ServerBox,
    model: &mut super::model::Model,
    court: &super::invariants::Court,
    well: bool,
) {
    match Database::on(server.disk().revive()) {
        Ok(mut db) => {
            if let Err(e) = model.compare(&mut db, well) {
                court.report(Invariant::Durable, format!("the store cannot be read at the end: {e}"));
            }
        }
        Err(e) => court.report(Invariant::Durable, format!("the store cannot be opened at the end: {e}")),
    }
}

/// What came of many runs.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Runs.
    pub runs: u64,
    /// Those that failed, by seed, without their traces.
    pub failed: BTreeMap<u64, Outcome>,
    /// The evidence of all of them.
    pub evidence: Evidence,
    /// Simulated time of all of them.
    pub simulated: Duration,
    /// The longest way from mended to well.
    pub slowest_converged: Duration,
}

/// Runs the scenarios that `make` gives for these seeds on `jobs` threads at once. `progress` hears of each run as it
/// ends, in any order; the result does not depend on it. After `failures_max` failures no new run begins.
pub fn sweep(
    seeds: Range<u64>,
    jobs: usize,
    failures_max: usize,
    make: impl Fn(u64) -> Scenario + Sync,
    progress: impl Fn(&Outcome) + Sync,
) -> Sweep {
    let next = AtomicU64::new(seeds.start);
    let sum = Arc::new(Mutex::new(Sweep::default()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = sum.lock().unwrap_or_else(PoisonError::into_inner).failed.len() >= failures_max;
                    if seed >= seeds.end || enough {
                        return;
                    }
                    let outcome = run(&make(seed));
                    progress(&outcome);
                    sum.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
                }
            });
        }
    });
    std::mem::take(&mut *sum.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Sweep {
    fn add(&mut self, mut outcome: Outcome) {
        self.runs += 1;
        self.evidence.add(&outcome.evidence);
        self.simulated += outcome.simulated;
        self.slowest_converged = self.slowest_converged.max(outcome.converged_in.unwrap_or_default());
        if !outcome.violations.is_empty() {
            outcome.trace = Trace::default();
            self.failed.insert(outcome.seed, outcome);
        }
    }
}

/// The scenario of `seed` with these planted bugs.
#[must_use]
pub fn with_quirks(seed: u64, quirks: &[String]) -> Scenario {
    scenario_of(Profile::Short, seed, quirks)
}

/// The scenario of `seed` for this purpose, with these planted bugs.
#[must_use]
pub fn scenario_of(profile: Profile, seed: u64, quirks: &[String]) -> Scenario {
    Scenario { quirks: quirks.to_vec(), ..generate_for(profile, seed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_panics_shows_what_happened_until_then() {
        let outcome = run_apart(&super::super::generate::generate(1), |scenario, stage| {
            let mut world = World::new(scenario).expect("it can be");
            stage.is(&world);
            world.trace.keep_bytes();
            world.act(0, Action::Login);
            for _ in 0..100 {
                world.step();
            }
            panic!("no room {}", 7)
        });
        let [violation] = &outcome.violations[..] else { panic!("{:?}", outcome.violations) };
        assert!(violation.what.starts_with("it panicked: no room 7 (src/sim/run.rs:"), "{violation}");
        let last = outcome.trace.events.last().map(|e| (e.seq, e.kind.to_string()));
        assert_eq!(last, Some((violation.event, format!("VIOLATION honest: {}", violation.what))));
        assert!(violation.event > 10 && !outcome.trace_hash.is_empty(), "{} events", violation.event);
        assert!(outcome.trace.recording.is_some_and(|r| !r.plain.is_empty()), "the bytes, too");
        assert_eq!(outcome.simulated, violation.at);
    }

    #[test]
    fn a_panic_is_kept_with_its_words_and_place() {
        listen_to_panics();
        let thread = std::thread::Builder::new().name("seed 0".to_owned()).spawn(|| {
            let ended = panic::catch_unwind(|| panic!("no room {}", 7));
            (ended.is_err(), SAID.take())
        });
        let said = thread.map(std::thread::JoinHandle::join);
        let Ok(Ok((true, Some(said)))) = said else { panic!("{said:?}") };
        assert!(said.starts_with("no room 7 (src/sim/run.rs:"), "{said}");
    }
}
