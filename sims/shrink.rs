//! A planted bug among many faults, clients and operations shrinks to a scenario that a person reads in a minute.

use std::error::Error;
use std::path::Path;

use locospec::sim::generate::generate;
use locospec::sim::run::{run, with_quirks};
use locospec::sim::scenario::Scenario;
use locospec::sim::shrink::{Budget, Size, page, shrink};

#[test]
fn a_planted_bug_shrinks_to_a_page() -> Result<(), Box<dyn Error>> {
    let big = with_quirks(3, &["push-twice".to_owned()]);
    let shrunk =
        shrink(&big, Budget { jobs: 2, runs_max: 150 }, &|step| println!("{step}")).ok_or("it does not fail")?;
    let (before, after) = (Size::of(&big), Size::of(&shrunk.scenario));
    assert!(before.faults >= 5 && before.clients >= 3 && before.operations >= 30, "{before} is small as it is");
    assert!(after.faults == 0 && after.clients <= 2 && after.operations <= 3, "{before} -> {after}");
    assert!(shrunk.runs <= 150 && shrunk.is_least, "{} runs", shrunk.runs);
    assert!(shrunk.cause.names().contains(&"once"), "{:?}", shrunk.cause);

    let text = page::page(&shrunk, Path::new("seed-3.min.yaml"))?;
    println!("{text}");
    assert!(text.lines().count() < 30 && text.starts_with("# once: "), "{text}");
    assert!(text.contains("\n# Replay: locospec replay seed-3.min.yaml\n"), "{text}");
    let read = Scenario::parse("seed-3.min.yaml", &text)?;
    assert!(read.title.starts_with("once: ") && read.written_by.contains(", lock "), "{text}");
    let again = run(&read);
    assert_eq!(again.trace_hash, shrunk.outcome.trace_hash, "the file replays to the same trace");
    assert!(shrunk.cause.is_of(&again));
    Ok(())
}

#[test]
fn what_does_not_fail_is_not_shrunk() {
    assert!(shrink(&generate(3), Budget { jobs: 1, runs_max: 1 }, &|_| ()).is_none());
}
