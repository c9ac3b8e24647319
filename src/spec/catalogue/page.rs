//! A page about one name, for a terminal: a method, a type, an enumeration, a status or a requirement.

use super::text::{Ink, Paper};
use super::{ANY_JSON, Catalogue, STATUS, connections, directions};
use crate::spec::format::command::{CommandFile, Form, FormOf};
use crate::spec::format::requirement::{Level, Requirement, Source, Status};
use crate::spec::format::vocabulary::{EnumDef, EnumKind, StatusDef, TypeDef};
use crate::spec::format::{Case, Field};

/// The most cases that a page lists.
const CASES_MAX: usize = 20;
/// The most names that are offered for one that does not exist.
const NEAREST_MAX: usize = 6;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub enum Topic<'a> {
    /// A method.
    Command(&'a CommandFile),
    /// A type.
    Type(&'a TypeDef),
    /// An enumeration.
    Enum(&'a EnumDef),
    /// A status.
    Status(&'a StatusDef),
    /// All statuses.
    Statuses,
    /// A requirement.
    Requirement(&'a Requirement),
}

impl Topic<'_> {
    /// What one types to see it.
    fn call(&self) -> String {
        match self {
            Self::Command(c) => format!("method {}", c.method),
            Self::Type(t) => format!("type {}", t.name),
            Self::Enum(e) => format!("enum {}", e.name),
            Self::Status(s) => format!("status {}", s.status),
            Self::Statuses => STATUS.to_string(),
            Self::Requirement(r) => format!("requirement {}", r.id),
        }
    }
}

/// The kinds of names, as they may stand in front of one.
pub const KINDS: [&str; 5] = ["method", "type", "enum", "status", "requirement"];

/// Everything that is called `name`, what is spelled exactly so first. `kind`, one of [`KINDS`], leaves only that kind.
#[must_use]
pub fn find<'a>(catalogue: &Catalogue<'a>, kind: Option<&str>, name: &str) -> Vec<Topic<'a>> {
    let mut found: Vec<(bool, Topic<'a>)> = Vec::new();
    let wanted = |k: &str| kind.is_none_or(|x| x == k);
    if let Some(c) = catalogue.command(name).filter(|_| wanted("method")) {
        found.push((c.method == name, Topic::Command(c)));
    }
    if let Some(t) = catalogue.type_named(name).filter(|_| wanted("type")) {
        found.push((t.name == name, Topic::Type(t)));
    }
    if let Some(e) = catalogue.enum_named(name).filter(|_| wanted("enum")) {
        found.push((e.name == name, Topic::Enum(e)));
    }
    if wanted("status") {
        let by_name = |s: &&&StatusDef| s.name == name || s.status.to_string() == name;
        let statuses = catalogue.statuses();
        found.extend(statuses.iter().find(by_name).map(|s| (true, Topic::Status(s))));
        if name == STATUS && !statuses.is_empty() && found.is_empty() {
            found.push((true, Topic::Statuses));
        }
    }
    if let Some(r) = catalogue.requirement(name).filter(|_| wanted("requirement")) {
        found.push((r.id == name, Topic::Requirement(r)));
    }
    found.sort_by_key(|(exact, _)| !exact);
    found.into_iter().map(|(_, t)| t).collect()
}

/// The names most like one that does not exist, the likest first.
#[must_use]
pub fn nearest(catalogue: &Catalogue<'_>, name: &str) -> Vec<String> {
    let names: Vec<String> = catalogue.names().into_iter().collect();
    nearest_of(name, names.iter().map(String::as_str))
}

/// The names of `all` most like one that is not among them, the likest first.
#[must_use]
pub fn nearest_of<'n>(name: &str, all: impl Iterator<Item = &'n str>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let most = (wanted.chars().count() / 3).max(1);
    let mut near: Vec<(usize, String)> = Vec::new();
    for n in all {
        let lower = n.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &wanted);
        // A part of a longer name comes behind a slip of the finger.
        let part = wanted.chars().count() >= 3 && lower.contains(&wanted);
        if distance <= most || part {
            near.push((if distance <= most { distance } else { most + distance }, n.to_owned()));
        }
    }
    near.sort();
    near.dedup();
    near.into_iter().map(|(_, n)| n).take(NEAREST_MAX).collect()
}

