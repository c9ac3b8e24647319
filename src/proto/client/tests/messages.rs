//! Messages that come: each once, in order, without a gap.

use super::fake::{ALICE, BOB, ROOM, Rig, config};
use super::samples::log;
use crate::proto::client::{Action, Event, Failure, Source, Why};
use crate::proto::command::{CommandId, Door, status};
use crate::proto::secure::Era;

fn seen(n: &[(i64, &str)]) -> Vec<(i64, String)> {
    n.iter().map(|(id, text)| (*id, (*text).to_owned())).collect()
}

#[test]
fn a_push_that_follows_is_reported_at_once_and_a_repeated_one_is_not() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[(ROOM, 0)]);
        rig.piece = 3;
        rig.msg(log(10, 0, BOB, "a", 1));
        rig.msg(log(11, 10, BOB, "b", 2));
        rig.msg(log(11, 10, BOB, "b", 2));
        rig.msg(log(10, 0, BOB, "a", 1));
        assert_eq!(rig.messages(), seen(&[(10, "a"), (11, "b")]), "{era}");
        rig.nothing_asked();
    }
}

#[test]
fn the_past_of_a_room_is_fetched_page_by_page() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[(ROOM, 30)]);
        let r = rig.expect_fetch(0);
        rig.page(&r, vec![log(10, 0, BOB, "a", 1), log(20, 10, ALICE, "b", 2)], false, 30);
        let r = rig.expect_fetch(20);
        assert!(!rig.client.is_settled());
        rig.page(&r, vec![log(30, 20, BOB, "c", 3)], true, 30);
        let events = rig.events();
        let own: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                Event::Message(m) => Some((m.log_id, m.own, m.source)),
                _ => None,
            })
            .collect();
        let s = Source::Sync;
        assert_eq!(own, [(10, false, s), (20, true, s), (30, false, s)], "{era}");
        rig.nothing_asked();
        assert!(rig.client.is_settled());
    }
}

#[test]
fn a_gap_is_filled_before_anything_after_it_is_reported() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.msg(log(10, 0, BOB, "a", 1));
    rig.msg(log(30, 20, BOB, "c", 3));
    assert_eq!(rig.messages(), seen(&[(10, "a")]));
    let r = rig.expect_fetch(10);
    assert_eq!(r.int("max"), Some(30));
    rig.msg(log(40, 30, BOB, "d", 4));
    rig.page(&r, vec![log(20, 10, BOB, "b", 2), log(30, 20, BOB, "c", 3)], true, 40);
    let r = rig.expect_fetch(30);
    rig.page(&r, vec![log(40, 30, BOB, "d", 4)], true, 40);
    assert_eq!(rig.messages(), seen(&[(20, "b"), (30, "c"), (40, "d")]));
    rig.msg(log(50, 40, BOB, "e", 5));
    assert_eq!(rig.messages(), seen(&[(50, "e")]));
    rig.nothing_asked();
}

#[test]
fn a_room_that_was_not_listed_is_fetched_from_its_beginning() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[]);
        let prev_id = era.is_modern().then_some(20);
        rig.msg(crate::proto::command::types::ChatLog { prev_id, ..log(30, 0, BOB, "c", 1) });
        rig.expect_fetch(0);
        assert_eq!(rig.messages(), [], "{era}");
    }
}

#[test]
fn without_history_a_room_begins_at_its_last_message() {
    let mut config = config(Era::E2025);
    config.history = false;
    let mut rig = Rig::with(config, 1);
    rig.log_in(&[(ROOM, 30)]);
    rig.nothing_asked();
    rig.msg(log(40, 30, BOB, "d", 4));
    rig.msg(crate::proto::command::types::ChatLog { chat_id: 8000, ..log(5, 4, BOB, "new", 1) });
    assert_eq!(rig.messages(), seen(&[(40, "d"), (5, "new")]));
    rig.act(Action::Sync { room: ROOM, after: 10 });
    let r = rig.expect_fetch(10);
    rig.page(&r, vec![log(30, 10, BOB, "c", 3), log(40, 30, BOB, "d", 4)], true, 40);
    assert_eq!(rig.messages(), seen(&[(30, "c"), (40, "d")]), "asked for again");
}

