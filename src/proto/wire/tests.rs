//! Properties of the wire that no single file can prove: any cut, any join, any bytes, and another library's word.

use proptest::prelude::*;

use super::text::{is_short_utf8, starts_with_ascii};
use super::writer::index;
use super::*;
use crate::proto::error::MalformedKind;
use crate::proto::limits::Limits;
use crate::proto::wire::body::Value;

const BUY_HEX: &str = "010000000000425559000000000000000000640000006400000012757365724964000100000000000000026f730003000000777000106e747970650003000000026170705665720006000000312e302e3100024d43434d4e4300010000000002636f756e74727949534f000300000055530008766f6970000000";

fn unhex(s: &str) -> Vec<u8> {
    (0..s.len()).step_by(2).map(|i| u8::from_str_radix(&s[i..i + 2], 16).expect("hex")).collect()
}

fn buy(out: &mut Vec<u8>) {
    encode_packet(out, 1, Method::constant("BUY"), |w| {
        w.int64("userId", 1);
        w.string("os", "wp");
        w.int32("ntype", 3);
        w.string("appVer", "1.0.1");
        w.string("MCCMNC", "");
        w.string("countryISO", "US");
        w.boolean("voip", false);
    });
}

/// loco-2012 §12, the first golden vector.
#[test]
fn the_captured_buy_is_written_byte_for_byte() {
    let mut out = Vec::new();
    buy(&mut out);
    assert_eq!(out, unhex(BUY_HEX));
}

#[test]
fn a_stream_cut_anywhere_gives_the_same_packets() {
    let mut stream = Vec::new();
    buy(&mut stream);
    buy(&mut stream);
    encode_packet(&mut stream, 9, Method::constant("PING"), |_| ());
    for cut in 0..=stream.len() {
        let mut d = Deframer::new(Limits::DEFAULT);
        let mut ids = Vec::new();
        for part in [&stream[..cut], &stream[cut..]] {
            d.push(part).expect("within the limit");
            while let Some(p) = d.next_packet().expect("well formed") {
                assert!(p.document(&Limits::DEFAULT).is_ok());
                ids.push(p.header.id);
            }
        }
        assert_eq!((ids, d.pending()), (vec![1, 1, 9], 0), "cut at {cut}");
    }
}

/// All of three bytes and less, and what is wrong in all of them.
#[test]
fn the_short_check_of_utf8_says_what_the_long_one_does() {
    let mut seen = 0;
    for n in 0..1u32 << 24 {
        let three = n.to_le_bytes();
        let three = &three[..3];
        let text = core::str::from_utf8(three);
        let short = is_short_utf8(three);
        assert!(!short || text.is_ok(), "{three:x?}");
        seen += u32::from(short);
        if text.is_ok_and(|t| t.chars().all(|c| matches!(c.len_utf8(), 1 | 3))) {
            assert!(short, "{three:x?}");
        }
    }
    // Three of ASCII, or one of three bytes, of which there are so many.
    assert_eq!(seen, 128 * 128 * 128 + (0x1_0000 - 0x800 - 0x800));
    for text in ["", "가", "지금 가고 있어요", "a가b"] {
        assert!(is_short_utf8(text.as_bytes()), "{text}");
    }
    assert!(!is_short_utf8("é".as_bytes()), "two bytes are left to the long one");
    for len in 0..9 {
        for high in 0..8 {
            let mut eight = *b"ascii 12";
            eight[high] |= 0x80;
            assert_eq!(starts_with_ascii(eight, len), len < 8 && len <= high, "{len} bytes, byte {high} is none");
        }
    }
}

#[test]
fn an_announced_length_allocates_nothing() {
    let mut head = Vec::new();
    encode_packet(&mut head, 1, Method::constant("WRITE"), |_| ());
    head[18..22].copy_from_slice(&(16u32 << 20).to_le_bytes());
    let mut d = Deframer::new(Limits::DEFAULT);
    d.push(&head).expect("fits");
    assert_eq!(d.next_packet(), Ok(None));
    assert!(d.buffer_mut().capacity() < 1024);
    head[18..22].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut d = Deframer::new(Limits::DEFAULT);
    d.push(&head).expect("fits");
    assert_eq!(d.next_packet(), Err(MalformedKind::BodyTooLong.at(18)));
}

#[test]
fn pending_bytes_hold_at_both_edges() {
    let limits = Limits { pending_bytes_max: 10, ..Limits::DEFAULT };
    let mut d = Deframer::new(limits);
    assert_eq!(d.push(b"12345678"), Ok(()));
    assert_eq!(d.push(b"90"), Ok(()));
    assert_eq!(d.push(b"1"), Err(MalformedKind::PendingTooLong.at(10)));
}

fn nested(depth: usize) -> Vec<u8> {
    let mut doc = vec![5, 0, 0, 0, 0];
    for _ in 1..depth {
        let mut outer = vec![0; 4];
        outer.extend_from_slice(b"\x03a\0");
        outer.extend_from_slice(&doc);
        outer.push(0);
        let len = i32::try_from(outer.len()).expect("small");
        outer[..4].copy_from_slice(&len.to_le_bytes());
        doc = outer;
    }
    doc
}

#[test]
fn depth_holds_at_both_edges_and_three_thousand_levels_do_not_overflow() {
    let max = Limits::DEFAULT.bson_depth_max;
    assert!(Document::check(&nested(max), &Limits::DEFAULT).is_ok());
    let kind = |depth| Document::check(&nested(depth), &Limits::DEFAULT).map(|_| ()).map_err(|e| e.kind);
    assert_eq!(kind(max + 1), Err(MalformedKind::BsonDepth));
    assert_eq!(kind(3000), Err(MalformedKind::BsonDepth));
}

