//! Samples of CWRITE, WRITE, READ, SYNCMSG and MSG: messages.

use locospec::proto::command::types::ChatLog;
use locospec::proto::command::{AnyInt, CommandId, Nullable, cwrite, msg, read, syncmsg, write};

use super::rooms::room_2012;
use super::{MODERN, OLD, PUSH, PUSH_ID, REPLY, REQUEST, Sample, one, pair};

/// 18 digits, as in July 2013.
pub const LOG_2012: i64 = 450_000_000_000_000_002;
pub const SENT_2012: i32 = 1_375_000_000;
pub const LOG: i64 = 3_200_000_000_000_000_002;
pub const SENT: i32 = 1_700_000_000;

pub fn samples() -> Vec<Sample> {
    [cwrite(), write_2012(), write(), read(), syncmsg(), msg()].into_iter().flatten().collect()
}

/// What the reply to WRITE carried in 2013: an int32 `msgId`, a null attachment.
pub fn log_2012() -> ChatLog<'static> {
    ChatLog {
        log_id: LOG_2012,
        chat_id: 1,
        kind: 1,
        author_id: 1,
        message: Some("test"),
        send_at: SENT_2012,
        msg_id: AnyInt::Int32(0),
        ..Default::default()
    }
}

/// A comment in a thread, with everything that a log can say.
pub fn log() -> ChatLog<'static> {
    ChatLog {
        log_id: LOG,
        chat_id: 7000,
        kind: 1,
        author_id: 1001,
        message: Some("안녕"),
        send_at: SENT,
        attachment: Nullable(Some("")),
        msg_id: AnyInt::Int64(1),
        prev_id: Some(LOG - 1),
        supplement: Some("{}"),
        scope: Some(3),
        thread_id: Some(LOG - 1),
        revision: Some(1),
        ..Default::default()
    }
}

fn least_log() -> ChatLog<'static> {
    ChatLog {
        log_id: LOG,
        chat_id: 7000,
        kind: 1,
        author_id: 1001,
        send_at: SENT,
        attachment: Nullable(Some("")),
        ..Default::default()
    }
}

fn cwrite() -> Vec<Sample> {
    [
        pair(
            (CommandId::CWrite, REQUEST, OLD, 6),
            cwrite::Request {
                member_ids: vec![2, 3],
                msg: "test",
                extra: Nullable(Some("{}")),
                push_alert: Some(true),
            },
            cwrite::Request { member_ids: vec![2], msg: "test", ..Default::default() },
        ),
        pair(
            (CommandId::CWrite, REPLY, OLD, 6),
            cwrite::Reply {
                status: 0,
                chat_id: 1,
                log_id: LOG_2012,
                chat_log: Some(log_2012()),
                err_msg: Nullable(Some("")),
                author_nickname: Some("닉"),
                chat_room: Some(room_2012()),
            },
            cwrite::Reply { chat_id: 1, log_id: LOG_2012, ..Default::default() },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write_2012() -> Vec<Sample> {
    let request = write::Request2012 { chat_id: 1, msg: "test", extra: Nullable(Some("{}")), kind: 1 };
    let reply = write::Reply2012 {
        status: 0,
        chat_id: 1,
        log_id: LOG_2012,
        chat_log: Some(log_2012()),
        err_msg: Nullable(None),
        author_nickname: Some("닉"),
    };
    [
        pair(
            (CommandId::Write, REQUEST, OLD, 6),
            request.clone(),
            write::Request2012 { extra: Nullable(None), ..request },
        ),
        pair(
            (CommandId::Write, REPLY, OLD, 6),
            reply.clone(),
            write::Reply2012 { chat_log: None, author_nickname: None, ..reply },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn write() -> Vec<Sample> {
    let reply = write::Reply {
        status: 0,
        msg_id: Some(AnyInt::Int64(1)),
        chat_id: 7000,
        log_id: LOG,
        prev_id: LOG - 1,
        send_at: SENT,
        chat_log: Some(log()),
    };
    [
        pair(
            (CommandId::Write, REQUEST, MODERN, 10_018),
            write::Request {
                chat_id: 7000,
                msg_id: Some(AnyInt::Int64(1)),
                kind: 1,
                no_seen: Some(true),
                msg: Some("안녕"),
                extra: Some("{}"),
                supplement: Some("{}"),
                scope: Some(3),
                thread_id: Some(LOG - 1),
                ..Default::default()
            },
            write::Request { chat_id: 7000, kind: 1, ..Default::default() },
        ),
        pair(
            (CommandId::Write, REPLY, MODERN, 10_018),
            reply.clone(),
            write::Reply { msg_id: None, chat_log: None, ..reply },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn read() -> Vec<Sample> {
    let at = (CommandId::Read, REPLY, OLD, 6);
    [
        one((CommandId::Read, REQUEST, OLD, 6), read::Request { chat_id: 1, since: LOG_2012 - 1 }),
        vec![
            Sample::new(
                at,
                "one message",
                read::Reply { status: 0, chat_room: room_2012(), chat_logs: vec![log_2012()] },
            ),
            Sample::new(at, "nothing new", read::Reply { status: 0, chat_room: room_2012(), chat_logs: vec![] }),
        ],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn syncmsg() -> Vec<Sample> {
    [
        pair(
            (CommandId::SyncMsg, REQUEST, MODERN, 10_019),
            syncmsg::Request { chat_id: 7000, cur: LOG - 1, max: LOG, cnt: Some(1) },
            syncmsg::Request { chat_id: 7000, cur: LOG - 1, max: LOG, cnt: None },
        ),
        pair(
            (CommandId::SyncMsg, REPLY, MODERN, 10_019),
            syncmsg::Reply {
                status: 0,
                is_ok: false,
                chat_logs: Some(vec![log(), least_log()]),
                min_log_id: Some(0),
                last_token_id: LOG,
                link_id: Some(9000),
                ..Default::default()
            },
            syncmsg::Reply { is_ok: true, last_token_id: LOG, ..Default::default() },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn msg() -> Vec<Sample> {
    let old = msg::Push {
        chat_id: 1,
        log_id: LOG_2012,
        chat_log: log_2012(),
        author_nickname: Some("닉"),
        ..Default::default()
    };
    let modern = msg::Push {
        chat_id: 7000,
        log_id: LOG,
        chat_log: log(),
        no_seen: Some(true),
        author_nickname: Some("bob"),
        link_id: Some(9000),
        noti_read: Some(false),
        push_alert: Some(true),
        ..Default::default()
    };
    let least_old = msg::Push { author_nickname: None, ..old.clone() };
    let least = msg::Push { chat_id: 7000, log_id: LOG, chat_log: least_log(), ..Default::default() };
    vec![
        Sample::new((CommandId::Msg, PUSH, OLD, PUSH_ID), "what is known of it", old),
        Sample::new((CommandId::Msg, PUSH, OLD, PUSH_ID), "as few fields as may be", least_old),
        Sample::new((CommandId::Msg, PUSH, MODERN, PUSH_ID), "a full one", modern),
        Sample::new((CommandId::Msg, PUSH, MODERN, PUSH_ID), "as few fields as may be", least),
    ]
}