#[test]
fn an_earlier_part_that_is_wanted_meanwhile_leaves_no_gap() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 20)]);
    let r = rig.expect_fetch(0);
    rig.page(&r, vec![log(10, 0, BOB, "a", 1)], false, 20);
    let r = rig.expect_fetch(10);
    rig.act(Action::Sync { room: ROOM, after: 0 });
    rig.page(&r, vec![log(20, 10, BOB, "b", 2)], true, 20);
    let r = rig.expect_fetch(0);
    rig.page(&r, vec![log(10, 0, BOB, "a", 1), log(20, 10, BOB, "b", 2)], true, 20);
    assert_eq!(rig.messages(), seen(&[(10, "a"), (10, "a"), (20, "b")]));
}

#[test]
fn a_server_that_never_gets_anywhere_does_not_make_us_ask_for_ever() {
    for era in [Era::E2012, Era::E2025] {
        let mut rig = Rig::logged_on(era, &[(ROOM, 30)]);
        let r = rig.expect_fetch(0);
        rig.page(&r, vec![], false, 30);
        rig.nothing_asked();
        assert!(rig.client.is_settled(), "{era}: what it claimed is not there");
        rig.msg(log(40, 30, BOB, "d", 1));
        rig.expect_fetch(0);
    }
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 30)]);
    let r = rig.expect_fetch(0);
    rig.page(&r, vec![log(5, 0, BOB, "a", 1), log(4, 0, BOB, "x", 2), log(5, 0, BOB, "a", 1)], false, 30);
    let r = rig.expect_fetch(5);
    rig.page(&r, vec![log(5, 0, BOB, "a", 1)], false, 30);
    rig.nothing_asked();
    assert_eq!(rig.messages(), seen(&[(5, "a")]));
}

#[test]
fn at_most_eight_rooms_are_fetched_at_once_and_all_of_them_in_the_end() {
    let rooms: Vec<_> = (1..=20).map(|n| (n, 5)).collect();
    let mut rig = Rig::logged_on(Era::E2019, &rooms);
    let mut fetched = 0;
    while !rig.requests.is_empty() {
        assert!(rig.requests.len() <= 8);
        let r = rig.expect_fetch(0);
        rig.page(&r, vec![log(5, 0, BOB, "a", 1)], true, 5);
        fetched += 1;
    }
    assert_eq!(fetched, 20);
    assert_eq!(rig.messages().len(), 20);
}

#[test]
fn a_room_that_is_gone_is_left_and_any_other_refusal_is_tried_again() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 30)]);
    let r = rig.expect_fetch(0);
    rig.refuse(&r, status::NO_SUCH_ROOM);
    let why = Failure::Status(status::NO_SUCH_ROOM);
    let failed = Event::ActionFailed { method: CommandId::SyncMsg.method(), room: ROOM, why };
    assert_eq!(rig.events(), [failed, Event::Left { room: ROOM }]);
    assert_eq!(rig.client.rooms(), []);

    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 30)]);
    let r = rig.expect_fetch(0);
    rig.refuse(&r, -500);
    let why = Why::Refused(CommandId::SyncMsg.method(), -500);
    assert_eq!(rig.events(), [Event::Disconnected { door: Door::Carriage, why }]);
    rig.finish_login(&[]);
    rig.expect_fetch(0);
}

