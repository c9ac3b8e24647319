//! The peer: loco-protocol 6.5.0, used as its users use it, with bson 2 and serde; and bson 3 with borrowed texts.

use std::hint::black_box;

use loco_protocol::command::client::{LocoSink, LocoStream};
use loco_protocol::command::{Command, Header, Method};
use loco_protocol::secure::SecurePacket;
use loco_protocol::secure::client::LocoClientSecureLayer;
use serde::{Deserialize, Serialize};

use super::bodies::{ROOMS, loginlist_body, write_request};
use locospec::proto::entropy::Entropy;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Write {
    chat_id: i64,
    msg_id: i64,
    #[serde(rename = "type")]
    kind: i32,
    no_seen: bool,
    msg: String,
}

/// The bytes of the peer's buffer in one piece, and the buffer empty.
fn send(from: &mut std::collections::VecDeque<u8>, to: &mut std::collections::VecDeque<u8>) {
    to.extend(from.make_contiguous().iter());
    from.clear();
}

/// What the peer does for one packet: serde into a Vec, sink, secure layer, back through both, serde out of a slice.
/// Its initialisation vectors come from the same stream as ours.
pub fn roundtrip(text: &'static str) -> Box<dyn FnMut()> {
    let (mut out, mut back) =
        (LocoClientSecureLayer::new(*b"benchbenchbench!"), LocoClientSecureLayer::new(*b"benchbenchbench!"));
    let (mut sink, mut stream) = (LocoSink::new(), LocoStream::new());
    let (mut entropy, mut id) = (Entropy::named(1, "bench"), 0);
    let q = write_request(text);
    let q = Write { chat_id: q.chat_id, msg_id: 1_002, kind: q.kind, no_seen: false, msg: text.to_owned() };
    Box::new(move || {
        id += 1;
        let Ok(data) = bson2::to_vec(black_box(&q)) else { panic!("not encoded") };
        let Some(method) = Method::new("WRITE") else { panic!("no method") };
        sink.send(Command { header: Header { id, status: 0, method, data_type: 0 }, data });
        assert_eq!(sink.write_buffer.len(), 129);
        out.send(SecurePacket { iv: entropy.bytes(), data: &*sink.write_buffer.make_contiguous() });
        sink.write_buffer.clear();
        send(&mut out.write_buffer, &mut back.read_buffer);
        let Some(packet) = back.read() else { panic!("no frame came through") };
        stream.read_buffer.extend(packet.data.iter());
        let Some(command) = stream.read() else { panic!("no packet came through") };
        let q = black_box(bson2::from_slice::<Write>(&command.data));
        assert!(q.is_ok_and(|q| q.msg.len() == text.len()));
    })
}

/// A LOGINLIST reply whose texts are `T`: owned, as the peer's users have them, or borrowed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "decoded, and measured for it")]
struct Reply<T, B> {
    status: i32,
    user_id: i64,
    revision: i32,
    revision_info: T,
    min_log_id: i64,
    sb: i32,
    chat_datas: Vec<Room<T>>,
    del_chat_ids: Vec<i64>,
    last_chat_id: i64,
    last_token_id: i64,
    mcm_revision: i32,
    kc: Vec<i64>,
    ltk: i64,
    lbk: i32,
    eof: bool,
    rp: B,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, and measured for it")]
struct Room<T> {
    c: i64,
    t: T,
    a: i32,
    n: i32,
    s: Option<i64>,
    ll: i64,
    l: Option<Log<T>>,
    i: Option<Vec<i64>>,
    k: Option<Vec<T>>,
    mmr: i64,
    o: i64,
    jn: Option<i32>,
    p: bool,
    li: Option<i64>,
    otk: Option<i32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "decoded, and measured for it")]
struct Log<T> {
    log_id: i64,
    chat_id: i64,
    #[serde(rename = "type")]
    kind: i32,
    author_id: i64,
    message: Option<T>,
    send_at: i32,
    attachment: Option<T>,
    msg_id: i64,
    prev_id: Option<i64>,
    supplement: Option<T>,
    scope: Option<i32>,
    thread_id: Option<i64>,
    revision: Option<i32>,
}

/// What the peer's users do with a body: bson 2 into structs that own their texts.
pub fn loginlist_decode() -> Box<dyn FnMut()> {
    let bytes = loginlist_body();
    Box::new(move || {
        let reply = black_box(bson2::from_slice::<Reply<String, bson2::Binary>>(black_box(&bytes)));
        assert!(reply.is_ok_and(|r| r.chat_datas.len() == ROOMS));
    })
}

/// The best that serde does here: bson 3 into structs that borrow.
pub fn loginlist_decode_borrowed() -> Box<dyn FnMut()> {
    let bytes = loginlist_body();
    Box::new(move || {
        let reply = black_box(bson::deserialize_from_slice::<Reply<&str, bson::Binary>>(black_box(&bytes)));
        assert!(reply.is_ok_and(|r| r.chat_datas.len() == ROOMS));
    })
}
