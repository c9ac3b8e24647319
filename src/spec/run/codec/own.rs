//! Our own codec as any other one: a request in, an answer out, both JSON. `locospec codec` says the same on lines.
//!
//! What it does is the core's. Bodies are the `bson` crate's, behind the core's scan.

use bson::{Bson, Document};
use serde_json::{Map, Value, json};

use super::quirk::CodecQuirk;
use crate::proto::entropy::Entropy;
use crate::proto::error::{ApiMisuse, Malformed};
use crate::proto::limits::{FRAGMENT_PLAIN_MAX, HEADER_LEN, Limits};
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::given::{iv_len, seal_under};
use crate::proto::secure::suite::FIXED_IV;
use crate::proto::secure::{
    Era, Handshake, KeyRing, Opener, PrivateKey, PublicKey, PublicRing, Sealer, SessionKey, unwrap, wrap,
};
use crate::proto::wire::header::BODY_LEN;
use crate::proto::wire::{Deframer, Header, Method, Packet};
use crate::spec::format::mutate::unhex;

type Request = Map<String, Value>;
type Given = Result<Value, Refusal>;
type Operation = fn(&mut Own, &Request) -> Given;

/// Why a request gets no result.
enum Refusal {
    /// The bytes that it is about are wrong.
    Bytes(Malformed),
    /// It asks for what cannot be.
    Asked(String),
}

impl From<Malformed> for Refusal {
    fn from(e: Malformed) -> Self {
        Self::Bytes(e)
    }
}

/// Everything that a codec can be asked for.
pub const OPERATIONS: [&str; 7] = ["decode", "encode", "open", "seal", "handshake", "accept", "stream"];
const TABLE: [Operation; 7] =
    [Own::decode, Own::encode, Own::open, Own::seal, Own::handshake, Own::accept, Own::stream];

/// Our codec, which may be wrong on purpose.
#[derive(Debug)]
pub struct Own {
    quirks: Vec<CodecQuirk>,
    entropy: Entropy,
    /// The last private keys, and what they are as text: reading them takes longer than using them.
    ring: Option<(Value, KeyRing)>,
}

impl Own {
    /// A codec with these quirks; paddings and IVs come from `entropy`.
    #[must_use]
    pub fn new(quirks: &[CodecQuirk], entropy: Entropy) -> Self {
        Self { quirks: quirks.to_vec(), entropy, ring: None }
    }

