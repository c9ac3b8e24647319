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

/// A test for each kind of fault: its scenario holds, it has bitten at least so often, and what came of it was exactly
/// this.
macro_rules! bites {
    ($($test:ident, $file:literal: [$($counter:literal >= $least:literal),*] [$($other:literal == $exact:literal),*];)*) => {
        $(#[test]
        fn $test() -> Tested {
            let outcome = holds($file, &[$(($counter, $least)),*])?;
            $(assert_eq!(outcome.evidence.get($other), $exact, "{}: {}\n{}", $file, $other, outcome.evidence);)*
            Ok(())
        })*
    };
}

bites! {
    a_standby_takes_over_after_a_power_cut_in_a_commit, "standby-takes-over":
        ["fault/standby took over" >= 3, "fault/server: power cut in an operation" >= 2, "fault/server: disk error" >= 1,
         "fault/server crashed" >= 1, "done/server starts" >= 4] ["done/faults skipped, the server was down" == 0];
    a_rolling_restart_goes_from_one_carriage_to_the_other_and_back, "rolling-restart":
        ["fault/standby took over" >= 2, "done/closed: drained" >= 16] ["done/server starts" == 3];
    four_generations_talk_in_the_same_rooms, "mixed-eras":
        ["done/logins" >= 30, "done/messages acknowledged" >= 80, "fault/server crashed" >= 1]
        ["done/closed: bad bytes" == 0];
    two_hundred_clients_come_back_after_each_storm, "storm-of-200":
        ["fault/connection reset" >= 200, "fault/standby took over" >= 2, "done/closed: drained" >= 180,
         "done/logins" >= 780] ["done/closed: bad bytes" == 0];
    a_login_waits_out_a_hold, "hold-at-login":
        ["some/a login waited out a hold" >= 1] ["done/logins" == 8];
    narrow_links_bring_long_messages_late_and_whole, "narrow-link":
        ["fault/bandwidth: put off" >= 30] ["done/closed: bad bytes" == 0];
    jitter_costs_nobody_a_connection, "jitter":
        ["fault/jitter: write drawn from the band" >= 20] ["done/logins" == 3];
    late_heartbeats_cost_a_connection_only_when_no_answer_comes_in_time, "heartbeat-late":
        ["fault/heartbeat late" >= 3, "some/a client found its server silent" >= 1] ["done/logins" == 4];
    a_doubled_heartbeat_of_2012_is_answered_twice, "heartbeat-twice-2012":
        ["fault/heartbeat doubled" >= 5, "some/a heartbeat was answered twice" >= 5] ["done/logins" == 4];
    a_doubled_heartbeat_of_2019_is_answered_twice, "heartbeat-twice-2019":
        ["fault/heartbeat doubled" >= 5, "some/a heartbeat was answered twice" >= 5] ["done/logins" == 4];
    a_doubled_heartbeat_of_2025_is_answered_twice, "heartbeat-twice-2025":
        ["fault/heartbeat doubled" >= 5, "some/a heartbeat was answered twice" >= 5] ["done/logins" == 4];
    a_server_on_a_full_disk_stops_and_serves_when_there_is_room, "disk-full":
        ["fault/disk: full" >= 2, "fault/server: disk full" >= 2, "done/server starts" >= 3] ["done/closed: bad bytes" == 0];
    replies_behind_a_slow_sync_are_late_and_found_again, "slow-sync":
        ["fault/disk: slow sync" >= 2, "some/a reply came after its time was over" >= 1,
         "some/a look-up found a message in doubt" >= 1] ["done/closed: bad bytes" == 0];
    flipped_bits_of_2012_lose_no_message, "flip-2012":
        ["fault/bit flipped" >= 3, "fault/bit flipped on the way back" >= 1, "fault/bit flipped in a plain packet" >= 2,
         "fault/bit flipped without notice" >= 3] ["done/tokens expired" == 0];
    flipped_bits_of_2023_lose_no_message, "flip-2023":
        ["fault/bit flipped" >= 3, "fault/bit flipped on the way back" >= 1, "fault/bit flipped in a plain packet" >= 2,
         "fault/bit flipped without notice" >= 3] ["done/tokens expired" == 0];
    flipped_bits_of_2025_are_all_found, "flip-2025":
        ["fault/bit flipped" >= 3, "fault/bit flipped on the way back" >= 1, "fault/bit flipped in a plain packet" >= 2,
         "some/bytes that cannot be were found" >= 1] ["fault/bit flipped without notice" == 0];
    packets_are_packets_however_their_bytes_come, "cut-and-join":
        ["fault/byte by byte" >= 300, "fault/bytes joined by order" >= 3, "some/a packet took three reads or more" >= 1,
         "some/one read brought two packets" >= 1] ["done/closed: bad bytes" == 0];
    a_reader_that_is_slow_is_cut_off_and_hears_everything_later, "slow-reader":
        ["fault/reader slow" >= 20, "done/closed: slow reader" >= 1] ["fault/reader stalled" == 0];
    half_a_storm_strikes_some_and_spares_the_rest, "half-a-storm":
        ["fault/connection reset" >= 2, "done/logins" >= 12] ["fault/storm" == 1];
    a_reset_of_either_way_loses_no_message, "reset-each-way":
        ["some/a message was in doubt" >= 2] ["fault/connection reset" == 2];
    an_expired_token_is_refused_and_a_renewed_one_is_not, "token-expires":
        ["fault/token: login refused" >= 1, "done/logins" >= 7] ["done/tokens expired" == 1];
    clocks_that_run_off_cost_nobody_a_connection, "clocks-run-off":
        ["fault/clock: heartbeat off its time" >= 20] ["done/logins" == 3];
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
