//! Where everything stands in a YAML file, and what two readers would read differently.
//!
//! The scanner follows the YAML that this spec uses: block and flow collections, plain, quoted and block scalars,
//! comments. Everything else (anchors, aliases, merge keys, tags, several documents, tabs) is refused, and so is a
//! plain scalar whose meaning depends on the version of YAML. It builds no values: that is [`super::yaml`]'s work.

mod flow;
mod lexical;

use std::collections::BTreeMap;
use std::fmt;

/// A place in a text, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something in a text that is refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it begins.
    pub at: Pos,
    /// What is wrong and what to write instead.
    pub what: String,
    /// True when no reader of YAML should see the text at all; false when the scanner lost its way and may ask one.
    pub lexical: bool,
}

/// Path of each node (`steps[3].send.body.chatId`) to the place of its key, or of its dash, or of its value.
#[derive(Clone, Debug, Default)]
pub struct SourceMap(BTreeMap<String, Pos>);

impl SourceMap {
    /// The place of `path`, or of the nearest node above it that the text has.
    #[must_use]
    pub fn find(&self, path: &str) -> Pos {
        let mut p = path;
        loop {
            if let Some(at) = self.0.get(p) {
                return *at;
            }
            match p.rfind(['.', '[']) {
                Some(cut) => p = p.get(..cut).unwrap_or(""),
                None => return Pos { line: 1, column: 1 },
            }
        }
    }
}

/// How deep the collections of a file may nest.
const DEPTH_MAX: usize = 48;

/// Scans a whole file.
///
/// # Errors
/// The first thing that is refused.
pub fn scan(text: &str) -> Result<SourceMap, Refused> {
    let mut s =
        Scanner { chars: text.chars().collect(), i: 0, line: 1, column: 1, map: SourceMap::default(), depth: 0 };
    s.skip_blank()?;
    if s.starts_with("---") {
        s.take(3);
        s.skip_blank()?;
    }
    if s.peek().is_some() {
        s.block_node(1, "")?;
        s.skip_blank()?;
    }
    match s.peek() {
        None => Ok(s.map),
        Some('-') if s.starts_with("---") => Err(s.refuse_lexical("one file holds one document")),
        Some(_) => Err(s.refuse("this line belongs to nothing above it: check the indentation")),
    }
}

struct Scanner {
    chars: Vec<char>,
    i: usize,
    line: usize,
    column: usize,
    map: SourceMap,
    depth: usize,
}

