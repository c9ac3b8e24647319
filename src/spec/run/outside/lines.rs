//! The line protocol of a client's adapter as values: requests, replies, events. `spec/interop/README.md` is its
//! description; this is what the judge makes of it. A codec's lines are another protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bson::{Bson, Document};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as PlainError;
use serde_json::{Map, Value, json};

use super::super::target::{Happening, Order, TargetError};
use crate::proto::secure::Era;
use crate::spec::format::driving::EventKind;
use crate::store::world::WorldUser;

/// Events that are not judged: they stand in the timeline of a failure.
const NOTED: [&str; 4] = ["connected", "push", "failed", "closed"];
/// How deep an event may nest.
const DEPTH_MAX: usize = 8;

/// What a client is told of its servers and of itself.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) era: Era,
    /// The first door: booking, or the entry of 2012.
    pub(super) addr: String,
    pub(super) ca: &'a Path,
    pub(super) rsa_pub: &'a Path,
    pub(super) time_scale: f64,
}

impl Place<'_> {
    /// The operation `connect`.
    pub(super) fn connect(&self, user: &WorldUser) -> Map<String, Value> {
        let all = json!({
            "era": self.era.as_str(), "addr": self.addr, "ca": self.ca, "rsa_pub": self.rsa_pub,
            "user": user_json(user), "time_scale": self.time_scale,
        });
        object(all)
    }

    /// The same in the environment, for this case.
    pub(super) fn env(&self, case: &str) -> BTreeMap<String, String> {
        let all = [
            ("LOCOSPEC_CASE", case.to_owned()),
            ("LOCOSPEC_ERA", self.era.to_string()),
            ("LOCOSPEC_ADDR", self.addr.clone()),
            ("LOCOSPEC_CA", self.ca.display().to_string()),
            ("LOCOSPEC_RSA_PUB", self.rsa_pub.display().to_string()),
            ("LOCOSPEC_TIME_SCALE", self.time_scale.to_string()),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// A user, as a client is told who it is.
pub(super) fn user_json(user: &WorldUser) -> Value {
    json!({"name": user.name, "id": user.id, "token": user.token, "duuid": format!("{}-under-test", user.name)})
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// An order as an operation and what goes with it; `login` has nothing, for `connect` went before.
pub(super) fn operation(order: &Order) -> (&'static str, Map<String, Value>) {
    let (op, with) = match order {
        Order::Login { .. } => ("login", json!({})),
        Order::SendText { ticket, room, text } => ("send_text", json!({"as": ticket, "room": room, "text": text})),
        Order::Read { room, watermark } => ("read", json!({"room": room, "watermark": watermark})),
        Order::Leave { room } => ("leave", json!({"room": room})),
        Order::Close => ("close", json!({})),
    };
    (op, object(with))
}

/// What an adapter says that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Hello {
    /// The operations that it knows.
    pub(super) operations: BTreeSet<String>,
    /// The events that it tells.
    pub(super) events: BTreeSet<String>,
}

impl Hello {
    /// From the reply to `hello`.
    pub(super) fn of(reply: Value) -> Result<Self, TargetError> {
        serde_json::from_value(reply)
            .map_err(|e| TargetError::Wrong(format!("`hello` is answered with `operations` and `events`: {e}")))
    }

    /// Whether it tells this.
    pub(super) fn tells(&self, kind: EventKind) -> bool {
        self.events.iter().any(|e| event_kind(e) == Some(kind))
    }
}

/// A line of the adapter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// The reply to the request with this number.
    Reply(u64, Value),
    /// Something that happened.
    Event(Happening),
}

/// What a line says.
pub(super) fn line(value: Value) -> Result<Line, String> {
    let Value::Object(mut map) = value else { return Err("no object".into()) };
    if let Some(event) = map.remove("event") {
        let name = event.as_str().ok_or_else(|| format!("`event` is a name, not {event}"))?;
        if NOTED.contains(&name) {
            return Ok(Line::Event(Happening::Noted(format!("the client notes {name} {}", Value::Object(map)))));
        }
        let kind = event_kind(name).ok_or_else(|| format!("no event is called `{name}`"))?;
        let with = document(map, 0).map_err(|why| format!("event `{name}`: {why}"))?;
        return Ok(Line::Event(Happening::Said(kind, with)));
    }
    match map.get("id").and_then(Value::as_u64) {
        Some(id) => Ok(Line::Reply(id, Value::Object(map))),
        None => Err(format!("neither a reply with `id` nor an `event`: {}", Value::Object(map))),
    }
}

/// What a reply says of its request: done, or why not.
pub(super) fn outcome(op: &str, reply: Value) -> Result<Value, TargetError> {
    if let Some(what) = reply.get("unimplemented") {
        let what = what.as_str().unwrap_or(op);
        return Err(TargetError::Unimplemented(format!("`{op}`: {what}")));
    }
    if let Some(why) = reply.get("error") {
        return Err(TargetError::Wrong(format!("it refused `{op}`: {}", why.as_str().unwrap_or(&why.to_string()))));
    }
    if reply.get("ok") == Some(&Value::Bool(true)) {
        Ok(reply)
    } else {
        Err(TargetError::Wrong(format!("its reply to `{op}` has none of ok, error, unimplemented: {reply}")))
    }
}

fn event_kind(name: &str) -> Option<EventKind> {
    EventKind::deserialize(IntoDeserializer::<PlainError>::into_deserializer(name)).ok()
}

/// Whole numbers are int64; `{"$numberLong": "…"}` is one, for whoever cannot write it exactly.
fn bson_of(value: Value, depth: usize) -> Result<Bson, String> {
    Ok(match value {
        Value::Null => Bson::Null,
        Value::Bool(b) => Bson::Boolean(b),
        Value::String(s) => Bson::String(s),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => Bson::Int64(n),
            (None, Some(x)) => Bson::Double(x),
            (None, None) => return Err(format!("{n} is no number of 64 bits")),
        },
        Value::Array(a) => Bson::Array(a.into_iter().map(|v| bson_of(v, depth + 1)).collect::<Result<_, _>>()?),
        Value::Object(map) => match map.get("$numberLong").and_then(Value::as_str) {
            Some(n) => Bson::Int64(n.parse().map_err(|_| format!("{n:?} is no int64"))?),
            None => Bson::Document(document(map, depth + 1)?),
        },
    })
}

