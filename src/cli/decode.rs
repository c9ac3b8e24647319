//! `locospec decode`: what LOCO bytes mean, as an annotated dump of every packet in a stream.
//!
//! In: a file or standard input, raw or as hex text. Out: the dump. Exit code 0 when all of it could be read, 1 when the
//! bytes are wrong or end early (the dump goes as far as it can), 2 when there is nothing that could be decoded: no such
//! file, text that is no hex, a key that is none. The dump itself is [`crate::proto::wire::dump`].

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::proto::limits::{BLOCK_LEN, HEADER_LEN, Limits};
use crate::proto::secure::{Era, Handshake, Opener, SessionKey};
use crate::proto::wire::Header;
use crate::proto::wire::dump::{dump_bytes, dump_packet, dump_parts};

/// The most input that is read. A stream beyond it is cut by hand.
const INPUT_LEN_MAX: u64 = 64 << 20;

/// All of it could be read.
pub const READ: u8 = 0;
/// The bytes are wrong, or end early.
pub const WRONG: u8 = 1;
/// There is nothing that could be decoded.
pub const USAGE: u8 = 2;

/// Print what LOCO bytes mean.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The bytes of one direction of a connection; - is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// The bytes are hex text: blanks and line breaks between bytes are skipped, and so is a line's rest after #.
    #[arg(long)]
    pub hex: bool,
    /// The bytes are packets without a cipher. This is so unless --key or --handshake says otherwise.
    #[arg(long, conflicts_with_all = ["key", "handshake"])]
    pub plain: bool,
    /// The bytes are secure frames under this session key, 16 bytes in hex.
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
    /// The era of the frames: 2012, 2019, 2023 or 2025. A handshake in front says it by itself.
    #[arg(long, value_name = "ERA", value_parser = parse_era, requires = "key")]
    pub era: Option<Era>,
    /// The bytes begin with a handshake, as those of a client on a secure connection do.
    #[arg(long)]
    pub handshake: bool,
}

fn parse_era(text: &str) -> Result<Era, String> {
    Era::parse(text).ok_or_else(|| "an era is 2012, 2019, 2023 or 2025".to_owned())
}

/// Decodes what `args` name and gives the exit code. The dump goes to `out`, complaints to `err`.
///
/// # Errors
/// Whatever writing to `out` or `err` gives. What is wrong with the input is no error but an exit code.
pub fn run(args: &Args, stdin: &mut impl Read, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let mut complain = |what: &dyn Display| writeln!(err, "locospec decode: {what}").map(|()| USAGE);
    let key = match args.key.as_deref().map(parse_key).transpose() {
        Ok(key) => key,
        Err(e) => return complain(&format!("--key: {e}")),
    };
    if key.is_some() && args.era.is_none() && !args.handshake {
        return complain(&"--key needs --era, or --handshake when the bytes begin with one");
    }
    let name = if args.file == Path::new("-") { "stdin".into() } else { args.file.display().to_string() };
    let input = match read_input(&args.file, stdin) {
        Ok(input) => input,
        Err(e) => return complain(&format!("{name}: {e}")),
    };
    let bytes = match args.hex {
        false => input,
        true => match parse_hex(&input) {
            Ok(bytes) => bytes,
            Err(e) => return complain(&format!("{name}:{e}")),
        },
    };
    if bytes.is_empty() {
        return complain(&format!("{name}: no bytes"));
    }
    decode(args, key.as_ref(), &bytes, out)
}

/// Dumps the handshake, if there is one, then what follows it.
fn decode(args: &Args, key: Option<&SessionKey>, bytes: &[u8], out: &mut impl Write) -> io::Result<u8> {
    let (mut era, mut rest, mut at) = (args.era, bytes, 0);
    if args.handshake {
        match Handshake::decode(bytes) {
            Ok(Some((handshake, len))) => {
                at = len;
                rest = bytes.get(at..).unwrap_or_default();
                era = era.or(Some(handshake.era));
                write!(out, "handshake of {}, at byte 0\n{}", handshake.era, dump_handshake(bytes, len))?;
                if era != Some(handshake.era) {
                    writeln!(out, "!! the handshake is of another era than --era says")?;
                    return Ok(WRONG);
                }
            }
            Ok(None) => return wrong(out, bytes, &"the handshake ends early"),
            Err(e) => return wrong(out, bytes, &e),
        }
    }
    match (key, era) {
        (Some(key), Some(era)) => dump_frames(era, key, rest, at, out),
        _ if args.handshake && rest.is_empty() => Ok(READ),
        _ if args.handshake => {
            write!(out, "\nframes, closed without --key, at byte {at}\n{}", dump_bytes(rest))?;
            Ok(READ)
        }
        _ => dump_packets(rest, out),
    }
}

fn wrong(out: &mut impl Write, bytes: &[u8], what: &dyn Display) -> io::Result<u8> {
    write!(out, "!! {what}\n{}", dump_bytes(bytes))?;
    Ok(WRONG)
}

