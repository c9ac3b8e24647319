//! The simulated world, as tests: named scenarios, planted bugs, determinism, a stranger's client.
//!
//! | file | what it shows |
//! | --- | --- |
//! | `scenarios` | each file of `scenarios/` holds, and breaks what it says |
//! | `cli` | what `sim` and `replay` say |
//! | `bugs` | each planted bug is found within a stated number of seeds |
//! | `seeds` | fresh seeds are clean, and every kind of fault bites |
//! | `hunt` | shards, stops and kills do not change what is found |
//! | `shrink` | a planted bug shrinks to a page |
//! | `operations` | every operation of the users is done, and the bugs in them are found |
//! | `determinism` | the same seed, the same trace: here, elsewhere, later |
//! | `golden` | the traces of the kept scenarios are pinned |
//! | `view` | a run that is looked at is the same run |
//! | `stranger` | somebody else's client in our world, alone, among ours through fail-overs, and on a real socket |

mod bugs;
mod cli;
mod determinism;
mod golden;
mod hunt;
mod operations;
mod scenarios;
mod seeds;
mod shrink;
mod stranger;
mod view;

use std::path::Path;

use locospec::sim::run::Outcome;
use locospec::sim::scenario::Scenario;

/// The named scenario of `scenarios/`.
fn scenario(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sims/scenarios");
    Scenario::read(&folder.join(name).with_extension("yaml")).unwrap_or_else(|e| panic!("{e}"))
}

/// What a test says about a run that failed: seed first, violations, and how to see more.
fn story(outcome: &Outcome) -> String {
    let mut text = format!("seed {} FAILED\n", outcome.seed);
    for violation in &outcome.violations {
        text.push_str(&format!("{violation}\n"));
    }
    text
}
