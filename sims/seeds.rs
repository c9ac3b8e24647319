//! Fresh seeds are clean, every kind of fault really bites, and every interesting place is reached.

use std::error::Error;
use std::fs;
use std::path::Path;

use locospec::sim::evidence::FAULTS;
use locospec::sim::generate::generate;
use locospec::sim::run::{run, sweep};
use locospec::sim::scenario::{Scenario, Workload};
use locospec::sim::shrink::page;
use locospec::sim::sometimes::Place;

use super::{scenario, story};

/// How many seeds.
const SEEDS: u64 = 200;
/// So many of them are run whole. The others have half of their actions, for these are what a run costs.
const WHOLE: u64 = 90;
/// Where they begin, unless `LOCOSPEC_SEED_BASE` says otherwise: the same every time, so that a failure is one of the
/// change that is tested. Who hunts for something new uses `locospec sim --from`.
const BASE: u64 = 1_000;

fn made(seed: u64, base: u64) -> Scenario {
    let s = generate(seed);
    let actions = if seed < base + WHOLE { s.workload.actions } else { s.workload.actions.div_ceil(2) };
    Scenario { workload: Workload { actions, ..s.workload }, ..s }
}

/// A file that replays what failed: the seed alone may stand for twice the actions.
fn kept(scenario: &Scenario) -> Result<String, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("seed-{}.yaml", scenario.seed));
    fs::write(&path, page::yaml(scenario)?)?;
    Ok(format!("shrink: locospec shrink {0}\nreplay: locospec replay {0}\n", path.display()))
}

#[test]
fn fresh_seeds_are_clean_and_every_kind_of_fault_bites() -> Result<(), Box<dyn Error>> {
    let base = match std::env::var("LOCOSPEC_SEED_BASE") {
        Ok(text) => text.parse().map_err(|e| format!("LOCOSPEC_SEED_BASE is `{text}`: {e}"))?,
        Err(_) => BASE,
    };
    println!("seeds {base}..{}; LOCOSPEC_SEED_BASE moves them", base + SEEDS);
    let done = sweep(base..base + SEEDS, 2, 1, |seed| made(seed, base), |_| ());
    if let Some((seed, outcome)) = done.failed.first_key_value() {
        panic!("{}{}", story(outcome), kept(&made(*seed, base))?);
    }
    assert_eq!(done.runs, SEEDS);
    // What is rare by chance is in a scenario of its own.
    let mut evidence = done.evidence;
    for name in ["hold-at-login", "slow-reader", "standby-takes-over"] {
        evidence.add(&run(&scenario(name)).evidence);
    }
    println!("{evidence}");
    // Whoever moves the seeds looks for failures; what bites is said of those that are always run.
    if base == BASE {
        assert_eq!(evidence.toothless(), [""; 0], "of {} kinds of fault", FAULTS.len());
        assert_eq!(evidence.unreached(), [""; 0], "of {} places", Place::ALL.len());
    }
    assert!(evidence.get("done/messages acknowledged") > 1_000);
    Ok(())
}
