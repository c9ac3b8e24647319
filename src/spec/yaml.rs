//! A YAML file into a typed value. The only module that names `serde_yaml`, so that a change of reader is one file.
//!
//! What the types demand is said by [`super::format`]; what the text must look like by [`super::scan`]. Every error
//! says `file:line:column: what was wrong`.

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::scan::{Pos, SourceMap, scan};

/// The most bytes of one file of the spec.
pub const FILE_LEN_MAX: u64 = 4 << 20;

/// Something wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file as the reader was told its name.
    pub file: String,
    /// The place.
    pub at: Pos,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.at, self.what)
    }
}

impl std::error::Error for Diagnostic {}

/// A value with the file that it came from, so that what is found out later still has a place.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The file.
    pub file: String,
    /// What it holds.
    pub value: T,
    map: SourceMap,
}

impl<T> Located<T> {
    /// The place of a node: `steps[3].send.method`.
    #[must_use]
    pub fn at(&self, path: &str) -> Pos {
        self.map.find(path)
    }

    /// Another value that stands for the same file.
    pub fn with<U>(&self, value: U) -> Located<U> {
        Located { file: self.file.clone(), value, map: self.map.clone() }
    }

    /// Something wrong with the node at `path`.
    pub fn wrong(&self, path: &str, what: impl Into<String>) -> Diagnostic {
        Diagnostic { file: self.file.clone(), at: self.at(path), what: what.into() }
    }
}

/// Reads `text`, called `file` in errors.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<Located<T>, Diagnostic> {
    let wrong = |at, what| Diagnostic { file: file.to_string(), at, what };
    let scanned = scan(text);
    if let Err(r) = &scanned
        && r.lexical
    {
        return Err(wrong(r.at, r.what.clone()));
    }
    let value = serde_yaml::from_str(text).map_err(|e| {
        let at = e.location().map_or(Pos { line: 1, column: 1 }, |l| Pos { line: l.line(), column: l.column() });
        wrong(at, without_place(&e.to_string()))
    })?;
    match scanned {
        Ok(map) => Ok(Located { file: file.to_string(), value, map }),
        Err(r) => Err(wrong(r.at, r.what)),
    }
}

/// Reads the file at `path`, called `file` in errors.
///
/// # Errors
/// It cannot be read, is too long, or [`parse`] refuses it.
pub fn read<T: DeserializeOwned>(path: &Path, file: &str) -> Result<Located<T>, Diagnostic> {
    parse(file, &text_of(path, file)?)
}

/// The text of the file at `path`.
///
/// # Errors
/// It cannot be read, is longer than [`FILE_LEN_MAX`], or is not UTF-8.
pub fn text_of(path: &Path, file: &str) -> Result<String, Diagnostic> {
    let wrong = |what: String| Diagnostic { file: file.to_string(), at: Pos { line: 1, column: 1 }, what };
    let len = std::fs::metadata(path).map_err(|e| wrong(format!("cannot be read: {e}")))?.len();
    if len > FILE_LEN_MAX {
        return Err(wrong(format!("{len} bytes are more than a file of the spec may have ({FILE_LEN_MAX})")));
    }
    std::fs::read_to_string(path).map_err(|e| wrong(format!("cannot be read: {e}")))
}

/// `value` as YAML text.
///
/// # Errors
/// It has no form in YAML.
pub fn write<T: serde::Serialize>(value: &T) -> Result<String, String> {
    serde_yaml::to_string(value).map_err(|e| e.to_string())
}

/// The message without the place at its end, which is said in front.
fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(cut) => message.get(..cut).unwrap_or(message).to_string(),
        None => message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code)]
        id: String,
        #[allow(dead_code)]
        count: Option<u32>,
    }

    fn refusal(text: &str) -> String {
        match parse::<Sample>("f.yaml", text) {
            Err(d) => d.to_string(),
            Ok(s) => panic!("taken: {s:?}"),
        }
    }

    #[test]
    fn errors_say_file_line_column_and_what() {
        assert!(refusal("id: a\nm: 1\n").starts_with("f.yaml:2:1: unknown field `m`"), "{}", refusal("id: a\nm: 1\n"));
        assert!(
            refusal("id: a\ncount: x\n").starts_with("f.yaml:2:8: count: invalid type"),
            "{}",
            refusal("id: a\ncount: x\n")
        );
        assert!(refusal("count: 1\n").contains("missing field `id`"));
        assert!(refusal("id: a\nid: b\n").contains("duplicate"), "{}", refusal("id: a\nid: b\n"));
        assert_eq!(refusal("id: on\n"), "f.yaml:1:5: `on` is a boolean in YAML 1.1 and text in 1.2: quote it");
    }

    #[test]
    fn a_bomb_of_brackets_is_an_error() {
        assert!(refusal(&format!("id: {}", "[".repeat(100_000))).contains("f.yaml:1:"));
    }
}
