//! What stands in the page about one name: a method, a type, an enumeration, a status.
//!
//! Each has an anchor, and attributes that the filters of the page read: `data-s` (the words to search), `data-eras`
//! and `data-dir`.

use super::{escape, facts, form_name, parts};
use crate::spec::catalogue::lint::readable;
use crate::spec::catalogue::{Catalogue, STATUS};
use crate::spec::format::command::{CommandFile, Knowledge};
use crate::spec::format::requirement::{Requirement, Source};
use crate::spec::format::vocabulary::{EnumDef, EnumKind, StatusDef, TypeDef};
use crate::spec::format::{Eras, Field, FieldType};

/// The anchor of a method.
pub(super) fn method_id(name: &str) -> String {
    format!("method-{name}")
}

/// The anchor of a type.
pub(super) fn type_id(name: &str) -> String {
    format!("type-{name}")
}

/// The anchor of an enumeration.
pub(super) fn enum_id(name: &str) -> String {
    format!("enum-{name}")
}

/// The anchor of a status.
fn status_id(status: i32) -> String {
    format!("status{status}")
}

/// A method.
pub(super) fn command(catalogue: &Catalogue<'_>, c: &CommandFile, out: &mut String) {
    let dirs: Vec<&str> = c.direction.iter().map(|d| d.as_str()).collect();
    let mut words = vec![c.method.clone(), c.title.clone()];
    words.extend(c.fields().flat_map(field_words));
    for s in &c.statuses {
        words.push(s.status.to_string());
        words.extend(catalogue.status(s.status).map(|d| d.name.clone()));
    }
    let more = format!(" data-eras=\"{}\" data-dir=\"{}\"", era_words(&c.eras), dirs.join(" "));
    open(&method_id(&c.method), &c.method, &c.title, &words, &more, out);
    out.push_str("<p class=\"facts\">");
    for fact in facts(c) {
        out.push_str(&format!("<span>{}</span>", escape(&fact)));
    }
    if c.body != Knowledge::Known {
        out.push_str(&format!("<span class=\"{0}\">{0}</span>", c.body.as_str()));
    }
    if c.is_disputed() {
        out.push_str("<span class=\"disputed\">disputed</span>");
    }
    out.push_str(&format!("</p>\n<p>{}</p>\n", prose(catalogue, &c.text, &c.method)));
    for form in &c.forms {
        let eras = c.eras_of(form);
        let shown =
            if *eras == c.eras { String::new() } else { format!(" <small>{}</small>", escape(&eras.to_string())) };
        out.push_str(&format!("<div data-eras=\"{}\">\n", era_words(eras)));
        out.push_str(&format!("<h4>{}{shown}</h4>\n", form_name(form.of)));
        fields(catalogue, &form.fields, &c.method, out);
        out.push_str("</div>\n");
    }
    method_statuses(catalogue, c, out);
    let comes_of = catalogue.commands_where(|x| x.pushes.contains(&c.method));
    let pushes: Vec<&str> = c.pushes.iter().map(String::as_str).collect();
    for (what, methods) in [("Others see it as", pushes), ("Comes of", comes_of)] {
        if !methods.is_empty() {
            let links: Vec<String> = methods.into_iter().map(|m| method_link(catalogue, m)).collect();
            out.push_str(&format!("<p class=\"see\">{what} {}.</p>\n", links.join(", ")));
        }
    }
    evidence(catalogue, &c.method, &c.sources, &c.disputes, &c.unknown, out);
    requirements(&catalogue.requirements_about(&c.method), out);
    out.push_str("</article>\n");
}

fn open(id: &str, name: &str, title: &str, words: &[String], more: &str, out: &mut String) {
    let (id, words) = (escape(id), escape(&words.join(" ").to_lowercase()));
    out.push_str(&format!("<article class=\"entry\" id=\"{id}\" data-s=\"{words}\"{more}>\n"));
    out.push_str(&format!("<h3><a href=\"#{id}\">{}</a> <span>{}</span></h3>\n", escape(name), escape(title)));
}

