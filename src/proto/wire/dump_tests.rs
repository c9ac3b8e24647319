//! Dumps of sound, wrong and arbitrary bytes.

use proptest::prelude::*;

use super::super::{Method, encode_packet};
use super::*;

fn ping() -> Vec<u8> {
    let mut out = Vec::new();
    encode_packet(&mut out, 9, Method::constant("PING"), |w| w.int32("status", 0));
    out
}

fn deep(levels: usize) -> Vec<u8> {
    let mut doc = vec![5, 0, 0, 0, 0];
    for _ in 0..levels {
        let len = i32::try_from(doc.len() + 8).unwrap_or(i32::MAX);
        let mut outer = len.to_le_bytes().to_vec();
        outer.extend_from_slice(b"\x03d\0");
        outer.append(&mut doc);
        outer.push(0);
        doc = outer;
    }
    doc
}

/// The bytes that the hex of a dump shows, in their order, and whether each offset is right.
fn shown_bytes(dump: &str) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for line in dump.lines().filter(|l| !l.starts_with("!!")) {
        let (at, rest) = line.split_once("  ")?;
        if usize::from_str_radix(at, 16).ok()? != all.len() {
            return None;
        }
        let hex: String = rest.chars().take(ROW_LEN * 3).collect();
        for byte in hex.split_whitespace() {
            all.push(u8::from_str_radix(byte, 16).ok()?);
        }
    }
    Some(all)
}

#[test]
fn a_packet_has_a_line_for_each_field() {
    assert_eq!(
        dump_packet(&ping()),
        "\
0000  09 00 00 00                                      packet id 9
0004  00 00                                            status 0
0006  50 49 4e 47 00 00 00 00 00 00 00                 method PING
0011  00                                               body type 0 (BSON)
0012  11 00 00 00                                      body length 17
0016  11 00 00 00                                      { 17 bytes
001a  10 73 74 61 74 75 73 00                            int32 status
0022  00 00 00 00                                          = 0
0026  00                                               }
"
    );
}

#[test]
fn a_packet_without_a_body_is_its_header() {
    let bytes = Header { id: 9, status: 0, method: Method::constant("PING"), body_type: 0, body_len: 0 }.encode();
    let dump = dump_packet(&bytes);
    assert!(dump.ends_with("body length 0\n"), "{dump}");
    assert!(!dump.contains("!!"), "{dump}");
}

#[test]
fn what_is_wrong_is_said_and_the_rest_is_hex() {
    let cases: [(&str, usize, u8, &str); 6] = [
        ("method", 6, 0xff, "!! method: not printable ASCII, at byte 6\n0016  11 00"),
        ("body type", 17, 1, "!! header: unknown body type, at byte 17\n0016  11 00"),
        ("limit", 21, 0xff, "!! header: body length is over the limit, at byte 18\n0016  11 00"),
        ("length", 22, 0x12, "!! bson: a length runs past its end, at byte 0 of the document (0016)\n0016  12 00"),
        ("type", 26, 0x20, "!! bson: unknown element type, at byte 4 of the document (001a)\n001a  20 73"),
        ("no NUL", 38, 1, "!! bson: no closing NUL, at byte 16 of the document (0026)\n0026  01\n"),
    ];
    for (what, at, byte, want) in cases {
        let mut bytes = ping();
        bytes[at] = byte;
        let dump = dump_packet(&bytes);
        assert!(dump.contains(want), "{what}:\n{dump}");
    }
    let mut bytes = ping();
    bytes.extend_from_slice(&[1, 2]);
    assert!(dump_packet(&bytes).ends_with("!! 2 bytes after the packet\n0027  01 02\n"));
}

#[test]
fn every_prefix_says_that_it_is_one() {
    let bytes = ping();
    for n in 0..bytes.len() {
        let dump = dump_packet(&bytes[..n]);
        let part = if n < HEADER_LEN { "!! the header ends after" } else { "!! the body ends after" };
        assert!(dump.contains(part), "{n} bytes:\n{dump}");
        assert_eq!(shown_bytes(&dump).as_deref(), Some(&bytes[..n]), "{n} bytes:\n{dump}");
    }
}

#[test]
fn a_text_cannot_break_the_line() {
    let mut out = Vec::new();
    encode_packet(&mut out, 1, Method::constant("WRITE"), |w| w.string("m\u{1b}", &"a\n\u{202e}\"".repeat(40)));
    let dump = dump_packet(&out);
    assert!(dump.contains(r#"string m\u{1b}"#) && dump.contains(r#"= "a\n\u{202e}\"a"#), "{dump}");
    assert!(dump.contains("…\" (240 bytes)"), "{dump}");
    assert!(!dump.contains('\u{1b}') && !dump.contains('\u{202e}'));
}

#[test]
fn depth_is_bounded_and_said() {
    assert!(!dump_document(&deep(63)).contains("!!"));
    let dump = dump_document(&deep(3000));
    assert!(dump.contains("!! bson: nested deeper than the limit"), "{dump}");
    assert!(dump.len() < 24_000 * 5, "{} bytes", dump.len());
    // The outermost document has no NUL, so nothing within has been judged when it is shown.
    let mut bytes = deep(3000);
    if let Some(last) = bytes.last_mut() {
        *last = 1;
    }
    let dump = dump_document(&bytes);
    assert!(dump.contains("!! bson: no closing NUL"), "{dump}");
    assert_eq!(shown_bytes(&dump), Some(bytes));
}

proptest! {
    #[test]
    fn any_bytes_are_shown_whole_and_in_order(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for dump in [dump_packet(&bytes), dump_document(&bytes), dump_bytes(&bytes)] {
            prop_assert_eq!(shown_bytes(&dump), Some(bytes.clone()), "{}", dump);
        }
    }

    #[test]
    fn a_dump_complains_exactly_when_the_packet_is_not_sound(
        at in any::<prop::sample::Index>(), byte: u8, text in ".{0,9}", n: i64,
    ) {
        let mut bytes = Vec::new();
        encode_packet(&mut bytes, 1, Method::constant("WRITE"), |w| {
            w.int64("chatId", n);
            w.document("chatLog", |w| w.string("message", &text));
            w.array("ids", |w| w.int64("0", n));
        });
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let sound = match Header::decode(&bytes, &Limits::DEFAULT) {
            Ok(Some(h)) => bytes.len() == HEADER_LEN + h.body_len as usize
                && (h.body_len == 0 || scan(&bytes[HEADER_LEN..], &Limits::DEFAULT).is_ok()),
            _ => false,
        };
        let dump = dump_packet(&bytes);
        prop_assert_eq!(!dump.lines().any(|l| l.starts_with("!!")), sound, "{}", dump);
        prop_assert_eq!(shown_bytes(&dump), Some(bytes), "{}", dump);
    }
}
