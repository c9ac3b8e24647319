//! loco-protocol 6.5.0 as a codec under test: JSON lines in, JSON lines out. See `spec/interop/README.md`.
//!
//! Nothing is repaired: what the crate accepts is accepted, where it waits for more the answer is an error, and where it
//! panics the program dies. It has no BSON of its own; bodies go through `bson` 2, as its users do it.

use std::io::{BufRead, Write};

use loco_protocol::command::client::{LocoSink, LocoStream, StreamState};
use loco_protocol::command::{BoxedCommand, Command, Header, Method};
use loco_protocol::secure::SecurePacket;
use loco_protocol::secure::client::rsa::{RsaPublicKey, pkcs8::DecodePublicKey};
use loco_protocol::secure::client::{LocoClientSecureLayer, ReadState};
use serde_json::{Value, json};

type Answer = Result<Value, String>;
const NO_IV: &str = "it makes no IVs: its caller does";

fn main() -> std::io::Result<()> {
    let (stdin, mut stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in stdin.lines() {
        let answer = match serde_json::from_str::<Value>(&line?) {
            Ok(request) => ask(&request),
            Err(e) => Err(e.to_string()),
        };
        let error = |why: String| json!({ if why == NO_IV { "unimplemented" } else { "error" }: why });
        let said = answer.map_or_else(error, |ok| json!({"ok": ok}));
        writeln!(stdout, "{said}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn ask(r: &Value) -> Answer {
    match r["op"].as_str().unwrap_or_default() {
        "hello" => Ok(json!({
            "name": "loco-protocol", "version": "6.5.0",
            "ops": ["decode", "encode", "open", "seal", "handshake", "stream"], "eras": ["2023"],
        })),
        "decode" => {
            let (mut packets, rest) = packets(&[hex(r, "hex")?]);
            match (packets.pop(), packets.len(), rest) {
                (Some(only), 0, 0) => packet(&only),
                (got, n, rest) => Err(format!("{} packets and {rest} bytes", n + usize::from(got.is_some()))),
            }
        }
        "encode" => encode(r),
        "open" => {
            let (plain, whole) = open(r, &[hex(r, "hex")?])?;
            if whole { Ok(json!({"plain": to_hex(&plain.concat())})) } else { Err("ends inside a frame".into()) }
        }
        "seal" => {
            let iv = r["iv"].as_str().ok_or(NO_IV)?;
            let iv = unhex(iv)?.try_into().map_err(|_| "an IV has 16 bytes")?;
            let mut layer = LocoClientSecureLayer::new(key(r)?);
            layer.send(SecurePacket { iv, data: hex(r, "plain")? });
            Ok(json!({"hex": to_hex(layer.write_buffer.make_contiguous())}))
        }
        "handshake" => {
            let pem = r["public_key"].as_str().unwrap_or_default();
            let mut layer = LocoClientSecureLayer::new(key(r)?);
            layer.handshake(&RsaPublicKey::from_public_key_pem(pem).map_err(|e| e.to_string())?);
            Ok(json!({"hex": to_hex(layer.write_buffer.make_contiguous())}))
        }
        "stream" => {
            let list = r["pieces"].as_array().ok_or("no pieces")?.iter();
            let mut pieces = list.map(|p| unhex(p.as_str().unwrap_or_default())).collect::<Result<Vec<_>, _>>()?;
            if r["key"].is_string() {
                pieces = open(r, &pieces)?.0;
            }
            let (packets, pending) = packets(&pieces);
            let all = packets.iter().map(packet).collect::<Result<Vec<_>, _>>()?;
            Ok(json!({"packets": all, "pending": pending}))
        }
        other => Err(format!("no operation is called `{other}`")),
    }
}

/// The packets in a stream, and how many bytes wait for the rest of theirs.
fn packets(pieces: &[Vec<u8>]) -> (Vec<BoxedCommand>, usize) {
    let (mut stream, mut all) = (LocoStream::new(), Vec::new());
    for piece in pieces {
        stream.read_buffer.extend(piece);
        while let Some(command) = stream.read() {
            all.push(command);
        }
    }
    let header = if matches!(stream.state(), StreamState::Header(_)) { 22 } else { 0 };
    (all, stream.read_buffer.len() + header)
}

fn packet(c: &BoxedCommand) -> Answer {
    let mut body = Value::Null;
    if !c.data.is_empty() {
        let doc = bson2::Document::from_reader(&*c.data).map_err(|e| e.to_string())?;
        body = bson2::Bson::Document(doc).into_canonical_extjson();
    }
    let h = &c.header;
    Ok(json!({"id": h.id, "status": h.status, "method": &*h.method, "body_type": h.data_type, "body": body}))
}

fn encode(r: &Value) -> Answer {
    let number = |name: &str| r[name].as_i64().unwrap_or_default();
    let header = Header {
        id: number("id").try_into().map_err(|_| "id")?,
        status: number("status").try_into().map_err(|_| "status")?,
        method: Method::new(r["method"].as_str().unwrap_or_default()).ok_or("a method has at most 11 bytes")?,
        data_type: number("body_type").try_into().map_err(|_| "body_type")?,
    };
    let data = match &r["body"] {
        Value::Object(map) => {
            let doc = bson2::Document::try_from(map.clone()).map_err(|e| e.to_string())?;
            bson2::to_vec(&doc).map_err(|e| e.to_string())?
        }
        _ => Vec::new(),
    };
    let mut sink = LocoSink::new();
    sink.send(Command { header, data });
    Ok(json!({"hex": to_hex(sink.write_buffer.make_contiguous())}))
}

/// What the frames in these pieces open to, and whether nothing is left over.
fn open(r: &Value, pieces: &[Vec<u8>]) -> Result<(Vec<Vec<u8>>, bool), String> {
    let (mut layer, mut plain) = (LocoClientSecureLayer::new(key(r)?), Vec::new());
    for piece in pieces {
        layer.read_buffer.extend(piece);
        while let Some(frame) = layer.read() {
            plain.push(frame.data.into_vec());
        }
    }
    Ok((plain, layer.read_buffer.is_empty() && matches!(layer.read_state(), ReadState::Pending)))
}

fn key(r: &Value) -> Result<[u8; 16], String> {
    hex(r, "key")?.try_into().map_err(|_| "a key has 16 bytes".into())
}

fn hex(r: &Value, name: &str) -> Result<Vec<u8>, String> {
    unhex(r[name].as_str().ok_or_else(|| format!("no {name}"))?)
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let byte = |n| text.get(n..n + 2).and_then(|d| u8::from_str_radix(d, 16).ok()).ok_or("no hex".to_owned());
    (0..text.len()).step_by(2).map(byte).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
