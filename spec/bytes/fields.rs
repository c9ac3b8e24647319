//! What every body of every command does with missing, wrong, unknown and wide fields, at every level of nesting.
//!
//! The samples are taken apart and put together again with the `bson` crate, not with our own writer.

use std::collections::BTreeSet;

use bson::{Bson, Document, doc};
use locospec::proto::command::{FieldInfo, Kind};
use locospec::proto::error::{Malformed, MalformedKind};

use super::{Sample, rows_inside, samples};

/// One field of a sample: the names that lead to its document, and its row in the table.
struct Place {
    path: Vec<String>,
    field: FieldInfo,
}

/// Every field of the document and of those inside it, beside its row; an element that has no row is a failure.
fn places(doc: &Document, rows: &'static [FieldInfo], path: &[String], all: &mut Vec<Place>) -> Result<(), String> {
    let mut rest = rows.iter();
    for (name, value) in doc {
        let Some(field) = rest.find(|row| row.name == name) else {
            return Err(format!("{path:?} {name} is not in the table, or not in its order"));
        };
        all.push(Place { path: path.to_vec(), field: *field });
        inner_places(value, field.kind, &[path, std::slice::from_ref(name)].concat(), all)?;
    }
    match rows.iter().find(|row| row.required && !doc.contains_key(row.name)) {
        Some(row) => Err(format!("{path:?} has no {}", row.name)),
        None => Ok(()),
    }
}

fn inner_places(value: &Bson, kind: Kind, path: &[String], all: &mut Vec<Place>) -> Result<(), String> {
    let fits = match (kind, value) {
        (Kind::Int32 | Kind::AnyInt, Bson::Int32(_))
        | (Kind::Int64 | Kind::AnyInt, Bson::Int64(_))
        | (Kind::Double, Bson::Double(_))
        | (Kind::Bool, Bson::Boolean(_))
        | (Kind::String, Bson::String(_))
        | (Kind::AnyDocument, Bson::Document(_)) => true,
        (Kind::Binary, Bson::Binary(b)) => b.subtype == bson::spec::BinarySubtype::Generic,
        (Kind::Array(inner), Bson::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                inner_places(item, *inner, &[path, &[i.to_string()]].concat(), all)?;
            }
            true
        }
        (Kind::Document(rows), Bson::Document(d)) => {
            places(d, rows, path, all)?;
            true
        }
        (_, Bson::Null) => all.last().is_some_and(|p| p.field.nullable),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{path:?}: {value:?} is no {kind:?}")) }
}

/// A sample with its document and all places in it.
struct Open {
    sample: Sample,
    doc: Document,
    places: Vec<Place>,
}

fn open_samples() -> Vec<Open> {
    let mut all = Vec::new();
    for sample in samples().into_iter().filter(|s| s.body.is_some()) {
        let doc = Document::from_reader(sample.body.unwrap_or_default()).expect("the bson crate reads what we wrote");
        let mut inside = Vec::new();
        let found = places(&doc, sample.fields, &[], &mut inside);
        assert_eq!(found, Ok(()), "{}", sample.name());
        all.push(Open { sample, doc, places: inside });
    }
    all
}

impl Open {
    /// Decodes the sample after `change` has been made in the document that `path` leads to.
    fn changed(&self, path: &[String], change: impl FnOnce(&mut Document)) -> Result<(bool, u32), Malformed> {
        let mut doc = self.doc.clone();
        change(inner(&mut doc, path));
        (self.sample.decode)(doc.to_vec().expect("encodes").leak())
    }

    fn replaced(&self, place: &Place, value: Bson) -> Result<(bool, u32), Malformed> {
        self.changed(&place.path, |d| {
            d.insert(place.field.name, value);
        })
    }

    fn describe(&self, place: &Place) -> String {
        format!("{}: {:?} {}", self.sample.name(), place.path, place.field.name)
    }
}

fn inner<'d>(doc: &'d mut Document, path: &[String]) -> &'d mut Document {
    let Some((name, rest)) = path.split_first() else { return doc };
    match doc.get_mut(name) {
        Some(Bson::Document(d)) => inner(d, rest),
        Some(Bson::Array(items)) => match rest.split_first() {
            Some((index, rest)) => match items.get_mut(index.parse::<usize>().expect("an index")) {
                Some(Bson::Document(d)) => inner(d, rest),
                other => panic!("{other:?} at {path:?}"),
            },
            None => panic!("an array at {path:?}"),
        },
        other => panic!("{other:?} at {path:?}"),
    }
}

fn error(of: Result<(bool, u32), Malformed>) -> Option<(MalformedKind, &'static str)> {
    of.err().map(|e| (e.kind, e.field))
}

