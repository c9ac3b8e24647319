//! `locospec decode` without a process.

use clap::Parser;

use super::*;
use crate::proto::entropy::Entropy;
use crate::proto::secure::{KeyRing, Sealer, wrap};
use crate::proto::wire::{Method, encode_packet};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// Runs `locospec decode ARGS` on `input`; gives the exit code, the output and the complaints.
fn decode_of(args: &str, input: &[u8]) -> (u8, String, String) {
    let line = match Line::try_parse_from(["decode"].into_iter().chain(args.split_whitespace())) {
        Ok(line) => line,
        Err(e) => return (USAGE, String::new(), e.to_string()),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(&line.args, &mut &input[..], &mut out, &mut err).unwrap_or(u8::MAX);
    (code, String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
}

fn two_packets() -> Vec<u8> {
    let mut out = Vec::new();
    encode_packet(&mut out, 6, Method::constant("PING"), |_| {});
    encode_packet(&mut out, 7, Method::constant("WRITE"), |w| w.string("msg", "test"));
    out
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f";

fn key() -> SessionKey {
    SessionKey::from_bytes(std::array::from_fn(|i| i as u8))
}

#[test]
fn every_packet_of_a_plain_stream_is_dumped() {
    let (code, out, err) = decode_of("", &two_packets());
    assert_eq!((code, err.as_str()), (READ, ""));
    assert!(out.starts_with("packet 1, at byte 0\n0000  06 00 00 00 "), "{out}");
    assert!(out.contains("\n\npacket 2, at byte 27\n0000  07 00 00 00 "), "{out}");
    assert!(out.contains("= \"test\" (4 bytes)"), "{out}");
    assert_eq!(decode_of("--plain -", &two_packets()), (code, out, err));
}

#[test]
fn hex_text_is_the_same_as_its_bytes() {
    let hex: String = two_packets().iter().map(|b| format!("{b:02X}\t")).collect();
    let hex = format!("# a stream # of two\r\n{}\r\n{} # the rest", &hex[..30], &hex[30..]);
    assert_eq!(decode_of("--hex", hex.as_bytes()), decode_of("", &two_packets()));
}

#[test]
fn wrong_hex_is_named_with_its_line_and_column() {
    for (text, want) in [
        ("00 11\n22 3x", "stdin:2:5: no hex digit: 'x'"),
        ("00 11\n22 xx", "stdin:2:4: no hex digit: 'x'"),
        ("00 1", "stdin:1:5: a byte has two digits, this one has one"),
        ("00\n\n  0 # half", "stdin:3:4: a byte has two digits, this one has one"),
        ("가00", "stdin:1:1: no hex digit: '가'"),
        ("0x00", "stdin:1:2: no hex digit: 'x'"),
        (" # nothing\n", "stdin: no bytes"),
    ] {
        let want = format!("locospec decode: {want}\n");
        assert_eq!(decode_of("--hex", text.as_bytes()), (USAGE, String::new(), want), "{text:?}");
    }
    let (code, _, err) = decode_of("--hex", b"00 \xff");
    assert_eq!((code, err.as_str()), (USAGE, "locospec decode: stdin:1:4: no hex digit: byte 0xff\n"));
}

#[test]
fn a_wrong_packet_is_dumped_as_far_as_it_goes() {
    let mut bytes = two_packets();
    bytes.truncate(bytes.len() - 1);
    let (code, out, _) = decode_of("", &bytes);
    assert_eq!(code, WRONG);
    assert!(out.ends_with("!! the body ends after 18 of 19 bytes\n"), "{out}");
    let mut bytes = two_packets();
    bytes[22] = 6; // the first body lies about its length, the second packet is sound
    let (code, out, _) = decode_of("", &bytes);
    assert_eq!(code, WRONG);
    assert!(out.contains("!! bson: a length runs past its end") && out.contains("packet 2, at byte 27"), "{out}");
}

#[test]
fn frames_of_every_era_are_opened() {
    for era in Era::ALL {
        let mut frames = Vec::new();
        Sealer::new(era, &key(), Entropy::named(1, "decode")).seal(&two_packets(), &mut frames);
        let args = format!("--key {KEY} --era {era}");
        assert_eq!(decode_of(&args, &frames), decode_of("", &two_packets()), "{era}");
        frames.truncate(frames.len() - 1);
        let (code, out, _) = decode_of(&args, &frames);
        assert_eq!(code, WRONG);
        let end = format!("!! the last frame ends early: {} bytes of it are here\n", frames.len());
        assert!(out.ends_with(&end), "{era}: {out}");
    }
}

#[test]
fn a_handshake_says_the_era_of_what_follows() {
    let mut bytes = Vec::new();
    let mut entropy = Entropy::named(1, "decode");
    let Ok(handshake) = wrap(Era::E2023, &key(), &KeyRing::test().public_ring(), &mut entropy) else {
        panic!("the test key does not wrap");
    };
    handshake.encode(&mut bytes);
    let (code, out, _) = decode_of("--handshake", &bytes);
    assert_eq!(code, READ);
    assert!(out.starts_with("handshake of 2023, at byte 0\n0000  00 01 00 00 "), "{out}");
    assert!(out.contains("0004  0f 00 00 00                                      key type 15\n"), "{out}");
    Sealer::new(Era::E2023, &key(), entropy).seal(&two_packets(), &mut bytes);
    let (code, out, _) = decode_of(&format!("--handshake --key {KEY}"), &bytes);
    assert_eq!(code, READ);
    assert!(out.contains("\n\npacket 2, at byte 27\n"), "{out}");
    let (code, out, _) = decode_of("--handshake", &bytes);
    assert_eq!(code, READ);
    assert!(out.contains("frames, closed without --key, at byte 268\n"), "{out}");
    let (code, out, _) = decode_of(&format!("--handshake --key {KEY} --era 2025"), &bytes);
    assert_eq!(code, WRONG);
    assert!(out.ends_with("!! the handshake is of another era than --era says\n"), "{out}");
    assert_eq!(decode_of("--handshake", &bytes[..100]).0, WRONG);
    let (code, out, _) = decode_of("--handshake", &two_packets());
    assert_eq!(code, WRONG);
    assert!(out.starts_with("!! handshake: key length is that of no era, at byte 0\n0000  06 00"), "{out}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (args, want) in [
        ("--key 00 --era 2023", "--key: a session key has 16 bytes, this has 1"),
        ("--key zz --era 2023", "--key: 1:1: no hex digit: 'z' of the key"),
        (&format!("--key {KEY}"), "--key needs --era, or --handshake"),
        ("--era 2023", "--key <HEX>"),
        ("--key 00 --era 2024", "an era is 2012, 2019, 2023 or 2025"),
        ("--plain --handshake", "cannot be used with"),
        ("/no/such/file", "/no/such/file: "),
        ("", "stdin: no bytes"),
    ] {
        let (code, out, err) = decode_of(args, b"");
        assert_eq!((code, out.as_str()), (USAGE, ""), "{args}");
        assert!(err.contains(want), "{args}: {err}");
    }
}
