//! Collections in brackets, and single scalars, plain or quoted.
//!
//! The block structure around them is in [`super`].

use super::{DEPTH_MAX, Refused, Scalar, Scanner, join, lexical};

impl Scanner {
    pub(super) fn flow(&mut self, path: &str) -> Result<(), Refused> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.refuse_lexical("nested deeper than any file of the spec"));
        }
        let map = self.next() == Some('{');
        let close = if map { '}' } else { ']' };
        let mut n = 0;
        loop {
            self.skip_blank()?;
            match self.peek() {
                None => return Err(self.refuse("the file ends inside brackets")),
                Some(c) if c == close => {
                    self.next();
                    self.depth -= 1;
                    return Ok(());
                }
                Some(',') => {
                    self.next();
                }
                Some(_) if map => self.flow_pair(path)?,
                Some(_) => {
                    self.flow_value(&format!("{path}[{n}]"), "")?;
                    n += 1;
                }
            }
        }
    }

    fn flow_pair(&mut self, path: &str) -> Result<(), Refused> {
        let key = self.scalar(true)?;
        if let Some(what) = lexical::key(&key) {
            return Err(Refused { at: key.at, what, lexical: true });
        }
        let here = join(path, &key.text);
        self.note(&here, key.at);
        self.skip_blank()?;
        if self.peek() != Some(':') {
            return Ok(());
        }
        self.next();
        self.skip_blank()?;
        if matches!(self.peek(), Some(',' | '}')) {
            return Ok(());
        }
        self.flow_value(&here, &key.text)
    }

    fn flow_value(&mut self, path: &str, key: &str) -> Result<(), Refused> {
        let at = self.pos();
        self.note(path, at);
        if matches!(self.peek(), Some('{' | '[')) {
            return self.flow(path);
        }
        let s = self.scalar(true)?;
        self.judge(&s, key)
    }

    /// One scalar on this line, plain or quoted.
    pub(super) fn scalar(&mut self, flow: bool) -> Result<Scalar, Refused> {
        let at = self.pos();
        let mut text = String::new();
        match self.peek() {
            Some(q @ ('"' | '\'')) => {
                self.quoted(q, &mut text)?;
                return Ok(Scalar { text, at, quoted: true });
            }
            Some('&') => return Err(self.refuse_lexical("an anchor: write the value out")),
            Some('*') => return Err(self.refuse_lexical("an alias: write the value out")),
            Some('!') => return Err(self.refuse_lexical("a tag: types are written as {$int64: 1}")),
            Some('%' | '@' | '`') => return Err(self.refuse_lexical("a reserved character: quote the text")),
            Some('?') if self.peek_at(1) == Some(' ') => {
                return Err(self.refuse_lexical("an explicit key: write `key: value`"));
            }
            _ => {}
        }
        while let Some(c) = self.peek() {
            let end = match c {
                '\n' | '\r' => true,
                ':' => {
                    matches!(self.peek_at(1), None | Some(' ' | '\n' | '\r'))
                        || (flow && matches!(self.peek_at(1), Some(',' | '}' | ']')))
                }
                ',' | '}' | ']' | '{' | '[' => flow,
                '#' => self.before() == Some(' '),
                _ => false,
            };
            if end {
                break;
            }
            text.push(c);
            self.next();
        }
        if text.trim().is_empty() {
            return Err(self.refuse("expected a value"));
        }
        Ok(Scalar { text: text.trim_end().to_string(), at, quoted: false })
    }

    fn quoted(&mut self, q: char, text: &mut String) -> Result<(), Refused> {
        let at = self.pos();
        self.next();
        while let Some(c) = self.next() {
            if c == '\\' && q == '"' {
                text.push(c);
                if let Some(e) = self.next() {
                    text.push(e);
                }
            } else if c == q && q == '\'' && self.peek() == Some('\'') {
                text.push(c);
                self.next();
            } else if c == q {
                return Ok(());
            } else {
                text.push(c);
            }
        }
        Err(Refused { at, what: "the file ends inside quotes".into(), lexical: false })
    }
}
