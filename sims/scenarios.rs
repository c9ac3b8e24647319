//! Each named scenario holds, and what it is named for has really happened.

use std::fs;
use std::path::{Path, PathBuf};

use locospec::sim::run::{Outcome, run};
use locospec::sim::scenario::Scenario;

use super::story;

type Tested = Result<(), Box<dyn std::error::Error>>;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sims").join(name)
}

/// Runs a named scenario: it must hold, and each of these counters must be at least as high.
fn holds(name: &str, at_least: &[(&str, u64)]) -> Result<Outcome, Box<dyn std::error::Error>> {
    let scenario = Scenario::read(&folder("scenarios").join(name).with_extension("yaml"))?;
    let outcome = run(&scenario);
    assert!(outcome.violations.is_empty(), "{}", story(&outcome));
    for (counter, least) in at_least {
        let n = outcome.evidence.get(counter);
        assert!(n >= *least, "{name}: {counter} is {n}, not {least}\n{}", outcome.evidence);
    }
    Ok(outcome)
}

fn logs_in(era: &str) -> Tested {
    let outcome = holds(&format!("login-{era}"), &[("done/logins", 4), ("done/messages acknowledged", 4)])?;
    assert_eq!(outcome.evidence.get("done/logins"), 4, "once for each device");
    assert_eq!(outcome.evidence.get("done/closed: silent"), 0);
    Ok(())
}

#[test]
fn clients_of_2012_log_in_and_chat() -> Tested {
    logs_in("2012")
}

#[test]
fn clients_of_2019_log_in_and_chat() -> Tested {
    logs_in("2019")
}

#[test]
fn clients_of_2023_log_in_and_chat() -> Tested {
    logs_in("2023")
}

#[test]
fn clients_of_2025_log_in_and_chat() -> Tested {
    logs_in("2025")
}

#[test]
fn a_client_whose_heartbeat_is_lost_comes_back() -> Tested {
    holds("heartbeat-lost", &[("fault/heartbeat lost", 3), ("done/logins", 3 + 2)]).map(drop)
}

#[test]
fn a_write_cut_by_a_partition_is_there_once() -> Tested {
    let bitten = [
        ("fault/partition: write lost", 1),
        ("fault/partition: message deleted", 1),
        ("done/closed: silent", 1),
        ("done/closed: fenced", 1),
    ];
    holds("partition-during-write", &bitten).map(drop)
}

#[test]
fn forty_clients_come_back_after_a_storm() -> Tested {
    holds("reconnect-storm", &[("fault/storm", 3), ("fault/connection reset", 80), ("done/logins", 120)]).map(drop)
}

#[test]
fn no_acknowledged_message_is_lost_by_a_power_cut_in_a_commit() -> Tested {
    let bitten = [
        ("fault/server: power cut in an operation", 5),
        ("fault/server: disk error", 2),
        ("fault/disk: operation dropped", 1),
    ];
    holds("power-cut-during-commit", &bitten).map(drop)
}

#[test]
fn a_reader_that_stalls_is_cut_off_and_hears_everything_later() -> Tested {
    holds("stalled-reader", &[("fault/reader stalled", 1), ("done/closed: slow reader", 1)]).map(drop)
}

#[test]
fn a_drained_server_sends_everybody_away_and_loses_nothing() -> Tested {
    holds("server-drain", &[("fault/server drained", 2), ("done/closed: drained", 16), ("done/logins", 24)]).map(drop)
}

#[test]
fn every_named_scenario_has_a_test() -> Tested {
    let source = fs::read_to_string(folder("scenarios.rs"))?;
    for entry in fs::read_dir(folder("scenarios"))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let name = name.strip_prefix("login-").map_or(name, |era| era);
        assert!(source.contains(&format!("\"{name}\"")), "nobody runs {}", path.display());
    }
    Ok(())
}
