//! BSON, sound and not. A body that is none is refused; what is legal and never used by LOCO may be.

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc, oid::ObjectId};
use serde_json::{Value, json};

use super::{Made, hex, packet, refuse, told};

pub fn made() -> Vec<Made> {
    vec![values(), rare(), lengths(), cut(), texts(), tags(), nested()]
}

/// The whole of a packet around this body, and a body from its elements.
fn given(body: &[u8]) -> Value {
    json!({"hex": hex(&packet(1, "WRITE", body))})
}

fn of(elements: &[u8]) -> Vec<u8> {
    let len = elements.len() as i32 + 5;
    [&len.to_le_bytes()[..], elements, &[0]].concat()
}

fn bytes(doc: &Document) -> Vec<u8> {
    match doc.to_vec() {
        Ok(bytes) => bytes,
        Err(e) => panic!("{e}"),
    }
}

const DOUBLES: [(&str, f64); 11] = [
    ("zero", 0.0),
    ("minus-zero", -0.0),
    ("half", 0.5),
    ("whole", 3.0),
    ("tenth", 0.1),
    ("time", 1_767_225_600.25),
    ("greatest", f64::MAX),
    ("least-normal", f64::MIN_POSITIVE),
    ("infinity", f64::INFINITY),
    ("minus-infinity", f64::NEG_INFINITY),
    ("nan", f64::NAN),
];

fn values() -> Made {
    let mut m = Made::new("bodies", "packet", "Values at the edges of the types that LOCO uses, decoded and encoded.");
    m.proves = &["FRAME-BODYLEN-2", "FRAME-INT64-1", "FRAME-UNKNOWN-1"];
    m.kills = &["loses-integer-width"];
    let mut add = |id: String, value: Bson| {
        let doc = doc! {"chatId": 7000_i64, "x": value, "last": true};
        m.add(id, given(&bytes(&doc)), json!({"out": told(1, "WRITE", &doc)}));
    };
    for n in [0, 1, -1, 127, 128, 255, 256, i32::MAX, i32::MIN] {
        add(format!("int32_{n}"), Bson::Int32(n));
    }
    let longs = [0, 1, -1, 1 << 31, -(1 << 31) - 1, 1 << 32, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN];
    for n in longs {
        add(format!("int64_{n}"), Bson::Int64(n));
    }
    for (name, x) in DOUBLES {
        add(format!("double-{name}"), Bson::Double(x));
    }
    let texts = [
        ("empty", String::new()),
        ("one", "a".into()),
        ("korean", "안녕하세요, 카카오".into()),
        ("emoji", "🙂👨‍👩‍👧".into()),
        ("four-bytes", "\u{10FFFF}".into()),
        ("quotes", "\"\\/\u{8}\u{c}\n\r\t".into()),
        ("json", "{\"urls\":[\"a\",\"b\"],\"n\":9007199254740993}".into()),
        ("long", "긴 글 ".repeat(300)),
        ("combining", "e\u{301}".into()),
    ];
    for (name, text) in texts {
        add(format!("string-{name}"), Bson::String(text));
    }
    for (name, subtype, len) in [
        ("empty", BinarySubtype::Generic, 0u8),
        ("one", BinarySubtype::Generic, 1),
        ("many", BinarySubtype::Generic, 200),
        ("md5", BinarySubtype::Md5, 16),
        ("own", BinarySubtype::UserDefined(0x80), 3),
    ] {
        add(format!("binary-{name}"), Bson::Binary(Binary { subtype, bytes: (0..len).collect() }));
    }
    add("bool-true".into(), Bson::Boolean(true));
    add("bool-false".into(), Bson::Boolean(false));
    add("null".into(), Bson::Null);
    add("document-empty".into(), Bson::Document(Document::new()));
    add("document".into(), Bson::Document(doc! {"a": 1, "b": {"c": [1, 2_i64, "three"]}}));
    add("array-empty".into(), Bson::Array(vec![]));
    add(
        "array-mixed".into(),
        Bson::Array(vec![1.into(), 2_i64.into(), "a".into(), Bson::Null, true.into(), 0.5.into()]),
    );
    add("array-of-eleven".into(), Bson::Array((0..11).map(Bson::Int32).collect()));
    add("array-of-documents".into(), Bson::Array(vec![doc! {"c": 1_i64}.into(), Document::new().into()]));
    let long = "n".repeat(300);
    for name in ["", "a", "한글", "with space", "0", &long, "a.b"] {
        let doc = doc! {name: 1};
        let id = format!("name-{}", m.vectors.len());
        m.add(id, given(&bytes(&doc)), json!({"out": told(1, "WRITE", &doc)}));
    }
    let many: Document = (0..300).map(|n| (format!("f{n}"), Bson::Int32(n))).collect();
    m.add("many-fields", given(&bytes(&many)), json!({"out": told(1, "WRITE", &many)}));
    m
}

