//! Headers, sound and not, and packets that cannot be encoded.

use locospec::proto::limits::{HEADER_LEN, Limits, METHOD_LEN};
use serde_json::{Value, json};

use super::{Made, hex, packet, refuse, told};

/// `{status: 0}` as a body.
const BODY: &[u8] = b"\x11\0\0\0\x10status\0\0\0\0\0\0";
/// The method field begins here.
const METHOD: usize = 6;

pub fn made() -> Vec<Made> {
    vec![sound(), wrong(), cut(), encode()]
}

fn body() -> bson::Document {
    bson::doc! {"status": 0}
}

fn sound() -> Made {
    let mut m = Made::new("headers", "packet", "Headers that are sound, at the edges of their fields.");
    m.proves = &["FRAME-HEADER-1", "FRAME-METHOD-1", "FRAME-METHOD-2", "FRAME-BODYTYPE-1"];
    m.kills = &["method-needs-nul", "big-endian-length"];
    for n in 1..=METHOD_LEN {
        let name = "ABCDEFGHIJK".get(..n).unwrap_or_default();
        m.add(
            format!("method-of-{n}"),
            json!({"hex": hex(&packet(1, name, BODY))}),
            json!({"out": told(1, name, &body())}),
        );
    }
    for name in ["GETLPK2", "NOT_A_CMD", "lower", "0", "~!#$%&()*+"] {
        let id = format!("method-{}", m.vectors.len());
        m.add(id, json!({"hex": hex(&packet(1, name, BODY))}), json!({"out": told(1, name, &body())}));
    }
    for id in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff_u32] {
        let given = json!({"hex": hex(&packet(id, "PING", BODY))});
        m.add(format!("id-{id:x}"), given, json!({"out": told(id, "PING", &body())}));
    }
    for status in [0i16, 1, 255, 256, i16::MAX] {
        let mut bytes = packet(1, "PING", BODY);
        bytes.splice(4..6, status.to_le_bytes());
        let mut out = told(1, "PING", &body());
        out["status"] = json!(status);
        m.add(format!("status-{status}"), json!({"hex": hex(&bytes)}), json!({"out": out}));
    }
    // No body at all is another packet than an empty document: the PING of 2012.
    let none = json!({"id": 9, "method": "PING", "body": null});
    m.add("no-body", json!({"hex": hex(&packet(9, "PING", b""))}), json!({"out": none}));
    let empty = told(9, "PING", &bson::Document::new());
    m.add("empty-body", json!({"hex": hex(&packet(9, "PING", b"\x05\0\0\0\0"))}), json!({"out": empty}));
    m
}

/// A sound packet with this field of its header spoilt.
fn spoilt(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut all = packet(1, "PING", BODY);
    all.splice(at..at + bytes.len(), bytes.iter().copied());
    all
}

