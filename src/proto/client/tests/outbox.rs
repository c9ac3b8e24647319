//! Messages that go: in order, acknowledged, looked up before they are sent again.

use super::fake::{ALICE, BOB, ROOM, Rig, config};
use super::samples::log;
use crate::proto::client::{Action, Event, Failure, Source};
use crate::proto::command::{status, write};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;

fn sent(rig: &mut Rig) -> Vec<(u64, i64)> {
    let only = |e: Event| match e {
        Event::Sent { ticket, log_id, .. } => Some((ticket, log_id)),
        _ => None,
    };
    rig.events().into_iter().filter_map(only).collect()
}

fn text(r: &super::fake::Request) -> String {
    r.read::<write::Request<'_>>().msg.unwrap_or_default().to_owned()
}

#[test]
fn a_message_is_acknowledged_and_reported_as_our_own() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[(ROOM, 0)]);
        rig.send(7, "hello");
        let r = rig.expect("WRITE");
        assert_eq!(r.int("msgId").is_some(), era.is_modern(), "{era}");
        rig.written(&r, 10, 0);
        let events = rig.events();
        assert_eq!(events[0], Event::Sent { ticket: 7, room: ROOM, log_id: 10 }, "{era}");
        let Event::Message(m) = &events[1] else { panic!("{events:?}") };
        assert_eq!((m.log_id, m.text.as_str(), m.own, m.source), (10, "hello", true, Source::Reply));
        assert_eq!((rig.client.outbox_len(), rig.client.is_settled()), (0, true));
    }
}

#[test]
fn one_write_per_room_is_under_way_and_the_order_holds() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0), (8000, 0)]);
    rig.send(1, "a");
    rig.send(2, "b");
    rig.act(Action::Send { ticket: 3, room: 8000, text: "c".into() });
    let (a, c) = (rig.expect("WRITE"), rig.expect("WRITE"));
    assert_eq!((text(&a), text(&c)), ("a".into(), "c".into()));
    rig.nothing_asked();
    rig.written(&c, 5, 0);
    rig.written(&a, 10, 0);
    let b = rig.expect("WRITE");
    rig.written(&b, 11, 10);
    assert_eq!(sent(&mut rig), [(3, 5), (1, 10), (2, 11)]);
    rig.tally_adds_up();
}

#[test]
fn pushes_between_a_request_and_its_reply_change_neither() {
    let mut rig = Rig::logged_on(Era::E2019, &[(ROOM, 0)]);
    rig.piece = 7;
    rig.send(1, "mine");
    let r = rig.expect("WRITE");
    rig.msg(log(10, 0, BOB, "theirs", 1));
    rig.written(&r, 20, 10);
    assert_eq!(rig.messages(), [(10, "theirs".to_owned()), (20, "mine".to_owned())]);
}

#[test]
fn a_refused_message_is_said_and_the_next_one_goes() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "a");
    rig.send(2, "b");
    let r = rig.expect("WRITE");
    rig.refuse(&r, status::NO_SUCH_ROOM);
    let why = Failure::Status(status::NO_SUCH_ROOM);
    assert_eq!(rig.events(), [Event::SendFailed { ticket: 1, why }]);
    assert_eq!(text(&rig.expect("WRITE")), "b");
}

#[test]
fn a_lost_reply_is_looked_up_and_what_is_found_is_not_sent_again() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[(ROOM, 0)]);
        rig.msg(log(10, 0, BOB, "a", 9));
        rig.send(1, "mine");
        rig.send(2, "next");
        let w = rig.expect("WRITE");
        let msg_id = w.int("msgId").unwrap_or_default();
        rig.cut();
        rig.finish_login(&[(ROOM, 30)]);
        let r = rig.expect_fetch(10);
        rig.nothing_asked();
        rig.page(&r, vec![log(15, 10, BOB, "b", msg_id)], false, 30);
        let r = rig.expect_fetch(15);
        rig.page(&r, vec![log(20, 15, ALICE, "mine", msg_id), log(30, 20, BOB, "c", 8)], true, 30);
        assert!(rig.events.contains(&Event::Sent { ticket: 1, room: ROOM, log_id: 20 }), "{era}");
        let all: Vec<_> = rig.messages().into_iter().map(|m| m.0).collect();
        assert_eq!(all, [10, 15, 20, 30], "{era}");
        let next = rig.expect("WRITE");
        assert_ne!(next.int("msg"), Some(0));
        rig.written(&next, 40, 30);
        assert_eq!(sent(&mut rig), [(2, 40)], "{era}");
        rig.nothing_asked();
    }
}

#[test]
fn a_message_that_is_not_found_is_sent_once_more_under_its_number() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[(ROOM, 0)]);
        rig.send(1, "mine");
        let first = rig.expect("WRITE");
        rig.cut();
        rig.finish_login(&[]);
        let r = rig.expect_fetch(0);
        rig.page(&r, vec![], true, 0);
        let again = rig.expect("WRITE");
        assert_eq!(first.body, again.body, "{era}");
        rig.written(&again, 10, 0);
        assert_eq!(sent(&mut rig), [(1, 10)], "{era}");
        rig.nothing_asked();
    }
}

