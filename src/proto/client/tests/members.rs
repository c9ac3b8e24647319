//! Who comes and who goes: logs like any other, rooms that come to be known, rooms that are ours no more.

use super::fake::{BOB, ROOM, Rig};
use super::samples::log;
use crate::proto::client::{Event, Failure};
use crate::proto::command::types::ChatLog;
use crate::proto::command::{CommandId, delmem, feed, left, linkkicked, newmem, syncdlmsg, syncjoin, syncmodmsg};
use crate::proto::secure::Era;

const CAME: &str =
    r#"{"feedType":1,"inviter":{"userId":1002,"nickName":"Bob"},"members":[{"userId":1003,"nickName":"C"}]}"#;
const WENT: &str = r#"{"feedType":2,"member":{"userId":1003,"nickName":"C"}}"#;
const OURS: &str = r#"{"feedType":6,"member":{"userId":1001,"nickName":"A"}}"#;

fn a_feed(log_id: i64, prev_id: i64, text: &str) -> ChatLog<'_> {
    ChatLog { kind: 0, ..log(log_id, prev_id, BOB, text, 0) }
}

fn rooms(rig: &Rig) -> Vec<i64> {
    rig.client.rooms().iter().map(|r| r.room).collect()
}

#[test]
fn feeds_take_their_place_in_the_order_and_nothing_is_fetched() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.msg(log(10, 0, BOB, "a", 1));
    rig.push(CommandId::NewMem, &newmem::Push { chat_id: ROOM, chat_log: a_feed(11, 10, CAME), link_id: None });
    rig.push(CommandId::DelMem, &delmem::Push { chat_id: None, chat_log: a_feed(12, 11, WENT), link_id: None });
    rig.push(CommandId::Feed, &feed::Push { chat_id: ROOM, chat_log: a_feed(13, 12, "{}") });
    rig.push(CommandId::SyncDlMsg, &syncdlmsg::Push { chat_log: a_feed(14, 13, "{}"), trace_id: None });
    let (chat_log, modified_chat_log) = (a_feed(15, 14, "{}"), log(10, 0, BOB, "b", 1));
    rig.push(CommandId::SyncModMsg, &syncmodmsg::Push { chat_id: ROOM, chat_log, modified_chat_log });
    rig.msg(log(16, 15, BOB, "z", 2));
    let events = rig.events();
    let told = events.iter().filter(|e| matches!(e, Event::Pushed { .. })).count();
    let order: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            Event::Message(m) => Some((m.log_id, m.kind)),
            _ => None,
        })
        .collect();
    assert_eq!(order, [(10, 1), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0), (16, 1)]);
    assert_eq!(told, 5);
    rig.nothing_asked();
}

#[test]
fn a_feed_behind_a_gap_waits_for_it() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.push(CommandId::DelMem, &delmem::Push { chat_id: Some(ROOM), chat_log: a_feed(12, 11, WENT), link_id: None });
    assert!(rig.messages().is_empty());
    let r = rig.expect_fetch(0);
    rig.page(&r, vec![log(11, 0, BOB, "a", 1), a_feed(12, 11, WENT)], true, 12);
    assert_eq!(rig.messages().iter().map(|m| m.0).collect::<Vec<_>>(), [11, 12]);
}

#[test]
fn syncjoin_makes_a_room_known_with_its_log_or_without() {
    let mut rig = Rig::logged_on(Era::E2025, &[]);
    rig.push(CommandId::SyncJoin, &syncjoin::Push { chat_id: 7005, chat_log: None });
    assert_eq!(rooms(&rig), [7005]);
    rig.nothing_asked();
    rig.push(CommandId::SyncJoin, &syncjoin::Push { chat_id: ROOM, chat_log: Some(a_feed(5, 0, CAME)) });
    assert_eq!(rooms(&rig), [ROOM, 7005]);
    assert_eq!(rig.messages(), [(5, CAME.to_owned())]);
    rig.msg(log(6, 5, BOB, "a", 1));
    assert_eq!(rig.messages(), [(6, "a".to_owned())]);
    rig.nothing_asked();
}

#[test]
fn a_room_that_is_ours_no_more_is_forgotten() {
    let left = |rig: &mut Rig| rig.push(CommandId::Left, &left::Push { chat_id: ROOM, last_token_id: 0 });
    let delmem = |rig: &mut Rig| {
        let chat_log = a_feed(9, 0, OURS);
        rig.push(CommandId::DelMem, &delmem::Push { chat_id: Some(ROOM), chat_log, link_id: None });
    };
    let kicked = |rig: &mut Rig| {
        let chat_log = a_feed(9, 0, OURS);
        rig.push(CommandId::LinkKicked, &linkkicked::Push { chat_id: ROOM, chat_log });
    };
    let ways: [&dyn Fn(&mut Rig); 3] = [&left, &delmem, &kicked];
    for way in ways {
        let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
        way(&mut rig);
        let events = rig.events();
        assert!(events.iter().any(|e| matches!(e, Event::Left { room: ROOM })), "{events:?}");
        assert!(!events.iter().any(|e| matches!(e, Event::Message(_))));
        assert!(rooms(&rig).is_empty());
        rig.nothing_asked();
    }
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.push(CommandId::DelMem, &delmem::Push { chat_id: Some(ROOM), chat_log: a_feed(9, 0, WENT), link_id: None });
    assert_eq!(rooms(&rig), [ROOM], "somebody else has left");
}

#[test]
fn what_waits_to_be_sent_into_a_room_that_was_left_comes_to_its_end() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "a");
    let w = rig.expect("WRITE");
    rig.send(2, "b");
    rig.push(CommandId::Left, &left::Push { chat_id: ROOM, last_token_id: 0 });
    rig.refuse(&w, -401);
    let w = rig.expect("WRITE");
    rig.refuse(&w, -401);
    let failed: Vec<_> = rig
        .events()
        .iter()
        .filter_map(|e| match e {
            Event::SendFailed { ticket, why: Failure::Status(-401) } => Some(*ticket),
            _ => None,
        })
        .collect();
    assert_eq!(failed, [1, 2]);
}
