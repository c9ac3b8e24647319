//! Each group of operations is really done, and the bugs that show in it are found.

use locospec::sim::evidence::Evidence;
use locospec::sim::generate::generate;
use locospec::sim::run::run;
use locospec::sim::scenario::{Do, Mix, Scenario};

use super::story;

/// A scenario of `seed` in which everybody does everything.
fn busy(seed: u64) -> Scenario {
    let mut s = generate(seed);
    s.era = locospec::proto::secure::Era::E2025;
    s.workload.actions = 220;
    s.workload.mix = Mix { write: 6, leave: 1, relogin: 1, ..everything() };
    s
}

fn everything() -> Mix {
    Mix {
        delete: 2,
        edit: 2,
        react: 2,
        fetch: 2,
        forward: 1,
        invite: 2,
        create: 1,
        set_meta: 1,
        own_name: 1,
        mute: 1,
        block: 1,
        ..Mix::default()
    }
}

#[test]
fn every_operation_is_done_and_nothing_is_wrong() {
    let mut all = Evidence::default();
    for seed in 0..4 {
        let outcome = run(&busy(seed));
        assert!(outcome.violations.is_empty(), "{}", story(&outcome));
        all.add(&outcome.evidence);
    }
    for what in Do::ALL.into_iter().filter(|what| what.is_counted()) {
        let [done, ..] = what.counters();
        assert!(all.get(done) >= 1, "{done}: {}\n{all}", all.get(done));
    }
}

/// The bug is found within `most` seeds.
fn is_found(quirk: &str, most: u64) {
    for seed in 0..most {
        let outcome = run(&Scenario { quirks: vec![quirk.to_owned()], ..busy(seed) });
        if let Some(v) = outcome.violations.first() {
            println!("{quirk}: found by seed {seed}: {v}");
            return;
        }
    }
    panic!("{quirk} is not found in {most} seeds");
}

#[test]
fn bugs_of_the_operations_are_found() {
    let quirks = [
        ("delete-keeps-text", 6),
        ("edit-by-anybody", 3),
        ("newmem-not-pushed", 6),
        ("leave-is-silent", 6),
        ("invited-sees-old-logs", 6),
        ("meta-revision-stuck", 4),
        ("create-duplicates-direct-room", 12),
        ("reaction-counts-twice", 20),
    ];
    for (quirk, most) in quirks {
        is_found(quirk, most);
    }
}