fn wrong() -> Made {
    let mut m =
        Made::new("headers-wrong", "decode", "Headers that cannot be, and those of which the facts say nothing.");
    m.proves = &["FRAME-METHOD-1", "FRAME-BODYTYPE-1", "FRAME-BODYLEN-1"];
    m.kills = &["takes-any-method", "takes-any-body-type", "dies-of-bad-method"];
    let methods: [(&str, &[u8; METHOD_LEN]); 22] = [
        ("empty", b"\0\0\0\0\0\0\0\0\0\0\0"),
        ("leading-nul", b"\0PING\0\0\0\0\0\0"),
        ("behind-its-nul", b"PING\0X\0\0\0\0\0"),
        ("at-its-end", b"PING\0\0\0\0\0\0X"),
        ("nul-inside-eleven", b"ABCDE\0GHIJK"),
        ("space-before", b" PING\0\0\0\0\0\0"),
        ("space-inside", b"PI NG\0\0\0\0\0\0"),
        ("space-behind", b"PING \0\0\0\0\0\0"),
        ("spaces-for-nul", b"PING       "),
        ("tab", b"PI\tNG\0\0\0\0\0\0"),
        ("line-feed", b"PING\n\0\0\0\0\0\0"),
        ("control-1", b"\x01PING\0\0\0\0\0\0"),
        ("delete", b"PING\x7f\0\0\0\0\0\0"),
        ("utf-8-of-two", b"P\xc3\xadNG\0\0\0\0\0\0"),
        ("utf-8-of-three", b"\xed\x95\x91\0\0\0\0\0\0\0\0"),
        ("utf-8-of-four", b"\xf0\x9f\x99\x82\0\0\0\0\0\0\0"),
        ("high-byte", b"PING\xff\0\0\0\0\0\0"),
        ("high-bytes", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("continuation-first", b"\x80PING\0\0\0\0\0\0"),
        ("overlong-nul", b"PING\xc0\x80\0\0\0\0\0"),
        ("surrogate", b"\xed\xa0\x80\0\0\0\0\0\0\0\0"),
        ("utf-8-cut-by-its-end", b"ABCDEFGHIJ\xed"),
    ];
    for (name, bytes) in methods {
        m.add(format!("method-{name}"), json!({"hex": hex(&spoilt(METHOD, bytes))}), refuse());
    }
    for kind in [1u8, 2, 7, 9, 15, 16, 127, 128, 254, 255] {
        m.add(format!("body-type-{kind}"), json!({"hex": hex(&spoilt(17, &[kind]))}), refuse());
    }
    let mut eight = told(1, "PING", &body());
    eight["body_type"] = json!(8);
    let disputed = json!({"first_of": [
        {"out": eight, "grade": "pass"},
        {"refuse": true, "grade": "tolerated", "note": "two clients take 8 for BSON, others know 0 alone"},
    ]});
    m.add("body-type-8", json!({"hex": hex(&spoilt(17, &[8]))}), disputed);
    for status in [-1i16, i16::MIN, -203] {
        let (mut signed, mut unsigned) = (told(1, "PING", &body()), told(1, "PING", &body()));
        signed["status"] = json!(status);
        unsigned["status"] = json!(u16::from_le_bytes(status.to_le_bytes()));
        let either = json!({"first_of": [
            {"out": signed, "grade": "pass"},
            {"out": unsigned, "grade": "pass", "note": "sources read the status of a header with and without a sign"},
        ]});
        m.add(format!("status{status}"), json!({"hex": hex(&spoilt(4, &status.to_le_bytes()))}), either);
    }
    let most = Limits::DEFAULT.body_len_max as u32;
    let lens: [(&str, u32); 9] = [
        ("zero-before-a-body", 0),
        ("one-too-few", BODY.len() as u32 - 1),
        ("one-too-many", BODY.len() as u32 + 1),
        ("big-endian", (BODY.len() as u32).swap_bytes()),
        ("at-the-limit", most),
        ("over-the-limit", most + 1),
        ("of-31-bits", i32::MAX as u32),
        ("negative", 1 << 31),
        ("all-ones", u32::MAX),
    ];
    for (name, len) in lens {
        m.add(format!("body-len-{name}"), json!({"hex": hex(&spoilt(18, &len.to_le_bytes()))}), refuse());
    }
    m
}

fn cut() -> Made {
    let mut m = Made::new("headers-cut", "decode", "A packet that ends too early, at each of its bytes, or too late.");
    m.proves = &["FRAME-HEADER-1", "FRAME-BODYLEN-1"];
    let whole = packet(1, "CHATONROOM", BODY);
    for n in 0..whole.len() {
        let part = if n < HEADER_LEN { "header" } else { "body" };
        m.add(format!("{part}-cut-at-{n}"), json!({"hex": hex(whole.get(..n).unwrap_or_default())}), refuse());
    }
    for (name, more) in [("one-byte", &b"\0"[..]), ("a-header", &whole[..HEADER_LEN]), ("a-packet", &whole)] {
        m.add(format!("{name}-behind-it"), json!({"hex": hex(&[&whole, more].concat())}), refuse());
    }
    m
}

fn encode() -> Made {
    let mut m =
        Made::new("encode-wrong", "encode", "Packets that fit no header: an encoder says so and writes nothing.");
    m.proves = &["FRAME-HEADER-1", "FRAME-METHOD-1"];
    m.kills = &["answers-everything"];
    let mut add = |id: &str, field: &str, value: Value| {
        let mut given = json!({"id": 1, "method": "PING", "body": {}});
        given[field] = value;
        m.add(id, given, refuse());
    };
    add("method-empty", "method", json!(""));
    add("method-of-12", "method", json!("ABCDEFGHIJKL"));
    add("method-of-100", "method", json!("A".repeat(100)));
    add("method-of-12-bytes-of-utf-8", "method", json!("가나다라"));
    add("method-not-ascii", "method", json!("핑"));
    add("method-with-space", "method", json!("PI NG"));
    add("method-with-nul-inside", "method", json!("PI\0NG"));
    add("method-with-nul-behind", "method", json!("PING\0"));
    add("method-with-line-feed", "method", json!("PING\n"));
    add("id-negative", "id", json!(-1));
    add("id-of-33-bits", "id", json!(1u64 << 32));
    add("status-of-17-bits", "status", json!(70_000));
    add("body-type-negative", "body_type", json!(-1));
    add("body-type-of-9-bits", "body_type", json!(256));
    m
}
