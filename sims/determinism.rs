//! The same seed gives the same trace: twice in a process, on another thread, in another process, in another build.

use std::process::Command;

use locospec::sim::generate::generate;
use locospec::sim::run::{run, run_here};

/// Seeds of different eras with every kind of fault among them.
const SEEDS: [u64; 6] = [2, 10, 21, 28, 68, 125];

#[test]
fn two_runs_and_two_threads_give_the_same_trace() {
    for seed in SEEDS {
        let scenario = generate(seed);
        let (first, second) = (run(&scenario), run(&scenario));
        if let Some(difference) = first.trace.difference(&second.trace) {
            panic!("seed {seed}: {difference}");
        }
        assert_eq!(first.trace_hash, second.trace_hash);
        assert!(first.trace.events.len() > 500, "seed {seed} shows too little");
        let here = run_here(&scenario);
        assert_eq!(here.trace.difference(&first.trace), None, "seed {seed} on a thread that ran something else before");
    }
}

#[test]
fn two_seeds_give_two_traces() {
    assert_ne!(run(&generate(1)).trace_hash, run(&generate(2)).trace_hash);
}

/// The timeline and the hash as another process tells them.
fn replayed(binary: &str, seed: u64) -> Result<(Vec<String>, String), Box<dyn std::error::Error>> {
    let told = Command::new(binary).args(["replay", &seed.to_string(), "--trace"]).output()?;
    let text = String::from_utf8(told.stdout)?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let hash = lines.iter().rev().find_map(|l| l.strip_prefix("trace ")).unwrap_or_default();
    Ok((lines.clone(), hash.split(' ').next().unwrap_or_default().to_owned()))
}

fn same_in(binary: &str) -> Result<(), Box<dyn std::error::Error>> {
    for seed in SEEDS {
        let here = run(&generate(seed));
        let (told, hash) = replayed(binary, seed)?;
        let mine: Vec<String> = here.trace.events.iter().map(ToString::to_string).collect();
        // The first line says the parameters.
        let theirs = told.get(1..=mine.len()).unwrap_or_default();
        let difference = locospec::sim::trace::first_difference(&mine, theirs);
        assert_eq!(difference, None, "seed {seed} by {binary}:\n{}", difference.clone().unwrap_or_default());
        assert_eq!(hash, here.trace_hash, "seed {seed} by {binary}");
    }
    Ok(())
}

#[test]
fn another_process_gives_the_same_trace() -> Result<(), Box<dyn std::error::Error>> {
    same_in(env!("CARGO_BIN_EXE_locospec"))
}

#[test]
fn another_build_gives_the_same_trace() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::var("LOCOSPEC_RELEASE_BIN") {
        Ok(binary) => same_in(&binary),
        Err(_) => {
            println!("skipped: LOCOSPEC_RELEASE_BIN names no release build");
            Ok(())
        }
    }
}

#[test]
fn replay_says_with_its_hash_what_the_library_says() -> Result<(), Box<dyn std::error::Error>> {
    let told = Command::new(env!("CARGO_BIN_EXE_locospec")).args(["replay", "7", "--hash"]).output()?;
    assert!(told.status.success());
    assert_eq!(String::from_utf8(told.stdout)?.trim(), run(&generate(7)).trace_hash);
    Ok(())
}

#[test]
fn an_unrolled_scenario_has_the_trace_of_what_it_was() {
    for seed in [4, 28, 68] {
        let scenario = generate(seed);
        let (drawn, unrolled) = (run(&scenario), run(&scenario.unrolled()));
        assert_eq!(drawn.trace.difference(&unrolled.trace), None, "seed {seed}");
        assert_eq!(drawn.trace_hash, unrolled.trace_hash);
    }
}

#[test]
fn replay_compares_with_another_build_and_with_a_kept_trace() -> Result<(), Box<dyn std::error::Error>> {
    let binary = env!("CARGO_BIN_EXE_locospec");
    let compared = |args: &[&str], code: i32| -> Result<String, Box<dyn std::error::Error>> {
        let told = Command::new(binary).args(["replay", "9"]).args(args).output()?;
        let text = String::from_utf8(told.stdout)? + &String::from_utf8(told.stderr)?;
        assert_eq!(told.status.code(), Some(code), "{text}");
        Ok(text)
    };
    let trace = compared(&["--trace"], 0)?;
    let same = compared(&["--compare", binary], 0)?;
    let events: usize = same.trim().trim_matches(|c: char| !c.is_ascii_digit()).parse()?;
    assert!(events > 500 && trace.contains(&format!("({events} events)")), "{same}");

    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("seed-9.trace");
    let name = kept.to_string_lossy();
    std::fs::write(&kept, trace.replacen(" WRITE #", " WRONG #", 1))?;
    let told = compared(&["--against", &name], 1)?;
    assert!(told.contains("the first difference is event ") && told.contains("right  "), "{told}");
    assert!(told.contains(" WRITE #") && told.contains(" WRONG #"), "{told}");
    std::fs::write(&kept, "nothing")?;
    assert!(compared(&["--against", &name], 2)?.contains("it has no events"));
    Ok(())
}
