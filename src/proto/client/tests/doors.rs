//! From the first door to the session: the route, the login, the rooms.

use core::time::Duration;

use super::fake::{ALICE, ROOM, Rig, config};
use super::samples::items;
use crate::proto::client::{Action, Endpoint, Event, Input, State, Why};
use crate::proto::command::{Body, CommandId, Door, checkin, getconf, lchatlist, loginlist, nchatlist};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;

fn doors(era: Era) -> &'static [Door] {
    if era.is_modern() { &[Door::Booking, Door::Ticket, Door::Carriage] } else { &[Door::Entry, Door::Carriage] }
}

#[test]
fn login_goes_through_all_doors_of_its_era_with_one_request_at_each() {
    for era in Era::ALL {
        let mut rig = Rig::new(era);
        assert_eq!((rig.client.state(), rig.client.deadline()), (State::Away, None));
        rig.act(Action::Login);
        for door in doors(era) {
            let (_, at, endpoint, tls) = rig.connects.front().cloned().expect("it connects");
            assert_eq!((at, tls), (*door, *door == Door::Booking), "{era}");
            let expected = match door {
                Door::Booking | Door::Entry => Endpoint::new("first", 443),
                Door::Ticket => Endpoint::new("ticket", 995),
                Door::Carriage => Endpoint::new("carriage", 5228),
            };
            assert_eq!(endpoint, expected, "{era}");
            assert_eq!(rig.enter(&[(ROOM, 0)]), *door);
        }
        let Some(Event::LoggedIn { user_id: ALICE, rooms }) = rig.events.pop_front() else {
            panic!("{era}: {:?}", rig.events)
        };
        assert_eq!(rooms.iter().map(|r| (r.room, r.kind.as_str())).collect::<Vec<_>>(), [(ROOM, "DirectChat")]);
        assert_eq!(rig.closed.len(), doors(era).len() - 1, "{era}: each door but the last is closed");
        let alone = if era.is_modern() { 0 } else { 1 };
        assert!(rig.writes.iter().all(|w| w.1 == 1), "{era}: the handshake travels with its packet");
        assert_eq!(rig.writes.len(), doors(era).len() + 1 + alone, "{era}: one write each, then rooms, then PING");
        rig.expect("PING");
        rig.nothing_asked();
        assert!(rig.client.is_logged_on());
    }
}

#[test]
fn a_login_that_arrives_byte_by_byte_is_the_same() {
    for era in Era::ALL {
        let mut rig = Rig::new(era);
        rig.piece = 1;
        rig.log_in(&[(ROOM, 0)]);
        assert!(rig.client.is_logged_on(), "{era}");
        assert_eq!(rig.events(), []);
        rig.tally_adds_up();
    }
}

#[test]
fn the_login_says_who_comes() {
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("CHECKIN");
    assert_eq!(r.read::<checkin::Request<'_>>().user_id, Some(ALICE));
    rig.route(&r);
    rig.accept();
    let r = rig.expect("LOGINLIST");
    let q: loginlist::Request<'_> = r.read();
    assert_eq!((q.oauth_token, q.duuid, q.dtype), ("alice-token", "locospec-1001", Some(1)));
    assert_eq!((q.chat_ids, q.max_ids), (Some(vec![]), Some(vec![])));
}

#[test]
fn rooms_come_in_pages_and_a_second_login_names_what_is_known() {
    let mut rig = Rig::new(Era::E2023);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("LOGINLIST");
    let first = loginlist::Reply {
        user_id: ALICE,
        chat_datas: items(&[(1, 0)]),
        last_chat_id: 1,
        last_token_id: 5,
        ..loginlist::Reply::default()
    };
    rig.reply(&r, &first);
    assert_eq!(rig.client.state(), State::AwaitsRooms);
    let r = rig.expect("LCHATLIST");
    let q: lchatlist::Request = r.read();
    assert_eq!((q.last_chat_id, q.last_token_id), (1, 5));
    let second = lchatlist::Reply { chat_datas: items(&[(2, 0)]), eof: true, ..lchatlist::Reply::default() };
    rig.reply(&r, &second);
    assert_eq!(rig.client.rooms().iter().map(|r| r.room).collect::<Vec<_>>(), [1, 2]);
    rig.cut();
    rig.accept();
    let r = rig.expect("LOGINLIST");
    assert_eq!(r.read::<loginlist::Request<'_>>().chat_ids, Some(vec![1, 2]));
    let delta = loginlist::Reply { user_id: ALICE, del_chat_ids: vec![1, 9], eof: true, ..loginlist::Reply::default() };
    rig.reply(&r, &delta);
    assert_eq!(rig.client.rooms().iter().map(|r| r.room).collect::<Vec<_>>(), [2], "what is not named stays");
    assert_eq!(rig.events().iter().filter(|e| matches!(e, Event::Left { room: 1 })).count(), 1);
}

#[test]
fn pages_of_rooms_without_end_are_cut_off() {
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("LOGINLIST");
    rig.reply(&r, &loginlist::Reply::default());
    let mut pages = 0;
    while rig.client.state() == State::AwaitsRooms {
        let r = rig.expect("LCHATLIST");
        rig.reply(&r, &lchatlist::Reply::default());
        pages += 1;
    }
    assert_eq!(pages, 999);
    let why = Why::OverLimit("pages of rooms");
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Carriage, why }]);
}