    fn has(&self, quirk: CodecQuirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// The answer to a request: `{"ok": …}` or `{"error": "…"}`.
    pub fn answer(&mut self, request: &Value) -> Value {
        let op = request.get("op").and_then(Value::as_str).unwrap_or_default();
        if op == "hello" {
            let eras: Vec<&str> = Era::ALL.iter().map(|e| e.as_str()).collect();
            let version = env!("CARGO_PKG_VERSION");
            return json!({"ok": {"name": "locospec", "version": version, "ops": OPERATIONS, "eras": eras}});
        }
        let found = OPERATIONS.iter().position(|o| *o == op).and_then(|n| TABLE.get(n));
        let result = match (found, request.as_object()) {
            (Some(operation), Some(request)) => operation(self, request),
            _ => Err(Refusal::Asked(format!("no operation is called `{op}`"))),
        };
        match result {
            Ok(ok) => json!({"ok": ok}),
            Err(_) if self.has(CodecQuirk::AnswersEverything) => json!({"ok": {}}),
            Err(Refusal::Asked(why)) => json!({"error": why}),
            Err(Refusal::Bytes(e)) => {
                let dies = self.has(CodecQuirk::DiesOfMethod) && CodecQuirk::TakesAnyMethod.takes().contains(&e.kind);
                assert!(!dies, "planted: {e}");
                let takes = self.quirks.iter().any(|q| q.takes().contains(&e.kind));
                if takes { json!({"ok": {"plain": "", "body": {}}}) } else { json!({"error": e.to_string()}) }
            }
        }
    }

    fn decode(&mut self, r: &Request) -> Given {
        let bytes = hex(r, "hex")?;
        let Some(header) = Header::decode(&bytes, &Limits::DEFAULT)? else { return Err(early()) };
        let body = bytes.get(HEADER_LEN..).unwrap_or_default();
        match body.len().checked_sub(header.body_len as usize) {
            None => Err(early()),
            Some(0) => self.packet(&Packet { header, body }),
            Some(n) => Err(Refusal::Asked(format!("{n} bytes behind the packet"))),
        }
    }

    fn packet(&self, packet: &Packet<'_>) -> Given {
        let (h, sound) = (packet.header, packet.document(&Limits::DEFAULT)?);
        if self.has(CodecQuirk::MethodNeedsNul) && !h.method.bytes().contains(&0) {
            return Err(Refusal::Asked("a method without a NUL".into()));
        }
        let mut body = Value::Null;
        if !packet.body.is_empty() {
            let mut doc = Document::from_reader(sound.bytes()).map_err(|e| Refusal::Asked(e.to_string()))?;
            if self.has(CodecQuirk::LosesWidth) {
                doc.iter_mut().for_each(|(_, v)| narrow(v));
            }
            body = Bson::Document(doc).into_canonical_extjson();
        }
        Ok(json!({"id": h.id, "status": h.status, "method": h.method.as_str(), "body_type": h.body_type, "body": body}))
    }

    fn encode(&mut self, r: &Request) -> Given {
        let method = Method::new(text(r, "method")?).map_err(asked)?;
        let body = match r.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(map)) => {
                let doc = Document::try_from(map.clone()).map_err(asked)?;
                doc.to_vec().map_err(asked)?
            }
            Some(_) => return Err(Refusal::Asked("`body` is a document or null".into())),
        };
        let body_len = u32::try_from(body.len()).map_err(asked)?;
        let header = Header {
            id: number(r, "id")?,
            status: number(r, "status")?,
            method,
            body_type: number(r, "body_type")?,
            body_len,
        };
        let mut out = header.encode();
        if self.has(CodecQuirk::BigEndianLength) {
            out[BODY_LEN].copy_from_slice(&body_len.to_be_bytes());
        }
        let whole = [&out[..], &body].concat();
        Ok(json!({"hex": to_hex(&whole)}))
    }

    fn open(&mut self, r: &Request) -> Given {
        let (mut opener, mut plain) = (Opener::new(era(r)?, &key(r)?, Limits::DEFAULT), Vec::new());
        opener.push(&hex(r, "hex")?, &mut plain)?;
        if opener.pending() > 0 { Err(early()) } else { Ok(json!({"plain": to_hex(&plain)})) }
    }

    fn seal(&mut self, r: &Request) -> Given {
        let (era, key, plain) = (era(r)?, key(r)?, hex(r, "plain")?);
        let mut out = Vec::new();
        if self.has(CodecQuirk::FragmentTooLong) && !era.is_modern() {
            let mut sealer = Sealer::new(era, &key, self.entropy.fork());
            sealer.spoil(Quirks::NONE.with(Quirk::FragmentTooLong));
            sealer.seal(&plain, &mut out);
        } else if self.has(CodecQuirk::ChainsIv) && !era.is_modern() {
            chained(&key, &plain, &mut out).map_err(asked)?;
        } else if r.get("iv").is_some() || !era.is_modern() {
            let iv = if r.contains_key("iv") { hex(r, "iv")? } else { Vec::new() };
            seal_under(era, &key, &iv, &plain, &mut out).map_err(asked)?;
        } else {
            let again = self.has(CodecQuirk::NonceReused);
            let entropy = if again { Entropy::named(0, "again") } else { self.entropy.fork() };
            Sealer::new(era, &key, entropy).seal(&plain, &mut out);
        }
        if self.has(CodecQuirk::LengthWithoutIv)
            && let Some(len) = out.first_chunk_mut::<4>()
        {
            let shorter = u32::from_le_bytes(*len).wrapping_sub(iv_len(era) as u32);
            *len = shorter.to_le_bytes();
        }
        Ok(json!({"hex": to_hex(&out)}))
    }

    fn handshake(&mut self, r: &Request) -> Given {
        let (era, key) = (era(r)?, key(r)?);
        let public = PublicKey::from_pem(text(r, "public_key")?).map_err(asked)?;
        // The other half of the ring is not used.
        let ring = PublicRing { modern: public.clone(), old: public, witness: None };
        let mut made = wrap(era, &key, &ring, &mut self.entropy).map_err(asked)?;
        if self.has(CodecQuirk::HandshakeOf2019) && era.is_modern() {
            made.era = Era::E2019;
        }
        let mut out = Vec::new();
        made.encode(&mut out);
        Ok(json!({"hex": to_hex(&out)}))
    }

    fn accept(&mut self, r: &Request) -> Given {
        let bytes = hex(r, "hex")?;
        let Some((handshake, used)) = Handshake::decode(&bytes)? else { return Err(early()) };
        if used < bytes.len() {
            return Err(Refusal::Asked(format!("{} bytes behind the handshake", bytes.len() - used)));
        }
        let keys = r.get("private_keys").cloned().unwrap_or_default();
        if self.ring.as_ref().is_none_or(|(have, _)| *have != keys) {
            let pem = |bits: &str| keys.get(bits).and_then(Value::as_str).unwrap_or_default().to_owned();
            let read = |bits| PrivateKey::from_pem(&pem(bits)).map_err(asked);
            let ring = KeyRing::new(read("2048")?, read("1024")?).map_err(asked)?;
            self.ring = Some((keys, ring));
        }
        let Some((_, ring)) = &self.ring else { return Err(Refusal::Asked("no private key".into())) };
        let key = unwrap(handshake.era, &handshake.wrapped, ring, &mut self.entropy);
        Ok(json!({"era": handshake.era.as_str(), "key": to_hex(key.as_bytes())}))
    }

    fn stream(&mut self, r: &Request) -> Given {
        let mut limits = Limits::DEFAULT;
        if self.has(CodecQuirk::WaitsForAnyLength) {
            limits.body_len_max = u32::MAX as usize;
        }
        let mut opener = match r.contains_key("era") {
            true => Some(Opener::new(era(r)?, &key(r)?, limits)),
            false => None,
        };
        let (mut deframer, mut packets) = (Deframer::new(limits), Vec::new());
        let pieces = r.get("pieces").and_then(Value::as_array).ok_or_else(|| absent("pieces"))?;
        for piece in pieces {
            let bytes = piece.as_str().and_then(|p| unhex(p).ok()).ok_or_else(|| absent("pieces"))?;
            match &mut opener {
                Some(opener) => opener.push(&bytes, deframer.buffer_mut())?,
                None => deframer.push(&bytes)?,
            }
            while let Some(packet) = deframer.next_packet()? {
                packets.push(self.packet(&packet)?);
                if self.has(CodecQuirk::OnePiece) {
                    deframer = Deframer::new(limits);
                }
            }
        }
        Ok(json!({"packets": packets, "pending": deframer.pending()}))
    }
}

