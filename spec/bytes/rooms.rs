//! Samples of CHATONROOM, CHATINFO, NOTIREAD, DECUNREAD and LEAVE: rooms, members and read marks.

use locospec::proto::command::types::{DisplayMember, Member, Meta, RoomInfo};
use locospec::proto::command::{AnyInt, CommandId, Nullable, chatinfo, chatonroom, decunread, leave, notiread};

use super::chat::{LOG, LOG_2012, SENT, log, log_2012};
use super::{MODERN, OLD, PUSH, PUSH_ID, REPLY, REQUEST, Sample, one, pair};

pub fn samples() -> Vec<Sample> {
    [chatonroom(), chatinfo(), notiread(), decunread(), leave()].into_iter().flatten().collect()
}

/// A room of 2012, inside READ and CWRITE. Its layout is ours.
pub fn room_2012() -> RoomInfo<'static> {
    RoomInfo {
        chat_id: 1,
        kind: "MultiChat",
        active_members: 3,
        last_log_id: LOG_2012,
        last_seen: LOG_2012,
        last_log: Some(log_2012()),
        display_members: vec![DisplayMember { user_id: 2, nick_name: "닉", ..Default::default() }],
        push_alert: true,
        ..Default::default()
    }
}

/// A room with everything that can be said of it.
fn room() -> RoomInfo<'static> {
    RoomInfo {
        chat_id: 7000,
        kind: "DirectChat",
        active_members: 2,
        unread: 1,
        unread_invalid: Some(false),
        updated_at: Nullable(Some(SENT)),
        last_message: Nullable(Some("안녕")),
        last_log_id: LOG,
        last_seen: LOG - 1,
        last_log: Some(log()),
        metas: Some(vec![Meta { kind: 3, revision: 1, author_id: 1001, content: "title", updated_at: SENT }]),
        display_members: vec![DisplayMember {
            user_id: 1002,
            nick_name: "bob",
            country_iso: Some("KR"),
            profile_image_url: Some(""),
        }],
        push_alert: true,
        left: Some(false),
        joined_at: Some(0),
        inviter_id: Some(1001),
        link_id: Some(9000),
        link_token: Some(1),
        ..Default::default()
    }
}

fn least_room() -> RoomInfo<'static> {
    RoomInfo { chat_id: 7000, kind: "DirectChat", active_members: 2, push_alert: true, ..Default::default() }
}

fn bob() -> Member<'static> {
    Member {
        user_id: 1002,
        account_id: 2,
        nick_name: "bob",
        country_iso: Some("KR"),
        profile_image_url: "",
        full_profile_image_url: "",
        original_profile_image_url: "",
        status_message: "",
        linked_services: "",
        kind: 100,
        suspended: false,
        ut: Some(0),
        ..Default::default()
    }
}

fn chatonroom() -> Vec<Sample> {
    let at = (CommandId::ChatOnRoom, REPLY, MODERN, 10_016);
    let reply = chatonroom::Reply {
        status: 0,
        chat_id: 7000,
        kind: "DirectChat",
        members: Some(vec![bob(), Member { country_iso: None, ut: None, ..bob() }]),
        member_ids: None,
        watermark_ids: vec![1001, 1002],
        watermarks: vec![LOG, LOG - 1],
        last_log_id: LOG,
        updated_at: i64::from(SENT),
        open_token: Some(1),
        f: false,
        ..Default::default()
    };
    let large = chatonroom::Reply {
        kind: "MultiChat",
        members: None,
        member_ids: Some(vec![1001, 1002]),
        open_token: None,
        ..reply.clone()
    };
    [
        pair(
            (CommandId::ChatOnRoom, REQUEST, MODERN, 10_016),
            chatonroom::Request { chat_id: 7000, token: Some(0), opt: Some(AnyInt::Int64(0)), ..Default::default() },
            chatonroom::Request { chat_id: 7000, ..Default::default() },
        ),
        vec![Sample::new(at, "members in full", reply), Sample::new(at, "a large room: ids alone", large)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn chatinfo() -> Vec<Sample> {
    [
        one((CommandId::ChatInfo, REQUEST, MODERN, 4), chatinfo::Request { chat_id: 7000 }),
        pair(
            (CommandId::ChatInfo, REPLY, MODERN, 4),
            chatinfo::Reply { status: 0, chat_info: room(), o: Some(SENT), ..Default::default() },
            chatinfo::Reply { status: 0, chat_info: least_room(), o: None, ..Default::default() },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn notiread() -> Vec<Sample> {
    [
        pair(
            (CommandId::NotiRead, REQUEST, MODERN, 8),
            notiread::Request {
                chat_id: 7000,
                watermark: LOG,
                link_id: Some(9000),
                link_id_alt: Some(9000),
                noti_read: Some(true),
                ..Default::default()
            },
            notiread::Request { chat_id: 7000, watermark: LOG, ..Default::default() },
        ),
        pair(
            (CommandId::NotiRead, REPLY, MODERN, 8),
            notiread::Reply { status: 0, noti_read: Some(true) },
            notiread::Reply::default(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn decunread() -> Vec<Sample> {
    one((CommandId::DecUnread, PUSH, MODERN, PUSH_ID), decunread::Push { chat_id: 7000, user_id: 1002, watermark: LOG })
}

fn leave() -> Vec<Sample> {
    [
        one((CommandId::Leave, REQUEST, OLD, 6), leave::Request { chat_id: 1, ..Default::default() }),
        one((CommandId::Leave, REPLY, OLD, 6), leave::Reply { status: 0, last_token_id: None }),
        pair(
            (CommandId::Leave, REQUEST, MODERN, 9),
            leave::Request { chat_id: 7000, block: Some(false), link_id: Some(9000) },
            leave::Request { chat_id: 7000, ..Default::default() },
        ),
        one((CommandId::Leave, REPLY, MODERN, 9), leave::Reply { status: 0, last_token_id: Some(LOG) }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