#[test]
fn a_second_login_of_2012_names_what_is_known() {
    let mut rig = Rig::logged_on(Era::E2012, &[(ROOM, 0)]);
    rig.cut();
    rig.accept();
    let r = rig.expect("LOGIN");
    rig.reply(&r, &crate::proto::command::login::Reply { status: 0, user_id: ALICE });
    let r = rig.expect("NCHATLIST");
    assert_eq!(r.read::<nchatlist::Request>(), nchatlist::Request { max_ids: vec![0], chat_ids: vec![ROOM] });
}

#[test]
fn a_login_refused_for_good_is_not_tried_again() {
    for era in Era::ALL {
        for status in [-950, -997, -999] {
            let mut rig = Rig::new(era);
            rig.act(Action::Login);
            while rig.accept() != Door::Carriage {
                let r = rig.requests.pop_front().expect("asked");
                if r.method == CommandId::GetConf.method() { rig.configure(&r) } else { rig.route(&r) }
            }
            let r = rig.requests.pop_front().expect("asked");
            rig.refuse(&r, status);
            let dismissed = Event::Disconnected { door: Door::Carriage, why: Why::Dismissed };
            assert_eq!(rig.events(), [Event::LoginRefused { status }, dismissed], "{era}");
            assert_eq!((rig.client.state(), rig.client.deadline()), (State::Away, None));
            rig.act(Action::Login);
            assert_eq!(rig.connects.len(), 1, "it is asked again when somebody asks");
        }
    }
}

#[test]
fn any_other_refusal_is_tried_again_from_the_first_door() {
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("LOGINLIST");
    rig.refuse(&r, -500);
    let why = Why::Refused(CommandId::LoginList.method(), -500);
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Carriage, why }]);
    assert_eq!(rig.accept(), Door::Booking);
    let r = rig.expect("GETCONF");
    rig.refuse(&r, -999);
    assert_eq!(rig.events.pop_front(), Some(Event::LoginRefused { status: -999 }));
}

#[test]
fn a_partial_list_is_used_and_its_tokens_are_not() {
    let mut rig = Rig::new(Era::E2025);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("LOGINLIST");
    let partial = loginlist::Reply {
        status: -305,
        user_id: ALICE,
        chat_datas: items(&[(1, 0)]),
        last_token_id: 9,
        ..loginlist::Reply::default()
    };
    rig.reply(&r, &partial);
    rig.expect("PING");
    assert_eq!(rig.client.rooms().len(), 1);
    rig.cut();
    rig.accept();
    assert_eq!(rig.expect("LOGINLIST").int("lastTokenId"), Some(0));
}

#[test]
fn the_carriage_address_is_used_again_while_it_holds_and_works() {
    for era in [Era::E2012, Era::E2025] {
        let mut rig = Rig::logged_on(era, &[]);
        rig.cut();
        assert_eq!(rig.accept(), Door::Carriage, "{era}: a session broke, not the address");
        rig.answer_login(&[]);
        rig.cut();
        rig.sleep();
        let conn = rig.conn();
        rig.handle(Input::ConnectFailed { conn });
        let disconnected = |e: &Event| matches!(e, Event::Disconnected { why: Why::ConnectFailed, .. });
        assert!(rig.events.iter().any(disconnected));
        assert_eq!(rig.accept(), doors(era)[0], "{era}: nobody answers there");
        rig.requests.clear();

        let mut rig = Rig::logged_on(era, &[]);
        rig.now = rig.now + Duration::from_secs(1801);
        rig.cut();
        assert_eq!(rig.accept(), doors(era)[0], "{era}: the address has expired");
    }
}