fn asked(e: impl std::fmt::Display) -> Refusal {
    Refusal::Asked(e.to_string())
}

fn absent(name: &str) -> Refusal {
    Refusal::Asked(format!("`{name}` is missing, or not what it should be"))
}

fn early() -> Refusal {
    Refusal::Asked("the bytes end too early".into())
}

fn text<'r>(r: &'r Request, name: &str) -> Result<&'r str, Refusal> {
    r.get(name).and_then(Value::as_str).ok_or_else(|| absent(name))
}

fn hex(r: &Request, name: &str) -> Result<Vec<u8>, Refusal> {
    unhex(text(r, name)?).map_err(asked)
}

fn era(r: &Request) -> Result<Era, Refusal> {
    Era::parse(text(r, "era")?).ok_or_else(|| absent("era"))
}

fn key(r: &Request) -> Result<SessionKey, Refusal> {
    let bytes = hex(r, "key")?;
    bytes.as_slice().try_into().map(SessionKey::from_bytes).map_err(|_| absent("key"))
}

/// A number that fits the header's field; 0 when it is not there.
fn number<N: TryFrom<i64> + Default>(r: &Request, name: &str) -> Result<N, Refusal> {
    match r.get(name) {
        None | Some(Value::Null) => Ok(N::default()),
        Some(v) => v.as_i64().and_then(|n| N::try_from(n).ok()).ok_or_else(|| absent(name)),
    }
}

/// Lower-case hex.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// Planted: a long integer that fits a short one becomes one.
fn narrow(v: &mut Bson) {
    match v {
        Bson::Int64(n) => {
            if let Ok(n) = i32::try_from(*n) {
                *v = Bson::Int32(n);
            }
        }
        Bson::Document(d) => d.iter_mut().for_each(|(_, v)| narrow(v)),
        Bson::Array(a) => a.iter_mut().for_each(narrow),
        _ => (),
    }
}

/// Planted: fragments of 2012 each of which goes on with the last block of the one before it. To begin with another IV
/// is to seal other bytes in the first block.
fn chained(key: &SessionKey, plain: &[u8], out: &mut Vec<u8>) -> Result<(), ApiMisuse> {
    let mut last = FIXED_IV;
    for piece in plain.chunks(FRAGMENT_PLAIN_MAX) {
        let mut piece = piece.to_vec();
        let ivs = FIXED_IV.iter().zip(last);
        piece.iter_mut().zip(ivs).for_each(|(b, (fixed, last))| *b ^= fixed ^ last);
        seal_under(Era::E2012, key, &[], &piece, out)?;
        last = out.last_chunk().copied().unwrap_or(FIXED_IV);
    }
    Ok(())
}