/// The page about the first topic; the others, if there are any, are named at its end.
#[must_use]
pub fn page(catalogue: &Catalogue<'_>, topics: &[Topic<'_>], width: usize, ink: Ink) -> String {
    let mut p = Paper::new(width, ink);
    match topics.first() {
        Some(Topic::Command(c)) => command(&mut p, catalogue, c),
        Some(Topic::Type(t)) => type_page(&mut p, catalogue, t),
        Some(Topic::Enum(e)) => enum_page(&mut p, catalogue, e),
        Some(Topic::Status(s)) => status_page(&mut p, catalogue, s),
        Some(Topic::Statuses) => statuses_page(&mut p, catalogue),
        Some(Topic::Requirement(r)) => requirement_page(&mut p, catalogue, r),
        None => {}
    }
    let others: Vec<String> = topics.iter().skip(1).map(|t| format!("locospec spec show {}", t.call())).collect();
    if !others.is_empty() {
        p.heading("Of the same name");
        p.points(&others);
    }
    p.finish()
}

fn command(p: &mut Paper, catalogue: &Catalogue<'_>, c: &CommandFile) {
    p.title(&c.method, &c.title);
    let known = if c.is_disputed() { "disputed" } else { "" };
    let facts = [
        c.group.as_str().to_string(),
        format!("eras {}", c.eras),
        connections(c),
        directions(c),
        format!("body {}", c.body.as_str()),
        known.to_string(),
    ];
    p.para(0, &facts.into_iter().filter(|f| !f.is_empty()).collect::<Vec<_>>().join(" · "));
    p.gap();
    p.para(2, &c.text);
    for form in &c.forms {
        form_section(p, catalogue, c, form);
    }
    if !c.statuses.is_empty() {
        p.heading("Statuses");
        let rows: Vec<Vec<String>> = c
            .statuses
            .iter()
            .map(|s| {
                let name = catalogue.status(s.status).map_or("", |d| d.name.as_str());
                let from = s.from.as_ref().map(|f| format!(" From {f}.")).unwrap_or_default();
                let never = if s.reference.is_some() { " The reference never answers it." } else { "" };
                vec![s.status.to_string(), name.to_string(), format!("{}{from}{never}", s.when)]
            })
            .collect();
        p.rows(&rows);
    }
    if !c.pushes.is_empty() {
        p.heading("Others see it as");
        p.para(2, &c.pushes.join(", "));
    }
    let pushed_by = catalogue.commands_where(|x| x.pushes.contains(&c.method));
    if !pushed_by.is_empty() {
        p.heading("Comes of");
        p.para(2, &pushed_by.join(", "));
    }
    evidence(p, &c.sources, &c.disputes, &c.unknown);
    requirements(p, &catalogue.requirements_about(&c.method));
    cases(p, &catalogue.cases_about(&c.method));
}

fn form_section(p: &mut Paper, catalogue: &Catalogue<'_>, c: &CommandFile, form: &Form) {
    let of = match form.of {
        FormOf::Request => "Request",
        FormOf::Reply => "Reply",
        FormOf::Push => "Push",
        FormOf::Receipt => "Receipt, what the client answers to the push",
    };
    let eras = c.eras_of(form);
    let eras = if *eras == c.eras { String::new() } else { format!(" ({eras})") };
    p.heading(&format!("{of}{eras}"));
    fields(p, catalogue, &form.fields);
}

