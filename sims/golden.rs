//! The traces of the named scenarios and regressions are pinned: whatever changes one shows in review.
//!
//! The snapshot has a row for each: its hash, how many events, and for every block of events two digits of the hash so
//! far. So a trace that has changed is not only noticed: the block in which it first differs is printed. What it was
//! before tells the build of before: `locospec replay FILE --trace` there and here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use locospec::sim::run::run;
use locospec::sim::scenario::Scenario;
use locospec::sim::trace::Trace;
use sha2::{Digest, Sha256};

/// Events in a block.
const BLOCK: usize = 20;
/// Larger worlds take long, and show nothing that a smaller one does not.
const CLIENTS_MAX: usize = 100;
/// Events that are shown before a block that differs.
const BEFORE: usize = 5;

/// Two hexadecimal digits of the hash so far, after each block.
fn blocks(trace: &Trace) -> String {
    let (mut hash, mut text) = (Sha256::new(), String::new());
    for block in trace.events.chunks(BLOCK) {
        for event in block {
            hash.update(format!("{event}\n"));
        }
        let so_far = hash.clone().finalize();
        let _ = write!(text, "{:02x}", so_far.first().copied().unwrap_or_default());
    }
    text
}

/// All scenarios that are kept as files, by name.
fn scenarios() -> Result<BTreeMap<String, PathBuf>, Box<dyn std::error::Error>> {
    let mut all = BTreeMap::new();
    for folder in ["scenarios", "regressions"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("sims").join(folder))? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
            all.insert(format!("{folder}/{name}"), path);
        }
    }
    Ok(all)
}

/// The rows of the snapshot as it is: name to events and blocks.
fn pinned() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/golden-traces.snap");
    let text = fs::read_to_string(path).unwrap_or_default();
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.nth(2)?.to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// Where a trace first differs from one with these blocks, with the events before it.
fn difference(trace: &Trace, now: &str, then: &str) -> Option<String> {
    let pairs = |s: &str| s.as_bytes().chunks(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (now, then) = (pairs(now), pairs(then));
    let block = (0..now.len().max(then.len())).find(|i| now.get(*i) != then.get(*i))?;
    let mut text = format!("it first differs within events {} to {}; now:\n", block * BLOCK, (block + 1) * BLOCK - 1);
    for event in trace.events.iter().skip((block * BLOCK).saturating_sub(BEFORE)).take(BLOCK + BEFORE) {
        let _ = writeln!(text, "  {event}");
    }
    Some(text)
}

#[test]
fn the_traces_of_the_kept_scenarios_are_the_pinned_ones() -> Result<(), Box<dyn std::error::Error>> {
    let (pinned, all) = (pinned(), scenarios()?);
    assert!(all.len() >= 20, "only {} scenarios are kept", all.len());
    let mut rows = String::new();
    for (name, path) in all {
        let scenario = Scenario::read(&path)?;
        if scenario.clients().len() > CLIENTS_MAX {
            continue;
        }
        let trace = run(&scenario).trace;
        let blocks = blocks(&trace);
        let hash = trace.hash();
        let _ = writeln!(rows, "{name} {} {} {blocks}", hash.get(..16).unwrap_or_default(), trace.events.len());
        if let Some(text) = pinned.get(&name).and_then(|then| difference(&trace, &blocks, then)) {
            println!("{name} ({}) is not the pinned trace any more: {text}", path.display());
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("golden-traces", rows));
    Ok(())
}

#[test]
fn the_block_that_differs_is_shown_with_the_events_before_it() {
    let trace = run(&locospec::sim::generate::generate(1)).trace;
    let now = blocks(&trace);
    assert_eq!(now.len(), trace.events.len().div_ceil(BLOCK) * 2);
    assert_eq!(difference(&trace, &now, &now), None);
    let mut then = now.clone();
    then.replace_range(6..8, if &now[6..8] == "00" { "11" } else { "00" });
    let text = difference(&trace, &now, &then).unwrap_or_default();
    assert!(text.contains("within events 60 to 79") && text.contains(&trace.events[60].to_string()), "{text}");
    assert!(difference(&trace, &now, &now[..8]).is_some_and(|t| t.contains("events 80 to 99")));
}
