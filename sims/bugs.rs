//! Planted bugs are found, each within a stated number of seeds; with none planted nothing is found (see `seeds`).

use locospec::sim::invariants::Invariant;
use locospec::sim::run::{run, with_quirks};

/// The first seed below `most` that finds the bug, by one of these invariants.
fn is_found(quirk: &str, most: u64, by: &[Invariant]) {
    let quirks = [quirk.to_owned()];
    for seed in 0..most {
        let outcome = run(&with_quirks(seed, &quirks));
        if let Some(v) = outcome.violations.iter().find(|v| by.contains(&v.invariant)) {
            println!("{quirk}: found by seed {seed}: {v}");
            return;
        }
    }
    panic!("{quirk} is not found by {by:?} in {most} seeds");
}

#[test]
fn acknowledging_before_the_commit_is_found() {
    is_found("ack-before-durable", 30, &[Invariant::Durable]);
}

#[test]
fn never_closing_a_silent_connection_is_found() {
    is_found("no-idle-timeout", 30, &[Invariant::Alive]);
}

#[test]
fn sending_again_without_looking_is_found() {
    is_found("resends-blindly", 10, &[Invariant::Once]);
}

#[test]
fn pushing_twice_is_found() {
    is_found("push-twice", 2, &[Invariant::Once]);
}

#[test]
fn pushing_to_the_sender_is_found() {
    is_found("push-to-sender", 2, &[Invariant::Once]);
}

#[test]
fn leaving_the_older_session_alone_is_found() {
    is_found("no-fence", 20, &[Invariant::Fenced]);
}

#[test]
fn another_packet_id_is_found() {
    is_found("forgets-packet-id", 2, &[Invariant::Matched]);
}

#[test]
fn a_push_with_the_id_of_a_request_is_found() {
    is_found("push-reuses-request-id", 2, &[Invariant::Matched]);
}

#[test]
fn pushing_to_who_has_left_is_found() {
    is_found("leave-keeps-pushing", 20, &[Invariant::Private]);
}

#[test]
fn a_gap_in_a_page_is_found() {
    is_found("sync-skips-entry", 10, &[Invariant::Ordered, Invariant::Converged]);
}

#[test]
fn a_mark_that_goes_back_is_found() {
    is_found("watermark-goes-back", 20, &[Invariant::Watermarks]);
}

#[test]
fn a_server_that_ignores_ping_is_found() {
    is_found("ignores-ping", 10, &[Invariant::Alive]);
}

#[test]
fn a_client_that_forgets_its_requests_is_found() {
    is_found("forgets-pending", 30, &[Invariant::Alive]);
}

#[test]
fn taking_a_push_for_a_reply_is_found() {
    is_found("matches-by-order", 20, &[Invariant::Alive, Invariant::Matched, Invariant::Ordered]);
}

#[test]
fn a_client_that_never_pings_is_found() {
    is_found("never-pings", 10, &[Invariant::Alive]);
}

#[test]
fn a_client_without_backoff_is_found() {
    is_found("no-backoff", 20, &[Invariant::Bounded]);
}

#[test]
fn a_client_that_waits_for_ever_for_a_connection_is_found() {
    is_found("no-connect-timeout", 40, &[Invariant::Alive]);
}

#[test]
fn acknowledging_without_a_push_is_found() {
    is_found("ack-without-push", 5, &[Invariant::Converged, Invariant::Ordered]);
}

#[test]
fn another_log_id_in_the_push_is_found() {
    is_found("log-id-not-shared", 5, &[Invariant::Ordered]);
}
