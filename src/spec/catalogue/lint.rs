//! What must hold in the catalogue: every name that is used is there once, and what is said of a command agrees.
//!
//! Shapes are checked when a file is read. [`super::super::lint`] calls this for the whole corpus.

use std::collections::{BTreeMap, BTreeSet};

use super::{ANY_JSON, STATUS};
use crate::proto::secure::Era;
use crate::spec::corpus::Corpus;
use crate::spec::format::Eras;
use crate::spec::format::command::{CommandFile, Direction, Form, FormOf, Knowledge};
use crate::spec::format::field::{Field, FieldType, is_kebab};
use crate::spec::format::vocabulary::{Encoding, EnumDef, EnumFile, EnumKind, StatusFile, TypeFile};
use crate::spec::lit::Lit;
use crate::spec::yaml::{Diagnostic, Located};

/// The most characters of a method on the wire.
const METHOD_LEN_MAX: usize = 11;
/// The most characters of a title.
const TITLE_LEN_MAX: usize = 70;

/// Everything that does not hold in the catalogue, in no order.
#[must_use]
pub fn catalogue(c: &Corpus) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let names = Names::of(c, &mut out);
    for f in &c.commands {
        command(&names, f, &mut out);
    }
    for f in &c.types {
        types(&names, f, &mut out);
    }
    for f in &c.enums {
        for (n, e) in f.value.enums.iter().enumerate() {
            enumeration(f, &format!("enums[{n}]"), e, &mut out);
        }
    }
    for f in &c.statuses {
        statuses(f, &mut out);
    }
    out
}

/// What may be referred to.
struct Names<'a> {
    methods: BTreeMap<&'a str, &'a CommandFile>,
    types: BTreeMap<&'a str, Encoding>,
    enums: BTreeMap<&'a str, EnumKind>,
    statuses: BTreeSet<i32>,
}

impl<'a> Names<'a> {
    /// All names, and a complaint about each that is there twice.
    fn of(c: &'a Corpus, out: &mut Vec<Diagnostic>) -> Self {
        let mut n = Self {
            methods: BTreeMap::new(),
            types: BTreeMap::new(),
            enums: BTreeMap::new(),
            statuses: c.statuses.iter().flat_map(|f| f.value.statuses.iter().map(|s| s.status)).collect(),
        };
        let mut files: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for f in &c.commands {
            n.methods.insert(&f.value.method, &f.value);
            once(&mut files, "method", f, "method", &f.value.method, out);
        }
        for f in &c.types {
            for (i, t) in f.value.types.iter().enumerate() {
                n.types.insert(&t.name, t.encoding);
                once(&mut files, "type", f, &format!("types[{i}].name"), &t.name, out);
                if FieldType::parse(&t.name) != Ok(FieldType::Named(t.name.clone())) || t.name == ANY_JSON {
                    out.push(
                        f.wrong(&format!("types[{i}].name"), format!("`{}` cannot be the name of a type", t.name)),
                    );
                }
            }
        }
        for f in &c.enums {
            for (i, e) in f.value.enums.iter().enumerate() {
                n.enums.insert(&e.name, e.kind);
                once(&mut files, "enum", f, &format!("enums[{i}].name"), &e.name, out);
                if !is_kebab(&e.name) {
                    out.push(
                        f.wrong(&format!("enums[{i}].name"), format!("`{}` is no name: lower-case-words", e.name)),
                    );
                }
            }
        }
        if !n.statuses.is_empty() {
            n.enums.entry(STATUS).or_insert(EnumKind::Int32);
        }
        n
    }
}

/// Notes a name, and complains when it is there already.
fn once<'a, T>(
    seen: &mut BTreeMap<(&'static str, &'a str), &'a str>,
    what: &'static str,
    f: &'a Located<T>,
    path: &str,
    name: &'a str,
    out: &mut Vec<Diagnostic>,
) {
    if let Some(first) = seen.insert((what, name), &f.file) {
        out.push(f.wrong(path, format!("{what} `{name}` stands in {first} too")));
    }
}

fn command(names: &Names<'_>, f: &Located<CommandFile>, out: &mut Vec<Diagnostic>) {
    let c = &f.value;
    let mut wrong = |path: &str, what: String| out.push(f.wrong(path, what));
    if !f.file.ends_with(&format!("/{}.yaml", c.method)) {
        wrong("method", format!("the file of `{0}` is called {0}.yaml", c.method));
    }
    let on_wire = |x: char| x.is_ascii_uppercase() || x.is_ascii_digit() || x == '_';
    if c.method.is_empty() || c.method.len() > METHOD_LEN_MAX || !c.method.chars().all(on_wire) {
        wrong("method", format!("`{}` is no method: up to {METHOD_LEN_MAX} capitals and digits", c.method));
    }
    if c.title.chars().count() >= TITLE_LEN_MAX {
        wrong("title", format!("a title has under {TITLE_LEN_MAX} characters"));
    }
    for (path, empty) in [("connection", c.connection.is_empty()), ("direction", c.direction.is_empty())] {
        if empty {
            wrong(path, format!("`{path}` names at least one"));
        }
    }
    if c.sources.is_empty() {
        wrong("method", format!("{} names no source", c.method));
    }
    for (n, s) in c.statuses.iter().enumerate() {
        if !names.statuses.contains(&s.status) {
            wrong(&format!("statuses[{n}].status"), format!("spec/status.yaml has no {}", s.status));
        }
    }
    for (n, p) in c.pushes.iter().enumerate() {
        match names.methods.get(p.as_str()) {
            None => wrong(&format!("pushes[{n}]"), format!("no method is called `{p}`")),
            Some(m) if !m.direction.contains(&Direction::Push) => {
                wrong(&format!("pushes[{n}]"), format!("{p} is no push: its direction is request"));
            }
            Some(_) => {}
        }
    }
    knowledge(f, out);
    forms(names, f, out);
}

