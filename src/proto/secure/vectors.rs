//! The secure layer against bytes that others computed: the fact sheet's golden vectors, and an independent library.
//!
//! Two files of `spec/vectors/secure/`: `golden-2012.txt`, and `independent.txt`, made by `independent.py` there. The
//! snapshot `secure_sealed` is the other way round: what we seal, which `independent.py --verify` opens.

use super::*;
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const GOLDEN: &str = include_str!("../../../spec/vectors/secure/golden-2012.txt");
const INDEPENDENT: &str = include_str!("../../../spec/vectors/secure/independent.txt");

/// The words of each line of this kind.
fn lines<'a>(text: &'a str, kind: &'a str) -> impl Iterator<Item = Vec<&'a str>> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(move |w| w.first() == Some(&kind))
}

fn hex(text: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    if !text.len().is_multiple_of(2) {
        return Err(format!("odd hex {text:?}").into());
    }
    (0..text.len()).step_by(2).map(|i| Ok(u8::from_str_radix(&text[i..i + 2], 16)?)).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A session key in hex.
fn key_of(text: &str) -> Result<SessionKey, Box<dyn std::error::Error>> {
    let bytes: [u8; 16] = hex(text)?.try_into().map_err(|_| format!("{text:?} is no key"))?;
    Ok(SessionKey::from_bytes(bytes))
}

/// A plaintext: hex, or `@N` for the bytes i * 7 % 251 below N.
fn plain_of(text: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    match text.strip_prefix('@') {
        Some(n) => Ok((0..n.parse::<usize>()?).map(|i| (i * 7 % 251) as u8).collect()),
        None => hex(text),
    }
}

fn opened(era: Era, key: &SessionKey, wire: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut plain = Vec::new();
    let mut opener = Opener::new(era, key, Limits::DEFAULT);
    opener.push(wire, &mut plain)?;
    assert_eq!(opener.pending(), 0);
    Ok(plain)
}

#[test]
fn golden_frames_of_2012_are_ours_to_the_byte() -> Outcome {
    let key = SessionKey::from_bytes([0; 16]);
    let mut lens = Vec::new();
    for words in lines(GOLDEN, "frame") {
        let &[_, name, plain, wire] = words.as_slice() else { return Err(format!("{words:?}").into()) };
        let (plain, wire) = (hex(plain)?, hex(wire)?);
        let mut sealed = Vec::new();
        Sealer::new(Era::E2012, &key, Entropy::named(1, name)).seal(&plain, &mut sealed);
        assert_eq!(to_hex(&sealed), to_hex(&wire), "{name}");
        assert_eq!(opened(Era::E2012, &key, &wire)?, plain, "{name}");
        lens.push(wire.len());
    }
    assert_eq!(lens, [36, 84]);
    Ok(())
}

#[test]
fn the_first_block_of_every_login_of_2012_is_the_golden_one() -> Outcome {
    let Some(words) = lines(GOLDEN, "block").next() else { return Err("no block".into()) };
    let (first, sealed_first) = (hex(words[2])?, hex(words[3])?);
    let mut sealer = Sealer::new(Era::E2012, &SessionKey::from_bytes([0; 16]), Entropy::named(1, "login"));
    for rest in [0, 1, 234, 2047] {
        let mut out = Vec::new();
        sealer.seal(&[first.clone(), vec![9; rest]].concat(), &mut out);
        assert_eq!(to_hex(&out[4..20]), to_hex(&sealed_first), "the IV restarts, whatever went before");
    }
    Ok(())
}

#[test]
fn the_head_of_a_handshake_of_2012_is_the_golden_one() -> Outcome {
    let Some(words) = lines(GOLDEN, "head").next() else { return Err("no head".into()) };
    let ring = KeyRing::test();
    let mut entropy = Entropy::named(1, "handshake");
    let key = SessionKey::generate(&mut entropy);
    let mut out = Vec::new();
    wrap(Era::E2012, &key, &ring.public_ring(), &mut entropy)?.encode(&mut out);
    assert_eq!((to_hex(&out[..12]).as_str(), out.len()), (words[2], 140));
    assert_eq!(unwrap(Era::E2012, &out[12..], &ring, &mut entropy), key);
    Ok(())
}

#[test]
fn frames_that_an_independent_library_sealed_are_opened() -> Outcome {
    let mut counts = [0; 4];
    for words in lines(INDEPENDENT, "frame") {
        let &[_, era, name, key, plain, wire] = words.as_slice() else { return Err(format!("{words:?}").into()) };
        let era = Era::parse(era).ok_or("era")?;
        assert_eq!(opened(era, &key_of(key)?, &hex(wire)?)?, plain_of(plain)?, "{era} {name}");
        assert_eq!(frame::sealed_len(era, plain_of(plain)?.len()), wire.len() / 2, "{era} {name}");
        counts[era as usize] += 1;
    }
    assert_eq!(counts, [12, 8, 8, 8]);
    Ok(())
}

#[test]
fn keys_that_an_independent_library_wrapped_are_unwrapped() -> Outcome {
    let (ring, mut entropy) = (KeyRing::test(), Entropy::named(1, "unwrap"));
    let mut count = 0;
    for words in lines(INDEPENDENT, "wrap") {
        let &[_, era, name, key, wrapped] = words.as_slice() else { return Err(format!("{words:?}").into()) };
        let era = Era::parse(era).ok_or("era")?;
        assert_eq!(unwrap(era, &hex(wrapped)?, &ring, &mut entropy), key_of(key)?, "{era} {name}");
        count += 1;
    }
    assert_eq!(count, 12);
    Ok(())
}

#[test]
fn a_bad_block_is_rejected_by_a_steady_key_that_nobody_can_take_out_of_it() -> Outcome {
    let ring = KeyRing::test();
    let mut count = 0;
    for words in lines(INDEPENDENT, "bad") {
        let &[_, era, name, careless, wrapped] = words.as_slice() else { return Err(format!("{words:?}").into()) };
        let (era, wrapped) = (Era::parse(era).ok_or("era")?, hex(wrapped)?);
        let key = unwrap(era, &wrapped, &ring, &mut Entropy::named(1, "unwrap"));
        assert_ne!(to_hex(key.as_bytes()), careless, "{era} {name}");
        assert_eq!(unwrap(era, &wrapped, &ring, &mut Entropy::named(2, "again")), key, "{era} {name}");
        count += 1;
    }
    assert_eq!(count, 44);
    Ok(())
}

#[test]
fn what_we_seal_is_pinned_for_the_independent_library() -> Outcome {
    let (public, mut entropy) = (KeyRing::test().public_ring(), Entropy::named(1, "secure_sealed"));
    let mut text = String::new();
    for era in Era::ALL {
        let key = SessionKey::generate(&mut entropy);
        let key_hex = to_hex(key.as_bytes());
        let wrapped = wrap(era, &key, &public, &mut entropy)?.wrapped;
        text += &format!("wrap {era} key {key_hex} {}\n", to_hex(&wrapped));
        let mut sealer = Sealer::new(era, &key, entropy.fork());
        for plain in ["@1", "@15", "@16", "@17", "@22", "@129", "@2048"] {
            let plain_bytes = plain_of(plain)?;
            if era.is_modern() && plain_bytes.len() > 2047 {
                continue; // Fragments are of 2012, and long lines are no pleasure.
            }
            let mut sealed = Vec::new();
            sealer.seal(&plain_bytes, &mut sealed);
            text += &format!("frame {era} length-{} {key_hex} {plain} {}\n", &plain[1..], to_hex(&sealed));
        }
    }
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => "Opened by spec/vectors/secure/independent.py --verify; run it before accepting a change",
    }, { insta::assert_snapshot!("secure_sealed", text) });
    Ok(())
}
