//! Fresh seeds are clean, and every kind of fault really bites.

use locospec::sim::evidence::FAULTS;
use locospec::sim::generate::generate;
use locospec::sim::run::{run, sweep};
use locospec::sim::sometimes::Place;

use super::{scenario, story};

#[test]
fn fresh_seeds_are_clean_and_every_kind_of_fault_bites() {
    let done = sweep(1_000..1_090, 2, 1, generate, |_| ());
    assert!(done.failed.is_empty(), "{}", done.failed.values().map(story).collect::<String>());
    assert_eq!(done.runs, 90);
    // What is rare by chance is in a scenario of its own.
    let mut evidence = done.evidence;
    for name in ["hold-at-login", "slow-reader"] {
        evidence.add(&run(&scenario(name)).evidence);
    }
    println!("{evidence}");
    assert_eq!(evidence.toothless(), [""; 0], "of {} kinds of fault", FAULTS.len());
    assert_eq!(evidence.unreached(), [""; 0], "of {} places", Place::ALL.len());
    assert!(evidence.get("done/messages acknowledged") > 1_000);
}
