//! Packets in a stream: plain and sealed, cut and joined anywhere, broken in the middle.

use locospec::proto::limits::{HEADER_LEN, Limits};
use locospec::proto::secure::Era;
use serde_json::{Value, json};

use super::frames::{SUITES, key_and_iv, sealed};
use super::{Made, hex, packet, refuse, told};

pub fn made() -> Vec<Made> {
    vec![plain(), broken(), secure()]
}

fn doc(n: i32) -> bson::Document {
    bson::doc! {"n": n, "msg": "안녕 hello"}
}

fn one(n: i32) -> (Vec<u8>, Value) {
    let body = match doc(n).to_vec() {
        Ok(body) => body,
        Err(e) => panic!("{e}"),
    };
    (packet(n as u32, "WRITE", &body), told(n as u32, "WRITE", &doc(n)))
}

/// The bytes of so many packets, and what they are.
fn several(count: i32) -> (Vec<u8>, Vec<Value>) {
    let (bytes, told): (Vec<_>, Vec<_>) = (1..=count).map(one).unzip();
    (bytes.concat(), told)
}

fn pieces(bytes: &[u8], at: &[usize]) -> Vec<String> {
    let mut from = 0;
    let ends = at.iter().copied().chain([bytes.len()]);
    ends.map(|to| hex(bytes.get(std::mem::replace(&mut from, to)..to).unwrap_or_default())).collect()
}

fn plain() -> Made {
    let mut m =
        Made::new("streams", "stream", "A plain stream, cut and joined: the packets are those that were written.");
    m.proves = &["FRAME-STREAM-1", "FRAME-BODYLEN-1"];
    m.kills = &["one-piece-one-packet"];
    let done = |packets: &[Value], pending: usize| json!({"out": {"packets": packets, "pending": pending}});
    let (three, all) = several(3);
    let first = one(1).0.len();
    m.add("nothing", json!({"pieces": []}), done(&[], 0));
    m.add("an-empty-piece", json!({"pieces": ["", hex(&three), ""]}), done(&all, 0));
    m.add("three-in-one-piece", json!({"pieces": [hex(&three)]}), done(&all, 0));
    m.add("each-in-its-piece", json!({"pieces": pieces(&three, &[first, 2 * first])}), done(&all, 0));
    for every in [1, 2, 3, 5, 7, 16, 22, 23, 64] {
        m.add(format!("every-{every}"), json!({"hex": hex(&three), "every": every}), done(&all, 0));
    }
    let header = [0, 1, 3, 4, 5, 6, 10, 16, 17, 18, 19, 21, HEADER_LEN];
    for at in header.into_iter().map(|n| first + n).chain([first - 1, first + HEADER_LEN + 4, first + HEADER_LEN + 9]) {
        m.add(format!("cut-at-{at}"), json!({"pieces": pieces(&three, &[at])}), done(&all, 0));
    }
    m.add("over-two-borders", json!({"pieces": pieces(&three, &[first - 3, 2 * first + 5])}), done(&all, 0));
    for rest in [1, 6, 17, 21, HEADER_LEN, HEADER_LEN + 1, first - 1] {
        let bytes = three.get(..2 * first + rest).unwrap_or_default();
        let two = all.get(..2).unwrap_or_default();
        m.add(format!("ends-{rest}-into-the-third"), json!({"pieces": [hex(bytes)]}), done(two, rest));
    }
    let (many, all) = several(100);
    m.add("a-hundred", json!({"pieces": [hex(&many)]}), done(&all, 0));
    m.add("a-hundred-in-pieces-of-97", json!({"hex": hex(&many), "every": 97}), done(&all, 0));
    let bare = [packet(1, "PING", b""), packet(2, "PING", b"")].concat();
    let pings = [json!({"id": 1, "method": "PING", "body": null}), json!({"id": 2, "method": "PING", "body": null})];
    m.add("without-bodies", json!({"pieces": [hex(&bare)]}), done(&pings, 0));
    m.add("without-bodies-every-1", json!({"hex": hex(&bare), "every": 1}), done(&pings, 0));
    let last = Limits::DEFAULT.body_len_max as u32;
    let waits = [&packet(1, "POST", b"")[..HEADER_LEN - 4], &last.to_le_bytes()].concat();
    m.add(
        "waits-at-the-limit",
        json!({"pieces": [hex(&waits)]}),
        json!({"first_of": [
            {"out": {"packets": [], "pending": HEADER_LEN}, "grade": "pass"},
            {"refuse": true, "grade": "tolerated", "note": "limits of 8, 16 and 100 MiB are known; ours is 16"},
        ]}),
    );
    m
}

