//! Frames of each era, sound and not. A frame is length, IV or nonce, ciphertext, tag.

use locospec::proto::limits::{BLOCK_LEN, FRAGMENT_CIPHER_MAX, Limits};
use locospec::proto::secure::given::{iv_len, seal_under};
use locospec::proto::secure::{Era, SessionKey, Suite};
use serde_json::{Value, json};

use super::{Made, draw, hex, packet, refuse};

/// One era for each cipher, and all that have it.
pub const SUITES: [(Era, &str, &[&str]); 3] =
    [(Era::E2012, "cbc", &["2012"]), (Era::E2019, "cfb", &["2019", "2023"]), (Era::E2025, "gcm", &["2025"])];

pub fn made() -> Vec<Made> {
    vec![sound(), independent(), wrong(), padding(), fresh()]
}

/// A key and an IV that belong to this name.
pub fn key_and_iv(era: Era, name: &str) -> ([u8; BLOCK_LEN], Vec<u8>) {
    let mut e = draw(name);
    let key = e.bytes();
    let iv: [u8; BLOCK_LEN] = e.bytes();
    (key, iv.get(..iv_len(era)).unwrap_or_default().to_vec())
}

/// The bytes i * 7 % 251 below `n`, as `@n` means them.
fn pattern(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 7 % 251) as u8).collect()
}

pub fn sealed(era: Era, key: [u8; BLOCK_LEN], iv: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let done = seal_under(era, &SessionKey::from_bytes(key), iv, plain, &mut out);
    assert_eq!(done, Ok(()));
    out
}

fn sound() -> Made {
    let mut m = Made::new("frames", "frame", "Frames that are sound: opened, and sealed again to the same bytes.");
    m.proves = &["SECURE-CBC-1", "SECURE-CBC-2", "SECURE-CFB-1", "SECURE-GCM-1"];
    m.kills = &["chains-iv", "length-without-iv", "fragment-too-long"];
    for (era, suite, eras) in SUITES {
        let mut add = |name: String, plain: Value, bytes: &[u8]| {
            let id = format!("{suite}-{name}");
            let (key, iv) = key_and_iv(era, &id);
            let mut given =
                json!({"key": hex(&key), "iv": hex(&iv), "plain": plain, "hex": hex(&sealed(era, key, &iv, bytes))});
            if iv.is_empty() {
                given.as_object_mut().map(|g| g.remove("iv"));
            }
            m.add(id, given, json!({"eras": eras}));
        };
        // A header alone is 22 bytes; 2047 is the longest fragment of 2012.
        let mut lens = vec![1, 2, 15, 16, 17, 22, 31, 32, 33, 47, 48, 49, 100, 255, 256, 1023, 1024];
        lens.extend(if era.is_modern() { vec![2047, 2048, 4096] } else { vec![2046, 2047, 2048, 2049, 4094, 4095] });
        for n in lens {
            add(format!("length-{n}"), json!(format!("@{n}")), &pattern(n));
        }
        let ping = packet(9, "PING", b"");
        add("ping".into(), json!(hex(&ping)), &ping);
        for (name, byte) in [("zeros", 0u8), ("ones", 0xff), ("like-padding", 0x10)] {
            add(name.into(), json!(hex(&[byte; 32])), &[byte; 32]);
        }
    }
    m
}

/// Frames that another library has sealed: `spec/vectors/secure/independent.txt`.
fn independent() -> Made {
    let mut m = Made::new("frames-independent", "open", "Frames that another library has sealed.");
    m.proves = &["SECURE-CBC-1", "SECURE-CBC-2", "SECURE-CFB-1", "SECURE-GCM-1"];
    for line in include_str!("../vectors/secure/independent.txt").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &["frame", era, name, key, plain, wire] = words.as_slice() else { continue };
        let plain = match plain.strip_prefix('@') {
            Some(n) => hex(&pattern(n.parse().unwrap_or_default())),
            None => plain.to_owned(),
        };
        let told = json!({"eras": [era], "out": {"plain": plain}});
        m.add(format!("{era}-{name}"), json!({"key": key, "hex": wire}), told);
    }
    m
}

