//! The reference that people read, made from the catalogue: Markdown, and one HTML page that needs nothing else.
//!
//! [`markdown()`] and [`html()`] give the whole text; the same catalogue gives the same bytes. Everything that comes
//! from a file of the spec is escaped: [`escape`] for HTML, [`escape_md`] for Markdown.

mod article;
mod html;
mod markdown;

pub use html::html;
pub use markdown::markdown;

use super::catalogue::{Catalogue, connections, directions};
use super::format::CommandFile;
use super::format::command::{FormOf, Group};

/// What the reference is, in its own first lines.
const ABOUT: &str = "LOCO is the binary messaging protocol behind KakaoTalk. This reference lists every method known by \
    name: what it asks and answers, in which era, on which connection, and who says so.";

/// The legend of the words that stand at methods and fields.
const LEGEND: [(&str, &str); 8] = [
    ("known, partial, unknown", "how much of a method's documents is known; of an unknown one there is only the name"),
    ("disputed", "sources contradict each other; what each says stands below"),
    ("required", "in a request: a server cannot do without it. In a reply or push: a strict client needs it"),
    ("null", "null is written where there is nothing, instead of leaving the field out"),
    ("int", "an int32 or an int64, kept and given back as it came"),
    ("document", "a document whose fields nobody knows"),
    ("[T]", "an array of T"),
    ("seen as", "types that were seen in its place; every width of integer is accepted"),
];

/// The heading of a chapter.
const fn chapter(group: Group) -> &'static str {
    match group {
        Group::Session => "Session: the way in, login, heartbeat",
        Group::Messages => "Messages",
        Group::Rooms => "Rooms and their members",
        Group::Links => "Open links",
        Group::Media => "Photos and files",
        Group::Blocks => "Blocked users",
        Group::Secret => "Secret rooms and keys",
        Group::Calls => "Calls",
    }
}

/// The chapters that have a method, with their methods.
fn chapters<'a>(catalogue: &Catalogue<'a>) -> Vec<(Group, Vec<&'a CommandFile>)> {
    Group::ALL.into_iter().map(|g| (g, catalogue.group(g))).filter(|(_, all)| !all.is_empty()).collect()
}

const fn form_name(of: FormOf) -> &'static str {
    match of {
        FormOf::Request => "Request",
        FormOf::Reply => "Reply",
        FormOf::Push => "Push",
        FormOf::Receipt => "Receipt",
    }
}

/// `150 methods, 40 types, …`.
fn counts(c: &Catalogue<'_>) -> String {
    let all = [
        (c.commands().len(), "methods"),
        (c.types().len(), "types"),
        (c.enums().len(), "enums"),
        (c.statuses().len(), "statuses"),
    ];
    all.map(|(n, what)| format!("{n} {what}")).join(", ")
}

/// The facts of a method that stand under its title.
fn facts(c: &CommandFile) -> [String; 3] {
    [format!("eras {}", c.eras), connections(c), directions(c)]
}

/// Text for HTML, between tags or in a quoted attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Text for Markdown, in a paragraph or a cell of a table, on one line.
#[must_use]
pub fn escape_md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// The parts of a text in turn: prose, then what stands in backticks, and so on. A lone backtick is prose.
fn parts(text: &str) -> Vec<(bool, &str)> {
    let all: Vec<&str> = text.split('`').collect();
    if all.len().is_multiple_of(2) {
        return vec![(false, text)];
    }
    all.into_iter().enumerate().map(|(n, part)| (n % 2 == 1, part)).filter(|(_, part)| !part.is_empty()).collect()
}

/// Text for Markdown in which backticks mean what they mean there.
fn prose_md(text: &str) -> String {
    let safe = |part: &str| !part.contains(['|', '\n', '<', '>']);
    let all = parts(text);
    if !all.iter().all(|(code, part)| !*code || safe(part)) {
        return escape_md(text);
    }
    all.into_iter().map(|(code, part)| if code { code_md(part) } else { escape_md(part) }).collect()
}

/// A name in a code span of Markdown. Names are made of letters, digits and dashes; what else stands in one is dropped.
fn code_md(name: &str) -> String {
    let name: String = name.chars().filter(|c| !matches!(c, '`' | '|' | '\n' | '<' | '>')).collect();
    format!("`{name}`")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