impl Scanner {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.i).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.i + ahead).copied()
    }

    fn starts_with(&self, s: &str) -> bool {
        s.chars().enumerate().all(|(n, c)| self.peek_at(n) == Some(c))
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.i += 1;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn take(&mut self, n: usize) {
        for _ in 0..n {
            self.next();
        }
    }

    fn pos(&self) -> Pos {
        Pos { line: self.line, column: self.column }
    }

    fn refuse(&self, what: &str) -> Refused {
        Refused { at: self.pos(), what: what.to_string(), lexical: false }
    }

    fn refuse_lexical(&self, what: &str) -> Refused {
        Refused { at: self.pos(), what: what.to_string(), lexical: true }
    }

    fn note(&mut self, path: &str, at: Pos) {
        self.map.0.entry(path.to_string()).or_insert(at);
    }

    /// Spaces of this line and a comment at its end.
    fn skip_spaces(&mut self) -> Result<(), Refused> {
        let mut after_space = self.column == 1;
        loop {
            match self.peek() {
                Some(' ') => {
                    after_space = true;
                    self.next();
                }
                Some('\t') => return Err(self.refuse_lexical("a tab: indent and separate with spaces")),
                Some('\r') if self.peek_at(1) == Some('\n') => {
                    self.next();
                }
                Some('#') if after_space || self.before().is_none_or(|c| c == ' ' || c == '\n') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn before(&self) -> Option<char> {
        self.i.checked_sub(1).and_then(|i| self.chars.get(i).copied())
    }

    /// Spaces, comments and line ends.
    fn skip_blank(&mut self) -> Result<(), Refused> {
        loop {
            self.skip_spaces()?;
            if self.peek() != Some('\n') {
                return Ok(());
            }
            self.next();
        }
    }

    fn at_dash(&self) -> bool {
        self.peek() == Some('-') && matches!(self.peek_at(1), None | Some(' ' | '\n' | '\r'))
    }

    /// A node whose first token stands here, at column `at_least` or right of it.
    fn block_node(&mut self, at_least: usize, path: &str) -> Result<(), Refused> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.refuse_lexical("nested deeper than any file of the spec"));
        }
        let column = self.column;
        let at = self.pos();
        if column < at_least {
            return Err(self.refuse("indented less than what it belongs to"));
        }
        self.note(path, at);
        if self.at_dash() {
            self.block_seq(column, path)?;
        } else if matches!(self.peek(), Some('{' | '[')) {
            self.flow(path)?;
            self.end_of_line()?;
        } else {
            let key = self.scalar(false)?;
            if self.at_colon() {
                self.block_map(column, path, key)?;
            } else {
                self.finish_plain(&key, at_least, path)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn block_seq(&mut self, column: usize, path: &str) -> Result<(), Refused> {
        let mut n = 0;
        while self.peek().is_some() && self.column == column && self.at_dash() && !self.starts_with("---") {
            let item = format!("{path}[{n}]");
            let at = self.pos();
            self.note(&item, at);
            self.next();
            self.skip_spaces()?;
            if self.peek() == Some('\n') {
                self.skip_blank()?;
                if self.column > column && self.peek().is_some() {
                    self.block_node(column + 1, &item)?;
                }
            } else if self.peek().is_some() {
                self.block_node(column + 1, &item)?;
            }
            self.skip_blank()?;
            n += 1;
        }
        Ok(())
    }

    fn block_map(&mut self, column: usize, path: &str, first: Scalar) -> Result<(), Refused> {
        let mut key = first;
        loop {
            let here = join(path, &key.text);
            if let Some(bad) = lexical::key(&key) {
                return Err(Refused { at: key.at, what: bad, lexical: true });
            }
            self.note(&here, key.at);
            self.next(); // the colon
            self.skip_spaces()?;
            if self.peek() == Some('\n') {
                self.skip_blank()?;
                let belongs = self.column > column || (self.column == column && self.at_dash());
                if belongs && self.peek().is_some() && !self.starts_with("---") {
                    self.block_node(column, &here)?;
                }
            } else if self.peek().is_some() {
                self.inline_value(column, &here, &key.text)?;
            }
            self.skip_blank()?;
            if self.peek().is_none() || self.column != column || self.at_dash() || self.starts_with("---") {
                return Ok(());
            }
            key = self.scalar(false)?;
            if !self.at_colon() {
                return Err(Refused { at: key.at, what: "expected `key: value`".into(), lexical: false });
            }
        }
    }

    /// What stands behind `key:` on its line.
    fn inline_value(&mut self, column: usize, path: &str, key: &str) -> Result<(), Refused> {
        match self.peek() {
            Some('{' | '[') => {
                self.flow(path)?;
                self.end_of_line()
            }
            Some('|' | '>') => {
                self.block_scalar(column);
                Ok(())
            }
            _ => {
                let s = self.scalar(false)?;
                self.judge(&s, key)?;
                if self.at_colon() {
                    return Err(self.refuse("a second `key:` on one line: quote it or begin a new line"));
                }
                self.finish_plain(&s, column + 1, path)
            }
        }
    }

    /// The further lines of a plain scalar, if it has any.
    fn finish_plain(&mut self, s: &Scalar, at_least: usize, _path: &str) -> Result<(), Refused> {
        if s.quoted {
            return self.end_of_line();
        }
        self.judge(s, "")?;
        self.end_of_line()?;
        loop {
            let saved = (self.i, self.line, self.column);
            self.skip_blank()?;
            if self.peek().is_none() || self.column < at_least.max(2) || self.line == saved.1 || self.at_dash() {
                (self.i, self.line, self.column) = saved;
                return Ok(());
            }
            while self.peek().is_some_and(|c| c != '\n') {
                self.next();
            }
        }
    }

    fn end_of_line(&mut self) -> Result<(), Refused> {
        self.skip_spaces()?;
        match self.peek() {
            None | Some('\n') => Ok(()),
            Some(_) => Err(self.refuse("something behind the end of the value")),
        }
    }

    fn block_scalar(&mut self, column: usize) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
        while self.peek() == Some('\n') {
            let indent = (1..).take_while(|&n| self.peek_at(n) == Some(' ')).count();
            let blank = matches!(self.peek_at(indent + 1), Some('\n'));
            if !blank && indent < column {
                return;
            }
            self.next();
            while self.peek().is_some_and(|c| c != '\n') {
                self.next();
            }
        }
    }

    fn at_colon(&self) -> bool {
        self.peek() == Some(':') && matches!(self.peek_at(1), None | Some(' ' | '\n' | '\r'))
    }

    fn judge(&self, s: &Scalar, key: &str) -> Result<(), Refused> {
        match lexical::value(s, key) {
            Some(what) => Err(Refused { at: s.at, what, lexical: true }),
            None => Ok(()),
        }
    }
}

/// One scalar as it stands in the text.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Its characters, without quotes.
    pub text: String,
    /// Where it begins.
    pub at: Pos,
    /// Whether it stands in quotes.
    pub quoted: bool,
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests;