fn broken() -> Made {
    let about = "A stream that breaks: it is given up at once, and no bytes are waited for.";
    let mut m = Made::new("streams-broken", "stream", about);
    m.proves = &["FRAME-METHOD-1", "FRAME-BODYTYPE-1", "FRAME-BODYLEN-1"];
    m.kills = &["waits-for-any-length"];
    let good = one(1).0;
    let spoilt = |at: usize, bytes: &[u8]| {
        let mut all = packet(2, "PING", b"\x05\0\0\0\0");
        all.splice(at..at + bytes.len(), bytes.iter().copied());
        all
    };
    let over = Limits::DEFAULT.body_len_max as u32 + 1;
    let wrong: [(&str, usize, Vec<u8>); 8] = [
        ("length-over-the-limit", 18, over.to_le_bytes().to_vec()),
        ("length-of-1-gib", 18, (1u32 << 30).to_le_bytes().to_vec()),
        ("length-of-31-bits", 18, i32::MAX.to_le_bytes().to_vec()),
        ("length-all-ones", 18, vec![0xff; 4]),
        ("method-not-ascii", 6, vec![0xff]),
        ("method-empty", 6, vec![0; 11]),
        ("method-behind-its-nul", 12, vec![b'X']),
        ("body-type-7", 17, vec![7]),
    ];
    for (name, at, bytes) in wrong {
        let bad = spoilt(at, &bytes);
        m.add(format!("{name}-first"), json!({"pieces": [hex(&bad)]}), refuse());
        m.add(format!("{name}-second"), json!({"pieces": [hex(&good), hex(&bad)]}), refuse());
        m.add(
            format!("{name}-header-alone"),
            json!({"pieces": [hex(bad.get(..HEADER_LEN).unwrap_or_default())]}),
            refuse(),
        );
        m.add(format!("{name}-every-1"), json!({"hex": hex(&[&good[..], &bad].concat()), "every": 1}), refuse());
    }
    m
}

fn secure() -> Made {
    let about = "A sealed stream: packets that span frames, frames that hold packets, pieces that are cut anywhere.";
    let mut m = Made::new("streams-sealed", "stream", about);
    m.proves = &["SECURE-STREAM-1", "SECURE-CBC-2", "FRAME-STREAM-1"];
    m.kills = &["one-piece-one-packet", "releases-before-tag"];
    for (era, suite, eras) in SUITES {
        let (three, all) = several(3);
        let (key, _) = key_and_iv(era, &format!("{suite}-stream"));
        let seal = |plain: &[u8], n: usize| sealed(era, key, &key_and_iv(era, &format!("{suite}-stream-{n}")).1, plain);
        let mut add = |id: String, mut given: Value, told: Value| {
            given["key"] = json!(hex(&key));
            let mut all = told;
            all["eras"] = json!(eras);
            m.add(format!("{suite}-{id}"), given, all);
        };
        let done = |packets: &[Value]| json!({"out": {"packets": packets}});
        let whole = seal(&three, 0);
        add("three-in-one-frame".into(), json!({"pieces": [hex(&whole)]}), done(&all));
        for every in [1, 3, 17, 64] {
            add(format!("three-in-one-frame-every-{every}"), json!({"hex": hex(&whole), "every": every}), done(&all));
        }
        let first = one(1).0.len();
        for at in [1, 4, 21, HEADER_LEN, HEADER_LEN + 1, first - 1, first + 5] {
            let two = [seal(three.get(..at).unwrap_or_default(), 1), seal(three.get(at..).unwrap_or_default(), 2)];
            add(format!("over-two-frames-at-{at}"), json!({"pieces": [hex(&two.concat())]}), done(&all));
            add(
                format!("two-frames-in-two-pieces-at-{at}"),
                json!({"pieces": [hex(&two[0]), hex(&two[1])]}),
                done(&all),
            );
        }
        let single: Vec<u8> = three.iter().enumerate().flat_map(|(n, b)| seal(&[*b], n + 10)).collect();
        add("one-byte-a-frame".into(), json!({"pieces": [hex(&single)]}), done(&all));
        add("one-byte-a-frame-every-7".into(), json!({"hex": hex(&single), "every": 7}), done(&all));
        let (many, all) = several(60);
        add("long".into(), json!({"hex": hex(&seal(&many, 3)), "every": 1000}), done(&all));
        let mut spoilt = [seal(&three, 4), seal(&three, 5)].concat();
        if era == Era::E2025 {
            spoilt.pop();
            spoilt.push(0);
            add("second-frame-wrong-tag".into(), json!({"pieces": [hex(&spoilt)]}), refuse());
        }
        let huge = [&whole[..], &[0xff; 4]].concat();
        add("second-frame-of-any-length".into(), json!({"pieces": [hex(&huge)]}), refuse());
        add("second-frame-of-length-0".into(), json!({"pieces": [hex(&whole), "00000000"]}), refuse());
    }
    m
}
