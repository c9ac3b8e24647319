//! Handshakes: to be made, and to be read. Those that are read come from another library, by way of
//! `spec/vectors/secure/independent.txt`.

use locospec::proto::secure::Era;
use locospec::spec::format::mutate::unhex;
use serde_json::json;

use super::{Made, draw, hex, refuse};

const INDEPENDENT: &str = include_str!("../vectors/secure/independent.txt");
/// Bytes of the three numbers.
const HEAD_LEN: usize = 12;

pub fn made() -> Vec<Made> {
    vec![make(), read(), rejected(), wrong()]
}

fn make() -> Made {
    let mut m = Made::new("handshake", "handshake", "A session key is wrapped for the server, which unwraps it.");
    m.proves = &["HS-LAYOUT-1", "SECURE-KEYTYPE-1"];
    m.kills = &["handshake-of-2019"];
    for n in 1..=4 {
        let key: [u8; 16] = draw(&format!("handshake-{n}")).bytes();
        m.add(format!("key-{n}"), json!({"key": hex(&key)}), json!({}));
    }
    m.add("key-of-zeros", json!({"key": hex(&[0; 16])}), json!({}));
    m.add("key-of-ones", json!({"key": hex(&[0xff; 16])}), json!({}));
    m
}

/// The words of the lines of this kind: era, name, key, wrapped block.
fn lines(kind: &str) -> impl Iterator<Item = (Era, &str, &str, Vec<u8>)> {
    INDEPENDENT.lines().filter_map(move |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [k, era, name, key, wrapped] if *k == kind => {
                Some((Era::parse(era)?, *name, *key, unhex(wrapped).unwrap_or_default()))
            }
            _ => None,
        }
    })
}

fn head(numbers: (u32, u32, u32)) -> Vec<u8> {
    [numbers.0, numbers.1, numbers.2].iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn read() -> Made {
    let mut m = Made::new("accept", "accept", "Handshakes that another library has made are read.");
    m.proves = &["HS-LAYOUT-1", "HS-TRIPLE-1", "SECURE-KEYTYPE-1"];
    for (era, name, key, wrapped) in lines("wrap") {
        let bytes = [head(era.triple()), wrapped].concat();
        let told = json!({"eras": [era.as_str()], "out": {"era": era.as_str(), "key": key}});
        m.add(format!("{era}-{name}"), json!({"hex": hex(&bytes)}), told);
    }
    m
}

fn rejected() -> Made {
    let about = "Blocks that do not unwrap: what a careless reader takes out of them is no key.";
    let mut m = Made::new("accept-bad-block", "accept", about);
    m.proves = &["HS-REJECT-1"];
    for (era, name, careless, wrapped) in lines("bad") {
        let bytes = [head(era.triple()), wrapped].concat();
        let told = json!({"eras": [era.as_str()], "first_of": [
            {"out": {"era": era.as_str(), "not_key": careless}, "grade": "pass"},
            {"refuse": true, "grade": "tolerated", "note": "a server that says so is an oracle; a codec may"},
        ]});
        m.add(format!("{era}-{name}"), json!({"hex": hex(&bytes)}), told);
    }
    m
}

fn wrong() -> Made {
    let mut m = Made::new("accept-wrong", "accept", "Handshakes of no era, cut ones, and bytes behind one.");
    m.proves = &["HS-TRIPLE-1", "SECURE-KEYTYPE-1"];
    m.kills = &["takes-any-handshake"];
    let Some((_, _, _, old)) = lines("wrap").find(|l| l.0 == Era::E2012) else { return m };
    let Some((_, _, _, modern)) = lines("wrap").find(|l| l.0 == Era::E2025) else { return m };
    let triples = [
        (0, 16, 3),
        (16, 16, 3),
        (127, 1, 1),
        (129, 1, 1),
        (255, 16, 3),
        (257, 16, 3),
        (512, 16, 3),
        (u32::MAX, 16, 3),
        (1 << 16, 16, 3),
        (256, 1, 1),
        (128, 12, 2),
        (128, 16, 3),
        (128, 0, 1),
        (128, 2, 1),
        (256, 0, 2),
        (256, 11, 2),
        (256, 13, 2),
        (256, 14, 2),
        (256, 17, 3),
        (256, 0xc00_0000, 2),
        (256, u32::MAX, 2),
        (128, 1, 0),
        (128, 1, 2),
        (128, 1, 3),
        (256, 12, 0),
        (256, 12, 1),
        (256, 12, 3),
        (256, 15, 3),
        (256, 15, 1),
        (256, 16, 1),
        (256, 16, 2),
        (256, 16, 4),
        (256, 16, 0x300_0000),
    ];
    for (len, key_type, cipher) in triples {
        let block = if len == 128 { &old } else { &modern };
        let bytes = [&head((len, key_type, cipher))[..], block].concat();
        let eras = if len == 128 { "2012" } else { "2025" };
        let id = format!("numbers-{len}-{key_type}-{cipher}");
        m.add(id, json!({"hex": hex(&bytes)}), json!({"eras": [eras], "refuse": true}));
    }
    for (era, block) in [(Era::E2012, &old), (Era::E2025, &modern)] {
        let whole = [&head(era.triple())[..], block].concat();
        let mut add = |id: String, bytes: &[u8]| {
            let mut told = refuse();
            told["eras"] = json!([era.as_str()]);
            m.add(format!("{era}-{id}"), json!({"hex": hex(bytes)}), told);
        };
        for n in [0, 1, 3, 4, 7, 8, 11, HEAD_LEN, HEAD_LEN + 1, whole.len() / 2, whole.len() - 1] {
            add(format!("cut-at-{n}"), whole.get(..n).unwrap_or_default());
        }
        add("one-byte-behind".into(), &[&whole[..], &[0]].concat());
        add("twice".into(), &[&whole[..], &whole].concat());
    }
    m
}
