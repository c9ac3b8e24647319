//! THE TABLE as a person reads it, and the rule of wide integers, as snapshots.

use std::fmt::Write;

use bson::{Bson, doc};
use locospec::proto::command::{AnyInt, Body, COMMANDS, FieldInfo, FieldValue, Kind, status};
use locospec::proto::limits::Limits;
use locospec::proto::wire::dump::dump_packet;
use locospec::proto::wire::{Document, Method, encode_packet};

use super::{directions, form, rows_inside, snap, years};

fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Int32 => "int32".into(),
        Kind::Int64 => "int64".into(),
        Kind::AnyInt => "int32 or int64".into(),
        Kind::Double => "double".into(),
        Kind::Bool => "bool".into(),
        Kind::String => "string".into(),
        Kind::Binary => "binary".into(),
        Kind::Array(inner) => format!("array of {}", kind_name(*inner)),
        Kind::Document(_) => "document".into(),
        Kind::AnyDocument => "any document".into(),
    }
}

/// One line for each field, those of documents below them.
fn field_lines(fields: &[FieldInfo], depth: usize, out: &mut String) {
    for f in fields {
        let need = match (f.required, f.nullable) {
            (true, _) => "required",
            (false, true) => "or null",
            (false, false) => "optional",
        };
        let name = format!("{:1$}{2}", "", depth * 2, f.name);
        let _ = writeln!(out, "    {name:<30} {need:<9} {}", kind_name(f.kind));
        field_lines(rows_inside(f.kind), depth + 1, out);
    }
}

#[test]
fn the_table_of_commands_is_pinned() {
    let mut text = String::new();
    for row in COMMANDS {
        let doors: Vec<_> = row.doors.iter().map(|d| d.as_str()).collect();
        let when = format!("{:?}", row.when);
        let _ = writeln!(text, "{:<11} {when:<9} {:<15} {}", row.method, doors.join(" "), years(row.eras));
        for &direction in directions(row) {
            let fields = form(row, direction).map_or(&[][..], |f| f.fields);
            let required: Vec<_> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
            let rest: Vec<_> = fields.iter().filter(|f| !f.required).map(|f| f.name).collect();
            let _ = write!(text, "  {direction:<8}");
            required.iter().for_each(|name| text.extend([" ", name]));
            if !rest.is_empty() {
                let _ = write!(text, " [{}]", rest.join(" "));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    snap("table-of-commands", text.trim_end());
}

#[test]
fn the_fields_of_every_body_are_pinned() {
    use locospec::proto::command::write;
    let mut text = String::new();
    for row in COMMANDS {
        for &direction in directions(row) {
            let fields = form(row, direction).map_or(&[][..], |f| f.fields);
            if !fields.is_empty() {
                let _ = writeln!(text, "{} {direction}", row.method);
                field_lines(fields, 0, &mut text);
            }
        }
    }
    for (what, fields) in [("request", write::Request2012::FIELDS), ("reply", write::Reply2012::FIELDS)] {
        let _ = writeln!(text, "WRITE {what} of 2012");
        field_lines(fields, 0, &mut text);
    }
    snap("table-of-fields", text.trim_end());
}

#[test]
fn a_refusal_is_its_status_alone() {
    let mut out = Vec::new();
    let refusal = status::Refusal { status: status::NO_SUCH_ROOM };
    encode_packet(&mut out, 10_018, Method::constant("WRITE"), |w| refusal.encode(w));
    snap("refusal-reply", dump_packet(&out).trim_end());
}

/// What a field of type `T` makes of `value`.
fn read<T: FieldValue<'static> + std::fmt::Debug>(value: &Bson) -> String {
    let bytes = doc! {"n": value.clone()}.to_vec().expect("encodes").leak();
    let read = Document::check(bytes, &Limits::DEFAULT).ok().and_then(|d| d.get("n"));
    match read.map(|v| T::read(v, &mut 0)) {
        Some(Ok(Some(v))) => format!("{v:?}"),
        Some(Ok(None)) => "refused".into(),
        other => format!("{other:?}"),
    }
}

fn shown(value: &Bson) -> String {
    match value {
        Bson::DateTime(d) => format!("DateTime({})", d.timestamp_millis()),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_rule_of_wide_integers_is_pinned() {
    let values = [
        Bson::Int32(7),
        Bson::Int32(-1),
        Bson::Int64(7),
        Bson::Int64(i64::from(i32::MAX)),
        Bson::Int64(i64::from(i32::MAX) + 1),
        Bson::Int64(i64::MIN),
        Bson::Double(7.0),
        Bson::Double(-0.0),
        Bson::Double(1_700_000_000.75),
        Bson::Double(-7.9),
        Bson::Double(2_147_483_648.0),
        Bson::Double(9_223_372_036_854_774_784.0),
        Bson::Double(9_223_372_036_854_775_808.0),
        Bson::Double(-9_223_372_036_854_775_808.0),
        Bson::Double(-9_223_372_036_854_777_856.0),
        Bson::Double(f64::INFINITY),
        Bson::Double(f64::NAN),
        Bson::Boolean(true),
        Bson::String("7".into()),
        Bson::DateTime(bson::DateTime::from_millis(7)),
        Bson::Null,
    ];
    let mut text = format!(
        "{:<34} {:<12} {:<21} {:<28} {}\n",
        "on the wire", "int32", "int64", "int32 or int64", "optional int32"
    );
    for value in &values {
        let line = format!(
            "{:<34} {:<12} {:<21} {:<28} {}",
            shown(value),
            read::<i32>(value),
            read::<i64>(value),
            read::<AnyInt>(value),
            read::<Option<i32>>(value),
        );
        let _ = writeln!(text, "{line}");
    }
    snap("wide-integers", text.trim_end());
}
