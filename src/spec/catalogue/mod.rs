//! The catalogue: every method of the wire, the types and enumerations in its documents, and the statuses.
//!
//! The files are read by [`super::corpus`] into the types of [`super::format`]. Here: looking things up by name
//! ([`Catalogue`]), what must hold between them ([`lint`]), a list of methods ([`list`]), a page about one name
//! ([`page`]), all of it as one JSON document ([`export`]). The reference for people is [`super::doc`].

pub mod export;
pub mod lint;
pub mod list;
pub mod page;
mod text;
pub mod wireshark;

use super::corpus::Corpus;
use super::format::command::{Direction, Group};
use super::format::requirement::Requirement;
use super::format::vocabulary::{EnumDef, StatusDef, TypeDef};
use super::format::{Case, CommandFile, Field};

pub use text::Ink;

/// The name of the enumeration whose values are the statuses of `spec/status.yaml`.
pub const STATUS: &str = "status";
/// What `json:` of a field says when nobody knows what the JSON holds.
pub const ANY_JSON: &str = "any";

/// The corpus, asked by name.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'a> {
    corpus: &'a Corpus,
}

impl<'a> Catalogue<'a> {
    /// The catalogue in this corpus.
    #[must_use]
    pub const fn new(corpus: &'a Corpus) -> Self {
        Self { corpus }
    }

    /// Every method, by name.
    #[must_use]
    pub fn commands(&self) -> Vec<&'a CommandFile> {
        let mut all: Vec<_> = self.corpus.commands.iter().map(|f| &f.value).collect();
        all.sort_by(|a, b| a.method.cmp(&b.method));
        all
    }

    /// The methods of one chapter, by name.
    #[must_use]
    pub fn group(&self, group: Group) -> Vec<&'a CommandFile> {
        self.commands().into_iter().filter(|c| c.group == group).collect()
    }

    /// Every type, by name.
    #[must_use]
    pub fn types(&self) -> Vec<&'a TypeDef> {
        let mut all: Vec<_> = self.corpus.types.iter().flat_map(|f| &f.value.types).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Every enumeration, by name.
    #[must_use]
    pub fn enums(&self) -> Vec<&'a EnumDef> {
        let mut all: Vec<_> = self.corpus.enums.iter().flat_map(|f| &f.value.enums).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Every status, 0 first, then downwards, then what is above 0.
    #[must_use]
    pub fn statuses(&self) -> Vec<&'a StatusDef> {
        let mut all: Vec<_> = self.corpus.statuses.iter().flat_map(|f| &f.value.statuses).collect();
        all.sort_by_key(|s| (s.status > 0, s.status.unsigned_abs()));
        all
    }

    /// Every requirement, in the order of the files.
    #[must_use]
    pub fn requirements(&self) -> Vec<&'a Requirement> {
        self.corpus.requirements.iter().flat_map(|f| &f.value.requirements).collect()
    }

    /// The method of this name, in any case of letters.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&'a CommandFile> {
        self.corpus.commands.iter().map(|f| &f.value).find(|c| c.method.eq_ignore_ascii_case(name))
    }

    /// The type of this name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<&'a TypeDef> {
        self.corpus.types.iter().flat_map(|f| &f.value.types).find(|t| t.name.eq_ignore_ascii_case(name))
    }

    /// The enumeration of this name.
    #[must_use]
    pub fn enum_named(&self, name: &str) -> Option<&'a EnumDef> {
        self.corpus.enums.iter().flat_map(|f| &f.value.enums).find(|e| e.name.eq_ignore_ascii_case(name))
    }

    /// The status of this number.
    #[must_use]
    pub fn status(&self, number: i32) -> Option<&'a StatusDef> {
        self.corpus.statuses.iter().flat_map(|f| &f.value.statuses).find(|s| s.status == number)
    }

    /// The requirement of this id, in any case of letters.
    #[must_use]
    pub fn requirement(&self, id: &str) -> Option<&'a Requirement> {
        self.requirements().into_iter().find(|r| r.id.eq_ignore_ascii_case(id))
    }

    /// The requirements whose text or id names this method.
    #[must_use]
    pub fn requirements_about(&self, method: &str) -> Vec<&'a Requirement> {
        let about = |r: &&Requirement| has_word(&r.text, method) || r.id.split('-').any(|part| part == method);
        self.requirements().into_iter().filter(about).collect()
    }

    /// The cases that send this method, or wait for it, in a step of their own.
    #[must_use]
    pub fn cases_about(&self, method: &str) -> Vec<&'a Case> {
        self.corpus.cases.iter().map(|f| &f.value).filter(|c| moves(c, method)).collect()
    }

    /// The cases that prove this requirement.
    #[must_use]
    pub fn cases_proving(&self, id: &str) -> Vec<&'a Case> {
        self.corpus.cases.iter().map(|f| &f.value).filter(|c| c.proves.iter().any(|p| p == id)).collect()
    }

    /// Who has a field of this kind: methods as they are called, and types as `type NAME`.
    #[must_use]
    pub fn users(&self, uses: impl Fn(&Field) -> bool) -> Vec<String> {
        let methods = self.commands().into_iter().filter(|c| c.fields().any(&uses)).map(|c| c.method.clone());
        let types = self.types().into_iter().filter(|t| t.fields.iter().any(&uses)).map(|t| format!("type {}", t.name));
        methods.chain(types).collect()
    }

    /// The methods whose reply may carry this status, or that push this method.
    #[must_use]
    pub fn commands_where(&self, holds: impl Fn(&CommandFile) -> bool) -> Vec<&'a str> {
        self.commands().into_iter().filter(|c| holds(c)).map(|c| c.method.as_str()).collect()
    }

    /// Every name that there is a page about.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut all: Vec<String> = self.commands().iter().map(|c| c.method.clone()).collect();
        all.extend(self.types().iter().map(|t| t.name.clone()));
        all.extend(self.enums().iter().map(|e| e.name.clone()));
        all.extend(self.statuses().iter().flat_map(|s| [s.status.to_string(), s.name.clone()]));
        all.extend(self.requirements().iter().map(|r| r.id.clone()));
        all
    }
}

/// Whether `text` has `word`, not as a part of a longer one.
#[must_use]
pub fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|w| w == word)
}

/// The directions of a method, as one word: `request`, `push`, `request+push`.
#[must_use]
pub fn directions(c: &CommandFile) -> String {
    let words: Vec<&str> = c.direction.iter().copied().map(Direction::as_str).collect();
    words.join("+")
}

/// The connections of a method with commas.
#[must_use]
pub fn connections(c: &CommandFile) -> String {
    let words: Vec<&str> = c.connection.iter().map(|d| d.as_str()).collect();
    words.join(", ")
}

fn moves(case: &Case, method: &str) -> bool {
    let is = |m: &Option<String>| m.as_deref().is_some_and(|m| m.split('|').any(|one| one == method));
    let inner = |s: &super::format::Step| {
        s.send.as_ref().is_some_and(|x| is(&x.method))
            || s.expect.as_ref().is_some_and(|x| is(&x.push) || is(&x.request))
            || s.expect_none.as_ref().is_some_and(|x| is(&x.push) || is(&x.request))
    };
    let together = |s: &super::format::Step| s.together.as_ref().is_some_and(|t| t.steps.iter().any(inner));
    case.steps.iter().any(|s| inner(s) || together(s))
}

#[cfg(test)]
mod tests;