/// What `body` says must agree with what is there.
fn knowledge(f: &Located<CommandFile>, out: &mut Vec<Diagnostic>) {
    let c = &f.value;
    let mut wrong = |path: &str, what: &str| out.push(f.wrong(path, what));
    match (c.body, c.forms.is_empty()) {
        (Knowledge::Unknown, false) => wrong("forms", "of an unknown body there are no forms"),
        (Knowledge::Known | Knowledge::Partial, true) => wrong("body", "a body that is not unknown has forms"),
        _ => {}
    }
    let doubt = |x: &Field| x.unknown || x.disputed.is_some();
    if c.body == Knowledge::Partial && c.disputes.is_empty() && c.unknown.is_empty() && !c.fields().any(doubt) {
        wrong("body", "a partial body says under `unknown` or `disputes` what is missing");
    }
    if c.body == Knowledge::Unknown || c.forms.is_empty() {
        return;
    }
    for (n, d) in c.direction.iter().enumerate() {
        let of = if *d == Direction::Request { FormOf::Request } else { FormOf::Push };
        let (path, of_it) = (format!("direction[{n}]"), |x: &&Form| x.of == of);
        let covered = |e: Era| c.forms.iter().filter(of_it).any(|x| c.eras_of(x).has(e));
        if !c.forms.iter().any(|x| x.of == of) {
            wrong(&path, &format!("no form is of: {}", of.as_str()));
        } else if let Some(e) = c.eras.0.iter().find(|e| c.body == Knowledge::Known && !covered(**e)) {
            wrong(&path, &format!("a known body has a {} for each era: not for {}", of.as_str(), e.as_str()));
        }
    }
}

fn forms(names: &Names<'_>, f: &Located<CommandFile>, out: &mut Vec<Diagnostic>) {
    let c = &f.value;
    for (n, form) in c.forms.iter().enumerate() {
        let path = format!("forms[{n}]");
        if !c.direction.contains(&form.of.direction()) {
            let direction = form.of.direction().as_str();
            out.push(f.wrong(&format!("{path}.of"), format!("a {} needs direction {direction}", form.of.as_str())));
        }
        let eras = c.eras_of(form);
        if let Some(e) = eras.0.iter().find(|e| !c.eras.has(**e)) {
            out.push(f.wrong(&format!("{path}.eras"), format!("{} has no era {}", c.method, e.as_str())));
        }
        let earlier = c.forms.iter().take(n).filter(|x| x.of == form.of);
        if let Some(e) = earlier.flat_map(|x| c.eras_of(x).both(eras).0).next() {
            let of = form.of.as_str();
            out.push(f.wrong(&format!("{path}.of"), format!("a second {of} for era {}", e.as_str())));
        }
        fields(names, f, &path, &form.fields, &Around { encoding: Encoding::Bson, eras }, out);
    }
}

fn types(names: &Names<'_>, f: &Located<TypeFile>, out: &mut Vec<Diagnostic>) {
    for (n, t) in f.value.types.iter().enumerate() {
        let eras = t.eras.clone().unwrap_or_default();
        let around = Around { encoding: t.encoding, eras: &eras };
        fields(names, f, &format!("types[{n}]"), &t.fields, &around, out);
    }
}

/// What a field stands in.
struct Around<'a> {
    encoding: Encoding,
    eras: &'a Eras,
}

fn fields<T>(
    names: &Names<'_>,
    f: &Located<T>,
    path: &str,
    all: &[Field],
    around: &Around<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<String, Vec<&Field>> = BTreeMap::new();
    for (n, field) in all.iter().enumerate() {
        let path = format!("{path}.fields[{n}]");
        let eras = field.eras.as_ref().unwrap_or(around.eras);
        let twin = |x: &&&Field| !x.eras.as_ref().unwrap_or(around.eras).both(eras).0.is_empty();
        if let Some(first) = all.iter().take(n).find(|x| x.name == field.name && twin(&x)) {
            out.push(f.wrong(&format!("{path}.name"), format!("field `{}` stands here twice", first.name)));
        }
        let others = seen.entry(readable(field)).or_default();
        if let Some(first) = others.iter().find(|x| x.name != field.name && twin(x)) {
            let what = format!("`{}` is also what field `{}` is called", readable(field), first.name);
            out.push(f.wrong(&format!("{path}.{}", if field.label.is_some() { "label" } else { "name" }), what));
        }
        others.push(field);
        if let Some(e) = eras.0.iter().find(|e| !around.eras.has(**e)) {
            out.push(f.wrong(&format!("{path}.eras"), format!("the form has no era {}", e.as_str())));
        }
        for (at, what) in one_field(names, field, around) {
            out.push(f.wrong(&format!("{path}.{at}"), what));
        }
    }
}

