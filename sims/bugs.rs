//! Planted bugs are found: each row of `spec/quirks.yaml` that states a number of seeds (`within`) is held to it.
//!
//! A row may name a `seed` that finds its bug: then the test runs that one, and `locospec detect` tells the rate. What is
//! violated first is one of the invariants that the row names (`by`). With no bug planted nothing is found (see `seeds`).

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use locospec::sim::detect::Hunted;
use locospec::spec::corpus::Corpus;
use locospec::spec::format::catalogue::Quirk;

/// What is wrong with the hunt: the bug must be found by the pinned seed, or else by one of the stated number of them,
/// and by an invariant that finds it.
fn wrong(quirk: &Quirk) -> Option<String> {
    let hunted = Hunted::from(quirk);
    let mut seeds = quirk.seed.map_or(0..hunted.within, |s| s..s + 1);
    let Some((seed, first)) = seeds.find_map(|s| Some((s, hunted.first_violated(s)?))) else {
        return Some(format!("{}: not found", quirk.id));
    };
    let by = || hunted.by.iter().map(|i| i.name()).collect::<Vec<_>>().join(", ");
    (!hunted.is_found_by(first))
        .then(|| format!("{}: seed {seed} violates {}, and not {}", quirk.id, first.name(), by()))
}

#[test]
fn every_planted_bug_is_found_within_its_number_of_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let corpus = Corpus::load(&root).unwrap_or_else(|e| panic!("{e:?}"));
    let rows: Vec<_> = corpus.quirks.iter().flat_map(|f| &f.value.quirks).filter(|q| q.within.is_some()).collect();
    assert!(rows.len() >= 25, "only {} planted bugs are for the simulator to find", rows.len());
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(q) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    found.lock().map(|mut all| all.extend(wrong(q))).ok();
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_default();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
