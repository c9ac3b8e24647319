//! What `locospec sim` and `locospec replay` say, to a person and to a script.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn locospec(args: &[&str]) -> Result<Output, Box<dyn Error>> {
    Ok(Command::new(env!("CARGO_BIN_EXE_locospec")).args(args).output()?)
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn a_clean_sweep_says_its_evidence_and_ends_with_0() -> Result<(), Box<dyn Error>> {
    let dir = folder("clean");
    let told = locospec(&["sim", "--seeds", "0..4", "--jobs", "2", "--keep", &dir.to_string_lossy()])?;
    let text = String::from_utf8(told.stdout)?;
    assert_eq!(told.status.code(), Some(0), "{text}");
    assert!(text.starts_with("4 runs, 0 failed; ") && text.contains(" seeds a second"), "{text}");
    assert!(text.contains("fault/write cut") && text.contains("done/messages acknowledged"), "{text}");
    assert!(!dir.exists(), "nothing failed, so nothing is kept");
    Ok(())
}

#[test]
fn a_failure_says_its_seed_first_and_the_replay_command_last() -> Result<(), Box<dyn Error>> {
    let dir = folder("failures");
    let keep = dir.to_string_lossy();
    let told = locospec(&["sim", "--seed", "3", "--quirk", "push-twice", "--keep", &keep, "--shrink-runs", "40"])?;
    assert_eq!(told.status.code(), Some(1));
    let text = String::from_utf8(told.stderr)?;
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    assert_eq!(lines.first(), Some(&"seed 3 FAILED"), "{text}");
    assert!(lines.get(1).is_some_and(|l| l.contains("era ") && l.contains("quirks push-twice")), "{text}");
    assert!(lines.iter().any(|l| l.contains("once is violated at")), "{text}");
    let file = dir.join("seed-3.yaml");
    let replay = format!("  replay: locospec replay {}", file.display());
    assert_eq!(lines.last(), Some(&replay.as_str()), "{text}");

    let small = dir.join("seed-3.min.yaml");
    assert!(text.contains(&format!("  shrunk: {} (0 faults, 2 clients, 1 operation, ", small.display())), "{text}");
    assert!(text.contains(&format!("cp {} sims/regressions/", small.display())), "{text}");
    let again = locospec(&["replay", &small.to_string_lossy()])?;
    let text = String::from_utf8(again.stdout)?;
    assert_eq!(again.status.code(), Some(1));
    assert!(text.contains("VIOLATION once") && text.trim_end().ends_with("FAILED"), "the replay finds it too");
    Ok(())
}

#[test]
fn a_wrong_file_is_refused_with_its_place() -> Result<(), Box<dyn Error>> {
    let (dir, good) = (folder("wrong"), folder("wrong").join("good.yaml"));
    fs::create_dir_all(&dir)?;
    assert_eq!(locospec(&["replay", "5", "--hash", "--write", &good.to_string_lossy()])?.status.code(), Some(0));
    let bad = dir.join("bad.yaml");
    fs::write(&bad, fs::read_to_string(&good)?.replace("users: ", "use_rs: "))?;
    let told = locospec(&["replay", &bad.to_string_lossy()])?;
    let text = String::from_utf8(told.stderr)?;
    assert_eq!(told.status.code(), Some(2), "{text}");
    assert!(text.contains("bad.yaml:") && text.contains("unknown field `use_rs`"), "{text}");
    let told = locospec(&["replay", &dir.join("none.yaml").to_string_lossy()])?;
    assert_eq!(told.status.code(), Some(2));
    assert!(String::from_utf8(told.stderr)?.contains("none.yaml:1:1: cannot be read"));
    Ok(())
}
