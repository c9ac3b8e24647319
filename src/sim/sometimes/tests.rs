//! Each place by itself: what reaches it, and what only looks like it.

use super::*;
use crate::proto::client::{Action, Event};
use crate::proto::wire::{Header, Method, Writer};
use crate::sim::tap::Seen;
use crate::sim::trace::Way;

fn packet(method: &str, id: u32, fields: &[(&str, i64)], text: Option<&str>) -> Seen {
    let mut body = Vec::new();
    let mut w = Writer::begin(&mut body);
    for (name, n) in fields {
        w.int64(name, *n);
    }
    if let Some(text) = text {
        w.string("msg", text);
    }
    w.end();
    let name = Method::new(method).unwrap_or_else(|_| panic!("{method} is no method"));
    let header = Header { id, status: 0, method: name, body_type: 0, body_len: body.len() as u32 };
    Seen { method: method.to_owned(), id, header, body }
}

fn write(id: u32, text: &str) -> Seen {
    packet("WRITE", id, &[("chatId", 7)], Some(text))
}

struct Rig {
    clock: SimClock,
    some: Sometimes,
    owner: Arc<str>,
}

impl Rig {
    fn new() -> Self {
        let clock = SimClock::default();
        Self { some: Sometimes::new(clock.clone()), clock, owner: "u1/main".into() }
    }

    fn out(&self, line: u64, p: &Seen) {
        self.some.client_packet(&self.owner, line, Way::Out, p, 0);
    }

    fn back(&self, line: u64, p: &Seen) {
        self.some.client_packet(&self.owner, line, Way::In, p, 0);
    }

    fn reached(&self) -> Vec<Place> {
        Place::ALL.iter().copied().filter(|p| self.some.count(*p) > 0).collect()
    }
}

#[test]
fn names_are_unique_and_in_order() {
    let names: Vec<_> = Place::ALL.iter().map(|p| p.name()).collect();
    assert!(names.iter().all(|n| n.starts_with("some/")) && names.len() >= 15);
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len());
}

#[test]
fn a_message_is_found_by_look_up_when_no_reply_named_it() {
    let rig = Rig::new();
    for (ticket, text) in [(1, "a"), (2, "b")] {
        rig.some.client_action(&rig.owner, &Action::Send { ticket, room: 7, text: text.into() });
        rig.out(3, &write(ticket as u32, text));
    }
    rig.back(3, &packet("WRITE", 1, &[("status", 0), ("logId", 10)], None));
    rig.some.client_event(&rig.owner, &Event::Sent { ticket: 1, room: 7, log_id: 10 });
    assert_eq!(rig.reached(), [], "the reply named it");
    rig.some.client_closed(3);
    assert_eq!(rig.reached(), [Place::WriteInDoubt]);
    rig.some.server_falls();
    rig.some.client_event(&rig.owner, &Event::Sent { ticket: 2, room: 7, log_id: 11 });
    assert_eq!(rig.reached(), [Place::FallenCommitFound, Place::LookupFound, Place::WriteInDoubt]);
}

#[test]
fn a_message_that_goes_out_again_was_missed() {
    let rig = Rig::new();
    rig.out(3, &write(1, "a"));
    rig.some.client_closed(3);
    rig.out(4, &write(1, "a"));
    assert_eq!(rig.reached(), [Place::LookupMissed, Place::WriteInDoubt]);
}

#[test]
fn a_push_races_a_reply_of_its_own_room_only() {
    let rig = Rig::new();
    rig.out(3, &write(1, "a"));
    rig.back(3, &packet("MSG", 0, &[("chatId", 8)], None));
    rig.back(3, &packet("WRITE", 1, &[("logId", 10)], None));
    assert_eq!(rig.reached(), []);
    rig.out(3, &write(2, "b"));
    rig.back(3, &packet("MSG", 0, &[("chatId", 7)], None));
    rig.back(3, &packet("WRITE", 2, &[("logId", 11)], None));
    assert_eq!(rig.reached(), [Place::PushRacedReply]);
}

#[test]
fn a_second_answer_to_a_heartbeat_and_a_leave_in_doubt_count() {
    let rig = Rig::new();
    let ping = |id| packet("PING", id, &[], None);
    rig.out(3, &ping(1));
    rig.back(3, &ping(1));
    assert_eq!(rig.reached(), []);
    rig.back(3, &ping(1));
    rig.out(3, &packet("LEAVE", 2, &[("chatId", 7)], None));
    rig.some.client_closed(3);
    assert_eq!(rig.reached(), [Place::DoubleAnswer, Place::LeaveInDoubt]);
}

#[test]
fn a_reply_is_late_by_its_request() {
    let rig = Rig::new();
    rig.some.replies_within(Duration::from_secs(6));
    for (id, takes, late) in [(1, 6, false), (2, 7, true)] {
        let p = write(id, "a");
        rig.out(3, &p);
        rig.clock.set(rig.clock.elapsed() + Duration::from_secs(takes));
        rig.some.server_packet(9, &p, false);
        rig.some.server_replies(9, id);
        assert_eq!(rig.some.count(Place::LateReply) > 0, late);
    }
}

#[test]
fn reads_and_commits_are_counted_at_their_edges() {
    let rig = Rig::new();
    for packets in [1, 0, 1] {
        rig.some.server_read(1, packets);
    }
    assert_eq!(rig.reached(), []);
    for packets in [0, 0, 1, 2] {
        rig.some.server_read(1, packets);
    }
    assert_eq!(rig.reached(), [Place::CutInThree, Place::TwoInOneRead]);
    rig.some.server_packet(1, &write(1, "a"), false);
    rig.some.server_commits();
    rig.some.server_packet(2, &write(1, "b"), false);
    rig.some.server_commits();
    assert_eq!(rig.some.count(Place::WritersRaced), 0, "one writer each");
    rig.some.server_packet(1, &write(2, "c"), false);
    rig.some.server_packet(2, &write(2, "d"), false);
    rig.some.server_commits();
    assert_eq!(rig.some.count(Place::WritersRaced), 1);
}

#[test]
fn a_login_waits_out_a_hold_that_began_after_its_request() {
    for (before, after, waited) in [(0, 0, false), (1, 1, false), (1, 2, true)] {
        let rig = Rig::new();
        let login = packet("LOGINLIST", 1, &[], None);
        rig.some.client_packet(&rig.owner, 3, Way::Out, &login, before);
        rig.some.client_packet(&rig.owner, 3, Way::In, &login, after);
        assert_eq!(rig.some.count(Place::LoginInHold) > 0, waited);
    }
}