#[test]
fn the_order_of_a_room_holds_in_2012_where_a_push_says_nothing_of_what_came_before() {
    let mut rig = Rig::logged_on(Era::E2012, &[(ROOM, 0)]);
    let bare = |id, text| crate::proto::command::types::ChatLog { prev_id: None, ..log(id, 0, BOB, text, 0) };
    rig.msg(bare(10, "a"));
    rig.send(1, "mine");
    let w = rig.expect("WRITE");
    // Our message may be 20, and its reply lost: nothing is reported before the room has been read.
    rig.msg(bare(30, "c"));
    let r = rig.expect_fetch(10);
    rig.written(&w, 20, 0);
    rig.page(&r, vec![log(20, 0, ALICE, "mine", 0), log(30, 0, BOB, "c", 0)], true, 30);
    assert_eq!(rig.messages(), seen(&[(10, "a"), (20, "mine"), (30, "c")]));
    rig.nothing_asked();
}

#[test]
fn actions_have_their_events() {
    use crate::proto::command::{chatonroom, leave, notiread, types::Member};
    let mut rig = Rig::logged_on(Era::E2023, &[(ROOM, 0)]);
    rig.act(Action::MarkRead { room: ROOM, log_id: 5 });
    let r = rig.expect("NOTIREAD");
    assert_eq!(r.read::<notiread::Request>().watermark, 5);
    rig.ok(&r);
    assert_eq!(rig.events(), [Event::ReadMark { room: ROOM, user_id: ALICE, watermark: 5 }]);
    assert_eq!(rig.client.watermark(ROOM), Some(5));
    rig.act(Action::Open { room: ROOM });
    let r = rig.expect("CHATONROOM");
    let members = Some(vec![Member { user_id: BOB, nick_name: "Bob", ..Member::default() }]);
    rig.reply(
        &r,
        &chatonroom::Reply {
            chat_id: ROOM,
            kind: "DirectChat",
            members,
            watermark_ids: vec![BOB, ALICE],
            watermarks: vec![9, 3],
            ..chatonroom::Reply::default()
        },
    );
    let opened = Event::RoomOpened {
        room: ROOM,
        kind: "DirectChat".into(),
        members: vec![(BOB, "Bob".into())],
        watermarks: vec![(BOB, 9), (ALICE, 3)],
        last_log_id: 0,
    };
    assert_eq!(rig.events(), [opened]);
    assert_eq!((rig.client.watermark_of(ROOM, BOB), rig.client.watermark(ROOM)), (Some(9), Some(5)));
    rig.act(Action::SetStatus(2));
    let r = rig.expect("SETST");
    rig.ok(&r);
    rig.act(Action::Rooms);
    rig.act(Action::Leave { room: ROOM });
    let r = rig.expect("LEAVE");
    rig.refuse(&r, -500);
    rig.act(Action::Leave { room: ROOM });
    let r = rig.expect("LEAVE");
    rig.reply(&r, &leave::Reply::default());
    let events = rig.events();
    assert_eq!(events[0], Event::StatusSet);
    assert!(matches!(&events[1], Event::Rooms(rooms) if rooms.len() == 1));
    let why = Failure::Status(-500);
    assert_eq!(events[2], Event::ActionFailed { method: CommandId::Leave.method(), room: ROOM, why });
    assert_eq!(events[3], Event::Left { room: ROOM });
    rig.tally_adds_up();
}

#[test]
fn what_cannot_be_asked_is_said_at_once() {
    let mark = Action::MarkRead { room: ROOM, log_id: 1 };
    let failed = |why| Event::ActionFailed { method: CommandId::NotiRead.method(), room: ROOM, why };
    let mut rig = Rig::new(Era::E2025);
    rig.act(mark.clone());
    assert_eq!(rig.events(), [failed(Failure::NotLoggedOn)]);
    let mut rig = Rig::logged_on(Era::E2012, &[]);
    rig.act(mark);
    assert_eq!(rig.events(), [failed(Failure::NotInEra)]);
    let method = CommandId::Ping.method();
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    for ticket in 0..1025 {
        rig.act(Action::Request { ticket, method, body: vec![] });
    }
    rig.act(Action::Request { ticket: 9999, method, body: vec![0; 17 << 20] });
    let over = |ticket| Event::RequestEnded { ticket, how: Failure::OverLimit };
    assert_eq!(rig.events(), [over(1024), over(9999)]);
}
