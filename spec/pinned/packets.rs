//! Packets of every command that the catalogue knows, in every form: with all fields, and with as few as may be.
//!
//! Values are drawn by the names of their fields, with the ones that readers get wrong among them: long integers that
//! fit a short one, those that no double holds, both ends of the range, texts of several bytes a letter.

use std::collections::BTreeMap;

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc};
use locospec::proto::entropy::Entropy;
use locospec::proto::secure::Era;
use locospec::spec::corpus::Corpus;
use locospec::spec::format::command::{CommandFile, Direction, Form, FormOf, Group};
use locospec::spec::format::field::{Field, FieldType};
use serde_json::json;

use super::{Made, draw, hex, packet, told};

/// How deep types are filled inside types.
const DEPTH_MAX: usize = 4;

type Types<'c> = BTreeMap<&'c str, &'c [Field]>;

pub fn made(corpus: &Corpus) -> Vec<Made> {
    let types: Types<'_> =
        corpus.types.iter().flat_map(|f| &f.value.types).map(|t| (t.name.as_str(), t.fields.as_slice())).collect();
    let group = |g: &Group| {
        let name = format!("packets-{}", g.as_str());
        let mut made = Made::new(&name, "packet", "Packets of the commands of the catalogue, decoded and encoded.");
        made.proves = &["FRAME-HEADER-1", "FRAME-BODYLEN-2", "FRAME-INT64-1", "FRAME-UNKNOWN-1"];
        made.kills = &["big-endian-length", "loses-integer-width"];
        for file in corpus.commands.iter().map(|f| &f.value).filter(|f| f.group == *g) {
            file.forms.iter().for_each(|form| one_form(file, form, &types, &mut made));
        }
        made
    };
    Group::ALL.iter().map(group).filter(|m| !m.vectors.is_empty()).collect()
}

fn one_form(file: &CommandFile, form: &Form, types: &Types<'_>, made: &mut Made) {
    let era = Era::ALL.into_iter().rev().find(|e| file.eras_of(form).has(*e)).unwrap_or(Era::E2025);
    let of = form.of.as_str();
    let several = file.forms.iter().filter(|f| f.of == form.of).count() > 1;
    let year = if several { format!("-{era}") } else { String::new() };
    let base = format!("{}-{of}{year}", file.method.to_lowercase());
    let maker = Maker { types, era };
    let full = maker.document(&form.fields, true, &base, 0);
    let least = maker.document(&form.fields, false, &base, 0);
    // A push that nobody asked for has the id 0; so has what it is answered with.
    let pushed = form.of.direction() == Direction::Push || form.of == FormOf::Receipt;
    let id = if pushed { 0 } else { draw(&base).u64() as u32 };
    let mut add = |name: String, doc: &Document| {
        let Ok(body) = doc.to_vec() else { panic!("{name} does not encode") };
        let bytes = packet(id, &file.method, &body);
        made.add(name, json!({"hex": hex(&bytes)}), json!({"out": told(id, &file.method, doc)}));
    };
    add(base.clone(), &full);
    if least != full {
        add(format!("{base}-least"), &least);
    }
}

struct Maker<'c> {
    types: &'c Types<'c>,
    era: Era,
}

impl Maker<'_> {
    fn document(&self, fields: &[Field], full: bool, path: &str, depth: usize) -> Document {
        let mut doc = Document::new();
        for f in fields.iter().filter(|f| f.eras.as_ref().is_none_or(|e| e.has(self.era))) {
            let path = format!("{path}/{}", f.name);
            if f.required || full && depth < DEPTH_MAX {
                doc.insert(f.name.clone(), self.value(&f.kind, full, &path, depth));
            } else if f.nullable {
                doc.insert(f.name.clone(), Bson::Null);
            }
        }
        doc
    }

    fn value(&self, kind: &FieldType, full: bool, path: &str, depth: usize) -> Bson {
        let mut e = draw(path);
        match kind {
            FieldType::Int32 => Bson::Int32(short(&mut e)),
            FieldType::Int64 => Bson::Int64(long(&mut e)),
            FieldType::Int if e.chance(1, 2) => Bson::Int32(short(&mut e)),
            FieldType::Int => Bson::Int64(long(&mut e)),
            FieldType::Double => Bson::Double(e.range(0, 1 << 40) as f64 / 8.0 - 1000.0),
            FieldType::Bool => Bson::Boolean(e.chance(1, 2)),
            FieldType::String => Bson::String(text(&mut e)),
            FieldType::Binary => {
                let bytes = (0..e.range(0, 20)).map(|_| e.u64() as u8).collect();
                Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes })
            }
            FieldType::Document => Bson::Document(doc! {"any": short(&mut e)}),
            FieldType::Array(inner) => {
                let items = if full && depth < DEPTH_MAX { e.range(1, 2) } else { 0 };
                Bson::Array((0..items).map(|n| self.value(inner, full, &format!("{path}/{n}"), depth + 1)).collect())
            }
            FieldType::Named(name) => {
                let fields = self.types.get(name.as_str()).copied().unwrap_or_default();
                Bson::Document(self.document(fields, full, path, depth + 1))
            }
        }
    }
}

fn short(e: &mut Entropy) -> i32 {
    match e.below(8) {
        0 => 0,
        1 => -1,
        2 => i32::MAX,
        3 => i32::MIN,
        4 => e.range(0, 200) as i32,
        _ => e.u64() as i32,
    }
}

fn long(e: &mut Entropy) -> i64 {
    match e.below(8) {
        0 => 0,
        1 => (1 << 53) + 1,
        2 => i64::MAX,
        3 => i64::MIN,
        4 => e.range(1, 9999) as i64,
        5 => -(e.range(1, 9999) as i64),
        _ => e.u64() as i64 >> 4,
    }
}

fn text(e: &mut Entropy) -> String {
    const TEXTS: [&str; 8] = [
        "",
        "a",
        "hello, LOCO",
        "안녕하세요",
        "카카오톡 🙂",
        "{\"k\":\"v\"}",
        "line one\nline two\t\"quoted\" \\",
        "0700",
    ];
    let pick = e.below(TEXTS.len() as u64 + 1) as usize;
    TEXTS.get(pick).map_or_else(|| "x".repeat(e.range(100, 300) as usize), |t| (*t).to_owned())
}