/// A frame of 2012 whose blocks open to exactly these bytes, whatever they are as padding.
fn raw_blocks(key: [u8; BLOCK_LEN], blocks: &[u8]) -> Vec<u8> {
    let mut out = sealed(Era::E2012, key, &[], blocks);
    out.truncate(4 + blocks.len());
    sized(out)
}

/// The same with a length field that is true.
fn sized(mut frame: Vec<u8>) -> Vec<u8> {
    let len = frame.len() as u32 - 4;
    frame.splice(0..4, len.to_le_bytes());
    frame
}

fn said(mut frame: Vec<u8>, len: u32) -> Vec<u8> {
    frame.splice(0..4, len.to_le_bytes());
    frame
}

fn wrong() -> Made {
    let mut m = Made::new("frames-wrong", "open", "Frames that are cut, too long, of a wrong length or a wrong tag.");
    m.proves = &["SECURE-LEN-1", "SECURE-GCM-2", "SECURE-CBC-3"];
    m.kills = &["releases-before-tag"];
    let over = Limits::DEFAULT.frame_len_max() as u32 + 1;
    for (era, suite, eras) in SUITES {
        let name = format!("{suite}-wrong");
        let (key, iv) = key_and_iv(era, &name);
        let whole = sealed(era, key, &iv, &pattern(40));
        let len = whole.len() as u32 - 4;
        let mut add = |id: &str, bytes: &[u8]| {
            m.add(format!("{suite}-{id}"), json!({"key": hex(&key), "hex": hex(bytes)}), {
                let mut told = refuse();
                told["eras"] = json!(eras);
                told
            });
        };
        for n in
            [1, 2, 3, 4, 5, 11, 15, 16, 19, 20, 21, 31, 32, 33, whole.len() - 17, whole.len() - 16, whole.len() - 1]
        {
            add(&format!("cut-at-{n}"), whole.get(..n).unwrap_or_default());
        }
        for (id, n) in [
            ("zero", 0),
            ("one", 1),
            ("15", 15),
            ("one-more", len + 1),
            ("block-more", len + 16),
            ("negative", 1 << 31),
        ] {
            add(&format!("length-{id}"), &said(whole.clone(), n));
        }
        add(
            "length-over-the-limit",
            &said(whole.clone(), if era.is_modern() { over } else { FRAGMENT_CIPHER_MAX as u32 + 16 }),
        );
        add("length-all-ones", &said(whole.clone(), u32::MAX));
        add("length-big-endian", &said(whole.clone(), len.swap_bytes()));
        add("length-counts-itself", &said(whole.clone(), len + 4));
        for more in [1, 4, 15] {
            add(&format!("{more}-bytes-behind"), &[&whole[..], &vec![7; more]].concat());
        }
        add("half-a-second-frame", &[&whole[..], &whole[..whole.len() / 2]].concat());
        add("second-frame-of-length-0", &[&whole[..], &[0; 4]].concat());
        match era.suite() {
            Suite::Cbc => {
                for n in [17u32, 24, 31, 33, 47] {
                    let mut bytes = vec![1; 4 + n as usize];
                    bytes.splice(0..4, n.to_le_bytes());
                    add(&format!("length-{n}-no-blocks"), &bytes);
                }
                let long = sealed(era, key, &[], &pattern(2047));
                add("2064-bytes-of-ciphertext", &sized([&long[..], &long[4..20]].concat()));
            }
            Suite::Cfb => add("iv-alone-one-short", &said(whole.get(..19).unwrap_or_default().to_vec(), 15)),
            Suite::Gcm => gcm(&whole, &mut add),
        }
    }
    let (key, iv) = key_and_iv(Era::E2025, "gcm-empty");
    let mut empty = [&28u32.to_le_bytes()[..], &iv, &[0; 16]].concat();
    m.add(
        "gcm-empty-wrong-tag",
        json!({"key": hex(&key), "hex": hex(&empty)}),
        json!({"eras": ["2025"], "refuse": true}),
    );
    empty.splice(0..4, 27u32.to_le_bytes());
    empty.pop();
    m.add("gcm-27-bytes", json!({"key": hex(&key), "hex": hex(&empty)}), json!({"eras": ["2025"], "refuse": true}));
    m
}