#[test]
fn the_samples_have_every_field_of_every_table() {
    fn rows(fields: &'static [FieldInfo], of: &str, all: &mut BTreeSet<String>) {
        for field in fields {
            let name = format!("{of}.{}", field.name);
            rows(rows_inside(field.kind), &name, all);
            all.insert(name);
        }
    }
    let (mut want, mut have) = (BTreeSet::new(), BTreeSet::new());
    for open in open_samples() {
        let of = format!("{} {}", open.sample.command.method(), open.sample.direction);
        rows(open.sample.fields, &of, &mut want);
        for place in &open.places {
            let named = place.path.iter().filter(|p| p.parse::<usize>().is_err()).map(String::as_str);
            let path: Vec<&str> = [of.as_str()].into_iter().chain(named).chain([place.field.name]).collect();
            have.insert(path.join("."));
        }
    }
    // Logs and rooms inside the replies of 2012 have the fields of 2012 alone; elsewhere they have them all.
    let inside = ["CWRITE reply.chatLog.", "CWRITE reply.chatRoom.", "READ reply.chatLogs.", "READ reply.chatRoom."];
    let old = |name: &str| inside.iter().any(|of| name.starts_with(of));
    let missing: Vec<_> = want.difference(&have).filter(|name| !old(name)).collect();
    assert!(missing.is_empty(), "in no sample: {missing:?}");
}

#[test]
fn a_missing_field_is_named_when_it_is_required_and_no_matter_when_not() {
    for open in open_samples() {
        for place in &open.places {
            let got = open.changed(&place.path, |d| {
                d.remove(place.field.name);
            });
            match place.field.required {
                true => {
                    let want = (MalformedKind::FieldMissing, place.field.name);
                    assert_eq!(error(got), Some(want), "{}", open.describe(place));
                }
                false => assert!(got.is_ok(), "{}: {got:?}", open.describe(place)),
            }
        }
    }
}

#[test]
fn a_wrong_type_is_named() {
    for open in open_samples() {
        for place in &open.places {
            let wrong = if place.field.kind == Kind::Bool { Bson::String("true".into()) } else { Bson::Boolean(true) };
            let want = Some((MalformedKind::FieldType, place.field.name));
            assert_eq!(error(open.replaced(place, wrong)), want, "{}", open.describe(place));
            let null = error(open.replaced(place, Bson::Null));
            assert_eq!(null, if place.field.required { want } else { None }, "null: {}", open.describe(place));
            if let Kind::Array(_) = place.field.kind {
                let items = Bson::Array(vec![Bson::Null]);
                let got = open.replaced(place, items).err().map(|e| e.kind);
                assert_eq!(got, Some(MalformedKind::FieldType), "null inside: {}", open.describe(place));
            }
        }
    }
}

#[test]
fn an_unknown_field_is_counted_and_changes_nothing() {
    for open in open_samples() {
        let paths: BTreeSet<&[String]> = open.places.iter().map(|p| p.path.as_slice()).chain([&[][..]]).collect();
        for path in paths {
            let behind = open.changed(path, |d| {
                d.insert("x-unknown", doc! {"chatId": "no integer"});
            });
            assert_eq!(behind, Ok((true, 1)), "{} {path:?}", open.sample.name());
            let before = open.changed(path, |d| {
                let rest = std::mem::replace(d, doc! {"x-unknown": 1, "x-other": Bson::Null});
                d.extend(rest);
            });
            assert_eq!(before, Ok((true, 2)), "{} {path:?}", open.sample.name());
        }
    }
}

#[test]
fn the_order_of_fields_is_free() {
    for open in open_samples() {
        let paths: BTreeSet<&[String]> = open.places.iter().map(|p| p.path.as_slice()).collect();
        for path in paths {
            let got = open.changed(path, |d| {
                let mut fields: Vec<_> = std::mem::take(d).into_iter().collect();
                fields.reverse();
                d.extend(fields);
            });
            assert_eq!(got, Ok((true, 0)), "{} {path:?}", open.sample.name());
        }
    }
}

#[test]
fn an_integer_is_read_in_every_width() {
    let mut tried = 0;
    for open in open_samples() {
        for place in &open.places {
            let kind = place.field.kind;
            let value = inner(&mut open.doc.clone(), &place.path).get(place.field.name).cloned();
            let (n, same_width) = match value {
                Some(Bson::Int32(n)) => (i64::from(n), kind != Kind::AnyInt),
                Some(Bson::Int64(n)) => (n, kind != Kind::AnyInt),
                _ => continue,
            };
            let mut widths = vec![Bson::Int64(n)];
            widths.extend(i32::try_from(n).ok().map(Bson::Int32));
            // A double has 53 bits: longer numbers do not survive in it, so nobody sends them so.
            widths.extend((n.abs() < 1 << 53).then_some(Bson::Double(n as f64)));
            for width in widths {
                let got = open.replaced(place, width.clone());
                // A field that keeps its width is read too, as another value.
                assert!(got == Ok((true, 0)) || !same_width && got.is_ok(), "{}: {width:?}", open.describe(place));
                tried += 1;
            }
            let want = (kind == Kind::Int32).then_some((MalformedKind::FieldType, place.field.name));
            let wide = open.replaced(place, Bson::Int64(1 << 40));
            assert_eq!(error(wide), want, "beyond 32 bits: {}", open.describe(place));
            let nan = error(open.replaced(place, Bson::Double(f64::NAN)));
            assert_eq!(nan, Some((MalformedKind::FieldType, place.field.name)), "NaN: {}", open.describe(place));
        }
    }
    assert!(tried > 500, "{tried}");
}
