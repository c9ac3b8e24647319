//! A dissector for Wireshark: what the catalogue knows as Lua tables, and a reader of packets behind them.
//!
//! Methods with their fields, types, enumerations and statuses are written out; the reader is `wireshark/loco.lua`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Catalogue;
use crate::spec::format::command::FormOf;
use crate::spec::format::field::{Field, FieldType};
use crate::spec::lit::Lit;

const READER: &str = include_str!("wireshark/loco.lua");

/// The script. The same catalogue gives the same bytes.
#[must_use]
pub fn lua(catalogue: &Catalogue<'_>) -> String {
    let mut out = format!("-- LOCO for Wireshark, written by locospec {}.\n\n", env!("CARGO_PKG_VERSION"));
    statuses(catalogue, &mut out);
    enums(catalogue, &mut out);
    out.push_str("local TYPES = {\n");
    for t in catalogue.types() {
        let _ = writeln!(out, "  [{}] = {},", quoted(&t.name), fields(t.fields.iter()));
    }
    out.push_str("}\n\n");
    methods(catalogue, &mut out);
    out.push_str(READER);
    out
}

/// A Lua string: the printable ASCII as it is, all else as decimal escapes of its bytes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for b in text.bytes() {
        let _ = match b {
            b'"' | b'\\' => write!(out, "\\{}", char::from(b)),
            32..=126 => write!(out, "{}", char::from(b)),
            _ => write!(out, "\\{b:03}"),
        };
    }
    out.push('"');
    out
}

fn statuses(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str("local STATUSES = {\n");
    for s in catalogue.statuses() {
        let _ = writeln!(out, "  [{}] = {},", s.status, quoted(&format!("{}: {}", s.name, s.meaning)));
    }
    out.push_str("}\n\n");
}

fn enums(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str("local ENUMS = {\n");
    for e in catalogue.enums() {
        let values: Vec<String> = e
            .values
            .iter()
            .filter_map(|v| match v.value {
                Lit::Int(n) => Some(format!("[{n}] = {}", quoted(&format!("{}: {}", v.name, v.meaning)))),
                _ => None,
            })
            .collect();
        if !values.is_empty() {
            let _ = writeln!(out, "  [{}] = {{ {} }},", quoted(&e.name), values.join(", "));
        }
    }
    out.push_str("}\n\n");
}

fn methods(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str("local METHODS = {\n");
    for c in catalogue.commands() {
        let _ = writeln!(out, "  [{}] = {{", quoted(&c.method));
        let _ = writeln!(out, "    title = {},", quoted(&c.title));
        for form in [FormOf::Request, FormOf::Reply, FormOf::Push, FormOf::Receipt] {
            let of = c.forms.iter().filter(|f| f.of == form);
            if of.clone().next().is_some() {
                let _ = writeln!(out, "    {} = {},", form.as_str(), fields(of.flat_map(|f| &f.fields)));
            }
        }
        out.push_str("  },\n");
    }
    out.push_str("}\n\n");
}

/// Fields by their names on the wire. Where forms of several eras differ, the first one is told.
fn fields<'a>(all: impl Iterator<Item = &'a Field>) -> String {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for f in all {
        seen.entry(&f.name).or_insert_with(|| field(f));
    }
    let list: Vec<String> = seen.iter().map(|(name, text)| format!("[{}] = {text}", quoted(name))).collect();
    format!("{{ {} }}", list.join(", "))
}

fn field(f: &Field) -> String {
    let mut parts = vec![format!("means = {}", quoted(&f.meaning))];
    if let FieldType::Named(name) = f.kind.element() {
        parts.push(format!("type = {}", quoted(name)));
    }
    if let Some(values) = &f.values {
        parts.push(format!("enum = {}", quoted(values)));
    }
    format!("{{ {} }}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_lua_string_whatever_is_in_it() {
        assert_eq!(quoted("a \"b\" \\ c\n]]"), "\"a \\\"b\\\" \\\\ c\\010]]\"");
        assert_eq!(quoted("é"), "\"\\195\\169\"");
    }

    #[test]
    fn every_method_type_and_status_of_the_catalogue_is_in_the_script() {
        let corpus = crate::spec::corpus::Corpus::load(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("spec"))
            .expect("the spec is sound");
        let catalogue = Catalogue::new(&corpus);
        let script = lua(&catalogue);
        for c in catalogue.commands() {
            assert!(script.contains(&format!("\n  [\"{}\"] = {{\n", c.method)), "{}", c.method);
        }
        for t in catalogue.types() {
            assert!(script.contains(&format!("\n  [\"{}\"] = {{ ", t.name)), "{}", t.name);
        }
        for s in catalogue.statuses() {
            assert!(script.contains(&format!("\n  [{}] = \"{}: ", s.status, s.name)), "{}", s.status);
        }
    }
}