fn fields(p: &mut Paper, catalogue: &Catalogue<'_>, all: &[Field]) {
    if all.is_empty() {
        return p.para(2, "No fields.");
    }
    let row = |f: &Field| {
        let need = match (f.required, f.nullable) {
            (true, true) => "required, null",
            (true, false) => "required",
            (false, true) => "null",
            (false, false) => "",
        };
        let mut says = vec![f.meaning.clone()];
        says.extend(notes(catalogue, f));
        let disputed = f.disputed.as_ref().map(|who| format!("\nDisputed: {who}")).unwrap_or_default();
        let last = format!("{}{disputed}", says.join(" "));
        let label = f.label.clone().unwrap_or_default();
        vec![f.name.clone(), label, f.kind.to_string(), need.to_string(), last]
    };
    p.rows(&all.iter().map(row).collect::<Vec<_>>());
}

/// What else is known of a field: each a sentence.
fn notes(catalogue: &Catalogue<'_>, f: &Field) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(unit) = &f.unit {
        out.push(format!("In {unit}."));
    }
    if let Some(name) = &f.values {
        out.push(if name == STATUS { "See status.".into() } else { format!("See enum {name}.") });
    }
    for name in f.kind.named().into_iter().chain(f.json.as_deref()) {
        out.push(match catalogue.type_named(name) {
            Some(t) => {
                let keys: Vec<&str> = t.fields.iter().map(|x| x.name.as_str()).collect();
                let json = if f.json.is_some() { "JSON " } else { "" };
                format!("{json}{{{}}}: see type {name}.", keys.join(", "))
            }
            None if name == ANY_JSON => "JSON; nobody knows of what form.".into(),
            None => format!("{name}: not in the catalogue."),
        });
    }
    if !f.seen_as.is_empty() {
        let seen: Vec<String> = f.seen_as.iter().map(ToString::to_string).collect();
        out.push(format!("Seen as {}.", seen.join(", ")));
    }
    if let Some(example) = &f.example {
        out.push(format!("Example: {example}."));
    }
    if let Some(eras) = &f.eras {
        out.push(format!("Eras: {eras}."));
    }
    if let Some(from) = &f.from {
        out.push(format!("From {from}."));
    }
    out
}

fn type_page(p: &mut Paper, catalogue: &Catalogue<'_>, t: &TypeDef) {
    p.title(&t.name, &t.title);
    let eras = t.eras.as_ref().map(|e| format!(" · eras {e}")).unwrap_or_default();
    p.para(0, &format!("type · {}{eras}", t.encoding.as_str()));
    p.gap();
    p.para(2, &t.text);
    p.heading("Fields");
    fields(p, catalogue, &t.fields);
    let name = Some(t.name.as_str());
    used_in(p, &catalogue.users(|f| f.kind.named() == name || f.json.as_deref() == name));
    evidence(p, &t.sources, &t.disputes, &t.unknown);
}

fn enum_page(p: &mut Paper, catalogue: &Catalogue<'_>, e: &EnumDef) {
    p.title(&e.name, &e.title);
    p.para(0, &format!("enum · {}", if e.kind == EnumKind::Bits { "flags, added up" } else { e.kind.as_str() }));
    if let Some(text) = &e.text {
        p.gap();
        p.para(2, text);
    }
    p.heading("Values");
    let row = |v: &crate::spec::format::vocabulary::EnumValue| {
        let mut last = vec![v.meaning.clone()];
        last.extend(v.from.as_ref().map(|f| format!("From {f}.")));
        last.extend(v.disputed.as_ref().map(|d| format!("Disputed: {d}")));
        vec![v.value.to_string(), v.name.clone(), last.join(" ")]
    };
    p.rows(&e.values.iter().map(row).collect::<Vec<_>>());
    used_in(p, &catalogue.users(|f| f.values.as_deref() == Some(e.name.as_str())));
    evidence(p, &e.sources, &e.disputes, &e.unknown);
}

fn used_in(p: &mut Paper, users: &[String]) {
    if !users.is_empty() {
        p.heading("Stands in");
        p.para(2, &users.join(", "));
    }
}

