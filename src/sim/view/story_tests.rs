//! A run is told as it happened: on one that a planted bug breaks.

use super::*;
use crate::sim::generate::generate;
use crate::sim::run::run_recorded;
use crate::sim::trace::Way;
use crate::sim::view::lost_message;

#[test]
fn packets_have_both_ends_and_their_sealed_bytes() {
    let scenario = generate(2);
    let outcome = run_recorded(&scenario);
    let story = Story::of(&scenario, &outcome);
    let recording = story.recording().expect("it was recorded");
    let (mut sent, mut met, mut sealed) = (0, 0, 0);
    for (event, told) in story.events().iter().zip(&story.told) {
        let Kind::Packet { way: Way::Out, method, .. } = &event.kind else { continue };
        sent += 1;
        let link = told.link.and_then(|i| story.links.get(i)).expect("each packet has its connection");
        if let Some(peer) = told.peer {
            met += 1;
            assert!(peer > event.seq && story.told[peer].peer == Some(event.seq));
            assert_eq!(story.plain(peer), story.plain(event.seq), "{method} is the same at both ends");
            assert_ne!(story.told[peer].lane, told.lane);
        }
        if let Some(range) = &told.sealed {
            let end = if Some(event.conn) == link.client { link.client } else { link.server };
            let stream = stream(recording, story.events(), end.expect("the sender has an end"));
            if let Some(frame) = stream.get(range.start as usize..range.end as usize) {
                sealed += 1;
                let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
                assert!(len + 4 <= frame.len(), "{method}: a frame begins where the packet does: {len}");
            }
        }
    }
    assert!(sent > 100 && met * 10 > sent * 8, "{met} of {sent} packets arrived");
    assert!(sealed * 10 > sent * 8, "{sealed} of {sent} packets have sealed bytes");
}

/// What an end has put on the wire.
fn stream(recording: &Recording, events: &[Event], line: u64) -> Vec<u8> {
    let owner = &recording.ends[&line].owner;
    let mine = |e: &&Event| e.conn == line && e.host == *owner && matches!(e.kind, Kind::Bytes { .. });
    events.iter().filter(mine).flat_map(|e| recording.sealed[&e.seq].clone()).collect()
}

#[test]
fn a_violation_names_its_events_and_faults_have_their_lanes() {
    let scenario = lost_message();
    let outcome = run_recorded(&scenario);
    let story = Story::of(&scenario, &outcome);
    let charge = story.charges.first().expect("the planted bug is found");
    let about: Vec<String> = charge.about.iter().map(|seq| story.events()[*seq].to_string()).collect();
    assert!(about.iter().any(|l| l.contains("is down for")), "{about:#?}");
    assert!(about.iter().any(|l| l.contains("-> WRITE")), "{about:#?}");
    assert!(about.last().is_some_and(|l| l.contains("VIOLATION")), "{about:#?}");
    let down: Vec<_> = story.bands.iter().filter(|b| b.label.starts_with("server is down")).collect();
    assert!(down.iter().all(|b| b.to > b.from && b.lanes == [1]), "{down:?}");
    assert!(story.bands.iter().all(|b| !b.lanes.is_empty()), "{:?}", story.bands);
    assert_eq!(story.lanes[0].kind, LaneKind::World);
    assert_eq!(story.lanes.len(), 2 + scenario.clients().len());
}

#[test]
fn a_room_is_read_from_a_text() {
    assert_eq!(room_in("Sent { ticket: 9, room: 7000, log_id: 5 }"), Some(7000));
    assert_eq!(room_in("ordered: u1/main is told of 5 of room 7001, which"), Some(7001));
    assert_eq!(room_in("LoggedIn { }"), None);
}
