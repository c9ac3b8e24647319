//! Samples of LOGIN, NCHATLIST, LOGINLIST and LCHATLIST: who comes, and which rooms there are.

use locospec::proto::command::types::{RoomInfo2012, RoomItem};
use locospec::proto::command::{AnyInt, CommandId, Nullable, lchatlist, login, loginlist, nchatlist};

use super::{MODERN, OLD, REPLY, REQUEST, Sample, chat, one, pair};

/// As many characters as the session keys and device ids that were counted in loco-2012 §6.1.
const SESSION_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const DEVICE: &str = "000102030405060708090a0b0c0d0e0f10111213";

pub fn samples() -> Vec<Sample> {
    [login(), nchatlist(), loginlist(), lchatlist()].into_iter().flatten().collect()
}

fn login() -> Vec<Sample> {
    [
        pair(
            (CommandId::Login, REQUEST, OLD, 20),
            login::Request {
                opt: Some(""),
                prt_ver: Some("1.0"),
                app_ver: "3.8.7",
                os: "android",
                lang: Some("ko"),
                s_key: SESSION_KEY,
                duuid: DEVICE,
                ntype: Some(3),
                mccmnc: Nullable(Some("45005")),
            },
            login::Request { app_ver: "4.2.1", os: "android", s_key: SESSION_KEY, duuid: DEVICE, ..Default::default() },
        ),
        one((CommandId::Login, REPLY, OLD, 20), login::Reply { status: 0, user_id: 1 }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn nchatlist() -> Vec<Sample> {
    [
        vec![
            Sample::new(
                (CommandId::NChatList, REQUEST, OLD, 6),
                "two rooms known",
                nchatlist::Request { max_ids: vec![chat::LOG_2012, 0], chat_ids: vec![7000, 7001] },
            ),
            Sample::new((CommandId::NChatList, REQUEST, OLD, 6), "no room known", nchatlist::Request::default()),
        ],
        vec![
            Sample::new(
                (CommandId::NChatList, REPLY, OLD, 6),
                "two rooms",
                nchatlist::Reply {
                    status: 0,
                    chat_infos: vec![
                        RoomInfo2012 {
                            chat_id: 7000,
                            kind: "DirectChat",
                            last_log_id: chat::LOG_2012,
                            last_message: Nullable(Some("test")),
                            updated_at: chat::SENT_2012,
                            unread: 1,
                        },
                        RoomInfo2012 { chat_id: 7001, kind: "MultiChat", ..Default::default() },
                    ],
                },
            ),
            Sample::new((CommandId::NChatList, REPLY, OLD, 6), "no room", nchatlist::Reply::default()),
        ],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn loginlist() -> Vec<Sample> {
    let request = loginlist::Request {
        app_ver: "10.3.3",
        prt_ver: Some("1"),
        os: "android",
        lang: Some("ko"),
        duuid: DEVICE,
        ntype: Some(3),
        mccmnc: Some("45005"),
        revision: Some(27),
        chat_ids: Some(vec![7000, 7001]),
        max_ids: Some(vec![chat::LOG, 0]),
        last_token_id: Some(chat::LOG),
        last_chat_id: Some(7001),
        lbk: Some(0),
        rp: Some(&[1, 0, 0xff, 0xff, 1, 0]),
        bg: Some(false),
        oauth_token: "alice-token",
        dtype: Some(2),
        pcst: Some(1),
        ..Default::default()
    };
    let least = loginlist::Request {
        app_ver: "10.3.3",
        os: "android",
        duuid: DEVICE,
        oauth_token: "alice-token",
        ..Default::default()
    };
    let reply = loginlist::Reply {
        status: 0,
        user_id: 1001,
        revision: 28,
        revision_info: "{}",
        min_log_id: 0,
        sb: 0,
        chat_datas: vec![room_item(), least_room_item()],
        del_chat_ids: vec![7002],
        last_chat_id: 7001,
        last_token_id: chat::LOG,
        mcm_revision: 0,
        kc: vec![],
        ltk: 0,
        lbk: 0,
        eof: true,
        rp: &[0, 0, 0xff, 0xff, 0, 0],
        ..Default::default()
    };
    let nothing_new = loginlist::Reply { chat_datas: vec![], del_chat_ids: vec![], ..reply.clone() };
    let at = (CommandId::LoginList, REPLY, MODERN, 10_003);
    [
        pair((CommandId::LoginList, REQUEST, MODERN, 10_003), request, least),
        vec![Sample::new(at, "two rooms changed, one gone", reply), Sample::new(at, "nothing new", nothing_new)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn lchatlist() -> Vec<Sample> {
    let request = lchatlist::Request {
        last_token_id: chat::LOG,
        last_chat_id: 7001,
        chat_ids: Some(vec![7000]),
        max_ids: Some(vec![chat::LOG]),
        lbk: Some(0),
    };
    let least = lchatlist::Request { last_token_id: chat::LOG, last_chat_id: 7001, ..Default::default() };
    let reply = lchatlist::Reply {
        status: 0,
        chat_datas: vec![room_item()],
        del_chat_ids: vec![7002],
        last_chat_id: 7000,
        last_token_id: chat::LOG,
        mcm_revision: 0,
        kc: vec![],
        ltk: 0,
        lbk: 0,
        eof: false,
    };
    let last_page = lchatlist::Reply { chat_datas: vec![], del_chat_ids: vec![], eof: true, ..reply.clone() };
    let at = (CommandId::LChatList, REPLY, MODERN, 10_004);
    [
        pair((CommandId::LChatList, REQUEST, MODERN, 10_004), request, least),
        vec![Sample::new(at, "one room changed, one gone, more to come", reply), Sample::new(at, "the end", last_page)],
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An open room with everything that a list can say of it.
fn room_item() -> RoomItem<'static> {
    RoomItem {
        chat_id: 7000,
        kind: "OM",
        active_members: 2,
        unread: 1,
        last_seen: Some(chat::LOG - 1),
        last_log_id: chat::LOG,
        last_log: Some(chat::log()),
        icon_ids: Some(vec![1002]),
        icon_names: Some(vec!["bob"]),
        meta_revision: 0,
        updated_at: AnyInt::Int32(chat::SENT),
        joined: Some(0),
        push_alert: true,
        link_id: Some(9000),
        link_token: Some(1),
        ..Default::default()
    }
}

fn least_room_item() -> RoomItem<'static> {
    RoomItem {
        chat_id: 7001,
        kind: "MultiChat",
        active_members: 3,
        updated_at: AnyInt::Int32(chat::SENT),
        push_alert: true,
        ..Default::default()
    }
}