fn gcm(whole: &[u8], add: &mut dyn FnMut(&str, &[u8])) {
    let end = whole.len();
    let places = [
        ("nonce-first", 4, 0),
        ("nonce-last", 15, 7),
        ("text-first", 16, 0),
        ("text-middle", 30, 3),
        ("text-last", end - 17, 7),
        ("tag-first", end - 16, 0),
        ("tag-middle", end - 8, 4),
        ("tag-last", end - 1, 7),
    ];
    for (name, at, bit) in places {
        let mut bytes = whole.to_vec();
        bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << bit);
        add(&format!("flip-in-{name}"), &bytes);
    }
    let mut bytes = whole.to_vec();
    bytes.pop();
    add("tag-one-byte-short", &sized(bytes.clone()));
    bytes.truncate(end - 16);
    add("without-tag", &sized(bytes.clone()));
    bytes.extend([0; 16]);
    add("tag-of-zeros", &bytes);
    let swapped = [&whole[..4], &whole[end - 16..], &whole[4..end - 16]].concat();
    add("tag-before-nonce", &swapped);
}

fn padding() -> Made {
    let mut m =
        Made::new("frames-padding", "open", "Frames of 2012 by their padding: what is PKCS#7, and what is not.");
    m.proves = &["SECURE-CBC-1", "SECURE-CBC-3"];
    m.kills = &["trusts-padding"];
    let (key, _) = key_and_iv(Era::E2012, "padding");
    let block = |tail: &[u8]| {
        let mut block = vec![b'x'; 16];
        block.splice(16 - tail.len().., tail.iter().copied());
        block
    };
    for pad in 1..=16u8 {
        let blocks = block(&vec![pad; usize::from(pad)]);
        let plain = hex(blocks.get(..16 - usize::from(pad)).unwrap_or_default());
        let given = json!({"key": hex(&key), "hex": hex(&raw_blocks(key, &blocks))});
        m.add(format!("of-{pad}"), given, json!({"eras": ["2012"], "out": {"plain": plain}}));
    }
    let wrong: [(&str, Vec<u8>); 9] = [
        ("of-0", vec![0; 16]),
        ("of-17", vec![17; 16]),
        ("of-32", vec![32; 16]),
        ("of-255", vec![255; 16]),
        ("2-behind-a-1", block(&[1, 2])),
        ("3-but-one", block(&[2, 3, 3])),
        ("16-but-the-first", block(&[16; 15])),
        ("none", block(b"text")),
        ("of-zeros-behind-80", block(&[0x80, 0, 0])),
    ];
    for (name, blocks) in wrong {
        for (id, all) in [("", blocks.clone()), ("second-block-", [vec![b'y'; 16], blocks].concat())] {
            let given = json!({"key": hex(&key), "hex": hex(&raw_blocks(key, &all))});
            m.add(format!("{id}{name}"), given, json!({"eras": ["2012"], "refuse": true}));
        }
    }
    m
}

fn fresh() -> Made {
    let mut m =
        Made::new("fresh", "fresh", "What a codec seals under IVs of its own: it opens, and no IV comes twice.");
    m.proves = &["SECURE-FRESH-2"];
    m.kills = &["nonce-reused"];
    for n in [1, 16, 22, 100, 2047, 5000] {
        let (key, _) = key_and_iv(Era::E2025, &format!("fresh-{n}"));
        m.add(format!("length-{n}"), json!({"key": hex(&key), "plain": format!("@{n}")}), json!({"eras": "modern"}));
    }
    m
}
