//! The local view: what events, pushes and replies teach, and that it stays bounded.

use super::fake::{ALICE, BOB, ROOM, Rig, config};
use super::samples::log;
use crate::proto::client::view::Kept;
use crate::proto::client::{Client, Event, Memory, RoomView, call};
use crate::proto::command::types::{ChatLog, Member, Meta};
use crate::proto::command::{CommandId, chgmeta, deletemsg, delmem, getmem, newmem, syncdlmsg, syncmodmsg, updatechat};
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;

const CAROL: i64 = 1003;

/// Logged on, keeping this many logs of each room.
fn keeping(logs: usize, bytes: usize) -> Rig {
    let mut config = config(Era::E2025);
    (config.keep_logs, config.keep_bytes) = (logs, bytes);
    let mut rig = Rig::with(config, 1);
    rig.log_in(&[(ROOM, 0)]);
    rig
}

fn room(rig: &Rig) -> RoomView<'_> {
    rig.client.view().room(ROOM).expect("it is there")
}

fn texts(rig: &Rig) -> Vec<(i64, &str)> {
    room(rig).logs().map(|l| (l.log_id, l.text.as_str())).collect()
}

fn feed(log_id: i64, prev_id: i64, message: &str) -> ChatLog<'_> {
    ChatLog { kind: 0, ..log(log_id, prev_id, BOB, message, 0) }
}

#[test]
fn recent_logs_are_kept_up_to_the_limits_and_none_by_default() {
    let mut rig = keeping(3, 1 << 20);
    for n in 1..=5 {
        rig.msg(log(n, n - 1, BOB, "x", n));
    }
    assert_eq!(texts(&rig).iter().map(|l| l.0).collect::<Vec<_>>(), [3, 4, 5]);
    let mut rig = keeping(100, 1000);
    let long = "x".repeat(300);
    for n in 1..=5 {
        rig.msg(log(n, n - 1, BOB, &long, n));
    }
    assert_eq!(texts(&rig).len(), 2, "1000 bytes hold two of them");
    rig.msg(log(6, 5, BOB, &"y".repeat(2000), 6));
    assert_eq!(texts(&rig).len(), 0, "and one that is too large is not kept");
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.msg(log(1, 0, BOB, "x", 1));
    assert_eq!(texts(&rig).len(), 0);
}

