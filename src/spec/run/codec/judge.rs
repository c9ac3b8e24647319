//! What a codec is asked for a vector, and whether its answer is right.

use bson::{Bson, Document};
use serde_json::{Map, Value, json};

use super::super::bytes::Plain;
use super::own::to_hex;
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::given::iv_len;
use crate::proto::secure::{Era, Handshake, KeyRing, Opener, SessionKey, unwrap};
use crate::spec::format::mutate::unhex;
use crate::spec::format::vector::{Task, Vector};
use crate::spec::lit::Lit;

/// The most that `in.plain`, `in.nested` and `in.every` may make, in bytes.
const MADE_LEN_MAX: usize = 4 << 20;

/// The test keys, as PEM: what handshakes are made with.
const PRIVATE_2048: &str = include_str!("../../../../spec/keys/test-2048.pem");
const PRIVATE_1024: &str = include_str!("../../../../spec/keys/test-1024.pem");
const PUBLIC_2048: &str = include_str!("../../../../spec/keys/test-2048.pub.pem");
const PUBLIC_1024: &str = include_str!("../../../../spec/keys/test-1024.pub.pem");

/// One question of a vector.
#[derive(Clone, Debug)]
pub struct Question {
    /// The operation.
    pub op: &'static str,
    /// What the codec is told.
    pub request: Value,
}

/// What is asked for a vector, in order.
///
/// # Errors
/// The vector itself is wrong.
pub fn questions(task: Task, v: &Vector, era: Option<Era>) -> Result<Vec<Question>, String> {
    let given = filled(&v.given)?;
    let mut all = Vec::new();
    for op in task.operations() {
        let mut request = match (task, *op) {
            (Task::Packet, "encode") => object(v.out.as_ref().map_or(Value::Null, Lit::to_json)),
            _ => given.clone(),
        };
        match (task, *op) {
            (Task::Frame, "open") => drop((request.remove("plain"), request.remove("iv"))),
            (Task::Frame, "seal") => drop(request.remove("hex")),
            (Task::Handshake, _) => {
                let modern = era.is_none_or(Era::is_modern);
                request.insert("public_key".into(), json!(if modern { PUBLIC_2048 } else { PUBLIC_1024 }));
            }
            (Task::Accept, _) => {
                request.insert("private_keys".into(), json!({"2048": PRIVATE_2048, "1024": PRIVATE_1024}));
            }
            _ => (),
        }
        request.insert("op".into(), json!(op));
        if let Some(era) = era.filter(|_| task != Task::Accept) {
            request.insert("era".into(), json!(era.as_str()));
        }
        let times = if task == Task::Fresh { 2 } else { 1 };
        all.extend((0..times).map(|_| Question { op, request: Value::Object(request.clone()) }));
    }
    Ok(all)
}