/// Types that BSON has and LOCO never uses: as they are, or refused.
fn rare() -> Made {
    let mut m = Made::new("bodies-rare", "decode", "What BSON has and LOCO never uses.");
    m.proves = &["FRAME-BODY-1"];
    let mut add = |id: &str, value: Bson| {
        let doc = doc! {"x": value};
        let told = json!({"first_of": [
            {"out": told(1, "WRITE", &doc), "grade": "pass"},
            {"refuse": true, "grade": "tolerated", "note": "no packet of LOCO has this type"},
        ]});
        m.add(id, given(&bytes(&doc)), told);
    };
    add("date", Bson::DateTime(bson::DateTime::from_millis(1_767_225_600_123)));
    add("date-before-1970", Bson::DateTime(bson::DateTime::from_millis(-1)));
    add("object-id", Bson::ObjectId(ObjectId::from_bytes([7; 12])));
    add("timestamp", Bson::Timestamp(bson::Timestamp { time: 7, increment: 1 }));
    add("min-key", Bson::MinKey);
    add("max-key", Bson::MaxKey);
    let any = |note: &str| json!({"first_of": [{"anything": true, "grade": "tolerated", "note": note}]});
    let deprecated = "deprecated in BSON, and never in LOCO: anything but a crash";
    m.add("undefined", given(&of(b"\x06x\0")), any(deprecated));
    m.add("symbol", given(&of(b"\x0ex\0\x02\0\0\0a\0")), any(deprecated));
    m.add("code", given(&of(b"\x0dx\0\x02\0\0\0a\0")), any(deprecated));
    m.add("db-pointer", given(&of(b"\x0cx\0\x02\0\0\0a\0abcdefghijkl")), any(deprecated));
    m.add("code-with-scope", given(&of(b"\x0fx\0\x0f\0\0\0\x02\0\0\0a\0\x05\0\0\0\0")), any(deprecated));
    m.add("regex", given(&of(b"\x0bx\0a.b\0i\0")), any("never in LOCO: anything but a crash"));
    m.add("binary-old", given(&of(b"\x05x\0\x06\0\0\0\x02\x02\0\0\0ab")), any(deprecated));
    let twice = of(b"\x10x\0\x01\0\0\0\x10x\0\x02\0\0\0");
    m.add("name-twice", given(&twice), any("which of two fields of one name counts is said nowhere"));
    m.add(
        "array-names",
        given(&of(b"\x04x\0\x0c\0\0\0\x10a\0\x01\0\0\0\0")),
        any("an array whose names are no numbers"),
    );
    m.add("string-with-nul", given(&of(b"\x02x\0\x04\0\0\0a\0b\0")), any("a text with a NUL inside is legal BSON"));
    m
}

