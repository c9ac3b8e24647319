//! Open rooms: hiding, events, likes of a link.

use super::{ALICE, BOB, CAROL, HALL, LINK, OPEN, Outcome, PAIR, Rig, body, said};
use crate::proto::command::field::Body;
use crate::proto::command::{CommandId, getmsgs, react, reactcnt, relayevent, rewrite, rewrites, syncevent, syncrewr};

fn hide(link_id: i64, chat_id: i64, log_id: i64) -> rewrite::Request<'static> {
    rewrite::Request { link_id, chat_id, log_id, kind: Some(1), ..Default::default() }
}

fn text_of(rig: &mut Rig, log_id: i64) -> Result<String, Box<dyn std::error::Error>> {
    let answer = rig.ask(BOB, &getmsgs::Request { chat_ids: vec![OPEN], log_ids: vec![log_id] }).map_err(said)?;
    let reply = getmsgs::Reply::decode(body(&answer.body)?, &mut 0)?;
    Ok(reply.chat_logs.first().and_then(|l| l.message).unwrap_or("none").to_owned())
}

#[test]
fn the_host_hides_a_message_and_nobody_else_does() -> Outcome {
    let mut rig = Rig::new();
    rig.person(ALICE, 1);
    rig.person(BOB, 2);
    let log = rig.write(CAROL, OPEN, "rude")?;
    assert_eq!(rig.refused(BOB, &hide(LINK, OPEN, log)), Some(-500), "a member");
    assert_eq!(rig.refused(CAROL, &hide(LINK, OPEN, log)), Some(-500), "the author");
    assert_eq!(rig.refused(ALICE, &hide(LINK + 1, OPEN, log)), Some(-203), "another link");
    assert_eq!(rig.refused(ALICE, &hide(LINK, OPEN, log + 1)), Some(-203), "no such message");
    assert_eq!(rig.refused(ALICE, &hide(LINK, HALL, log)), Some(-500), "no open room");
    assert_eq!(text_of(&mut rig, log)?, "rude");
    let answer = rig.ask(ALICE, &hide(LINK, OPEN, log)).map_err(said)?;
    let [push, old] = answer.pushes.as_slice() else { return Err("one push, and one for 2012".into()) };
    assert_eq!((old.command, old.to.as_slice()), (CommandId::Msg, push.to.as_slice()));
    assert_eq!((push.command, push.to.as_slice()), (CommandId::SyncRewr, &[ALICE, BOB, CAROL][..]));
    let said_so = syncrewr::Push::decode(body(&push.body)?, &mut 0)?.chat_log;
    let feed = format!(r#"{{"feedType":13,"member":{{"userId":1003,"nickName":"carol"}},"logId":{log},"type":1}}"#);
    assert_eq!((said_so.kind, said_so.message, said_so.prev_id), (0, Some(feed.as_str()), Some(log)));
    assert_eq!(text_of(&mut rig, log)?, "");
    assert_eq!(rig.refused(ALICE, &hide(LINK, OPEN, log)), Some(-211), "hidden already");
    assert_eq!(rig.refused(ALICE, &hide(LINK, OPEN, said_so.log_id)), Some(-210), "a feed");
    rig.person(BOB, 4);
    let log = rig.write(CAROL, OPEN, "again")?;
    assert!(rig.ask(BOB, &hide(LINK, OPEN, log)).is_ok(), "a manager may");
    Ok(())
}

#[test]
fn many_are_hidden_together_or_none_is() -> Outcome {
    let mut rig = Rig::new();
    rig.person(ALICE, 1);
    let (a, b) = (rig.write(CAROL, OPEN, "one")?, rig.write(BOB, OPEN, "two")?);
    let many = |infos| rewrites::Request { link_id: LINK, chat_id: OPEN, chat_log_infos: infos };
    let both = format!(r#"[{{"logId":{b},"type":1}},{{"logId":{a},"type":1}}]"#);
    let wrong = format!(r#"[{{"logId":{a},"type":1}},{{"logId":{},"type":1}}]"#, b + 1);
    assert_eq!(rig.refused(BOB, &many(&both)), Some(-500));
    for bad in [wrong.as_str(), "[]", "", "{}"] {
        assert_eq!(rig.refused(ALICE, &many(bad)), Some(-203), "{bad}");
    }
    assert_eq!(text_of(&mut rig, a)?, "one");
    let answer = rig.ask(ALICE, &many(&both)).map_err(said)?;
    let reply = rewrites::Reply::decode(body(&answer.body)?, &mut 0)?;
    let feed = format!(r#"{{"feedType":26,"logIds":[{a},{b}]}}"#);
    assert_eq!(reply.chat_log.and_then(|l| l.message), Some(feed.as_str()));
    assert_eq!((text_of(&mut rig, a)?, text_of(&mut rig, b)?), (String::new(), String::new()));
    Ok(())
}

#[test]
fn a_shout_reaches_the_open_room_and_no_other() -> Outcome {
    let mut rig = Rig::new();
    let log = rig.write(BOB, OPEN, "all of you")?;
    let other = rig.write(BOB, PAIR, "you")?;
    let event = |link_id, chat_id, event_type, log_id| relayevent::Request {
        link_id,
        chat_id,
        event_type,
        ec: Some(3),
        log_id,
        kind: Some(1),
    };
    let wrong = [
        event(0, PAIR, 1, other),
        event(LINK + 1, OPEN, 1, log),
        event(LINK, OPEN, 2, log),
        event(LINK, OPEN, 1, log + 1),
    ];
    for q in wrong {
        assert_eq!(rig.refused(BOB, &q), Some(-203), "{q:?}");
    }
    let answer = rig.ask(BOB, &event(LINK, OPEN, 1, log)).map_err(said)?;
    let [push] = answer.pushes.as_slice() else { return Err("one push".into()) };
    assert_eq!((push.command, push.to.len()), (CommandId::SyncEvent, 3));
    let heard = syncevent::Push::decode(body(&push.body)?, &mut 0)?;
    assert_eq!((heard.link_id, heard.chat_id, heard.author_id, heard.ec), (LINK, OPEN, BOB, Some(3)));
    Ok(())
}

#[test]
fn a_link_is_liked_once_by_each() -> Outcome {
    let mut rig = Rig::new();
    let like = |reaction| react::Request { link_id: LINK, reaction, adid: None };
    let nowhere = react::Request { link_id: LINK + 1, reaction: 1, adid: None };
    assert_eq!(rig.refused(ALICE, &nowhere), Some(-324), "no such link, and no such message");
    assert_eq!(rig.refused(ALICE, &reactcnt::Request { link_id: LINK + 1 }), Some(-324));
    assert_eq!(rig.refused(ALICE, &like(2)), Some(-203), "that is for messages");
    let steps = [(ALICE, 1, 1, 1), (ALICE, 1, 1, 1), (BOB, 1, 1, 2), (ALICE, 0, 0, 1), (ALICE, 0, 0, 1)];
    for (user, reaction, own, all) in steps {
        rig.ask(user, &like(reaction)).map_err(said)?;
        let answer = rig.ask(user, &reactcnt::Request { link_id: LINK }).map_err(said)?;
        let reply = reactcnt::Reply::decode(body(&answer.body)?, &mut 0)?;
        assert_eq!((reply.reaction, reply.reaction_count), (own, all));
    }
    Ok(())
}
