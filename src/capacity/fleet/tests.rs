//! Of a small fleet.

use super::*;

const fn plan(machines: usize, jitter: bool) -> Plan {
    Plan {
        seed: 1,
        machines,
        era: Era::E2025,
        heartbeat: Duration::from_secs(60),
        latency: (Duration::from_millis(10), Duration::from_millis(80)),
        backoff: Backoff { base: Duration::from_millis(500), max: Duration::from_secs(30) },
        jitter,
    }
}

#[test]
fn a_fleet_at_rest_says_a_heartbeat_a_minute_and_nothing_else() {
    let mut fleet = Fleet::new(&plan(40, true)).expect("a store in memory");
    fleet.come_in(Duration::from_secs(30)).expect("all come in");
    fleet.rest(Duration::from_secs(60)).expect("it rests");
    let calm = fleet.rest(Duration::from_secs(600)).expect("it rests");
    // A heartbeat begins when the one before is answered: the way there and back is added to the minute.
    assert!((390..=400).contains(&calm.packets_in), "{calm:?}");
    assert!(calm.packets_out.abs_diff(calm.packets_in) <= 2, "{calm:?}");
    // A packet of 2025: length, nonce, header, empty document, tag.
    assert_eq!(calm.bytes_in, calm.packets_in * (4 + 12 + 22 + 5 + 16));
}

#[test]
fn who_fell_together_without_jitter_rises_together() {
    let costs = Costs { unwrap: Duration::from_millis(5), ..Costs::default() };
    let storm = |jitter| {
        let mut fleet = Fleet::new(&plan(200, jitter)).expect("a store in memory");
        fleet.come_in(Duration::from_secs(30)).expect("all come in");
        fleet.outage(Duration::from_secs(30), (1, costs), 1000, Duration::from_secs(600)).expect("it goes on")
    };
    let (with, without) = (storm(true), storm(false));
    for storm in [&with, &without] {
        let last = storm.back.last().copied();
        assert!(matches!(last, Some((100, Some(_)))), "{storm:?}");
        assert!(storm.logins >= 200, "{storm:?}");
    }
    assert!(without.longest_wait > with.longest_wait * 2, "{with:?} {without:?}");
    assert_eq!(storm(true), with, "and the same seed gives the same again");
}

/// Each door has a queue of its own, and a kernel that is not let in tries again: else those who come to the first door
/// keep those from the last who were at the first before, and nobody is back in an hour.
#[test]
fn a_storm_at_full_doors_ends() {
    let ms = Duration::from_millis;
    let costs = Costs { connection: ms(40), unwrap: ms(50), read: ms(2) };
    let mut fleet = Fleet::new(&plan(1000, true)).expect("a store in memory");
    fleet.come_in(Duration::from_secs(30)).expect("all come in");
    let storm = fleet.outage(Duration::from_secs(30), (1, costs), 2, Duration::from_secs(1200)).expect("it goes on");
    let all = storm.back.last().copied();
    // The work alone is 220 s.
    assert!(matches!(all, Some((100, Some(at))) if at > Duration::from_secs(220)), "{storm:?}");
}