fn status_notes(s: &StatusDef) -> Vec<String> {
    let mut out = vec![s.meaning.clone()];
    out.extend(s.retry.map(|r| format!("Retry: {}.", r.as_str())));
    out.extend(s.from.as_ref().map(|f| format!("From {f}.")));
    out.extend(s.disputed.as_ref().map(|d| format!("Disputed: {d}")));
    out
}

fn status_page(p: &mut Paper, catalogue: &Catalogue<'_>, s: &StatusDef) {
    p.title(&s.status.to_string(), &s.name);
    p.para(0, "status of a reply");
    p.gap();
    for note in status_notes(s) {
        p.para(2, &note);
    }
    let rows: Vec<Vec<String>> = catalogue
        .commands()
        .into_iter()
        .flat_map(|c| c.statuses.iter().filter(|u| u.status == s.status).map(move |u| (c, u)))
        .map(|(c, u)| vec![c.method.clone(), u.when.clone()])
        .collect();
    if !rows.is_empty() {
        p.heading("Answered to");
        p.rows(&rows);
    }
    let number = s.status.to_string();
    let named =
        |r: &&Requirement| r.text.replace('\u{2212}', "-").split([' ', ',', '.', ';', '(', ')']).any(|w| w == number);
    requirements(p, &catalogue.requirements().into_iter().filter(named).collect::<Vec<_>>());
}

fn statuses_page(p: &mut Paper, catalogue: &Catalogue<'_>) {
    p.title(STATUS, "The statuses of replies");
    p.gap();
    let row = |s: &&StatusDef| vec![s.status.to_string(), s.name.clone(), status_notes(s).join(" ")];
    p.rows(&catalogue.statuses().iter().map(row).collect::<Vec<_>>());
}

fn requirement_page(p: &mut Paper, catalogue: &Catalogue<'_>, r: &Requirement) {
    p.title(&r.id, level(r.level));
    p.para(0, &format!("requirement · eras {} · {}", r.eras, certainty(r.status)));
    p.gap();
    p.para(2, &r.text);
    for (what, why) in [("No case proves it", &r.excluded), ("No line of the reference cites it", &r.uncited)] {
        if let Some(why) = why {
            p.para(2, &format!("{what}: {why}"));
        }
    }
    evidence(p, &r.sources, &[], &[]);
    cases(p, &catalogue.cases_proving(&r.id));
}

/// The word of a level.
const fn level(l: Level) -> &'static str {
    match l {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
        Level::Info => "INFO",
    }
}

const fn certainty(s: Status) -> &'static str {
    match s {
        Status::Observed => "observed",
        Status::Inferred => "inferred",
        Status::Disputed => "disputed",
        Status::Ours => "ours",
    }
}

fn evidence(p: &mut Paper, sources: &[Source], disputes: &[String], unknown: &[String]) {
    if !disputes.is_empty() {
        p.heading("Disputed");
        p.points(disputes);
    }
    if !unknown.is_empty() {
        p.heading("Unknown");
        p.points(unknown);
    }
    if !sources.is_empty() {
        p.heading("Sources");
        p.rows(&sources.iter().map(|s| vec![s.from.clone(), s.says.clone()]).collect::<Vec<_>>());
    }
}

fn requirements(p: &mut Paper, all: &[&Requirement]) {
    if !all.is_empty() {
        p.heading("Requirements");
        let row = |r: &&Requirement| vec![r.id.clone(), level(r.level).to_string(), r.text.clone()];
        p.rows(&all.iter().map(row).collect::<Vec<_>>());
    }
}

fn cases(p: &mut Paper, all: &[&Case]) {
    if all.is_empty() {
        return;
    }
    p.heading("Cases");
    let row = |c: &&Case| vec![c.case.clone(), c.title.clone()];
    p.rows(&all.iter().take(CASES_MAX).map(row).collect::<Vec<_>>());
    if let Some(more) = all.len().checked_sub(CASES_MAX).filter(|n| *n > 0) {
        p.para(2, &format!("and {more} more"));
    }
}
