//! The catalogue and the core say the same: every method, era, door, form, field, type and optionality, in both
//! directions. A field that is in one alone, or another type or order, is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use locospec::proto::command::table::When;
use locospec::proto::command::{Body, COMMANDS, Command, Door, FieldInfo, Kind, blsync, hint, write};
use locospec::proto::limits::Limits;
use locospec::proto::secure::Era;
use locospec::spec::corpus::Corpus;
use locospec::spec::format::command::{CommandFile, Direction, Form, FormOf, Knowledge, Place};
use locospec::spec::format::field::{Field, FieldType};
use locospec::spec::format::{Role, Step};
use locospec::spec::lit::Lit;

/// Types by name, as the catalogue has them.
type Types<'c> = BTreeMap<&'c str, &'c [Field]>;

fn corpus() -> Corpus {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    match Corpus::load(&root) {
        Ok(c) => c,
        Err(errors) => panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()),
    }
}

fn types(corpus: &Corpus) -> Types<'_> {
    corpus.types.iter().flat_map(|f| &f.value.types).map(|t| (t.name.as_str(), t.fields.as_slice())).collect()
}

/// A form as text, one line a field: what the core has of it.
fn core_lines(fields: &[FieldInfo], depth: usize, out: &mut String) {
    for f in fields {
        line(f.name, &core_kind(f.kind), f.required, f.nullable, depth, out);
        core_lines(super::bytes::rows_inside(f.kind), depth + 1, out);
    }
}

fn core_kind(kind: Kind) -> String {
    match kind {
        Kind::Int32 => "int32".into(),
        Kind::Int64 => "int64".into(),
        Kind::AnyInt => "int".into(),
        Kind::Double => "double".into(),
        Kind::Bool => "bool".into(),
        Kind::String => "string".into(),
        Kind::Binary => "binary".into(),
        Kind::Array(inner) => format!("[{}]", core_kind(*inner)),
        Kind::Document(_) => "a type".into(),
        Kind::AnyDocument => "document".into(),
    }
}

/// The same of the catalogue.
fn catalogue_lines(fields: &[Field], types: &Types<'_>, depth: usize, out: &mut String) {
    for f in fields {
        line(&f.name, &catalogue_kind(&f.kind), f.required, f.nullable, depth, out);
        if let Some(inner) = f.kind.named() {
            match types.get(inner) {
                Some(fields) => catalogue_lines(fields, types, depth + 1, out),
                None => drop(writeln!(out, "no type is called {inner}")),
            }
        }
    }
}

fn catalogue_kind(kind: &FieldType) -> String {
    match kind {
        FieldType::Array(inner) => format!("[{}]", catalogue_kind(inner)),
        FieldType::Named(_) => "a type".into(),
        other => other.to_string(),
    }
}

fn line(name: &str, kind: &str, required: bool, nullable: bool, depth: usize, out: &mut String) {
    let need = match (required, nullable) {
        (true, _) => "required",
        (false, true) => "or null",
        (false, false) => "optional",
    };
    let _ = writeln!(out, "{:1$}{name}: {kind}, {need}", "", depth * 2);
}

