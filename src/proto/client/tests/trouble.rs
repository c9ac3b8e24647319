//! What goes wrong: silence, refusals, moves, garbage.

use core::time::Duration;

use super::fake::{ALICE, BOB, ROOM, Rig, config};
use super::samples::log;
use crate::proto::client::{Action, ConnId, Event, Failure, Input, State, Why};
use crate::proto::command::{CommandId, Door, changesvr, kickout, status, write};
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::proto::wire::Method;

fn raw(ticket: u64) -> Action {
    Action::Request { ticket, method: CommandId::SyncLink.method(), body: vec![5, 0, 0, 0, 0] }
}

fn lost(why: Why) -> Event {
    Event::Disconnected { door: Door::Carriage, why }
}

#[test]
fn replies_are_matched_by_id_and_method_in_any_order() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    rig.act(raw(1));
    rig.act(raw(2));
    let (a, b) = (rig.expect("SYNCLINK"), rig.expect("SYNCLINK"));
    assert!(a.id != b.id && a.id > 0 && b.id > 0);
    let x = Method::constant("XYZ");
    rig.packet(a.conn, a.id, x, &status::Refusal { status: 0 });
    rig.packet(a.conn, 999, a.method, &status::Refusal { status: 0 });
    rig.packet(a.conn, 0, a.method, &status::Refusal { status: 0 });
    rig.refuse(&b, -300);
    rig.refuse(&a, 0);
    rig.refuse(&a, 0);
    let unknown = |method| Event::UnknownPush { method };
    let body = |n: i32| [vec![17, 0, 0, 0, 16], b"status\0".to_vec(), n.to_le_bytes().to_vec(), vec![0]].concat();
    let expected = [
        unknown(x),
        unknown(a.method),
        unknown(a.method),
        Event::Reply { ticket: 2, status: -300, body: body(-300) },
        Event::Reply { ticket: 1, status: 0, body: body(0) },
        unknown(a.method),
    ];
    assert_eq!(rig.events(), expected);
    rig.tally_adds_up();
}

#[test]
fn a_status_in_the_header_counts_where_the_body_has_none() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    rig.act(raw(1));
    let r = rig.expect("SYNCLINK");
    let mut plain = Vec::new();
    crate::proto::wire::encode_packet(&mut plain, r.id, r.method, |_| ());
    plain[4..6].copy_from_slice(&(-203i16).to_le_bytes());
    rig.bytes(r.conn, &plain);
    assert!(matches!(rig.events.front(), Some(Event::Reply { ticket: 1, status: -203, .. })));
}

#[test]
fn a_request_that_is_not_answered_ends_the_connection_and_each_request_once() {
    let mut rig = Rig::logged_on(Era::E2019, &[(ROOM, 0)]);
    rig.act(raw(1));
    rig.wait(Duration::from_secs(10));
    rig.act(raw(2));
    rig.act(Action::MarkRead { room: ROOM, log_id: 1 });
    rig.send(3, "in doubt");
    assert_eq!(rig.sleep(), Duration::from_secs(5));
    let noti = CommandId::NotiRead.method();
    let expected = [
        Event::RequestEnded { ticket: 1, how: Failure::TimedOut },
        Event::RequestEnded { ticket: 2, how: Failure::Disconnected },
        Event::ActionFailed { method: noti, room: ROOM, why: Failure::Disconnected },
        lost(Why::TimedOut(CommandId::SyncLink.method())),
    ];
    assert_eq!(rig.events(), expected);
    assert_eq!((rig.client.pending_requests(), rig.client.outbox_len()), (0, 1));
    assert_eq!(rig.client.state(), State::AwaitsRetry);
    rig.tally_adds_up();
}

#[test]
fn a_ping_that_is_not_answered_finds_the_dead_connection_within_heartbeat_and_timeout() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[]);
        let start = rig.now;
        while rig.events.is_empty() {
            rig.sleep();
        }
        assert_eq!(rig.events(), [lost(Why::TimedOut(CommandId::Ping.method()))], "{era}");
        let heartbeat = if era.is_modern() { 90 } else { 1200 };
        assert_eq!(rig.now - start, Duration::from_secs(heartbeat + 15), "{era}");
        rig.finish_login(&[]);
        assert!(rig.client.is_logged_on());
    }
}

#[test]
fn forgetting_what_is_pending_is_a_quirk() {
    let mut rig = Rig::quirky(Era::E2025, Quirk::ForgetsPending);
    rig.log_in(&[]);
    rig.act(raw(1));
    for _ in 0..5 {
        rig.sleep();
    }
    assert_eq!(rig.events(), []);
}

#[test]
fn matching_by_order_is_a_quirk() {
    let mut rig = Rig::quirky(Era::E2025, Quirk::MatchesByOrder);
    rig.log_in(&[(ROOM, 0)]);
    rig.act(raw(1));
    rig.msg(log(1, 0, BOB, "x", 1));
    assert!(matches!(rig.events.front(), Some(Event::Reply { ticket: 1, .. })), "{:?}", rig.events);
}

