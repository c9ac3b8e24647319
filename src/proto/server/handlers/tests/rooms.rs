//! Rooms that are special: a memo, a pair of which one blocks the other, and one with somebody of 2012 in it.

use super::{ALICE, BOB, HALL, MEMO, Outcome, PAIR, Rig, body, said};
use crate::proto::command::field::{Body, Nullable};
use crate::proto::command::{CommandId, cwrite, deletemsg, forward, modifymsg, read, write};
use crate::proto::secure::Era;
use crate::proto::server::store::{RoomKind, Shelf};

#[test]
fn in_a_memo_deleting_succeeds_and_does_nothing() -> Outcome {
    let mut rig = Rig::new();
    let log_id = rig.write(ALICE, MEMO, "milk")?;
    let answer = rig.ask(ALICE, &deletemsg::Request { chat_id: MEMO, log_id }).map_err(said)?;
    assert!(answer.effects.is_empty() && answer.pushes.is_empty());
    assert_eq!(deletemsg::Reply::decode(body(&answer.body)?, &mut 0)?, deletemsg::Reply::default());
    Ok(())
}

#[test]
fn who_is_blocked_writes_no_more_to_the_one_who_blocks_him() -> Outcome {
    let mut rig = Rig::new();
    let text = |chat_id| write::Request { chat_id, kind: 1, msg: Some("hello?"), ..Default::default() };
    rig.write(BOB, PAIR, "before")?;
    rig.store.shelves.insert((Shelf::Blocks, ALICE, BOB), vec![5, 0, 0, 0, 0]);
    assert_eq!(rig.refused(BOB, &text(PAIR)), Some(-814));
    let same = forward::Request { chat_id: PAIR, kind: 1, msg: Some("hello?"), ..Default::default() };
    assert_eq!(rig.refused(BOB, &same), Some(-814));
    assert!(rig.ask(BOB, &text(HALL)).is_ok(), "a group is everybody's");
    assert!(rig.ask(ALICE, &text(PAIR)).is_ok(), "who blocks may write");
    rig.era = Era::E2012;
    let first = cwrite::Request { member_ids: vec![ALICE], msg: "hi", extra: Nullable(None), push_alert: None };
    assert_eq!(rig.refused(BOB, &first), Some(-814), "the room is there");
    rig.store.rooms.remove(&PAIR);
    assert_eq!(rig.refused(BOB, &first), Some(-402), "no room is made");
    assert!(rig.store.rooms.values().all(|r| r.kind != RoomKind::Direct));
    rig.store.shelves.clear();
    assert!(rig.ask(BOB, &first).is_ok());
    Ok(())
}

#[test]
fn a_member_of_2012_reads_what_became_of_a_message_and_hears_no_word_that_he_does_not_know() -> Outcome {
    let mut rig = Rig::new();
    let (gone, changed) = (rig.write(ALICE, HALL, "secret")?, rig.write(ALICE, HALL, "tpyo")?);
    let answer = rig.ask(ALICE, &deletemsg::Request { chat_id: HALL, log_id: gone }).map_err(said)?;
    let edit = modifymsg::Request { chat_id: HALL, log_id: changed, msg: "typo", ..Default::default() };
    let edited = rig.ask(ALICE, &edit).map_err(said)?;
    let pushes: Vec<(CommandId, bool)> =
        answer.pushes.iter().chain(&edited.pushes).map(|p| (p.command, p.eras.contains(&Era::E2012))).collect();
    let told = [(CommandId::SyncDlMsg, false), (CommandId::Msg, true), (CommandId::SyncModMsg, false)];
    assert_eq!(pushes, [told.as_slice(), &[(CommandId::Msg, true)]].concat());
    rig.era = Era::E2012;
    let answer = rig.ask(BOB, &read::Request { chat_id: HALL, since: 0 }).map_err(said)?;
    let reply = read::Reply::decode(body(&answer.body)?, &mut 0)?;
    let seen: Vec<(i32, Option<&str>)> = reply.chat_logs.iter().map(|l| (l.kind, l.message)).collect();
    assert_eq!(seen.first(), Some(&(0x4001, Some(""))));
    assert_eq!(seen.get(1), Some(&(1, Some("typo"))));
    assert_eq!(reply.chat_room.unread, 2, "feeds are nothing to read");
    Ok(())
}
