//! One line for each method.

use serde_json::{Value, json};

use super::{Catalogue, connections, directions};
use crate::proto::secure::Era;
use crate::spec::format::CommandFile;
use crate::spec::format::command::{Direction, Group, Knowledge, Place};

/// Which methods are wanted: all that fit everything that is said.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In the name, the title, or a field's name, label or meaning; in any case of letters.
    pub word: Option<String>,
    /// Those of this era.
    pub era: Option<Era>,
    /// Those that begin like this.
    pub direction: Option<Direction>,
    /// Those of this chapter.
    pub group: Option<Group>,
    /// Those on this connection.
    pub connection: Option<Place>,
    /// Those of which this is known.
    pub state: Option<State>,
}

/// What is known of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// So much of its documents.
    Body(Knowledge),
    /// Sources contradict each other.
    Disputed,
}

impl State {
    /// All of them, with the words of the command line.
    pub const ALL: [(&'static str, Self); 4] = [
        ("disputed", Self::Disputed),
        ("unknown", Self::Body(Knowledge::Unknown)),
        ("known", Self::Body(Knowledge::Known)),
        ("partial", Self::Body(Knowledge::Partial)),
    ];
}

impl Filter {
    /// Whether a method is wanted.
    #[must_use]
    pub fn takes(&self, c: &CommandFile) -> bool {
        self.word.as_ref().is_none_or(|w| mentions(c, &w.to_lowercase()))
            && self.era.is_none_or(|e| c.eras.has(e))
            && self.direction.is_none_or(|d| c.direction.contains(&d))
            && self.group.is_none_or(|g| c.group == g)
            && self.connection.is_none_or(|d| c.connection.contains(&d))
            && self.state.is_none_or(|s| match s {
                State::Body(k) => c.body == k,
                State::Disputed => c.is_disputed(),
            })
    }
}

fn mentions(c: &CommandFile, word: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(word);
    let field = |f: &crate::spec::format::Field| has(&f.name) || f.label.as_deref().is_some_and(has) || has(&f.meaning);
    has(&c.method) || has(&c.title) || c.fields().any(field)
}

/// The methods that the filter takes, by name.
#[must_use]
pub fn select<'a>(catalogue: &Catalogue<'a>, filter: &Filter) -> Vec<&'a CommandFile> {
    catalogue.commands().into_iter().filter(|c| filter.takes(c)).collect()
}

/// A line for each: method, direction, eras, connections, what is known, title.
#[must_use]
pub fn lines(commands: &[&CommandFile]) -> String {
    let rows: Vec<[String; 6]> = commands
        .iter()
        .map(|c| {
            let known = if c.is_disputed() { format!("{}*", c.body.as_str()) } else { c.body.as_str().to_string() };
            [c.method.clone(), directions(c), c.eras.to_string(), connections(c), known, c.title.clone()]
        })
        .collect();
    let mut widths = [0_usize; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The line under the list.
#[must_use]
pub fn count(shown: &[&CommandFile], catalogue: &Catalogue<'_>) -> String {
    let (n, all) = (shown.len(), catalogue.commands().len());
    let stars = if shown.iter().any(|c| c.is_disputed()) { "; * = sources contradict each other" } else { "" };
    format!("{n} of {all} methods{stars}")
}

/// The same as JSON.
#[must_use]
pub fn json(commands: &[&CommandFile]) -> Value {
    let one = |c: &&CommandFile| {
        json!({
            "method": c.method, "title": c.title, "group": c.group, "eras": c.eras, "connection": c.connection,
            "direction": c.direction, "body": c.body, "disputed": c.is_disputed(),
        })
    };
    commands.iter().map(one).collect()
}