#[test]
fn every_connect_has_a_timeout_at_every_door() {
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    for door in [Door::Booking, Door::Ticket, Door::Carriage] {
        rig.connects.clear();
        let conn = rig.conn();
        assert_eq!(rig.sleep(), Duration::from_secs(15));
        assert_eq!(rig.closed.last(), Some(&conn));
        assert_eq!(rig.events(), [Event::Disconnected { door, why: Why::ConnectTimeout }]);
        rig.handle(Input::Connected { conn });
        assert_eq!(rig.client.state(), State::AwaitsRetry, "what comes too late is not used");
        rig.sleep();
        for _ in [Door::Booking, Door::Ticket].iter().take_while(|d| **d <= door) {
            rig.enter(&[]);
        }
    }
    let mut rig = Rig::quirky(Era::E2025, Quirk::NoConnectTimeout);
    rig.act(Action::Login);
    assert_eq!(rig.client.deadline(), None);
    rig.wait(Duration::from_secs(1_000_000));
    assert_eq!(rig.events(), []);
}

/// How long it waits before each of the first `n` retries.
fn delays(seed: u64, n: usize, quirk: Option<Quirk>) -> Vec<Duration> {
    let mut config = config(Era::E2025);
    config.quirks = quirk.map_or(config.quirks, |q| config.quirks.with(q));
    let mut rig = Rig::with(config, seed);
    rig.act(Action::Login);
    let mut all = Vec::new();
    for _ in 0..n {
        let (conn, ..) = rig.connects.pop_front().expect("it tries");
        let before = rig.now;
        rig.handle(Input::ConnectFailed { conn });
        if rig.connects.is_empty() {
            rig.sleep();
        }
        all.push(rig.now - before);
    }
    all
}

#[test]
fn retries_wait_longer_and_longer_and_no_two_clients_alike() {
    let all: Vec<_> = (0..40).map(|seed| delays(seed, 12, None)).collect();
    for n in 0..12 {
        let ceiling = Duration::from_millis(500 << n).min(Duration::from_secs(30));
        let longest = all.iter().map(|d| d[n]).max().unwrap_or_default();
        assert!(longest <= ceiling && longest > ceiling / 2, "retry {n}: {longest:?}");
    }
    assert_ne!(all[0], all[1]);
    assert_eq!(all[0], delays(0, 12, None), "the same seed waits alike");
    assert_eq!(delays(1, 12, Some(Quirk::NoBackoff)), [Duration::ZERO; 12]);
}

#[test]
fn only_an_answered_ping_ends_the_backoff() {
    let longest = |answered: bool| {
        let mut config = config(Era::E2012);
        config.backoff.base = Duration::from_secs(1);
        let mut rig = Rig::with(config, 3);
        rig.act(Action::Login);
        let mut longest = Duration::ZERO;
        for _ in 0..30 {
            if rig.connects.is_empty() {
                longest = longest.max(rig.sleep());
            }
            while rig.enter(&[]) != Door::Carriage {}
            let ping = rig.expect("PING");
            if answered {
                rig.ok(&ping);
            }
            rig.cut();
            rig.events.clear();
        }
        longest
    };
    assert!(longest(true) <= Duration::from_secs(1));
    assert!(longest(false) > Duration::from_secs(10), "a login alone proves nothing");
}

#[test]
fn kickout_keeps_us_away_unless_it_means_moving() {
    for reason in [None, Some(0), Some(1), Some(10), Some(-1)] {
        let mut rig = Rig::logged_on(Era::E2025, &[]);
        rig.push(CommandId::KickOut, &kickout::Push { reason });
        let reason = reason.unwrap_or_default();
        assert_eq!(rig.events(), [Event::Kicked { reason }, lost(Why::Dismissed)]);
        assert_eq!((rig.client.state(), rig.client.deadline()), (State::Away, None));
    }
    for reason in [-2, 2] {
        let mut rig = Rig::logged_on(Era::E2025, &[]);
        rig.push(CommandId::KickOut, &kickout::Push { reason: Some(reason) });
        assert_eq!(rig.events(), [Event::ServerMoves, lost(Why::Dismissed)]);
        assert_eq!(rig.accept(), Door::Booking);
    }
}

#[test]
fn kickout_before_the_login_is_ignored() {
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.enter(&[]);
    rig.accept();
    rig.push(CommandId::KickOut, &kickout::Push { reason: Some(0) });
    rig.push(CommandId::ChangeSvr, &changesvr::Push {});
    assert_eq!(rig.events(), []);
    rig.answer_login(&[]);
    assert!(rig.client.is_logged_on());
}

#[test]
fn changesvr_sends_us_back_to_booking_after_a_moment() {
    let waits: Vec<_> = (0..20)
        .map(|seed| {
            let mut rig = Rig::with(config(Era::E2023), seed);
            rig.log_in(&[]);
            let conn = rig.conn();
            rig.push(CommandId::ChangeSvr, &changesvr::Push {});
            assert_eq!(rig.events(), [Event::ServerMoves, lost(Why::Dismissed)]);
            assert_eq!(rig.closed.last(), Some(&conn));
            let wait = rig.sleep();
            assert_eq!(rig.accept(), Door::Booking, "the carriage address would have held");
            wait
        })
        .collect();
    assert!(waits.iter().all(|w| *w <= Duration::from_millis(500)));
    assert!(waits.iter().max() > waits.iter().min(), "not all at once");
}