/// The body whose lengths are spoilt: a text, a nested document, an array, a binary; and where their lengths are.
fn sample() -> (Vec<u8>, Vec<(&'static str, usize)>) {
    let doc = doc! {
        "msg": "hello",
        "sub": {"a": 1},
        "list": [1, 2],
        "bin": Binary { subtype: BinarySubtype::Generic, bytes: vec![0x20, 0x21, 0x22] },
        "n": 7_i64,
    };
    let body = bytes(&doc);
    let behind = |name: &[u8]| body.windows(name.len()).position(|w| w == name).map_or(0, |at| at + name.len());
    let places = vec![
        ("document", 0),
        ("string", behind(b"\x02msg\0")),
        ("nested", behind(b"\x03sub\0")),
        ("array", behind(b"\x04list\0")),
        ("binary", behind(b"\x05bin\0")),
    ];
    (body, places)
}

fn lengths() -> Made {
    let mut m = Made::new("bodies-lengths", "decode", "Bodies one length of which lies.");
    m.proves = &["FRAME-BODYLEN-2", "FRAME-BODY-1"];
    m.kills = &["ignores-trailing-bytes"];
    let (body, places) = sample();
    for (what, at) in places {
        let field = body.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |len| i32::from_le_bytes(*len));
        let mut lies = vec![
            ("one-more", field + 1),
            ("one-less", field - 1),
            ("more-than-there-is", 10_000),
            ("of-31-bits", i32::MAX),
            ("minus-one", -1),
            ("most-negative", i32::MIN),
        ];
        lies.extend([("big-endian", field.swap_bytes()), ("byte-200-too-many", field + 200)]);
        lies.push(("zero", 0));
        if matches!(what, "document" | "nested" | "array") {
            lies.extend([("one", 1), ("four", 4)]);
        }
        for (how, len) in lies {
            let mut spoilt = body.clone();
            spoilt.splice(at..at + 4, len.to_le_bytes());
            m.add(format!("{what}-{how}"), given(&spoilt), refuse());
        }
    }
    for (name, more) in
        [("one-byte", &b"\0"[..]), ("four-bytes", b"\0\0\0\0"), ("a-document", b"\x05\0\0\0\0"), ("text", b"hi")]
    {
        m.add(format!("{name}-behind-it"), given(&[&body, more].concat()), refuse());
    }
    m
}

fn cut() -> Made {
    let mut m = Made::new(
        "bodies-cut",
        "decode",
        "A body that ends too early at each of its bytes; header and document agree on the length, or not.",
    );
    m.proves = &["FRAME-BODYLEN-2", "FRAME-BODY-1"];
    let (body, _) = sample();
    for n in 1..body.len() {
        let mut part = body.get(..n).unwrap_or_default().to_vec();
        m.add(format!("cut-at-{n}"), given(&part), refuse());
        // The document says how long it is now; its last byte is the NUL only by chance.
        if n >= 6 && part.last() != Some(&0) {
            part.splice(0..4, (n as i32).to_le_bytes());
            m.add(format!("cut-at-{n}-and-said"), given(&part), refuse());
        }
    }
    m
}