/// What is wrong with a field by itself: the key, and what about it.
fn one_field(names: &Names<'_>, field: &Field, around: &Around<'_>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    if field.name.is_empty() {
        out.push(("name".into(), "a field has a name".into()));
    }
    if let Some(label) = field.label.as_ref().filter(|l| !is_snake(l)) {
        out.push(("label".into(), format!("`{label}` is no label: lower_case_words")));
    }
    let kinds = std::iter::once(("type".to_string(), &field.kind));
    let seen = field.seen_as.iter().enumerate().map(|(n, t)| (format!("seen_as[{n}]"), t));
    for (at, kind) in kinds.chain(seen) {
        let Some(name) = kind.named() else { continue };
        match names.types.get(name) {
            None => out.push((at, format!("no type is called `{name}`"))),
            Some(Encoding::Json) if around.encoding == Encoding::Bson => {
                out.push((at, format!("`{name}` is JSON in a string: type: string, json: {name}")));
            }
            Some(_) => {}
        }
    }
    if let Some(json) = &field.json {
        if *field.kind.element() != FieldType::String {
            out.push(("json".into(), format!("JSON stands in a string, not in {}", field.kind)));
        }
        match names.types.get(json.as_str()) {
            _ if json == ANY_JSON => {}
            None => out.push(("json".into(), format!("no type is called `{json}`"))),
            Some(Encoding::Bson) => out.push(("json".into(), format!("type `{json}` is BSON, not JSON"))),
            Some(Encoding::Json) => {}
        }
    }
    if let Some(values) = &field.values {
        let text = *field.kind.element() == FieldType::String;
        match names.enums.get(values.as_str()) {
            None => out.push(("enum".into(), format!("no enum is called `{values}`"))),
            Some(EnumKind::String) if !text => {
                out.push(("enum".into(), format!("the values of `{values}` are words, the field is {}", field.kind)));
            }
            Some(EnumKind::Int32 | EnumKind::Bits) if !field.kind.is_whole() => {
                out.push(("enum".into(), format!("the values of `{values}` are numbers, the field is {}", field.kind)));
            }
            Some(_) => {}
        }
    }
    out
}

/// What a field is called in code: its label, or its key in `snake_case`.
#[must_use]
pub fn readable(field: &Field) -> String {
    let Some(label) = &field.label else {
        let mut out = String::new();
        let mut lower = false;
        for c in field.name.chars() {
            if c.is_ascii_uppercase() && lower {
                out.push('_');
            }
            lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            out.push(c.to_ascii_lowercase());
        }
        return out;
    };
    label.clone()
}

/// Lower case, digits and single underscores, a letter first.
fn is_snake(label: &str) -> bool {
    !label.contains('-') && is_kebab(&label.replace('_', "-"))
}

fn enumeration(f: &Located<EnumFile>, path: &str, e: &EnumDef, out: &mut Vec<Diagnostic>) {
    let (mut values, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (n, v) in e.values.iter().enumerate() {
        let mut wrong = |at: &str, what: String| out.push(f.wrong(&format!("{path}.values[{n}].{at}"), what));
        let fits = match (&v.value, e.kind) {
            (Lit::Str(_), EnumKind::String) => true,
            (Lit::Int(x), EnumKind::Int32) => i32::try_from(*x).is_ok(),
            (Lit::Int(x), EnumKind::Bits) => *x > 0,
            _ => false,
        };
        if !fits {
            wrong("value", format!("{} is no value of type {}", v.value, e.kind.as_str()));
        }
        if !values.insert(v.value.to_string()) {
            wrong("value", format!("value {} stands here twice", v.value));
        }
        if !names.insert(&v.name) {
            wrong("name", format!("name `{}` stands here twice", v.name));
        }
        if !is_name(&v.name) {
            wrong("name", format!("`{}` is no name: lower-case-words", v.name));
        }
    }
}

fn statuses(f: &Located<StatusFile>, out: &mut Vec<Diagnostic>) {
    let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (n, s) in f.value.statuses.iter().enumerate() {
        let mut wrong = |at: &str, what: String| out.push(f.wrong(&format!("statuses[{n}].{at}"), what));
        if !numbers.insert(s.status) {
            wrong("status", format!("status {} stands here twice", s.status));
        }
        if !names.insert(&s.name) {
            wrong("name", format!("name `{}` stands here twice", s.name));
        }
        if !is_name(&s.name) {
            wrong("name", format!("`{}` is no name: lower-case-words", s.name));
        }
    }
}

/// As [`is_kebab`], but it may begin with a digit.
fn is_name(name: &str) -> bool {
    is_kebab(&format!("n{name}")) && !name.is_empty()
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