fn object(v: Value) -> Map<String, Value> {
    match v {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What is given, with everything that is written in short made long.
fn filled(given: &Lit) -> Result<Map<String, Value>, String> {
    let mut map = object(given.to_json());
    let count = |v: &Value, most: usize| v.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= most);
    for name in ["plain", "hex"] {
        if let Some(n) = map.get(name).and_then(Value::as_str).and_then(|t| t.strip_prefix('@')) {
            let n = n.parse().ok().filter(|n| *n <= MADE_LEN_MAX).ok_or_else(|| format!("`@{n}` is no length"))?;
            let bytes: Vec<u8> = (0..n).map(|i: usize| (i * 7 % 251) as u8).collect();
            map.insert(name.into(), json!(to_hex(&bytes)));
        }
    }
    if let Some(depth) = map.remove("nested") {
        let depth = count(&depth, MADE_LEN_MAX / 16).ok_or("`nested` is no number")?;
        map.insert("hex".into(), json!(nested(depth)));
    }
    if let Some(every) = map.remove("every") {
        let every = count(&every, MADE_LEN_MAX).filter(|n| *n > 0).ok_or("`every` is no number")?;
        let bytes = unhex(map.remove("hex").as_ref().and_then(Value::as_str).unwrap_or_default())?;
        map.insert("pieces".into(), bytes.chunks(every).map(to_hex).collect());
    }
    Ok(map)
}

/// A packet called NESTED whose body has so many documents inside each other, as hex.
fn nested(depth: usize) -> String {
    // From the inside: each adds its length, a type, a name of one letter, and the closing NUL.
    let total = 5 + depth * 8;
    let mut body = Vec::with_capacity(total);
    for level in 0..=depth {
        body.extend_from_slice(&u32::try_from(total - level * 8).unwrap_or(u32::MAX).to_le_bytes());
        if level < depth {
            body.extend_from_slice(b"\x03a\0");
        }
    }
    body.resize(total, 0);
    to_hex(&Plain { id: 0, status: 0, method: "NESTED".into(), body_type: 0, body }.encode())
}

/// Whether the answer `ok` to `q` is the one that the vector wants.
///
/// # Errors
/// What is wrong with it: expected and actual.
pub fn right(task: Task, q: &Question, v: &Vector, out: Option<&Lit>, ok: &Value) -> Result<(), String> {
    let field = |name: &str| q.request.get(name).and_then(Value::as_str).unwrap_or_default();
    let wanted = out.map(Lit::to_json).unwrap_or_default();
    match (task, q.op) {
        (Task::Packet, "encode") => same_hex(ok, "hex", v.given.get("hex").and_then(Lit::as_str).unwrap_or_default()),
        (Task::Frame, "open") => {
            let plain = filled(&v.given)?.get("plain").cloned().unwrap_or_default();
            same_hex(ok, "plain", plain.as_str().unwrap_or_default())
        }
        (Task::Frame, _) => same_hex(ok, "hex", v.given.get("hex").and_then(Lit::as_str).unwrap_or_default()),
        (Task::Fresh, _) => fresh(field("era"), field("key"), field("plain"), ok),
        (Task::Handshake, _) => handshake(field("era"), field("key"), ok),
        (Task::Encode, _) => same_hex(ok, "hex", wanted.get("hex").and_then(Value::as_str).unwrap_or_default()),
        (Task::Open, _) => same_hex(ok, "plain", wanted.get("plain").and_then(Value::as_str).unwrap_or_default()),
        (Task::Accept, _) => accepted(&wanted, ok),
        (Task::Packet | Task::Decode, _) => same_packet(&wanted, ok),
        (Task::Stream, _) => same_stream(&wanted, ok),
    }
}

fn bytes_of(ok: &Value, name: &str) -> Result<Vec<u8>, String> {
    let text = ok.get(name).and_then(Value::as_str).ok_or_else(|| format!("the answer has no text `{name}`"))?;
    unhex(text).map_err(|e| format!("`{name}`: {e}"))
}

fn same_hex(ok: &Value, name: &str, wanted: &str) -> Result<(), String> {
    let (got, want) = (bytes_of(ok, name)?, unhex(wanted)?);
    if got == want {
        return Ok(());
    }
    let at = got.iter().zip(&want).position(|(a, b)| a != b).unwrap_or(got.len().min(want.len()));
    Err(format!(
        "`{name}` differs from byte {at} on\nexpected {} bytes: {}\nactual   {} bytes: {}",
        want.len(),
        around(&want, at),
        got.len(),
        around(&got, at)
    ))
}

/// The bytes around a place.
fn around(bytes: &[u8], at: usize) -> String {
    let (from, to) = (at.saturating_sub(8), (at + 24).min(bytes.len()));
    let mark = |n: usize, there: bool| if there { if n == 0 { "" } else { "…" } } else { "" };
    let end = if to < bytes.len() { "…" } else { "" };
    format!("{}{}{end}", mark(from, true), to_hex(bytes.get(from..to).unwrap_or_default()))
}

fn same_packet(wanted: &Value, got: &Value) -> Result<(), String> {
    for name in ["id", "status", "body_type"] {
        let (want, have) = (whole(wanted, name), got.get(name).map_or(Some(0), Value::as_i64));
        if Some(want) != have {
            return Err(format!("`{name}`\nexpected {want}\nactual   {}", got.get(name).unwrap_or(&Value::Null)));
        }
    }
    let (want, have) = (wanted.get("method"), got.get("method"));
    if want != have {
        return Err(format!("`method`\nexpected {}\nactual   {}", shown(want), shown(have)));
    }
    let (want, have) = (body(wanted)?, body(got)?);
    match different(&Bson::Document(want), &Bson::Document(have), "body") {
        None => Ok(()),
        Some(what) => Err(what),
    }
}

fn whole(of: &Value, name: &str) -> i64 {
    of.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn shown(v: Option<&Value>) -> String {
    v.map_or_else(|| "nothing".into(), ToString::to_string)
}

/// The body of a packet; none at all is the empty document (`PING-EMPTY-1`).
fn body(packet: &Value) -> Result<Document, String> {
    match packet.get("body") {
        None | Some(Value::Null) => Ok(Document::new()),
        Some(Value::Object(map)) => {
            Document::try_from(map.clone()).map_err(|e| format!("`body` is no Extended JSON: {e}"))
        }
        Some(other) => Err(format!("`body` is no document: {other}")),
    }
}

/// The first difference of two values, whatever the order of their fields: types and widths count.
fn different(want: &Bson, have: &Bson, path: &str) -> Option<String> {
    match (want, have) {
        (Bson::Document(a), Bson::Document(b)) => {
            let missing = a.iter().find_map(|(k, v)| match b.get(k) {
                Some(w) => different(v, w, &format!("{path}.{k}")),
                None => Some(format!("`{path}.{k}`\nexpected {}\nactual   nothing", written(v))),
            });
            let more = || b.iter().find(|(k, _)| !a.contains_key(*k));
            missing.or_else(|| more().map(|(k, v)| format!("`{path}.{k}`\nexpected nothing\nactual   {}", written(v))))
        }
        (Bson::Array(a), Bson::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(n, (v, w))| different(v, w, &format!("{path}[{n}]")))
        }
        (Bson::Double(a), Bson::Double(b)) if a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() => None,
        (Bson::Double(_), Bson::Double(_)) => Some(unlike(path, want, have)),
        _ if want == have => None,
        _ => Some(unlike(path, want, have)),
    }
}

fn unlike(path: &str, want: &Bson, have: &Bson) -> String {
    format!("`{path}`\nexpected {}\nactual   {}", written(want), written(have))
}

/// As a vector writes it, and a codec.
fn written(b: &Bson) -> String {
    b.clone().into_canonical_extjson().to_string()
}

fn same_stream(wanted: &Value, got: &Value) -> Result<(), String> {
    let list = |v: &Value| v.get("packets").and_then(Value::as_array).cloned();
    let want = list(wanted).unwrap_or_default();
    let have = list(got).ok_or("the answer has no list `packets`")?;
    for (n, (w, h)) in want.iter().zip(&have).enumerate() {
        same_packet(w, h).map_err(|e| format!("packet {n}: {e}"))?;
    }
    if want.len() != have.len() {
        return Err(format!("packets\nexpected {}\nactual   {}", want.len(), have.len()));
    }
    match (wanted.get("pending"), got.get("pending")) {
        (Some(w), h) if Some(w) != h => Err(format!("`pending`\nexpected {w}\nactual   {}", shown(h))),
        _ => Ok(()),
    }
}

fn key_of(hex: &str) -> Option<SessionKey> {
    unhex(hex).ok()?.as_slice().try_into().ok().map(SessionKey::from_bytes)
}

fn fresh(era: &str, key: &str, plain: &str, ok: &Value) -> Result<(), String> {
    let sealed = bytes_of(ok, "hex")?;
    let (Some(era), Some(key)) = (Era::parse(era), key_of(key)) else { return Err("no era, or no key".into()) };
    let (mut opener, mut opened) = (Opener::new(era, &key, Limits::DEFAULT), Vec::new());
    opener.push(&sealed, &mut opened).map_err(|e| format!("what it sealed does not open: {e}"))?;
    if opener.pending() > 0 {
        return Err(format!("what it sealed ends inside a frame: {} bytes too many", opener.pending()));
    }
    same_hex(&json!({"plain": to_hex(&opened)}), "plain", plain)
}

/// The IV or nonce of what was sealed in this answer.
#[must_use]
pub fn iv_in(q: &Question, ok: &Value) -> Option<Vec<u8>> {
    let era = Era::parse(q.request.get("era")?.as_str()?)?;
    bytes_of(ok, "hex").ok()?.get(4..4 + iv_len(era)).map(<[u8]>::to_vec).filter(|iv| !iv.is_empty())
}

fn handshake(era: &str, key: &str, ok: &Value) -> Result<(), String> {
    let bytes = bytes_of(ok, "hex")?;
    let read = Handshake::decode(&bytes).map_err(|e| e.to_string())?;
    let Some((made, used)) = read else { return Err("the handshake ends too early".into()) };
    if made.era.as_str() != era {
        return Err(format!("era\nexpected {era}\nactual   {}", made.era));
    }
    if used != bytes.len() {
        return Err(format!("{} bytes behind the handshake", bytes.len() - used));
    }
    let found = unwrap(made.era, &made.wrapped, &KeyRing::test(), &mut Entropy::named(0, "judge"));
    same_hex(&json!({"key": to_hex(found.as_bytes())}), "key", key)
        .map_err(|_| "the wrapped key does not unwrap to the one that was given".into())
}

fn accepted(wanted: &Value, ok: &Value) -> Result<(), String> {
    if let Some(era) = wanted.get("era").filter(|e| ok.get("era") != Some(e)) {
        return Err(format!("era\nexpected {era}\nactual   {}", shown(ok.get("era"))));
    }
    let got = bytes_of(ok, "key")?;
    if let Some(not) = wanted.get("not_key").and_then(Value::as_str) {
        let taken = unhex(not)? == got;
        return if taken { Err(format!("it takes {not} out of a bad block")) } else { Ok(()) };
    }
    same_hex(ok, "key", wanted.get("key").and_then(Value::as_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_packet_is_one() {
        for depth in [0, 1, 40] {
            let bytes = unhex(&nested(depth)).unwrap_or_default();
            let header = crate::proto::wire::Header::decode(&bytes, &Limits::DEFAULT);
            let Ok(Some(h)) = header else { panic!("{header:?}") };
            assert_eq!((h.method.as_str(), h.body_len as usize), ("NESTED", bytes.len() - 22));
            let mut doc = Document::from_reader(bytes.get(22..).unwrap_or_default()).unwrap_or_default();
            for _ in 0..depth {
                let inner = doc.get_document("a").cloned();
                doc = inner.unwrap_or_else(|e| panic!("{e}"));
            }
            assert!(doc.is_empty());
        }
    }

    #[test]
    fn widths_signs_and_missing_fields_are_differences_and_order_is_none() {
        let packet = |body: &str| -> Value {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            json!({"id": 1, "method": "A", "body": body})
        };
        let want = packet(r#"{"a": {"$numberInt": "1"}, "b": [{"$numberLong": "2"}], "d": {"$numberDouble": "NaN"}}"#);
        let order = packet(r#"{"d": {"$numberDouble": "NaN"}, "b": [{"$numberLong": "2"}], "a": {"$numberInt": "1"}}"#);
        assert_eq!(same_packet(&want, &order), Ok(()));
        for (body, place) in [
            (r#"{"a": {"$numberLong": "1"}, "b": [{"$numberLong": "2"}], "d": {"$numberDouble": "NaN"}}"#, "`body.a`"),
            (
                r#"{"a": {"$numberInt": "1"}, "b": [{"$numberLong": "3"}], "d": {"$numberDouble": "NaN"}}"#,
                "`body.b[0]`",
            ),
            (r#"{"a": {"$numberInt": "1"}, "b": [{"$numberLong": "2"}]}"#, "`body.d`"),
            (
                r#"{"a": {"$numberInt": "1"}, "b": [{"$numberLong": "2"}], "d": {"$numberDouble": "NaN"}, "e": null}"#,
                "`body.e`",
            ),
        ] {
            let why = same_packet(&want, &packet(body)).err().unwrap_or_default();
            assert!(why.starts_with(place), "{why}");
        }
        // A number as JSON has it is the nearest double, to the last bit.
        let long = packet(r#"{"x": {"$numberDouble": "22.493939966666666"}}"#);
        assert_eq!(same_packet(&long, &packet(r#"{"x": 22.493939966666666}"#)), Ok(()));
        assert!(same_packet(&want, &json!({"id": 1, "method": "A", "body": 3})).is_err());
        assert!(same_packet(&want, &json!("no")).is_err());
    }
}