#[test]
fn an_address_that_cannot_be_is_a_failed_try() {
    let mut rig = Rig::new(Era::E2019);
    rig.act(Action::Login);
    rig.accept();
    let r = rig.expect("GETCONF");
    rig.reply(&r, &getconf::Reply::default());
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Booking, why: Why::BadRoute }]);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("CHECKIN");
    rig.reply(&r, &checkin::Reply { host: "x", port: 65_536, ..checkin::Reply::default() });
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Ticket, why: Why::BadRoute }]);
    assert_eq!(rig.client.state(), State::AwaitsRetry);
}

#[test]
fn the_heartbeat_is_the_servers_unless_it_is_forced() {
    for (era, forced, expected) in [(Era::E2025, false, 90), (Era::E2012, false, 1200), (Era::E2025, true, 7)] {
        let mut config = config(era);
        config.heartbeat = Duration::from_secs(7);
        config.heartbeat_forced = forced;
        let mut rig = Rig::with(config, 1);
        rig.log_in(&[]);
        for _ in 0..3 {
            assert_eq!(rig.sleep(), Duration::from_secs(expected), "{era}");
            let ping = rig.expect("PING");
            assert_eq!(ping.body.len(), if era == Era::E2012 { 0 } else { 5 }, "{era}");
            rig.ok(&ping);
        }
    }
}

#[test]
fn an_empty_document_answers_a_ping() {
    let mut rig = Rig::logged_on(Era::E2019, &[]);
    rig.sleep();
    let ping = rig.expect("PING");
    rig.reply(&ping, &crate::proto::command::changesvr::Push {});
    assert_eq!((rig.client.pending_requests(), rig.events()), (0, vec![]));
}

#[test]
fn never_pings_is_a_quirk() {
    let mut rig = Rig::quirky(Era::E2025, Quirk::NeverPings);
    rig.act(Action::Login);
    while rig.enter(&[]) != Door::Carriage {}
    assert_eq!(rig.client.deadline(), None);
    rig.wait(Duration::from_secs(100_000));
    rig.nothing_asked();
}

#[test]
fn ignoring_the_status_of_the_login_is_a_quirk() {
    let mut rig = Rig::quirky(Era::E2025, Quirk::IgnoresLoginStatus);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.enter(&[]);
    rig.accept();
    let r = rig.expect("LOGINLIST");
    rig.refuse(&r, -950);
    assert!(rig.client.is_logged_on());
    rig.expect("PING");
}

#[test]
fn logout_closes_and_stays_away() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    let conn = rig.conn();
    rig.act(Action::Logout);
    assert_eq!(rig.closed.last(), Some(&conn));
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Carriage, why: Why::Logout }]);
    assert_eq!((rig.client.state(), rig.client.deadline()), (State::Away, None));
    rig.handle(Input::Closed { conn });
    assert_eq!(rig.events(), [], "what is heard of it later says nothing");
}

#[test]
fn keys_of_the_wrong_size_are_said_and_end_all_tries() {
    let mut config = config(Era::E2025);
    let ring = (*config.keys).clone();
    config.keys =
        std::sync::Arc::new(crate::proto::secure::PublicRing { modern: ring.old, old: ring.modern, witness: None });
    let mut rig = Rig::with(config, 1);
    rig.act(Action::Login);
    rig.enter(&[]);
    rig.accept();
    assert!(matches!(rig.events.back(), Some(Event::GaveUp { .. })), "{:?}", rig.events);
    assert_eq!((rig.client.state(), rig.client.deadline()), (State::Away, None));
}

#[test]
fn fields_that_nobody_knows_are_counted_and_do_no_harm() {
    struct Odd;
    impl<'a> Body<'a> for Odd {
        const FIELDS: &'static [crate::proto::command::FieldInfo] = &[];
        fn decode(_: crate::proto::wire::Document<'a>, _: &mut u32) -> Result<Self, crate::proto::error::Malformed> {
            Ok(Self)
        }
        fn encode(&self, w: &mut crate::proto::wire::Writer<'_>) {
            w.int64("surprise", 1);
            w.int64("chatId", ROOM);
            w.int64("userId", 5);
            w.int32("watermark", 6);
        }
    }
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    let before = rig.client.tally().unknown_fields;
    rig.push(CommandId::DecUnread, &Odd);
    assert_eq!(rig.client.tally().unknown_fields, before + 1);
    assert_eq!(rig.events(), [Event::ReadMark { room: ROOM, user_id: 5, watermark: 6 }]);
    assert_eq!(rig.client.watermark_of(ROOM, 5), Some(6));
}