#[test]
fn elements_and_strings_hold_at_both_edges() {
    let mut body = Vec::new();
    let mut w = Writer::begin(&mut body);
    w.array("a", |w| (0..3).for_each(|i| w.int32(index(i).as_str(), 7)));
    w.string("s", "four");
    w.end();
    let check = |elements, string| {
        let limits = Limits { bson_elements_max: elements, bson_string_len_max: string, ..Limits::DEFAULT };
        Document::check(&body, &limits).map(|_| ()).map_err(|e| e.kind)
    };
    assert_eq!(check(5, 4), Ok(()));
    assert_eq!(check(4, 4), Err(MalformedKind::BsonElements));
    assert_eq!(check(5, 3), Err(MalformedKind::BsonString));
}

#[test]
fn array_names_are_decimal() {
    for (i, want) in [(0, "0"), (9, "9"), (10, "10"), (usize::MAX, "18446744073709551615")] {
        assert_eq!(index(i).as_str(), want);
    }
}

#[test]
fn lies_are_found_where_they_are() {
    let mut good = Vec::new();
    let mut w = Writer::begin(&mut good);
    w.string("s", "ab");
    w.boolean("b", true);
    w.end();
    let with = |at: usize, byte: u8| {
        let mut b = good.clone();
        b[at] = byte;
        Document::check(&b, &Limits::DEFAULT).map(|_| ()).map_err(|e| (e.kind, e.at))
    };
    assert_eq!(with(0, 200), Err((MalformedKind::BsonLength, 0)));
    assert_eq!(with(0, 4), Err((MalformedKind::BsonLength, 0)));
    assert_eq!(with(4, 0x55), Err((MalformedKind::BsonType, 4)));
    assert_eq!(with(7, 99), Err((MalformedKind::BsonLength, 7)));
    assert_eq!(with(7, 0), Err((MalformedKind::BsonLength, 7)));
    assert_eq!(with(12, 0xff), Err((MalformedKind::BsonUtf8, 12)));
    assert_eq!(with(13, 1), Err((MalformedKind::BsonUnterminated, 13)));
    assert_eq!(with(17, 2), Err((MalformedKind::BsonBool, 17)));
    assert_eq!(with(18, 1), Err((MalformedKind::BsonUnterminated, 18)));
    good.push(0);
    assert_eq!(Document::check(&good, &Limits::DEFAULT).map_err(|e| e.kind), Err(MalformedKind::BsonTrailing));
}

/// Reads every field of every level, as a careless caller would.
fn walk(doc: Document<'_>) -> usize {
    doc.fields()
        .map(|f| match f.value {
            Value::Document(d) | Value::Array(d) => 1 + walk(d),
            _ => 1,
        })
        .sum()
}

fn any_bson() -> impl Strategy<Value = bson::Bson> {
    use bson::Bson;
    let leaf = prop_oneof![
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        any::<bool>().prop_map(Bson::Boolean),
        ".{0,12}".prop_map(Bson::String),
        Just(Bson::Null),
        Just(Bson::MinKey),
        any::<i64>().prop_map(|ms| Bson::DateTime(bson::DateTime::from_millis(ms))),
        any::<[u8; 12]>().prop_map(|b| Bson::ObjectId(b.into())),
        prop::collection::vec(any::<u8>(), 0..9)
            .prop_map(|bytes| { Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes }) }),
        ("[a-z]{0,5}", "[is]{0,2}").prop_map(|(pattern, options)| {
            Bson::RegularExpression(bson::Regex {
                pattern: pattern.try_into().expect("no NUL"),
                options: options.try_into().expect("no NUL"),
            })
        }),
        ".{0,5}".prop_map(Bson::JavaScriptCode),
        ".{0,5}".prop_map(|code| {
            Bson::JavaScriptCodeWithScope(bson::JavaScriptCodeWithScope { code, scope: bson::doc! { "x": 1 } })
        }),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Bson::Array),
            prop::collection::vec(("[a-zA-Z.]{1,8}", inner), 0..6)
                .prop_map(|kv| Bson::Document(kv.into_iter().collect())),
        ]
    })
}

fn count(b: &bson::Bson) -> usize {
    match b {
        bson::Bson::Document(d) => d.values().map(|v| 1 + count(v)).sum(),
        bson::Bson::Array(a) => a.iter().map(|v| 1 + count(v)).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn whatever_the_bson_crate_writes_is_sound_and_read_whole(value in any_bson()) {
        let bytes = bson::doc! { "v": value.clone() }.to_vec().expect("encodes");
        let doc = Document::check(&bytes, &Limits::DEFAULT).expect("sound");
        prop_assert_eq!(walk(doc), 1 + count(&value));
    }

    #[test]
    fn what_the_scan_accepts_the_bson_crate_accepts(value in any_bson(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = bson::doc! { "v": value }.to_vec().expect("encodes");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(doc) = Document::check(&bytes, &Limits::DEFAULT) {
            walk(doc);
            let theirs = bson::RawDocumentBuf::from_bytes(bytes.clone());
            prop_assert!(theirs.is_ok(), "{:?}", theirs);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_hold_no_more_than_arrived(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 1usize..40) {
        let mut d = Deframer::new(Limits { body_len_max: 200, ..Limits::DEFAULT });
        'stream: for part in bytes.chunks(cut) {
            if d.push(part).is_err() { break }
            loop {
                match d.next_packet() {
                    Ok(Some(p)) => { let _ = p.document(&Limits::DEFAULT).map(walk); }
                    Ok(None) => break,
                    Err(_) => break 'stream,
                }
            }
            prop_assert!(d.pending() <= bytes.len());
        }
        if let Ok(doc) = Document::check(&bytes, &Limits::DEFAULT) { walk(doc); }
    }
}