fn document(map: Map<String, Value>, depth: usize) -> Result<Document, String> {
    if depth > DEPTH_MAX {
        return Err(format!("nested deeper than {DEPTH_MAX}"));
    }
    map.into_iter().map(|(k, v)| Ok((k, bson_of(v, depth)?))).collect()
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn a_line_is_a_reply_or_an_event_and_anything_else_is_told() {
        let said = |v: Value| line(v);
        assert_eq!(said(json!({"id": 3, "ok": true})), Ok(Line::Reply(3, json!({"id": 3, "ok": true}))));
        let message =
            json!({"event": "message", "log_id": {"$numberLong": "9223372036854775807"}, "room": 7, "own": false});
        let with = doc! {"log_id": i64::MAX, "room": 7_i64, "own": false};
        assert_eq!(said(message), Ok(Line::Event(Happening::Said(EventKind::Message, with))));
        assert!(matches!(said(json!({"event": "push", "method": "X"})), Ok(Line::Event(Happening::Noted(_)))));
        for (bad, why) in [
            (json!({"event": "mesage"}), "no event is called `mesage`"),
            (json!({"event": 1}), "`event` is a name"),
            (json!({"ok": true}), "neither a reply"),
            (json!({"id": -1, "ok": true}), "neither a reply"),
            (json!({"event": "sent", "log_id": {"$numberLong": "x"}}), "event `sent`: \"x\" is no int64"),
            (json!({"event": "sent", "a": [[[[[[[[[{}]]]]]]]]]}), "event `sent`: nested deeper"),
        ] {
            let said = said(bad.clone()).err().unwrap_or_default();
            assert!(said.starts_with(why), "{bad}: {said}");
        }
    }

    #[test]
    fn a_reply_is_done_refused_or_not_there() {
        assert!(outcome("login", json!({"id": 1, "ok": true})).is_ok());
        let verdict = |v: Value| outcome("leave", v).err();
        assert!(matches!(verdict(json!({"id": 1, "unimplemented": "no"})), Some(TargetError::Unimplemented(_))));
        assert!(matches!(verdict(json!({"id": 1, "error": "no such room"})), Some(TargetError::Wrong(_))));
        assert!(matches!(verdict(json!({"id": 1})), Some(TargetError::Wrong(_))));
        assert!(matches!(verdict(json!({"id": 1, "ok": false})), Some(TargetError::Wrong(_))));
    }

    #[test]
    fn hello_says_what_there_is() {
        let hello = Hello::of(json!({"id": 1, "ok": true, "operations": ["login"], "events": ["message", "own"]}));
        let Ok(hello) = hello else { panic!("refused") };
        assert!(hello.operations.contains("login") && hello.tells(EventKind::Message));
        assert!(!hello.tells(EventKind::Sent));
        assert!(Hello::of(json!({"id": 1, "ok": true, "operations": []})).is_err());
    }
}
