//! What the catalogue says of the methods of a run, of their fields, and of statuses: for the panel of a packet.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::spec::catalogue::{Catalogue, STATUS};
use crate::spec::format::command::{CommandFile, FormOf};
use crate::spec::format::field::Field;
use crate::spec::lit::Lit;

/// Fields by their names on the wire. Where forms of several eras differ, the first one is told.
type Fields<'a> = BTreeMap<&'a str, Known<'a>>;

/// The meanings; nothing, where nobody has brought a catalogue.
#[derive(Debug, Default, Serialize)]
pub struct Meanings<'a> {
    methods: BTreeMap<&'a str, Method<'a>>,
    types: BTreeMap<&'a str, Fields<'a>>,
    enums: BTreeMap<&'a str, BTreeMap<i64, String>>,
}

#[derive(Debug, Serialize)]
struct Method<'a> {
    title: &'a str,
    /// By `request`, `reply`, `push` and `receipt`.
    #[serde(flatten)]
    forms: BTreeMap<&'static str, Fields<'a>>,
}

/// What is known of one field.
#[derive(Debug, Serialize)]
struct Known<'a> {
    means: &'a str,
    /// What the documents in it are.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    of: Option<&'a str>,
    /// What its numbers mean.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    values: Option<&'a str>,
}

impl<'a> Meanings<'a> {
    /// What this catalogue says of these methods, and all that takes to understand it.
    #[must_use]
    pub fn of(catalogue: &Catalogue<'a>, methods: &[&str]) -> Self {
        let mut all = Self::default();
        let statuses = catalogue.statuses().into_iter();
        let meaning = |name: &str, meaning: &str| format!("{name}: {meaning}");
        all.enums.insert(STATUS, statuses.map(|s| (s.status.into(), meaning(&s.name, &s.meaning))).collect());
        for command in methods.iter().filter_map(|name| catalogue.command(name)) {
            all.methods.insert(&command.method, method(command));
        }
        let mut open: BTreeSet<&str> = all.methods.values().flat_map(|m| m.forms.values()).flat_map(types).collect();
        while let Some(name) = open.pop_first() {
            if let Some(def) = catalogue.type_named(name).filter(|_| !all.types.contains_key(name)) {
                let fields = fields(def.fields.iter());
                open.extend(types(&fields));
                all.types.insert(&def.name, fields);
            }
        }
        let forms = all.methods.values().flat_map(|m| m.forms.values()).chain(all.types.values());
        let used: BTreeSet<&str> = forms.flat_map(BTreeMap::values).filter_map(|f| f.values).collect();
        for def in used.into_iter().filter_map(|name| catalogue.enum_named(name)) {
            let number = |v: &Lit| if let Lit::Int(n) = v { Some(*n) } else { None };
            let values = def.values.iter().filter_map(|v| Some((number(&v.value)?, meaning(&v.name, &v.meaning))));
            all.enums.entry(&def.name).or_insert_with(|| values.collect());
        }
        all
    }
}

fn method(command: &CommandFile) -> Method<'_> {
    let forms = [FormOf::Request, FormOf::Reply, FormOf::Push, FormOf::Receipt].into_iter().map(|form| {
        let of = command.forms.iter().filter(|f| f.of == form);
        (form.as_str(), fields(of.flat_map(|f| &f.fields)))
    });
    Method { title: &command.title, forms: forms.filter(|(_, fields)| !fields.is_empty()).collect() }
}

fn fields<'a>(all: impl Iterator<Item = &'a Field>) -> Fields<'a> {
    let mut fields = Fields::new();
    for f in all {
        let known = Known { means: &f.meaning, of: f.kind.element().named(), values: f.values.as_deref() };
        fields.entry(&f.name).or_insert(known);
    }
    fields
}

/// The types of the documents in these fields.
fn types<'a>(fields: &Fields<'a>) -> Vec<&'a str> {
    fields.values().filter_map(|f| f.of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::corpus::Corpus;

    #[test]
    fn a_method_brings_its_fields_and_what_they_are_made_of() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
        let corpus = Corpus::load(&root).expect("the spec is sound");
        let catalogue = Catalogue::new(&corpus);
        let said = serde_json::to_value(Meanings::of(&catalogue, &["MSG", "NOSUCH"])).expect("JSON holds it");
        let push = &said["methods"]["MSG"]["push"];
        assert!(said["methods"]["MSG"]["title"].is_string() && push["chatId"]["means"].is_string(), "{push}");
        let log = push["chatLog"]["type"].as_str().expect("it has a type");
        assert!(said["types"][log]["message"]["means"].is_string(), "{log}");
        assert!(said["enums"][STATUS]["-950"].as_str().is_some_and(|s| s.contains(": ")));
        assert_eq!(said["methods"].as_object().map(|m| m.len()), Some(1), "those of the run and no other");
        let none = serde_json::to_value(Meanings::default()).expect("JSON holds it");
        assert!(none["methods"].as_object().is_some_and(|m| m.is_empty()));
    }
}
