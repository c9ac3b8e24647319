//! What the runs in virtual time promise: everything arrives, the same seed gives the same figures, and what can be
//! counted by hand is what was measured.

use std::time::Duration;

use super::band::{Band, Outages};
use super::everything::{Wish, simulate};
use super::figures::{idle, latency, starts, weight};
use super::page::files;
use super::report::{FORMAT, Report};
use super::transport::{Habits, Tls, Transport, Way};
use crate::proto::secure::Era;

#[test]
fn a_conversation_arrives_complete_over_each_transport() {
    for transport in Transport::ALL {
        for outages in Outages::ALL {
            let found = latency(transport, Band::G3, outages, Habits::USUAL, 5, 24).expect("it runs");
            assert_eq!((found.sent, found.arrived), (24, 24), "{} {}", transport.id(), outages.id());
            assert!(found.p50_ms >= 260.0, "two ways of at least 130 ms: {} ms", found.p50_ms);
        }
    }
}

/// What a seed comes to over one transport, where most could go another way: connections die, and come back.
fn figures(transport: Transport) -> String {
    let lost = latency(transport, Band::G3, Outages::Lost, Habits::USUAL, 9, 24).expect("it runs");
    let (start, weight) = (starts(transport, 9).expect("it runs"), weight(transport, 9).expect("it runs"));
    serde_json::to_string(&(start, weight, lost)).expect("it can be written")
}

#[test]
fn the_same_seed_gives_the_same_figures_in_any_thread_and_order() {
    let first: Vec<String> = Transport::ALL.into_iter().map(figures).collect();
    let again = std::thread::spawn(|| Transport::ALL.into_iter().rev().map(figures).collect::<Vec<_>>());
    let again = again.join().expect("it runs");
    for ((transport, a), b) in Transport::ALL.into_iter().zip(&first).zip(again.iter().rev()) {
        assert_eq!(a, b, "{}", transport.id());
    }
    assert!(first.windows(2).any(|w| w[0] != w[1]), "transports differ");
}

#[test]
fn every_run_comes_to_its_place_in_the_report() {
    let transports = vec![Transport::Poll(Way::KeepAlive, Tls::V13), Transport::WebSocket];
    let wish = Wish { seed: 9, messages: 2, transports, habits: Habits::USUAL, quick: true, jobs: 2 };
    let (all, intervals) = simulate(&wish, |_, _| ()).expect("it runs");
    assert_eq!(all.iter().map(|s| &*s.transport).collect::<Vec<_>>(), ["http1-poll", "websocket"]);
    assert!(intervals.polls.is_empty() && intervals.idle.is_empty(), "a quick one has the usual intervals only");
    for (s, every, cold) in [(&all[0], 5, 4.0), (&all[1], 60, 5.0)] {
        assert_eq!(s.cold.round_trips, cold);
        assert!(s.weight.push > 0.0);
        for band in Band::ALL {
            assert_eq!(s.idle_on(band.id).map(|i| i.every_s), Some(every));
            let sent = Outages::ALL.map(|o| s.on(band.id, o.id()).map(|l| l.sent));
            assert_eq!(sent, [Some(2); 3], "{}", band.id);
        }
    }
    let fast = all[1].on("wifi", "none").map(|l| l.p50_ms < 30.0);
    assert_eq!(fast, Some(true), "the network is the one that the row says");
}

/// TCP's handshake is one round trip, TLS 1.3 one, TLS 1.2 two, and each question one.
#[test]
fn round_trips_are_those_that_one_counts_by_hand() {
    let expected = [
        // Booking 1 + 1 + 1, ticket 1 + 1, carriage 1 + 1, the message 1; later only the carriage.
        (Transport::Loco(Era::E2025), 8.0, 3.0),
        // TCP, TLS, the upgrade, the token, the message.
        (Transport::WebSocket, 5.0, 5.0),
        // TCP, TLS, a look for news, the message.
        (Transport::Poll(Way::KeepAlive, Tls::V13), 4.0, 4.0),
        // The same twice over.
        (Transport::Poll(Way::EachNew, Tls::V13), 6.0, 6.0),
        (Transport::Poll(Way::EachNew, Tls::V12), 8.0, 8.0),
    ];
    for (transport, cold, warm) in expected {
        let [first, later] = starts(transport, 5).expect("it runs");
        assert_eq!((first.round_trips, later.round_trips), (cold, warm), "{}", transport.id());
    }
}

#[test]
fn a_heartbeat_of_2012_is_36_bytes_and_three_an_hour() {
    let old = Transport::Loco(Era::E2012);
    let found = weight(old, 5).expect("it runs");
    assert_eq!(found.beat_up, 36.0);
    let habits = Habits { heartbeat: Duration::from_secs(1200), ..Habits::USUAL };
    let hour = idle(old, Band::G3, habits, 5).expect("it runs");
    assert_eq!(hour.radio.wake_ups, 3, "{hour:?}");
    assert!((hour.bytes as f64 - 3.0 * found.beat).abs() < 1.0, "{hour:?}");
}

/// `claims --from benches/claims/claims.json --out benches/claims` draws it again.
#[test]
fn the_page_in_the_tree_is_drawn_from_its_figures() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/claims");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("it is in the tree");
    let report: Report = serde_json::from_str(&read("claims.json")).expect("a report");
    assert_eq!(report.format, FORMAT);
    for (name, drawn) in files(&report) {
        assert!(read(&name) == drawn, "{name} is not what its figures draw");
    }
}