fn era_words(eras: &Eras) -> String {
    eras.0.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(" ")
}

fn field_words(f: &Field) -> [String; 2] {
    [f.name.clone(), readable(f)]
}

fn method_link(catalogue: &Catalogue<'_>, name: &str) -> String {
    let shown = escape(name);
    match catalogue.command(name) {
        Some(c) => format!("<a class=\"m\" href=\"#{}\">{shown}</a>", escape(&method_id(&c.method))),
        None => shown,
    }
}

/// Text in which the names of other methods are links, and what stands in backticks is code.
fn prose(catalogue: &Catalogue<'_>, text: &str, own: &str) -> String {
    let one = |(code, part): (bool, &str)| {
        let linked = linked(catalogue, part, own);
        if code { format!("<code>{linked}</code>") } else { linked }
    };
    parts(text).into_iter().map(one).collect()
}

fn linked(catalogue: &Catalogue<'_>, text: &str, own: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut out, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let inside = rest.starts_with(word);
        let end = rest.find(|c| word(c) != inside).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let method =
            inside && part != own && part.len() > 1 && catalogue.command(part).is_some_and(|c| c.method == part);
        out.push_str(&if method { method_link(catalogue, part) } else { escape(part) });
        rest = after;
    }
    out
}

fn fields(catalogue: &Catalogue<'_>, all: &[Field], own: &str, out: &mut String) {
    if all.is_empty() {
        return out.push_str("<p class=\"empty\">No fields.</p>\n");
    }
    out.push_str(
        "<table class=\"fields\"><thead><tr><th>field</th><th>type</th><th>meaning</th></tr></thead><tbody>\n",
    );
    for f in all {
        let label = f.label.as_ref().map(|l| format!(" <i>{}</i>", escape(l))).unwrap_or_default();
        let mut need = String::new();
        for (is, what) in [(f.required, "required"), (f.nullable, "null")] {
            if is {
                need.push_str(&format!(" <b>{what}</b>"));
            }
        }
        let eras = f.eras.as_ref().map(|e| format!(" data-eras=\"{}\"", era_words(e))).unwrap_or_default();
        let notes = notes(catalogue, f, own);
        let notes = if notes.is_empty() { String::new() } else { format!(" <small>{}</small>", notes.join(" ")) };
        out.push_str(&format!(
            "<tr{eras}><td><code>{}</code>{label}</td><td>{}{need}</td><td>{}{notes}</td></tr>\n",
            escape(&f.name),
            kind(catalogue, &f.kind),
            prose(catalogue, &f.meaning, own)
        ));
    }
    out.push_str("</tbody></table>\n");
}

fn kind(catalogue: &Catalogue<'_>, kind: &FieldType) -> String {
    let shown = escape(&kind.to_string());
    match kind.named().and_then(|n| catalogue.type_named(n)) {
        Some(t) => format!("<code><a href=\"#{}\">{shown}</a></code>", escape(&type_id(&t.name))),
        None => format!("<code>{shown}</code>"),
    }
}

/// What else is known of a field: each a sentence of HTML.
fn notes(catalogue: &Catalogue<'_>, f: &Field, own: &str) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(f.unit.as_ref().map(|u| format!("In {}.", escape(u))));
    out.extend(f.values.as_ref().map(|name| match catalogue.enum_named(name) {
        Some(e) => format!("Enum <a href=\"#{}\">{}</a>.", escape(&enum_id(&e.name)), escape(name)),
        None if name == STATUS => "See <a href=\"#statuses\">statuses</a>.".into(),
        None => format!("Enum {}.", escape(name)),
    }));
    out.extend(f.json.as_ref().map(|name| match catalogue.type_named(name) {
        Some(t) => format!("JSON: <a href=\"#{}\">{}</a>.", escape(&type_id(&t.name)), escape(name)),
        None => "JSON; nobody knows of what form.".into(),
    }));
    if !f.seen_as.is_empty() {
        let seen: Vec<String> = f.seen_as.iter().map(|t| kind(catalogue, t)).collect();
        out.push(format!("Seen as {}.", seen.join(", ")));
    }
    out.extend(f.example.as_ref().map(|e| format!("Example: <code>{}</code>.", escape(&e.to_string()))));
    out.extend(f.eras.as_ref().map(|e| format!("Eras: {}.", escape(&e.to_string()))));
    out.extend(f.from.as_ref().map(|x| format!("From {}.", escape(x))));
    out.extend(f.disputed.as_ref().map(|x| format!("<em>Disputed:</em> {}", prose(catalogue, x, own))));
    out
}

