//! The two bodies that are measured: a WRITE in a packet of 129 bytes, and a LOGINLIST reply of 200 rooms.

use locospec::proto::command::field::{AnyInt, Body, Nullable};
use locospec::proto::command::types::{ChatLog, RoomItem};
use locospec::proto::command::{loginlist, write};
use locospec::proto::wire::{Method, Writer};

/// Rooms in the list.
pub const ROOMS: usize = 200;
/// A text of 42 bytes, which makes a packet of 129.
pub const ASCII: &str = "I will be there in five minutes, wait for.";
/// As many bytes of Hangul: what most messages are.
pub const HANGUL: &str = "지금 가고 있어요 곧 도착해요..";
/// The method of both request and reply.
pub const WRITE: Method = Method::constant("WRITE");

const _: () = assert!(ASCII.len() == 42 && HANGUL.len() == 42);

/// The WRITE that is measured.
pub fn write_request(text: &str) -> write::Request<'_> {
    write::Request {
        chat_id: 386_000_000_007_000,
        msg_id: Some(AnyInt::Int64(1_002)),
        kind: 1,
        no_seen: Some(false),
        msg: Some(text),
        ..Default::default()
    }
}

/// The body of a LOGINLIST reply: 200 rooms, each with four icon members and its last chat log, about 88 KB.
pub fn loginlist_body() -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::begin(&mut out);
    loginlist_reply().encode(&mut w);
    w.end();
    assert!((87_000..89_000).contains(&out.len()), "{} bytes", out.len());
    out
}

/// That reply.
pub fn loginlist_reply() -> loginlist::Reply<'static> {
    loginlist::Reply {
        status: 0,
        user_id: 1_001,
        revision: 12_345,
        revision_info: "{}",
        chat_datas: (0..ROOMS as i64).map(room).collect(),
        last_chat_id: 386_000_000_000_199,
        last_token_id: 3_200_000_000_000_000_000,
        eof: true,
        rp: &[0, 0, 0xff, 0xff, 0, 0],
        ..Default::default()
    }
}

fn room(i: i64) -> RoomItem<'static> {
    let (chat_id, log_id) = (386_000_000_000_000 + i, 3_200_000_000_000_000_000 + i);
    RoomItem {
        chat_id,
        kind: if i % 3 == 0 { "DirectChat" } else { "MultiChat" },
        active_members: 5,
        unread: (i % 7) as i32,
        last_seen: Some(log_id - 3),
        last_log_id: log_id,
        last_log: Some(ChatLog {
            log_id,
            chat_id,
            kind: 1,
            author_id: 100_000_000 + i,
            message: Some(if i % 2 == 0 { ASCII } else { HANGUL }),
            send_at: 1_700_000_000,
            attachment: Nullable(Some("{\"urls\":[]}")),
            msg_id: AnyInt::Int64(i),
            prev_id: Some(log_id - 1),
            supplement: Some(""),
            scope: Some(1),
            ..Default::default()
        }),
        icon_ids: Some(vec![100_000_001, 100_000_002, 100_000_003, 100_000_004]),
        icon_names: Some(vec!["Alice", "밥", "Carol", "데이브"]),
        meta_revision: 41,
        updated_at: AnyInt::Int64(1_700_000_000),
        push_alert: true,
        ..Default::default()
    }
}
