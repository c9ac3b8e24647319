//! The vectors that are made from tables: `spec/vectors/*.yaml` must be what these tables make today.
//!
//! `UPDATE_VECTORS=1 cargo test --test proof pinned` writes them anew; read the difference before you keep it. Bodies
//! are written by the `bson` crate and headers here, so that our own encoder is not its own witness; what frames are
//! sealed to is opened by other libraries too, see `spec/interop`.
//!
//! | file | what it makes |
//! | --- | --- |
//! | `packets` | every form of every command of the catalogue, with all fields and with as few as may be |
//! | `headers` | headers, sound and not, and packets that cannot be encoded |
//! | `bodies` | BSON, sound and not |
//! | `frames` | frames of each era, sound and not |
//! | `handshakes` | handshakes, made and read |
//! | `streams` | packets in a stream that is cut anywhere |

use std::fmt::Write as _;
use std::path::Path;

use locospec::proto::entropy::Entropy;
use locospec::spec::corpus::Corpus;
use locospec::spec::run::bytes::Plain;
use serde_json::{Map, Value, json};

mod bodies;
mod frames;
mod handshakes;
mod headers;
mod packets;
mod streams;

/// The command that a file names.
const MADE_BY: &str = "UPDATE_VECTORS=1 cargo test --test proof pinned";
/// The seed of everything that is drawn.
const SEED: u64 = 2011;

/// A file in the making.
struct Made {
    name: String,
    about: &'static str,
    task: &'static str,
    proves: &'static [&'static str],
    kills: &'static [&'static str],
    vectors: Vec<Value>,
}

impl Made {
    fn new(name: &str, task: &'static str, about: &'static str) -> Self {
        Self { name: name.to_owned(), about, task, proves: &[], kills: &[], vectors: Vec::new() }
    }

    /// Adds a vector: its name, what is given, and the keys that say what must come.
    fn add(&mut self, id: impl Into<String>, given: Value, told: Value) {
        let mut all = Map::new();
        all.insert("id".into(), json!(id.into()));
        let (before, after): (Vec<_>, Vec<_>) =
            told.as_object().cloned().unwrap_or_default().into_iter().partition(|(k, _)| k == "eras" || k == "why");
        all.extend(before);
        all.insert("in".into(), given);
        all.extend(after);
        self.vectors.push(Value::Object(all));
    }

    fn text(&self) -> String {
        let mut out =
            String::from("# yaml-language-server: $schema=../schema/vectors.json\nformat: locospec-vectors/1\n");
        let list = |words: &[&str]| words.join(", ");
        let _ = writeln!(out, "about: {}\ntask: {}\nproves: [{}]", json!(self.about), self.task, list(self.proves));
        if !self.kills.is_empty() {
            let _ = writeln!(out, "kills: [{}]", list(self.kills));
        }
        let _ = writeln!(out, "made_by: {MADE_BY}\nvectors:");
        for v in &self.vectors {
            out.push_str("- ");
            flow(v, false, &mut out);
            out.push('\n');
        }
        out
    }
}

/// YAML in one line. Names are quoted inside bodies, where they may look like something else.
fn flow(v: &Value, quoted: bool, out: &mut String) {
    match v {
        Value::Object(map) => {
            out.push('{');
            for (n, (name, value)) in map.iter().enumerate() {
                let sep = if n > 0 { ", " } else { "" };
                let _ = if quoted { write!(out, "{sep}{}: ", json!(name)) } else { write!(out, "{sep}{name}: ") };
                match value {
                    Value::String(id) if name == "id" && !quoted => out.push_str(id),
                    _ => flow(value, quoted || name == "body", out),
                }
            }
            out.push('}');
        }
        Value::Array(all) => {
            out.push('[');
            for (n, value) in all.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                flow(value, quoted, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// A packet called `method` with this body.
fn packet(id: u32, method: &str, body: &[u8]) -> Vec<u8> {
    Plain { id, status: 0, method: method.into(), body_type: 0, body: body.to_vec() }.encode()
}

/// A packet as a codec tells it.
fn told(id: u32, method: &str, body: &bson::Document) -> Value {
    let body = bson::Bson::Document(body.clone()).into_canonical_extjson();
    json!({"id": id, "method": method, "body": body})
}

fn draw(name: &str) -> Entropy {
    Entropy::named(SEED, name)
}

fn refuse() -> Value {
    json!({"refuse": true})
}

fn all(corpus: &Corpus) -> Vec<Made> {
    let tables = [headers::made(), bodies::made(), frames::made(), handshakes::made(), streams::made()];
    packets::made(corpus).into_iter().chain(tables.into_iter().flatten()).collect()
}

#[test]
fn the_vectors_in_the_tree_are_those_that_the_tables_make() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let corpus = match Corpus::load(&root) {
        Ok(c) => c,
        Err(errors) => panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()),
    };
    let mut stale = Vec::new();
    for made in all(&corpus) {
        let (path, text) = (root.join(format!("vectors/{}.yaml", made.name)), made.text());
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            assert!(std::fs::write(&path, &text).is_ok(), "{}", path.display());
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(made.name);
        }
    }
    assert!(stale.is_empty(), "stale: {}; make them anew: {MADE_BY}", stale.join(" "));
}

#[test]
fn there_are_as_many_vectors_as_the_project_promises() {
    let corpus = Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec")).unwrap_or_default();
    let all = || corpus.vectors.iter().flat_map(|f| &f.value.vectors);
    let refused = all().filter(|v| v.refuse).count();
    assert!(all().count() >= 800 && refused >= 250, "{} vectors, {refused} of them refused", all().count());
}