fn method_statuses(catalogue: &Catalogue<'_>, c: &CommandFile, out: &mut String) {
    if c.statuses.is_empty() {
        return;
    }
    out.push_str("<h4>Statuses</h4>\n<table class=\"values\"><thead><tr><th>status</th><th>name</th><th>when</th></tr></thead><tbody>\n");
    for s in &c.statuses {
        let known = catalogue.status(s.status);
        let number = match known {
            Some(_) => format!("<a href=\"#{}\">{}</a>", status_id(s.status), s.status),
            None => s.status.to_string(),
        };
        let mut small = s.from.as_ref().map(|f| format!("From {}. ", escape(f))).unwrap_or_default();
        if s.reference.is_some() {
            small.push_str("The reference never answers it.");
        }
        let small = if small.is_empty() { String::new() } else { format!(" <small>{}</small>", small.trim_end()) };
        out.push_str(&format!(
            "<tr><td><code>{number}</code></td><td>{}</td><td>{}{small}</td></tr>\n",
            escape(known.map_or("", |d| d.name.as_str())),
            prose(catalogue, &s.when, &c.method)
        ));
    }
    out.push_str("</tbody></table>\n");
}

fn evidence(
    catalogue: &Catalogue<'_>,
    own: &str,
    sources: &[Source],
    disputes: &[String],
    unknown: &[String],
    out: &mut String,
) {
    for (what, points) in [("Disputed", disputes), ("Unknown", unknown)] {
        if points.is_empty() {
            continue;
        }
        out.push_str(&format!("<div class=\"doubt\"><h4>{what}</h4><ul>\n"));
        out.extend(points.iter().map(|p| format!("<li>{}</li>\n", prose(catalogue, p, own))));
        out.push_str("</ul></div>\n");
    }
    if !sources.is_empty() {
        out.push_str(&format!("<details class=\"more\"><summary>Sources ({})</summary>\n<dl>\n", sources.len()));
        let pair = |s: &Source| format!("<dt>{}</dt><dd>{}</dd>\n", escape(&s.from), escape(&s.says));
        out.extend(sources.iter().map(pair));
        out.push_str("</dl></details>\n");
    }
}

fn requirements(all: &[&Requirement], out: &mut String) {
    if all.is_empty() {
        return;
    }
    out.push_str(&format!("<details class=\"more\"><summary>Requirements ({})</summary>\n<dl>\n", all.len()));
    let pair = |r: &&Requirement| format!("<dt>{}</dt><dd>{}</dd>\n", escape(&r.id), escape(&r.text));
    out.extend(all.iter().map(pair));
    out.push_str("</dl></details>\n");
}

/// The methods and types that have such a field, as links.
fn used_in(catalogue: &Catalogue<'_>, uses: impl Fn(&Field) -> bool, out: &mut String) {
    let link = |name: String| match name.strip_prefix("type ") {
        Some(t) => format!("<a href=\"#{}\">{}</a>", escape(&type_id(t)), escape(t)),
        None => method_link(catalogue, &name),
    };
    let users: Vec<String> = catalogue.users(uses).into_iter().map(link).collect();
    if !users.is_empty() {
        out.push_str(&format!("<p class=\"see\">Stands in {}.</p>\n", users.join(", ")));
    }
}

