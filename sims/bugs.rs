//! Planted bugs are found: each row of `spec/quirks.yaml` that states a number of seeds (`within`) is held to it.
//!
//! A row may name a `seed` that finds its bug: then the test runs that one, and `locospec detect` tells the rate. With
//! no bug planted nothing is found (see `seeds`).

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use locospec::sim::run::{run, with_quirks};
use locospec::spec::corpus::Corpus;

/// Whether the bug is found by the pinned seed, or else by one of the stated number of them.
fn is_found(quirk: &str, seed: Option<u64>, within: u64) -> bool {
    let quirks = [quirk.to_owned()];
    let mut seeds = seed.map_or(0..within, |s| s..s + 1);
    seeds.any(|s| !run(&with_quirks(s, &quirks)).violations.is_empty())
}

#[test]
fn every_planted_bug_is_found_within_its_number_of_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let corpus = Corpus::load(&root).unwrap_or_else(|e| panic!("{e:?}"));
    let rows: Vec<_> = corpus.quirks.iter().flat_map(|f| &f.value.quirks).filter(|q| q.within.is_some()).collect();
    assert!(rows.len() >= 25, "only {} planted bugs are for the simulator to find", rows.len());
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(q) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    assert!(q.seed.is_none_or(|s| q.within.is_some_and(|w| s < w)), "{}: its seed is beyond", q.id);
                    if !is_found(&q.id, q.seed, q.within.unwrap_or_default()) {
                        missed.lock().map(|mut m| m.push(q.id.clone())).ok();
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap_or_default();
    assert!(missed.is_empty(), "not found: {}", missed.join(", "));
}
