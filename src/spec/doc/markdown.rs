//! `LOCO.md`: one file, a table of contents, an anchor at every method, type, enumeration and status.

use super::{ABOUT, LEGEND, chapter, chapters, code_md, counts, escape_md, facts, form_name, prose_md};
use crate::spec::catalogue::{Catalogue, STATUS};
use crate::spec::format::command::{CommandFile, Form};
use crate::spec::format::requirement::Source;
use crate::spec::format::vocabulary::{EnumDef, StatusDef, TypeDef};
use crate::spec::format::{Field, FieldType};

/// The whole reference.
#[must_use]
pub fn markdown(catalogue: &Catalogue<'_>) -> String {
    let mut out = format!("# LOCO protocol reference\n\n{ABOUT}\n\n{}.\n", counts(catalogue));
    out.push_str("\n| word | meaning |\n| --- | --- |\n");
    for (word, means) in LEGEND {
        out.push_str(&format!("| {} | {} |\n", escape_md(word), escape_md(means)));
    }
    contents(catalogue, &mut out);
    for (group, commands) in chapters(catalogue) {
        out.push_str(&format!("\n## {}\n", chapter(group)));
        for c in commands {
            command(catalogue, c, &mut out);
        }
    }
    out.push_str("\n<a id=\"types\"></a>\n\n## Types\n");
    for t in catalogue.types() {
        type_def(catalogue, t, &mut out);
    }
    out.push_str("\n<a id=\"enums\"></a>\n\n## Enums\n");
    for e in catalogue.enums() {
        enum_def(e, &mut out);
    }
    statuses(catalogue, &mut out);
    out
}

/// The anchor of a name: only what a name is made of.
fn anchor(kind: &str, name: &str) -> String {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    format!("{kind}-{name}")
}

fn contents(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str("\n## Contents\n\n");
    let link = |kind: &str, name: &str| format!("[{}](#{})", escape_md(name), anchor(kind, name));
    for (group, commands) in chapters(catalogue) {
        let links: Vec<String> = commands.iter().map(|c| link("method", &c.method)).collect();
        out.push_str(&format!("- {}: {}\n", chapter(group), links.join(", ")));
    }
    let types: Vec<String> = catalogue.types().iter().map(|t| link("type", &t.name)).collect();
    let enums: Vec<String> = catalogue.enums().iter().map(|e| link("enum", &e.name)).collect();
    out.push_str(&format!("- [Types](#types): {}\n", types.join(", ")));
    out.push_str(&format!("- [Enums](#enums): {}\n", enums.join(", ")));
    out.push_str("- [Statuses](#statuses)\n");
}

fn command(catalogue: &Catalogue<'_>, c: &CommandFile, out: &mut String) {
    let disputed = if c.is_disputed() { ", disputed" } else { "" };
    out.push_str(&format!("\n<a id=\"{}\"></a>\n\n### {}\n\n", anchor("method", &c.method), escape_md(&c.method)));
    out.push_str(&format!(
        "**{}.** {}; body {}{disputed}.\n\n{}\n",
        escape_md(c.title.trim_end_matches('.')),
        escape_md(&facts(c).join("; ")),
        c.body.as_str(),
        prose_md(&c.text)
    ));
    for form in &c.forms {
        form_table(catalogue, c, form, out);
    }
    if !c.statuses.is_empty() {
        out.push_str("\n| status | name | when |\n| --- | --- | --- |\n");
        for s in &c.statuses {
            let name = catalogue.status(s.status).map_or("", |d| d.name.as_str());
            let from = s.from.as_ref().map(|f| format!(" From {f}.")).unwrap_or_default();
            let never = if s.reference.is_some() { " The reference never answers it." } else { "" };
            let when = prose_md(&format!("{}{from}{never}", s.when));
            out.push_str(&format!("| [{0}](#status{0}) | {1} | {when} |\n", s.status, escape_md(name)));
        }
    }
    let link = |m: &str| format!("[{}](#{})", escape_md(m), anchor("method", m));
    if !c.pushes.is_empty() {
        let all: Vec<String> = c.pushes.iter().map(|m| link(m)).collect();
        out.push_str(&format!("\nOthers see it as {}.\n", all.join(", ")));
    }
    let comes_of = catalogue.commands_where(|x| x.pushes.contains(&c.method));
    if !comes_of.is_empty() {
        let all: Vec<String> = comes_of.into_iter().map(link).collect();
        out.push_str(&format!("\nComes of {}.\n", all.join(", ")));
    }
    evidence(&c.sources, &c.disputes, &c.unknown, out);
    let about = catalogue.requirements_about(&c.method);
    if !about.is_empty() {
        out.push_str("\nRequirements:\n\n");
        for r in about {
            out.push_str(&format!("- {}: {}\n", code_md(&r.id), prose_md(&r.text)));
        }
    }
}

fn form_table(catalogue: &Catalogue<'_>, c: &CommandFile, form: &Form, out: &mut String) {
    let eras = c.eras_of(form);
    let eras = if *eras == c.eras { String::new() } else { format!(" ({eras})") };
    out.push_str(&format!("\n#### {}{eras}\n", form_name(form.of)));
    fields(catalogue, &form.fields, out);
}

