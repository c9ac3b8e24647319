//! Bytes and sizes that come from captures: loco-2012 §2.1 and §12, loco-modern §3.2.

use locospec::proto::command::{Body, CommandId, checkin};
use locospec::proto::limits::HEADER_LEN;
use locospec::proto::secure::Era;
use locospec::proto::wire::{Method, encode_packet};

use super::{MODERN, OLD, REPLY, REQUEST, Sample, samples};

const BUY: &str = "010000000000425559000000000000000000640000006400000012757365724964000100000000000000026f73000300\
    0000777000106e747970650003000000026170705665720006000000312e302e3100024d43434d4e4300010000000002636f756e7472794953\
    4f000300000055530008766f6970000000";
const CHECKIN: &str = "112700000000434845434b494e00000000005d0000005d00000012757365724964000100000000000000026f7300080000\
    00616e64726f696400106e747970650003000000026170705665720006000000332e382e370008757365537562000102\
    4d43434d4e43000600000034353030350000";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The packets of all samples of one kind.
fn packets(command: CommandId, direction: &str, eras: &[Era]) -> Vec<(&'static str, Vec<u8>)> {
    let wanted = |s: &Sample| s.command == command && s.direction == direction && s.eras == eras;
    samples().iter().filter(|s| wanted(s)).map(|s| (s.form, s.packet())).collect()
}

/// The packet of the sample called `form`.
fn packet(command: CommandId, direction: &str, eras: &[Era], form: &str) -> Vec<u8> {
    packets(command, direction, eras).into_iter().find(|(f, _)| *f == form).map(|(_, p)| p).unwrap_or_default()
}

#[test]
fn the_captured_requests_are_reproduced_to_the_byte() {
    assert_eq!(hex(&packet(CommandId::Buy, REQUEST, OLD, "a full one")), BUY);
    assert_eq!(hex(&packet(CommandId::CheckIn, REQUEST, OLD, "a full one")), CHECKIN);
}

#[test]
fn the_sizes_of_2012_are_those_of_the_captures() {
    let sizes: [(CommandId, &str, &str, usize); 9] = [
        (CommandId::Buy, REQUEST, "a full one", 100),
        (CommandId::Buy, REPLY, "a full one", 133),
        (CommandId::CheckIn, REQUEST, "a full one", 93),
        (CommandId::CheckIn, REPLY, "a full one", 105),
        (CommandId::Login, REQUEST, "a full one", 234),
        (CommandId::Login, REPLY, "a full one", 33),
        (CommandId::NChatList, REQUEST, "no room known", 32),
        (CommandId::Write, REQUEST, "as few fields as may be", 52),
        (CommandId::Ping, REQUEST, "no body", 0),
    ];
    for (command, direction, form, body_len) in sizes {
        let packet = packet(command, direction, OLD, form);
        assert_eq!(packet.len(), HEADER_LEN + body_len, "{} {direction}", command.method());
    }
}

/// `locoforever` keys and IVs make the first block of every LOGIN with id 20 the same: these 16 plain bytes.
#[test]
fn a_login_of_2012_begins_as_the_captured_one() {
    let packet = packet(CommandId::Login, REQUEST, OLD, "a full one");
    assert_eq!(packet.first_chunk::<16>(), Some(b"\x14\0\0\0\0\0LOGIN\0\0\0\0\0"));
}

#[test]
fn a_checkin_of_android_10_is_99_bytes_as_captured() {
    let body = checkin::Request {
        user_id: Some(1001),
        os: "android",
        ntype: Some(3),
        app_ver: Some("10.3.3"),
        lang: Some("ko"),
        mccmnc: Some("310260"),
        ..Default::default()
    };
    let mut out = Vec::new();
    encode_packet(&mut out, 10_002, Method::constant("CHECKIN"), |w| body.encode(w));
    assert_eq!(out.len(), HEADER_LEN + 99);
}

#[test]
fn what_differs_between_eras_is_what_the_facts_say() {
    for (command, direction) in [(CommandId::Write, REQUEST), (CommandId::Write, REPLY), (CommandId::Ping, REQUEST)] {
        let (old, modern) = (packets(command, direction, OLD), packets(command, direction, MODERN));
        assert!(!old.is_empty() && !modern.is_empty());
        for (form, packet) in &old {
            assert!(modern.iter().all(|(_, p)| p.get(HEADER_LEN..) != packet.get(HEADER_LEN..)), "{form}");
        }
    }
}