#[test]
fn garbage_ends_the_connection_and_is_named() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.act(raw(1));
    let conn = rig.conn();
    rig.wire(conn, &[0xff; 40]);
    let expected = [
        Event::RequestEnded { ticket: 1, how: Failure::Disconnected },
        lost(Why::Malformed(MalformedKind::FrameTooLong.at(0))),
    ];
    assert_eq!(rig.events(), expected);

    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    let conn = rig.conn();
    rig.bytes(conn, &[0; 22]);
    assert_eq!(rig.events(), [lost(Why::Malformed(MalformedKind::MethodEmpty.at(6)))]);

    assert_eq!(rig.client.state(), State::AwaitsRetry);
}

#[test]
fn a_push_that_cannot_be_read_harms_nothing_but_itself() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.push(CommandId::DecUnread, &changesvr::Push {});
    let error = Malformed { field: "chatId", ..MalformedKind::FieldMissing.at(0) };
    assert_eq!(rig.events(), [Event::BadBody { method: CommandId::DecUnread.method(), error }]);
    assert!(rig.client.is_logged_on());
}

#[test]
fn whole_packets_in_front_of_garbage_still_count() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    rig.act(raw(1));
    let r = rig.expect("SYNCLINK");
    let mut plain = Vec::new();
    crate::proto::wire::encode_packet(&mut plain, r.id, r.method, |w| w.int32("status", 0));
    plain.extend_from_slice(&[0; 22]);
    rig.bytes(r.conn, &plain);
    let events = rig.events();
    assert!(matches!(events[0], Event::Reply { ticket: 1, .. }), "{events:?}");
    assert_eq!(events.len(), 2);
}

#[test]
fn a_reply_that_cannot_be_read_is_no_reply() {
    let error = |field| Malformed { field, ..MalformedKind::FieldMissing.at(0) };
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    rig.accept();
    let r = rig.expect("GETCONF");
    rig.ok(&r);
    let why = Why::Malformed(error("revision"));
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Booking, why }]);
    rig.tally_adds_up();

    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.act(Action::Open { room: ROOM });
    let r = rig.expect("CHATONROOM");
    rig.ok(&r);
    let (method, why) = (r.method, Failure::BadReply);
    let failed = Event::ActionFailed { method, room: ROOM, why };
    assert_eq!(rig.events(), [failed, Event::BadBody { method, error: error("c") }]);
    rig.tally_adds_up();
}

#[test]
fn a_message_whose_reply_cannot_be_read_is_looked_up_and_not_sent_again() {
    for found in [true, false] {
        let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
        rig.send(1, "mine");
        rig.send(2, "next");
        let r = rig.expect("WRITE");
        rig.ok(&r);
        let lookup = rig.expect_fetch(0);
        rig.nothing_asked();
        let logs = vec![log(10, 0, ALICE, "mine", r.int("msgId").unwrap_or_default())];
        rig.page(&lookup, if found { logs } else { vec![] }, true, 10);
        let end = if found {
            Event::Sent { ticket: 1, room: ROOM, log_id: 10 }
        } else {
            Event::SendFailed { ticket: 1, why: Failure::BadReply }
        };
        assert!(rig.events().contains(&end), "{end:?}");
        assert_eq!(rig.expect("WRITE").read::<write::Request<'_>>().msg, Some("next"));
        rig.tally_adds_up();
    }
}

#[test]
fn what_is_said_of_other_connections_is_ignored() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    let others: Vec<ConnId> = (0..10).filter(|c| *c != rig.conn()).collect();
    for conn in others {
        rig.handle(Input::Closed { conn });
        rig.handle(Input::ConnectFailed { conn });
        rig.handle(Input::Connected { conn });
        rig.handle(Input::Bytes { conn, bytes: &[0xff; 30] });
    }
    let conn = rig.conn();
    rig.handle(Input::Connected { conn });
    assert_eq!(rig.events(), []);
    assert!(rig.client.is_logged_on());
    rig.nothing_asked();
}

#[test]
fn every_break_at_every_stage_is_survived() {
    for era in Era::ALL {
        let last = if era.is_modern() { 3 } else { 2 };
        for stage in 0..last {
            for refuse in [false, true] {
                let mut rig = Rig::new(era);
                rig.act(Action::Login);
                for _ in 0..stage {
                    rig.enter(&[]);
                }
                if !refuse {
                    rig.accept();
                    rig.requests.clear();
                }
                let conn = rig.conn();
                rig.connects.clear();
                rig.handle(if refuse { Input::ConnectFailed { conn } } else { Input::Closed { conn } });
                assert_eq!(rig.client.state(), State::AwaitsRetry, "{era} {stage}");
                rig.events.clear();
                rig.finish_login(&[]);
                assert!(rig.client.is_logged_on(), "{era} {stage}");
                rig.tally_adds_up();
            }
        }
    }
}
