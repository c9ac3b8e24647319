//! Samples made from the table of fields: every field, and as few as may be. Texts are the names of their fields,
//! numbers count, so that a field that is read or written in the place of another shows.

use bson::{Binary, Bson, Document, spec::BinarySubtype};
use locospec::proto::command::{Command, FieldInfo, Kind};
use locospec::proto::limits::Limits;

use super::{PUSH, PUSH_ID, Sample, form};

/// What the sample with every field is called.
pub const FULL: &str = "all fields";
/// The packet id of made requests and replies.
const ID: u32 = 11;
/// How deep documents are made inside documents.
const DEPTH_MAX: usize = 8;

pub fn samples(row: &'static Command, direction: &'static str) -> Vec<Sample> {
    let Some(f) = form(row, direction) else { return Vec::new() };
    let mut all = vec![(document(f.fields, true, &mut 0, 0), FULL)];
    let least = document(f.fields, false, &mut 0, 0);
    if all.iter().all(|(full, _)| *full != least) {
        all.push((least, "as few fields as may be"));
    }
    all.into_iter().map(|(doc, name)| sample(row, direction, &doc, name)).collect()
}

fn sample(row: &'static Command, direction: &'static str, doc: &Document, name: &'static str) -> Sample {
    let f = form(row, direction).expect("asked for only where there is one");
    let body: &'static [u8] = doc.to_vec().expect("encodes").leak();
    Sample {
        command: row.id,
        direction,
        eras: row.eras,
        form: name,
        id: if direction == PUSH { PUSH_ID } else { ID },
        body: Some(body),
        fields: f.fields,
        decode: Box::new(move |bytes| {
            let (mut unknown, mut again) = (0, Vec::new());
            let doc = locospec::proto::wire::Document::check(bytes, &Limits::DEFAULT)?;
            (f.recode)(doc, &mut unknown, &mut again)?;
            Ok((again == body, unknown))
        }),
    }
}

fn document(fields: &'static [FieldInfo], full: bool, count: &mut i32, depth: usize) -> Document {
    assert!(depth < DEPTH_MAX, "a body inside itself");
    let mut doc = Document::new();
    for f in fields {
        if full || f.required {
            doc.insert(f.name, value(f.name, f.kind, full, count, depth));
        } else if f.nullable {
            doc.insert(f.name, Bson::Null);
        }
    }
    doc
}

fn value(name: &str, kind: Kind, full: bool, count: &mut i32, depth: usize) -> Bson {
    *count += 1;
    match kind {
        Kind::Int32 => Bson::Int32(*count),
        Kind::Int64 | Kind::AnyInt => Bson::Int64((7 << 32) + i64::from(*count)),
        Kind::Double => Bson::Double(f64::from(*count) + 0.5),
        Kind::Bool => Bson::Boolean(*count % 2 == 1),
        Kind::String => Bson::String(name.to_owned()),
        Kind::Binary => Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2, 3] }),
        Kind::AnyDocument => Bson::Document(bson::doc! {"any": *count}),
        Kind::Document(fields) => Bson::Document(document(fields, full, count, depth + 1)),
        Kind::Array(inner) => {
            let items = if full { 2 } else { 0 };
            Bson::Array((0..items).map(|_| value(name, *inner, full, count, depth)).collect())
        }
    }
}
