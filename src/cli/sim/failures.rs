//! What failed: seed and parameters first, what did not hold, the file that it shrank to, the command that replays it
//! last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::shrink::{keep_command, shrink_to};
use super::super::{Failure, files, talk};
use crate::sim::hunt::report::Report;
use crate::sim::scenario::Scenario;
use crate::sim::shrink::{Budget, Size};
use crate::sim::version::written_by;

/// Where scenarios that failed are kept unless somebody says otherwise.
pub(crate) const KEEP: &str = "locospec-failures";

/// How much is done about a failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shrinking {
    /// Runs at the same time.
    pub(super) jobs: usize,
    /// The most runs for one failure; with 0 nothing is shrunk.
    pub(super) runs_max: u64,
}

/// Says what failed, keeps it, and shrinks one of those that violate the same invariants first.
pub(super) fn tell(
    report: &Report,
    keep: &Path,
    make: impl Fn(u64) -> Scenario,
    shrinking: Shrinking,
) -> Result<(), Failure> {
    let mut shrunk: BTreeMap<Vec<&str>, u64> = BTreeMap::new();
    for (seed, failed) in &report.failed {
        let scenario = make(*seed);
        let path = keep_scenario(&scenario, keep)?;
        talk!("\nseed {seed} FAILED");
        talk!("  {}", parameters(&scenario));
        for violation in &failed.violations {
            talk!("  {violation}");
        }
        let first = failed.first_violated();
        match shrunk.get(&first) {
            _ if shrinking.runs_max == 0 => talk!("  shrink: locospec shrink {}", path.display()),
            Some(other) => {
                talk!("  not shrunk, for it violates what seed {other} does: locospec shrink {}", path.display());
            }
            None => {
                shrink_one(&scenario, &seed_file(keep, *seed, ".min.yaml"), shrinking)?;
                shrunk.insert(first, *seed);
            }
        }
        talk!("  replay: locospec replay {}", path.display());
    }
    Ok(())
}

fn shrink_one(scenario: &Scenario, path: &Path, shrinking: Shrinking) -> Result<(), Failure> {
    let budget = Budget { jobs: shrinking.jobs, runs_max: shrinking.runs_max };
    let Some((shrunk, _)) = shrink_to(scenario, budget, path)? else {
        talk!("  IT DOES NOT FAIL AGAIN: the run does not repeat, which is a fault of the simulator");
        return Ok(());
    };
    let now = Size::of(&shrunk.scenario);
    talk!("  shrunk: {} ({now}, replays with {})", path.display(), shrunk.cause.names().join(" and "));
    talk!("  keep it as a test: {}", keep_command(path));
    Ok(())
}

/// The file of a seed in the folder of failures.
pub(crate) fn seed_file(dir: &Path, seed: u64, ending: &str) -> PathBuf {
    dir.join(format!("seed-{seed}{ending}"))
}

/// Writes a scenario where it is found again.
fn keep_scenario(scenario: &Scenario, dir: &Path) -> Result<PathBuf, Failure> {
    let path = seed_file(dir, scenario.seed, ".yaml");
    let scenario = Scenario { written_by: written_by(), ..scenario.clone() };
    let text = scenario.to_yaml().map_err(Failure::incomplete)?;
    files::make_dir(dir)?;
    files::write(&path, &text)?;
    Ok(path)
}

/// The parameters of a scenario in one line.
pub(crate) fn parameters(s: &Scenario) -> String {
    let (w, l) = (&s.world, &s.workload);
    let quirks = if s.quirks.is_empty() { String::new() } else { format!(", quirks {}", s.quirks.join(" ")) };
    format!(
        "era {}, {} clients of {} users on {} hosts, {} rooms, tick {}, latency {} to {}, commit up to {}, heartbeat {}, \
         {} actions, {} faults, mended at {}{quirks}",
        s.era,
        s.clients().len(),
        w.users,
        w.client_hosts,
        w.rooms,
        w.tick,
        w.latency.0,
        w.latency.1,
        w.commit.1,
        w.heartbeat,
        l.actions,
        s.faults.len(),
        s.heal_at,
    )
}
