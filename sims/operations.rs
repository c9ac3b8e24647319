//! Each group of operations is really done, and the bugs that show in it are found.

use std::time::Duration;

use locospec::proto::secure::Era;
use locospec::sim::evidence::Evidence;
use locospec::sim::fault::ResetWay;
use locospec::sim::generate::generate;
use locospec::sim::run::run;
use locospec::sim::scenario::{Do, Fault, Mix, Scenario};
use locospec::spec::format::Span;

use super::story;

/// A scenario of `seed` in which everybody does everything.
fn busy(seed: u64) -> Scenario {
    let mut s = generate(seed);
    s.era = Era::E2025;
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

/// Files whose connections break, open links, and little else.
fn files_and_links(seed: u64) -> Scenario {
    let mut s = generate(seed);
    let ways = [ResetWay::Up, ResetWay::Down];
    for (n, client) in s.client_names().into_iter().cycle().take(16).enumerate() {
        let (at, after_bytes) = (Span(Duration::from_secs(5 + 3 * n as u64)), 70_000 + 4_000 * n as u64);
        s.faults.push(Fault::ResetFile { at, client, after_bytes, way: ways[n % 2] });
    }
    s.era = Era::E2025;
    s.workload.actions = 200;
    s.workload.mix = Mix {
        write: 2,
        relogin: 1,
        upload: 3,
        download: 4,
        make_link: 2,
        join_link: 8,
        kick: 4,
        forgive: 4,
        hand_over: 2,
        pass_code: 2,
        delete_link: 1,
        ..Mix::default()
    };
    s
}

/// What 2012 does in its own way.
fn of_2012(seed: u64) -> Scenario {
    let mut s = generate(seed);
    s.era = Era::E2012;
    s.workload.actions = 80;
    s.workload.mix = Mix { write: 4, leave: 1, relogin: 1, cwrite: 3, upseen: 2, chaton: 1, ..Mix::default() };
    s
}

#[test]
fn every_operation_is_done_and_nothing_is_wrong() {
    let mut all = Evidence::default();
    for seed in 0..4 {
        for scenario in [busy(seed), files_and_links(seed), of_2012(seed)] {
            let outcome = run(&scenario);
            assert!(outcome.violations.is_empty(), "{}", story(&outcome));
            all.add(&outcome.evidence);
        }
    }
    for what in Do::ALL.into_iter().filter(|what| what.is_counted()) {
        let [done, ..] = what.counters();
        assert!(all.get(done) >= 1, "{done}: {}\n{all}", all.get(done));
    }
}

/// The bug is found within `most` seeds of these scenarios.
fn is_found(quirk: &str, most: u64, of: fn(u64) -> Scenario) {
    for seed in 0..most {
        let outcome = run(&Scenario { quirks: vec![quirk.to_owned()], ..of(seed) });
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
        is_found(quirk, most, busy);
    }
}

#[test]
fn bugs_of_files_and_links_are_found() {
    let quirks = [
        ("accepts-wrong-hash", 4),
        ("download-ignores-offset", 12),
        ("download-skips-membership", 6),
        ("resume-from-zero", 12),
        ("media-resumes-wrong-offset", 12),
        ("kicked-may-return", 8),
        ("anybody-kicks", 8),
        ("join-without-pass-code", 8),
        ("pass-code-leaks", 8),
        ("hand-over-keeps-two-owners", 6),
    ];
    for (quirk, most) in quirks {
        is_found(quirk, most, files_and_links);
    }
}
