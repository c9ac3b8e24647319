//! A hunt that is cut into shards, stopped or killed finds what an undisturbed one finds.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use locospec::sim::hunt::report::Report;

type Tested = Result<(), Box<dyn Error>>;

/// A folder of the test's own, empty.
fn folder(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// `locospec sim`, in this folder, with a planted bug so that something fails.
fn sim(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locospec"));
    command.current_dir(dir).arg("sim").args(args).stdin(Stdio::null());
    for name in ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID", "CI_NODE_INDEX"] {
        command.env_remove(name);
    }
    command
}

/// What all hunts of these tests ask for.
const HUNT: &[&str] = &["--seeds", "0..4", "--quirk", "push-twice", "--no-shrink"];

fn hunt(dir: &Path, more: &[&str]) -> Command {
    sim(dir, &[HUNT, more].concat())
}

fn ended(mut command: Command, code: i32) -> Result<Output, Box<dyn Error>> {
    let told = command.output()?;
    let text = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(code), "{command:?}: {text}");
    Ok(told)
}

fn said(told: &Output) -> String {
    String::from_utf8_lossy(&told.stderr).into_owned()
}

/// A report without what no two hunts share: how long it took, and what was asked of each machine.
fn found(path: &Path) -> Result<Report, Box<dyn Error>> {
    let report: Report = serde_json::from_str(&fs::read_to_string(path)?)?;
    Ok(Report { took_ms: 0, asked: String::new(), ..report })
}

/// Waits until the file is there, or the process has ended.
fn wait_for(path: &Path, child: &mut Child) -> Tested {
    while !path.exists() && child.try_wait()?.is_none() {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn shards_merge_to_the_whole_and_a_killed_hunt_goes_on() -> Tested {
    let dir = folder("hunt")?;
    ended(hunt(&dir, &["--report", "whole.json"]), 1)?;
    let whole = found(&dir.join("whole.json"))?;
    assert_eq!((whole.done.to_string(), whole.failed.len()), ("0..4".to_owned(), 4));

    let mut first = hunt(&dir, &["--shard", "auto", "--report", "1.json"]);
    first.envs([("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2")]);
    ended(first, 1)?;
    ended(hunt(&dir, &["--shard", "2/2", "--report", "2.json"]), 1)?;
    let merged = ended(sim(&dir, &["merge", "2.json", "1.json", "--out", "sum.json"]), 1)?;
    assert!(String::from_utf8_lossy(&merged.stdout).starts_with("4 runs, 4 failed; "));
    assert!(said(&merged).contains("\nseed 3 FAILED\n") && said(&merged).contains("--seed 3 --quirk push-twice"));
    assert_eq!(found(&dir.join("sum.json"))?, whole);
    let told = ended(sim(&dir, &["merge", "1.json", "sum.json"]), 2)?;
    assert!(said(&told).contains("1.json and sum.json have both run seeds 0..2"), "{}", said(&told));

    let state = dir.join("state.json");
    let mut child = hunt(&dir, &["--jobs", "1", "--state", "state.json"]).stderr(Stdio::null()).spawn()?;
    wait_for(&state, &mut child)?;
    child.kill()?;
    child.wait()?;
    let part = found(&state)?.done.len();
    assert!(part < 4, "it was killed too late to show anything");
    let told = ended(hunt(&dir, &["--state", "state.json"]), 1)?;
    assert!(said(&told).contains(&format!("goes on after {part} runs")), "{}", said(&told));
    assert_eq!(found(&state)?, whole);

    let told = ended(sim(&dir, &["--seeds", "0..4", "--state", "state.json"]), 2)?;
    assert!(said(&told).contains("state.json has push-twice, this has no quirk"), "{}", said(&told));
    Ok(())
}

#[test]
fn a_hunt_without_an_end_stops_in_order() -> Tested {
    let dir = folder("stopped")?;
    let args = ["--from", "70", "--jobs", "1", "--state", "state.json", "--shard", "2/3"];
    let mut child = sim(&dir, &args).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    wait_for(&dir.join("state.json"), &mut child)?;
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status()?.success());
    let told = child.wait_with_output()?;
    assert_eq!(told.status.code(), Some(3), "not all was run: {}", said(&told));
    assert!(said(&told).contains("stopping: what has begun is finished"), "{}", said(&told));
    let report = found(&dir.join("state.json"))?;
    let first = 1_000_000_070;
    assert_eq!(report.done.to_string(), format!("{first}..{}", first + report.done.len()));
    let runs = format!("{} runs, 0 failed; ", report.done.len());
    assert!(String::from_utf8_lossy(&told.stdout).starts_with(&runs));

    // The time that it has used already counts.
    let told = ended(sim(&dir, &[&args[..], &["--for", "1ms"]].concat()), 0)?;
    assert!(String::from_utf8_lossy(&told.stdout).starts_with(&runs), "no run was begun");
    Ok(())
}

#[test]
fn what_cannot_be_hunted_is_refused() -> Tested {
    let dir = folder("refused")?;
    let refused = |args: &[&str], by: &str| -> Tested {
        let told = ended(sim(&dir, args), 2)?;
        assert!(said(&told).contains(by), "{args:?}: {}", said(&told));
        Ok(())
    };
    refused(&["--from", "0", "--shard", "auto"], "none of JOB_COMPLETION_INDEX")?;
    refused(&["--from", "0", "--shard", "0/4"], "counted from 1")?;
    refused(&["--seeds", "0..2", "--shard", "3/4"], "fewer seeds than shards")?;
    refused(&["--from", "0", "--for", "an hour"], "no span of time")?;
    refused(&["--from", "0", "--profile", "calm"], "no profile `calm`; there are short, sweep, race")?;
    refused(&[], "--seed")?;
    fs::write(dir.join("bad.json"), "{\n  \"format\": 1}")?;
    refused(&["merge", "bad.json"], "bad.json:2:")?;
    refused(&["--from", "0", "--state", "bad.json"], "bad.json:2:")?;
    refused(&["merge", "none.json"], "none.json: ")
}