fn dump_handshake(bytes: &[u8], len: usize) -> String {
    let number = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_le_bytes(*b));
    let parts = [
        (4, format!("wrapped key length {}", number(0))),
        (8, format!("key type {}", number(4))),
        (12, format!("cipher type {}", number(8))),
        (len, "session key under RSA".to_owned()),
    ];
    dump_parts(bytes.get(..len).unwrap_or(bytes), &parts)
}

/// Opens the frames in `bytes`, which begin at `at` of the stream, and dumps the packets in them.
fn dump_frames(era: Era, key: &SessionKey, bytes: &[u8], at: usize, out: &mut impl Write) -> io::Result<u8> {
    let mut plain = Vec::new();
    let mut opener = Opener::new(era, key, Limits::DEFAULT);
    let result = opener.push(bytes, &mut plain);
    if at > 0 && !plain.is_empty() {
        writeln!(out)?;
    }
    let mut code = dump_packets(&plain, out)?;
    if let Err(e) = result {
        writeln!(out, "!! {e} of its frame, after {} plain bytes", plain.len())?;
        code = WRONG;
    }
    if opener.pending() > 0 {
        writeln!(out, "!! the last frame ends early: {} bytes of it are here", opener.pending())?;
        code = WRONG;
    }
    Ok(code)
}

/// Dumps one packet after another. After a wrong header there is no way to find the next one.
fn dump_packets(bytes: &[u8], out: &mut impl Write) -> io::Result<u8> {
    let (mut code, mut at, mut count) = (READ, 0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        count += 1;
        if count > 1 {
            writeln!(out)?;
        }
        let whole = match Header::decode(rest, &Limits::DEFAULT) {
            Ok(Some(header)) => rest.split_at_checked(HEADER_LEN + header.body_len as usize).map(|(packet, _)| packet),
            _ => None,
        };
        let dump = dump_packet(whole.unwrap_or(rest));
        if dump.lines().any(|line| line.starts_with("!!")) {
            code = WRONG;
        }
        write!(out, "packet {count}, at byte {at}\n{dump}")?;
        match whole {
            Some(packet) => at += packet.len(),
            None => break,
        }
    }
    Ok(code)
}

fn read_input(file: &Path, stdin: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut input = Vec::new();
    let read = if file == Path::new("-") {
        stdin.take(INPUT_LEN_MAX + 1).read_to_end(&mut input)
    } else {
        std::fs::File::open(file).and_then(|f| f.take(INPUT_LEN_MAX + 1).read_to_end(&mut input))
    };
    match read {
        Err(e) => Err(e.to_string()),
        Ok(len) if len as u64 > INPUT_LEN_MAX => Err(format!("more than {} MiB", INPUT_LEN_MAX >> 20)),
        Ok(_) => Ok(input),
    }
}

fn parse_key(text: &str) -> Result<SessionKey, String> {
    let bytes = parse_hex(text.as_bytes()).map_err(|e| format!("{e} of the key"))?;
    match <[u8; BLOCK_LEN]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(SessionKey::from_bytes(key)),
        Err(_) => Err(format!("a session key has {BLOCK_LEN} bytes, this has {}", bytes.len())),
    }
}

/// What is said of half a byte.
const ODD: &str = "a byte has two digits, this one has one";

/// Reads hex text. The error begins with `line:column`, both from 1, the column in characters.
fn parse_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let (mut bytes, mut half) = (Vec::with_capacity(text.len() / 2), None);
    for (n, line) in text.split(|&b| b == b'\n').enumerate() {
        let mut column = 0;
        let text = line.split(|&b| b == b'#').next().unwrap_or_default();
        for (i, &c) in text.iter().enumerate() {
            // Only the first byte of a character moves the column.
            column += usize::from(c & 0xc0 != 0x80);
            let digit = (c as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
            match (digit, half) {
                (Some(low), Some(high)) => {
                    bytes.push(high << 4 | low);
                    half = None;
                }
                (Some(high), None) => half = Some(high),
                (None, None) if c.is_ascii_whitespace() => {}
                (None, Some(_)) if c.is_ascii_whitespace() => return Err(format!("{}:{column}: {ODD}", n + 1)),
                (None, _) => {
                    let what = shown(text.get(i..).unwrap_or_default());
                    return Err(format!("{}:{column}: no hex digit: {what}", n + 1));
                }
            }
        }
        if half.is_some() {
            return Err(format!("{}:{}: {ODD}", n + 1, column + 1));
        }
    }
    Ok(bytes)
}

/// The first character of `text`, or its first byte where it is no text.
fn shown(text: &[u8]) -> String {
    match String::from_utf8_lossy(text).chars().next() {
        Some(c) if c != char::REPLACEMENT_CHARACTER => format!("{c:?}"),
        _ => format!("byte {:#04x}", text.first().copied().unwrap_or_default()),
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