fn fields(catalogue: &Catalogue<'_>, all: &[Field], out: &mut String) {
    if all.is_empty() {
        return out.push_str("\nNo fields.\n");
    }
    out.push_str("\n| field | type | | meaning |\n| --- | --- | --- | --- |\n");
    for f in all {
        let label = f.label.as_ref().map(|l| format!(" {}", escape_md(l))).unwrap_or_default();
        let need: Vec<&str> = [(f.required, "required"), (f.nullable, "null")]
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, w)| w)
            .collect();
        let mut says = vec![prose_md(&f.meaning)];
        says.extend(notes(catalogue, f));
        let (name, kind) = (code_md(&f.name), kind(catalogue, &f.kind));
        out.push_str(&format!("| {name}{label} | {kind} | {} | {} |\n", need.join(", "), says.join(" ")));
    }
}

fn kind(catalogue: &Catalogue<'_>, kind: &FieldType) -> String {
    match kind.named().filter(|n| catalogue.type_named(n).is_some()) {
        Some(name) => format!("[{}](#{})", escape_md(&kind.to_string()), anchor("type", name)),
        None => escape_md(&kind.to_string()),
    }
}

/// What else is known of a field: each a sentence, escaped.
fn notes(catalogue: &Catalogue<'_>, f: &Field) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(unit) = &f.unit {
        out.push(format!("In {}.", escape_md(unit)));
    }
    match &f.values {
        Some(name) if name == STATUS => out.push("See [statuses](#statuses).".into()),
        Some(name) => out.push(format!("Enum [{}](#{}).", escape_md(name), anchor("enum", name))),
        None => {}
    }
    match &f.json {
        Some(name) if catalogue.type_named(name).is_some() => {
            out.push(format!("JSON: [{}](#{}).", escape_md(name), anchor("type", name)));
        }
        Some(_) => out.push("JSON; nobody knows of what form.".into()),
        None => {}
    }
    if !f.seen_as.is_empty() {
        let seen: Vec<String> = f.seen_as.iter().map(ToString::to_string).collect();
        out.push(format!("Seen as {}.", escape_md(&seen.join(", "))));
    }
    out.extend(f.example.as_ref().map(|e| format!("Example: {}.", escape_md(&e.to_string()))));
    out.extend(f.eras.as_ref().map(|e| format!("Eras: {e}.")));
    out.extend(f.from.as_ref().map(|x| format!("From {}.", prose_md(x))));
    out.extend(f.disputed.as_ref().map(|x| format!("**Disputed:** {}", prose_md(x))));
    out
}

fn type_def(catalogue: &Catalogue<'_>, t: &TypeDef, out: &mut String) {
    out.push_str(&format!("\n<a id=\"{}\"></a>\n\n### {}\n\n", anchor("type", &t.name), escape_md(&t.name)));
    let eras = t.eras.as_ref().map(|e| format!("; eras {e}")).unwrap_or_default();
    out.push_str(&format!(
        "**{}.** {}{eras}.\n\n{}\n",
        escape_md(t.title.trim_end_matches('.')),
        t.encoding.as_str(),
        prose_md(&t.text)
    ));
    fields(catalogue, &t.fields, out);
    evidence(&t.sources, &t.disputes, &t.unknown, out);
}

fn enum_def(e: &EnumDef, out: &mut String) {
    out.push_str(&format!("\n<a id=\"{}\"></a>\n\n### {}\n\n", anchor("enum", &e.name), escape_md(&e.name)));
    out.push_str(&format!("**{}.** {}.\n", escape_md(e.title.trim_end_matches('.')), e.kind.as_str()));
    if let Some(text) = &e.text {
        out.push_str(&format!("\n{}\n", prose_md(text)));
    }
    out.push_str("\n| value | name | meaning | from |\n| --- | --- | --- | --- |\n");
    for v in &e.values {
        let disputed = v.disputed.as_ref().map(|d| format!(" **Disputed:** {}", prose_md(d))).unwrap_or_default();
        out.push_str(&format!(
            "| {} | {} | {}{disputed} | {} |\n",
            escape_md(&v.value.to_string()),
            escape_md(&v.name),
            prose_md(&v.meaning),
            escape_md(v.from.as_deref().unwrap_or_default())
        ));
    }
    evidence(&e.sources, &e.disputes, &e.unknown, out);
}

fn statuses(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str("\n<a id=\"statuses\"></a>\n\n## Statuses\n\n");
    out.push_str("| status | name | meaning | again | from |\n| --- | --- | --- | --- | --- |\n");
    let row = |s: &&StatusDef| {
        let disputed = s.disputed.as_ref().map(|d| format!(" **Disputed:** {}", prose_md(d))).unwrap_or_default();
        format!(
            "| <a id=\"status{0}\"></a>{0} | {1} | {2}{disputed} | {3} | {4} |\n",
            s.status,
            escape_md(&s.name),
            prose_md(&s.meaning),
            s.retry.map_or("", |r| r.as_str()),
            escape_md(s.from.as_deref().unwrap_or_default())
        )
    };
    out.extend(catalogue.statuses().iter().map(row));
}

fn evidence(sources: &[Source], disputes: &[String], unknown: &[String], out: &mut String) {
    for (what, points) in [("Disputed", disputes), ("Unknown", unknown)] {
        if !points.is_empty() {
            out.push_str(&format!("\n{what}:\n\n"));
            out.extend(points.iter().map(|p| format!("- {}\n", prose_md(p))));
        }
    }
    if !sources.is_empty() {
        out.push_str("\nSources:\n\n");
        out.extend(sources.iter().map(|s| format!("- {}: {}\n", escape_md(&s.from), prose_md(&s.says))));
    }
}