#[test]
fn edits_and_deletions_are_applied_to_what_is_kept() {
    let mut rig = keeping(10, 1 << 20);
    for n in 1..=3 {
        rig.msg(log(n, n - 1, BOB, "old", n));
    }
    let edited = ChatLog { revision: Some(1), ..log(1, 0, BOB, "new", 1) };
    let of = feed(4, 3, r#"{"feedType":25,"logId":1,"targetRevision":1}"#);
    let push = syncmodmsg::Push { chat_id: ROOM, chat_log: of, modified_chat_log: edited };
    rig.push(CommandId::SyncModMsg, &push);
    let gone = feed(5, 4, r#"{"feedType":14,"logId":2}"#);
    rig.push(CommandId::SyncDlMsg, &syncdlmsg::Push { chat_log: gone, trace_id: None });
    let kept: Vec<&Kept> = room(&rig).logs().filter(|l| l.kind == 1).collect();
    assert_eq!(
        kept.iter().map(|l| (l.text.as_str(), l.deleted, l.revision)).collect::<Vec<_>>(),
        [("new", false, 1), ("", true, 0), ("old", false, 0)]
    );
}

#[test]
fn an_edit_that_was_missed_is_asked_for_once() {
    let mut rig = keeping(10, 1 << 20);
    rig.msg(log(1, 0, BOB, "old", 1));
    rig.msg(feed(2, 1, r#"{"feedType":25,"logId":1,"targetRevision":3}"#));
    assert!(room(&rig).log(1).is_some_and(|l| l.stale && l.text == "old"));
    let r = rig.expect("SYNCMSG");
    assert_eq!((r.int("cur"), r.int("max")), (Some(0), Some(1)));
    rig.page(&r, vec![ChatLog { revision: Some(3), ..log(1, 0, BOB, "new", 1) }], true, 2);
    assert!(room(&rig).log(1).is_some_and(|l| !l.stale && l.text == "new" && l.revision == 3));
    rig.nothing_asked();
    rig.tally_adds_up();
}

#[test]
fn our_own_deletion_is_applied_and_its_feed_reported_in_order() {
    let mut rig = keeping(10, 1 << 20);
    rig.msg(log(1, 0, ALICE, "mine", 1));
    rig.events.clear();
    rig.act(call(9, &deletemsg::Request { chat_id: ROOM, log_id: 1 }));
    let r = rig.expect("DELETEMSG");
    let made = ChatLog { author_id: ALICE, ..feed(2, 1, r#"{"feedType":14,"logId":1}"#) };
    rig.reply(&r, &deletemsg::Reply { status: 0, chat_log: Some(made) });
    let events = rig.events();
    assert!(matches!(&events[0], Event::Reply { ticket: 9, status: 0, .. }), "{events:?}");
    assert!(matches!(&events[1], Event::Message(m) if m.log_id == 2 && m.kind == 0), "{events:?}");
    assert!(room(&rig).log(1).is_some_and(|l| l.deleted && l.text.is_empty()));
}

#[test]
fn people_come_and_go() {
    let mut rig = keeping(10, 1 << 20);
    rig.act(call(1, &getmem::Request { chat_id: ROOM }));
    let r = rig.expect("GETMEM");
    let member = |user_id, nick_name| Member { user_id, nick_name, ..Member::default() };
    rig.reply(&r, &getmem::Reply { status: 0, members: vec![member(ALICE, "A"), member(BOB, "B")], token: 1 });
    assert_eq!(room(&rig).members().collect::<Vec<_>>(), [(ALICE, "A"), (BOB, "B")]);
    let invited = feed(
        1,
        0,
        r#"{"feedType":1,"inviter":{"userId":1002,"nickName":"B"},"members":[{"userId":1003,"nickName":"C"}]}"#,
    );
    rig.push(CommandId::NewMem, &newmem::Push { chat_id: ROOM, chat_log: invited, link_id: Some(77) });
    assert_eq!(room(&rig).members().map(|m| m.0).collect::<Vec<_>>(), [ALICE, BOB, CAROL]);
    assert_eq!(room(&rig).link_id(), Some(77));
    let left = feed(2, 1, r#"{"feedType":2,"member":{"userId":1002,"nickName":"B"}}"#);
    rig.push(CommandId::DelMem, &delmem::Push { chat_id: Some(ROOM), chat_log: left, link_id: None });
    assert_eq!(room(&rig).members().collect::<Vec<_>>(), [(ALICE, "A"), (CAROL, "C")]);
    assert_eq!(rig.client.view().name(BOB), Some("B"), "whoever has left still has a name");
}

#[test]
fn titles_mutes_and_departures_are_seen() {
    let mut rig = keeping(10, 1 << 20);
    let meta = Meta { kind: 3, revision: 1, author_id: BOB, content: "Friday", updated_at: 1 };
    rig.push(CommandId::ChgMeta, &chgmeta::Push { chat_id: ROOM, meta });
    assert_eq!((room(&rig).title(), room(&rig).is_muted()), (Some("Friday"), true));
    for alert in [true, false] {
        rig.act(call(1, &updatechat::Request { chat_id: ROOM, push_alert: alert }));
        let r = rig.expect("UPDATECHAT");
        rig.ok(&r);
        assert_eq!(room(&rig).is_muted(), !alert);
    }
    rig.act(crate::proto::client::Action::Leave { room: ROOM });
    let r = rig.expect("LEAVE");
    rig.reply(&r, &crate::proto::command::leave::Reply { status: 0, last_token_id: Some(1) });
    assert!(room(&rig).has_left());
    assert_eq!((rig.client.view().rooms().count(), rig.client.view().rooms_left().count()), (0, 1));
}

#[test]
fn unread_counts_what_comes_and_what_is_read() {
    let mut rig = keeping(10, 1 << 20);
    rig.msg(log(1, 0, BOB, "a", 1));
    rig.msg(log(2, 1, ALICE, "mine", 2));
    rig.msg(log(3, 2, BOB, "b", 3));
    assert_eq!(room(&rig).unread(), 2);
    let mark = |rig: &mut Rig, log_id| {
        rig.act(crate::proto::client::Action::MarkRead { room: ROOM, log_id });
        let r = rig.expect("NOTIREAD");
        rig.ok(&r);
    };
    mark(&mut rig, 1);
    assert_eq!(room(&rig).unread(), 1);
    mark(&mut rig, 3);
    assert_eq!((room(&rig).unread(), room(&rig).own_mark()), (0, Some(3)));
}

#[test]
fn the_view_survives_a_restart() {
    let mut rig = keeping(10, 1 << 20);
    rig.msg(log(1, 0, BOB, "kept", 1));
    let meta = Meta { kind: 3, revision: 1, author_id: BOB, content: "Friday", updated_at: 1 };
    rig.push(CommandId::ChgMeta, &chgmeta::Push { chat_id: ROOM, meta });
    let memory = Memory::from_bytes(&rig.client.remember().to_bytes()).expect("its own bytes");
    let config = rig.client.config().clone();
    rig.client = Client::resume(config, Entropy::named(1, "x"), memory).expect("its own memory");
    assert_eq!((room(&rig).title(), room(&rig).unread()), (Some("Friday"), 1));
    assert_eq!(texts(&rig), [(1, "kept")]);
}