/// A type.
pub(super) fn type_def(catalogue: &Catalogue<'_>, t: &TypeDef, out: &mut String) {
    let mut words = vec![t.name.clone(), t.title.clone()];
    words.extend(t.fields.iter().flat_map(field_words));
    let more = t.eras.as_ref().map(|e| format!(" data-eras=\"{}\"", era_words(e))).unwrap_or_default();
    open(&type_id(&t.name), &t.name, &t.title, &words, &more, out);
    out.push_str(&format!("<p class=\"facts\"><span>{}</span></p>\n", t.encoding.as_str()));
    out.push_str(&format!("<p>{}</p>\n", prose(catalogue, &t.text, "")));
    fields(catalogue, &t.fields, "", out);
    let name = Some(t.name.as_str());
    used_in(catalogue, |f| f.kind.named() == name || f.json.as_deref() == name, out);
    evidence(catalogue, "", &t.sources, &t.disputes, &t.unknown, out);
    out.push_str("</article>\n");
}

/// An enumeration.
pub(super) fn enum_def(catalogue: &Catalogue<'_>, e: &EnumDef, out: &mut String) {
    let mut words = vec![e.name.clone(), e.title.clone()];
    words.extend(e.values.iter().flat_map(|v| [v.value.to_string(), v.name.clone()]));
    open(&enum_id(&e.name), &e.name, &e.title, &words, "", out);
    let kind = if e.kind == EnumKind::Bits { "flags, added up" } else { e.kind.as_str() };
    out.push_str(&format!("<p class=\"facts\"><span>{kind}</span></p>\n"));
    out.extend(e.text.as_ref().map(|t| format!("<p>{}</p>\n", prose(catalogue, t, ""))));
    out.push_str(
        "<table class=\"values\"><thead><tr><th>value</th><th>name</th><th>meaning</th></tr></thead><tbody>\n",
    );
    for v in &e.values {
        let shown = (escape(&v.value.to_string()), escape(&v.name), prose(catalogue, &v.meaning, ""));
        let from = small(catalogue, v.from.as_deref(), v.disputed.as_deref());
        out.push_str(&format!(
            "<tr><td><code>{}</code></td><td>{}</td><td>{}{from}</td></tr>\n",
            shown.0, shown.1, shown.2
        ));
    }
    out.push_str("</tbody></table>\n");
    used_in(catalogue, |f| f.values.as_deref() == Some(e.name.as_str()), out);
    evidence(catalogue, "", &e.sources, &e.disputes, &e.unknown, out);
    out.push_str("</article>\n");
}

fn small(catalogue: &Catalogue<'_>, from: Option<&str>, disputed: Option<&str>) -> String {
    let mut parts = Vec::new();
    parts.extend(from.map(|f| format!("From {}.", escape(f))));
    parts.extend(disputed.map(|d| format!("<em>Disputed:</em> {}", prose(catalogue, d, ""))));
    if parts.is_empty() { String::new() } else { format!(" <small>{}</small>", parts.join(" ")) }
}

/// The table of all statuses; each row is found by itself.
pub(super) fn statuses(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str(
        "<table class=\"values\"><thead><tr><th>status</th><th>name</th><th>meaning</th></tr></thead><tbody>\n",
    );
    let row = |s: &&StatusDef| {
        let words = escape(&format!("{} {} {}", s.status, s.name, s.meaning).to_lowercase());
        let again = s.retry.map(|r| format!(" <small>Retry: {}.</small>", r.as_str())).unwrap_or_default();
        let by: Vec<String> = catalogue
            .commands_where(|c| c.statuses.iter().any(|u| u.status == s.status))
            .into_iter()
            .map(|m| method_link(catalogue, m))
            .collect();
        let by = if by.is_empty() { String::new() } else { format!(" <small>Answered to {}.</small>", by.join(", ")) };
        format!(
            "<tr class=\"entry\" id=\"{}\" data-s=\"{words}\"><td><code>{}</code></td><td>{}</td><td>{}{again}{}{by}</td></tr>\n",
            status_id(s.status),
            s.status,
            escape(&s.name),
            prose(catalogue, &s.meaning, ""),
            small(catalogue, s.from.as_deref(), s.disputed.as_deref()),
        )
    };
    out.extend(catalogue.statuses().iter().map(row));
    out.push_str("</tbody></table>\n");
}