/// The lines that only one of the two has.
fn difference(what: &str, core: &str, catalogue: &str, wrong: &mut Vec<String>) {
    if core != catalogue {
        let (a, b): (Vec<_>, Vec<_>) = (core.lines().collect(), catalogue.lines().collect());
        let first = a.iter().zip(&b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
        let of = |lines: &[&str]| lines.get(first).map_or("nothing more".to_owned(), |l| l.trim().to_owned());
        wrong.push(format!("{what}, line {}: the core has `{}`, the catalogue `{}`", first + 1, of(&a), of(&b)));
    }
}

/// The form of the catalogue that a form of the core stands for: the one of the newest era.
fn newest(file: &CommandFile, of: FormOf) -> Option<&Form> {
    file.forms.iter().filter(|f| f.of == of).max_by_key(|f| Era::ALL.iter().rposition(|e| file.eras_of(f).has(*e)))
}

fn compare(what: &str, core: Option<&[FieldInfo]>, form: Option<&Form>, types: &Types<'_>, wrong: &mut Vec<String>) {
    let (mut a, mut b) = (String::new(), String::new());
    match (core, form) {
        (Some(core), Some(form)) => {
            core_lines(core, 0, &mut a);
            catalogue_lines(&form.fields, types, 0, &mut b);
            difference(what, &a, &b, wrong);
        }
        (None, None) => (),
        (Some(_), None) => wrong.push(format!("{what}: only the core has it")),
        (None, Some(_)) => wrong.push(format!("{what}: only the catalogue has it")),
    }
}

fn head(row: &Command, file: &CommandFile, wrong: &mut Vec<String>) {
    let eras: Vec<Era> = Era::ALL.into_iter().filter(|e| file.eras.has(*e)).collect();
    if eras != row.eras {
        wrong.push(format!("{}: the core has {:?}, the catalogue {eras:?}", row.method, row.eras));
    }
    let door = |place: &Place| match place {
        Place::Booking => Door::Booking,
        Place::Ticket => Door::Ticket,
        Place::Entry => Door::Entry,
        Place::Carriage | Place::Media => Door::Carriage,
    };
    let (places, doors): (BTreeSet<Door>, BTreeSet<Door>) =
        (file.connection.iter().map(door).collect(), row.doors.iter().copied().collect());
    if places != doors {
        wrong.push(format!("{}: the core has {doors:?}, the catalogue {places:?}", row.method));
    }
    let asked = file.direction.contains(&Direction::Request);
    if asked == (row.when == When::Push) || file.direction.contains(&Direction::Push) != row.push.is_some() {
        wrong.push(format!("{}: the directions differ", row.method));
    }
}

#[test]
fn the_catalogue_and_the_core_have_the_same_commands_forms_and_fields() {
    let corpus = corpus();
    let types = types(&corpus);
    let mut wrong = Vec::new();
    let files: BTreeMap<&str, &CommandFile> =
        corpus.commands.iter().map(|f| (f.value.method.as_str(), &f.value)).collect();
    for row in COMMANDS {
        let name = row.method.to_string();
        let Some(file) = files.get(name.as_str()) else {
            wrong.push(format!("{name}: the catalogue has no such command"));
            continue;
        };
        head(row, file, &mut wrong);
        for (of, form) in [(FormOf::Request, row.request), (FormOf::Reply, row.reply), (FormOf::Push, row.push)] {
            let what = format!("{name} {}", of.as_str());
            compare(&what, form.map(|f| f.fields), newest(file, of), &types, &mut wrong);
        }
    }
    let rows: BTreeSet<String> = COMMANDS.iter().map(|row| row.method.to_string()).collect();
    for (name, file) in &files {
        let known = file.body != Knowledge::Unknown;
        if known != rows.contains(*name) {
            wrong.push(format!("{name}: its body is {}, and the core disagrees", file.body.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the table has no column for: the layouts of WRITE in 2012, and what a client answers to a push.
#[test]
fn the_forms_beside_the_table_are_those_of_the_catalogue() {
    let corpus = corpus();
    let types = types(&corpus);
    let mut wrong = Vec::new();
    let beside = [
        ("WRITE", FormOf::Request, write::Request2012::FIELDS),
        ("WRITE", FormOf::Reply, write::Reply2012::FIELDS),
        ("BLSYNC", FormOf::Receipt, blsync::Receipt::FIELDS),
        ("HINT", FormOf::Receipt, hint::Receipt::FIELDS),
    ];
    let mut checked = BTreeSet::new();
    for (method, of, core) in &beside {
        let file = corpus.commands.iter().find(|f| f.value.method == *method).map(|f| &f.value);
        let is_it =
            |file: &CommandFile, f: &Form| f.of == *of && (*of == FormOf::Receipt || !file.eras_of(f).has(Era::E2025));
        let form = file.and_then(|file| file.forms.iter().find(|f| is_it(file, f)));
        compare(&format!("{method} beside the table"), Some(core), form, &types, &mut wrong);
        checked.insert(*method);
    }
    let more = |f: &&CommandFile| {
        let receipts = f.forms.iter().any(|x| x.of == FormOf::Receipt);
        let twice = [FormOf::Request, FormOf::Reply, FormOf::Push]
            .iter()
            .any(|of| f.forms.iter().filter(|x| x.of == *of).count() > 1);
        (receipts || twice) && !checked.contains(f.method.as_str())
    };
    let unchecked: Vec<&str> =
        corpus.commands.iter().map(|f| &f.value).filter(more).map(|f| f.method.as_str()).collect();
    assert!(wrong.is_empty() && unchecked.is_empty(), "{}\nnot compared: {unchecked:?}", wrong.join("\n"));
}

/// What a step waits for: the request that it answers, and the status that it must have, where it is one number.
fn refusals(step: &Step, asked: &mut BTreeMap<String, String>, found: &mut BTreeSet<(String, i32)>) {
    if let Some((name, method)) = step.send.as_ref().and_then(|s| Some((s.name.clone()?, s.method.clone()?))) {
        asked.insert(name, method);
    }
    for inner in step.together.iter().flat_map(|t| &t.steps) {
        refusals(inner, asked, found);
    }
    let Some(expect) = &step.expect else { return };
    let Some(Lit::Map(fields)) = &expect.body else { return };
    let status = fields.iter().find(|(name, _)| name == "status").map(|(_, value)| value);
    let status = match status {
        Some(Lit::Int(n)) => Some(*n),
        Some(Lit::Map(typed)) => typed.iter().find_map(|(_, v)| if let Lit::Int(n) = v { Some(*n) } else { None }),
        _ => None,
    };
    let method = expect.reply_to.as_ref().and_then(|name| asked.get(name));
    if let (Some(method), Some(status)) = (method, status.and_then(|n| i32::try_from(n).ok())) {
        found.insert((method.clone(), status));
    }
}

/// Every command may be answered with these.
const COMMON: [i32; 4] = [0, -201, -202, -203];

#[test]
fn every_status_that_a_case_wants_is_in_the_catalogue() {
    let corpus = corpus();
    let mut found = BTreeSet::new();
    for case in corpus.cases.iter().filter(|c| c.value.role == Role::Server) {
        let mut asked = BTreeMap::new();
        for (_, step) in corpus.expand(case).unwrap_or_default() {
            refusals(&step, &mut asked, &mut found);
        }
    }
    let mut wrong = Vec::new();
    // A case that varies its method is about what all of them have in common.
    let said = |(method, status): &&(String, i32)| !COMMON.contains(status) && !method.contains("${");
    for (method, status) in found.iter().filter(said) {
        let file = corpus.commands.iter().find(|f| f.value.method == *method);
        let used = file.and_then(|f| f.value.statuses.iter().find(|s| s.status == *status));
        match used {
            None => wrong.push(format!("{method} {status}: a case wants it, the catalogue does not list it")),
            Some(s) if s.reference.is_some() => {
                wrong.push(format!("{method} {status}: a case wants it, the catalogue says that nobody answers it"));
            }
            Some(_) => (),
        }
    }
    assert!(found.len() > 100, "the cases were not understood: {}", found.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_limits_that_are_stated_are_those_of_the_reference() {
    let corpus = corpus();
    let mut all = corpus.requirements.iter().flat_map(|f| &f.value.requirements);
    let stated = all.find(|r| r.id == "LIMIT-DEFAULTS-1").map(|r| r.text.as_str());
    let l = Limits::DEFAULT;
    let said = format!(
        "The reference takes bodies of {} MiB, {} levels of BSON, {} elements, {} s for a login and {} s of silence.",
        l.body_len_max >> 20,
        l.bson_depth_max,
        l.bson_elements_max,
        l.login_within.as_secs(),
        l.idle_after.as_secs()
    );
    assert_eq!(stated, Some(said.as_str()));
}