fn texts() -> Made {
    let mut m = Made::new("bodies-texts", "decode", "Texts and names that are no UTF-8, or do not end.");
    m.proves = &["FRAME-BODY-1"];
    m.kills = &["takes-any-text"];
    let wrong: [(&str, &[u8]); 12] = [
        ("ff", b"\xff"),
        ("fe", b"a\xfe"),
        ("lone-continuation", b"\x80"),
        ("no-continuation", b"\xc3("),
        ("two-of-three", b"\xe2\x82"),
        ("three-of-four", b"\xf0\x9f\x99"),
        ("overlong-slash", b"\xc0\xaf"),
        ("overlong-of-three", b"\xe0\x80\xaf"),
        ("surrogate", b"\xed\xa0\x80"),
        ("over-10ffff", b"\xf4\x90\x80\x80"),
        ("five-bytes", b"\xf8\x88\x80\x80\x80"),
        ("euc-kr", b"\xb0\xa1\xb3\xaa"),
    ];
    for (name, text) in wrong {
        let len = (text.len() as i32 + 1).to_le_bytes();
        m.add(format!("string-{name}"), given(&of(&[b"\x02x\0", &len[..], text, b"\0"].concat())), refuse());
        let name_bytes = [b"\x10", text, b"\0\x01\0\0\0"].concat();
        m.add(format!("name-{name}"), given(&of(&name_bytes)), refuse());
    }
    m.add("string-without-nul", given(&of(b"\x02x\0\x02\0\0\0ab")), refuse());
    m.add("string-of-length-0", given(&of(b"\x02x\0\0\0\0\0")), refuse());
    m.add("string-nul-is-the-documents", given(b"\x0d\0\0\0\x02x\0\x02\0\0\0a\0"), refuse());
    m.add("name-without-nul", given(b"\x08\0\0\0\x10xy\0"), refuse());
    m.add("name-to-the-end", given(b"\x07\0\0\0\x10x\0"), refuse());
    m
}

fn tags() -> Made {
    let mut m = Made::new("bodies-types", "decode", "Elements of types that do not exist, and values that are none.");
    m.proves = &["FRAME-BODY-1"];
    for tag in [0x14u8, 0x15, 0x1f, 0x20, 0x41, 0x7e, 0x80, 0xfe] {
        m.add(format!("type-{tag:02x}"), given(&of(&[&[tag][..], b"x\0\x01\0\0\0\0\0\0\0"].concat())), refuse());
    }
    for byte in [2u8, 0x30, 0xff] {
        let element = [b"\x08x\0", &[byte][..]].concat();
        let told = json!({"first_of": [
            {"refuse": true, "grade": "pass"},
            {"anything": true, "grade": "tolerated", "note": "BSON has 0 and 1; some readers take the rest for true"},
        ]});
        m.add(format!("bool-{byte}"), given(&of(&element)), told);
    }
    m.add("type-0-inside", given(&of(b"\x10x\0\x01\0\0\0\0\x10y\0\x01\0\0\0")), refuse());
    m.add("not-a-document", given(b"hello, this is text"), refuse());
    m.add("json", given(b"{\"status\":0}"), refuse());
    m.add("zeros", given(&[0; 16]), refuse());
    m.add("ones", given(&[0xff; 16]), refuse());
    m.add("no-closing-nul", given(b"\x0c\0\0\0\x10x\0\x01\0\0\0\x01"), refuse());
    m.add("nested-no-closing-nul", given(&of(b"\x03x\0\x05\0\0\0\x01")), refuse());
    for (name, tag, len) in
        [("int32", 0x10u8, 3), ("int64", 0x12, 7), ("double", 0x01, 7), ("date", 0x09, 7), ("bool", 0x08, 0)]
    {
        let element = [&[tag][..], b"x\0", &vec![1; len]].concat();
        m.add(format!("{name}-one-byte-short"), given(&of(&element)), refuse());
    }
    m
}

fn nested() -> Made {
    let mut m = Made::new("bodies-nested", "decode", "Documents inside documents: no depth may bring a reader down.");
    m.proves = &["LIMIT-DEPTH-1"];
    for depth in [1, 2, 8, 16, 32] {
        let doc = (0..depth).fold(Document::new(), |inner, _| doc! {"a": inner});
        m.add(format!("depth-{depth}"), json!({"nested": depth}), json!({"out": told(0, "NESTED", &doc)}));
    }
    for depth in [64, 100, 128, 200, 500, 1000, 3000, 10_000, 50_000] {
        let told = json!({"first_of": [
            {"refuse": true, "grade": "pass"},
            {"anything": true, "grade": "tolerated", "note": "our limit is 64; deeper documents must bring nobody down"},
        ]});
        m.add(format!("depth-{depth}"), json!({"nested": depth}), told);
    }
    m
}