#[test]
fn in_2012_an_older_message_of_the_same_text_is_not_taken_for_ours() {
    let mut rig = Rig::logged_on(Era::E2012, &[(ROOM, 0)]);
    rig.send(1, "hi");
    let r = rig.expect("WRITE");
    rig.written(&r, 10, 0);
    rig.send(2, "hi");
    rig.expect("WRITE");
    rig.cut();
    rig.finish_login(&[]);
    let r = rig.expect_fetch(10);
    rig.page(&r, vec![], true, 10);
    rig.expect("WRITE");
}

#[test]
fn sending_again_blindly_is_a_quirk() {
    let mut rig = Rig::quirky(Era::E2025, Quirk::ResendsBlindly);
    rig.log_in(&[(ROOM, 0)]);
    rig.send(1, "mine");
    rig.expect("WRITE");
    rig.cut();
    rig.finish_login(&[]);
    rig.expect("WRITE");
}

#[test]
fn a_room_that_cannot_be_looked_into_leaves_the_message_in_doubt() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "a");
    rig.send(2, "b");
    rig.expect("WRITE");
    rig.cut();
    rig.finish_login(&[]);
    let r = rig.expect_fetch(0);
    rig.refuse(&r, status::NO_SUCH_ROOM);
    let why = Failure::InDoubt(status::NO_SUCH_ROOM);
    assert!(rig.events().contains(&Event::SendFailed { ticket: 1, why }));
    assert_eq!(text(&rig.expect("WRITE")), "b", "the server says what becomes of the next one");
}

#[test]
fn what_a_look_up_cannot_show_is_not_sent_again() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "known");
    let r = rig.expect("WRITE");
    rig.written(&r, 5, 0);
    rig.send(2, "mine");
    rig.expect("WRITE");
    rig.cut();
    rig.finish_login(&[(ROOM, 9)]);
    // Whoever left and was let in again is not shown what lies between 5 and 8.
    let r = rig.expect_fetch(5);
    rig.page(&r, vec![log(9, 8, BOB, "welcome back", 0)], true, 9);
    assert!(rig.events().contains(&Event::SendFailed { ticket: 2, why: Failure::InDoubt(status::OK) }));
    assert_eq!(rig.client.outbox_len(), 0);
}

#[test]
fn what_came_before_us_hides_nothing_of_ours() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    rig.send(1, "mine");
    rig.expect("WRITE");
    rig.cut();
    rig.finish_login(&[(ROOM, 9)]);
    let r = rig.expect_fetch(0);
    rig.page(&r, vec![log(9, 8, BOB, "welcome", 0)], true, 9);
    assert_eq!(text(&rig.expect("WRITE")), "mine");
}

#[test]
fn what_is_sent_while_away_goes_out_after_the_login() {
    let mut rig = Rig::new(Era::E2023);
    rig.send(1, "early");
    rig.log_in(&[(ROOM, 0)]);
    let r = rig.expect("WRITE");
    rig.act(Action::Logout);
    rig.send(2, "late");
    assert_eq!(rig.client.outbox_len(), 2);
    rig.log_in(&[(ROOM, 0)]);
    let lookup = rig.expect_fetch(0);
    rig.page(&lookup, vec![log(5, 0, ALICE, "early", r.int("msgId").unwrap_or_default())], true, 5);
    assert_eq!(sent(&mut rig), [(1, 5)]);
    assert_eq!(text(&rig.expect("WRITE")), "late");
}

#[test]
fn a_full_outbox_refuses_and_so_does_a_text_that_no_server_takes() {
    let mut config = config(Era::E2025);
    config.outbox_max = 2;
    let mut rig = Rig::with(config, 1);
    for ticket in 1..=3 {
        rig.send(ticket, "x");
    }
    let over = |ticket| Event::SendFailed { ticket, why: Failure::OverLimit };
    assert_eq!(rig.events(), [over(3)]);
    let mut rig = Rig::new(Era::E2025);
    rig.send(4, &"x".repeat(16 << 20));
    assert_eq!(rig.events(), [over(4)]);
    assert_eq!(rig.client.outbox_len(), 0);
}

#[test]
fn message_numbers_differ_between_messages_and_between_clients() {
    let mut numbers = Vec::new();
    for seed in 1..=3 {
        let mut rig = Rig::with(config(Era::E2025), seed);
        rig.log_in(&[(1, 0), (2, 0), (3, 0)]);
        for room in 1..=3 {
            rig.act(Action::Send { ticket: 1, room, text: "x".into() });
            numbers.extend(rig.expect("WRITE").int("msgId"));
        }
    }
    assert!(numbers.iter().all(|n| (1..1 << 32).contains(n)), "{numbers:?}");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 9);
}

#[test]
fn a_message_that_the_server_pushes_to_its_sender_is_sent_and_reported_once() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "mine");
    let r = rig.expect("WRITE");
    rig.msg(log(10, 0, ALICE, "mine", r.int("msgId").unwrap_or_default()));
    rig.written(&r, 10, 0);
    let events = rig.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[0], Event::Sent { ticket: 1, room: ROOM, log_id: 10 });
    assert!(matches!(&events[1], Event::Message(m) if m.source == Source::Push));
}
