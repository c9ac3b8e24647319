//! Fresh seeds are clean, and every kind of fault really bites.

use locospec::sim::evidence::FAULTS;
use locospec::sim::generate::generate;
use locospec::sim::run::sweep;

use super::story;

#[test]
fn fresh_seeds_are_clean_and_every_kind_of_fault_bites() {
    let done = sweep(1_000..1_090, 2, 1, generate, |_| ());
    for outcome in done.failed.values() {
        panic!("{}", story(outcome));
    }
    assert_eq!(done.runs, 90);
    println!("{}", done.evidence);
    assert_eq!(done.evidence.toothless(), [""; 0], "of {} kinds of fault", FAULTS.len());
    assert!(done.evidence.get("done/messages acknowledged") > 1_000);
}
