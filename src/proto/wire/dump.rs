//! Bytes that a person can read: one line for each header field and BSON element, with its offset and its bytes.
//!
//! ```text
//! 0000  01 00 00 00                                      packet id 1
//! 0006  50 49 4e 47 00 00 00 00 00 00 00                 method PING
//! 001a  10 73 74 00                                        int32 st
//! 001e  01 00 00 00                                          = 1
//! ```
//!
//! For snapshots, traces and `locospec decode`. Any bytes can be dumped: what is wrong is said after the last line that
//! could be read, and the rest follows as hex. Judging is left to [`Header::decode`] and [`scan`]; nothing here decides
//! whether bytes are sound. Next: [`super::body`], which reads the values.

use core::fmt::Write;

use super::body::{Value, read};
use super::header::{BODY_LEN, BODY_TYPE, Header, ID, METHOD, STATUS};
use super::scan::{DEPTH_MAX, scan, tag};
use crate::proto::error::Malformed;
use crate::proto::limits::{HEADER_LEN, Limits};

/// Bytes in one row of hex.
const ROW_LEN: usize = 16;
/// Characters of a string or name that are shown; its bytes stand beside it in full.
const TEXT_SHOWN_MAX: usize = 64;

/// The dump of one packet: header, body, and whatever follows it. Each line ends with a line feed.
///
/// Offsets count from the first byte of the header. Malformed or cut bytes are dumped as far as they can be read, then
/// a line that begins with `!!` says what is wrong and the rest is hex.
#[must_use]
pub fn dump_packet(bytes: &[u8]) -> String {
    let mut d = Dump::new(bytes);
    let header = Header::decode(bytes, &Limits::DEFAULT);
    d.header();
    match header {
        Err(e) => d.wrong(&e.to_string()),
        Ok(None) => d.wrong(&format!("the header ends after {} of {HEADER_LEN} bytes", bytes.len())),
        Ok(Some(h)) => {
            let end = HEADER_LEN.saturating_add(h.body_len as usize);
            d.body(end);
            if bytes.len() > end {
                d.wrong(&format!("{} bytes after the packet", bytes.len() - end));
            }
        }
    }
    d.finish()
}

/// The dump of one BSON document, under the same rules as [`dump_packet`].
#[must_use]
pub fn dump_document(bytes: &[u8]) -> String {
    let mut d = Dump::new(bytes);
    d.body(bytes.len());
    d.finish()
}

/// The dump of bytes that mean nothing to us: hex with offsets.
#[must_use]
pub fn dump_bytes(bytes: &[u8]) -> String {
    Dump::new(bytes).finish()
}

/// The dump of bytes whose parts the caller knows: each part ends at its number and has its meaning, in rising order.
#[must_use]
pub fn dump_parts(bytes: &[u8], parts: &[(usize, String)]) -> String {
    let mut d = Dump::new(bytes);
    for (end, meaning) in parts {
        d.line(*end, 0, meaning);
    }
    d.finish()
}

/// A dump in the making: everything before `at` has its line.
struct Dump<'b> {
    out: String,
    bytes: &'b [u8],
    at: usize,
    /// Digits of an offset.
    digits: usize,
}

impl<'b> Dump<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        let digits = if bytes.len() > 0x1_0000 { 8 } else { 4 };
        Self { out: String::new(), bytes, at: 0, digits }
    }

    /// The bytes up to `end`, with their meaning beside the first row.
    fn line(&mut self, end: usize, depth: usize, meaning: &str) {
        let end = end.min(self.bytes.len());
        let bytes = self.bytes.get(self.at..end).unwrap_or_default();
        for (i, row) in bytes.chunks(ROW_LEN).enumerate() {
            let mut hex = String::with_capacity(ROW_LEN * 3);
            for b in row {
                let _ = write!(hex, "{b:02x} ");
            }
            let (digits, at) = (self.digits, self.at + i * ROW_LEN);
            if i == 0 && !meaning.is_empty() {
                let _ = writeln!(self.out, "{at:0digits$x}  {hex:<49}{:1$}{meaning}", "", depth * 2);
            } else {
                let _ = writeln!(self.out, "{at:0digits$x}  {}", hex.trim_end());
            }
        }
        self.at = self.at.max(end);
    }

    /// What is wrong. The bytes from here on get no meaning.
    fn wrong(&mut self, what: &str) {
        let _ = writeln!(self.out, "!! {what}");
        self.line(self.bytes.len(), 0, "");
    }

    fn finish(mut self) -> String {
        self.line(self.bytes.len(), 0, "");
        self.out
    }

    /// The fields of the header that are there whole, right or wrong.
    fn header(&mut self) {
        let b = self.bytes;
        if let Some(id) = b.get(ID).and_then(<[u8]>::first_chunk) {
            self.line(ID.end, 0, &format!("packet id {}", u32::from_le_bytes(*id)));
        }
        if let Some(status) = b.get(STATUS).and_then(<[u8]>::first_chunk) {
            self.line(STATUS.end, 0, &format!("status {}", i16::from_le_bytes(*status)));
        }
        if let Some(method) = b.get(METHOD) {
            let name_len = method.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
            self.line(METHOD.end, 0, &format!("method {}", method.get(..name_len).unwrap_or_default().escape_ascii()));
        }
        if let Some(kind) = b.get(BODY_TYPE) {
            self.line(BODY_TYPE + 1, 0, &format!("body type {kind}{}", if *kind == 0 { " (BSON)" } else { "" }));
        }
        if let Some(len) = b.get(BODY_LEN).and_then(<[u8]>::first_chunk) {
            self.line(BODY_LEN.end, 0, &format!("body length {}", u32::from_le_bytes(*len)));
        }
    }

    /// A body from here to `end`, which may be more than there is.
    fn body(&mut self, end: usize) {
        let start = self.at;
        let Some(body) = self.bytes.get(start..end) else {
            // Not all there, so there is nothing to be judged yet: show what can be read.
            self.elements(self.bytes.len());
            let (there, want) = (self.bytes.len().saturating_sub(start), end.saturating_sub(start));
            self.wrong(&format!("the body ends after {there} of {want} bytes"));
            return;
        };
        if body.is_empty() && start == HEADER_LEN {
            return; // No body at all is an empty document (PING-EMPTY-1).
        }
        match scan(body, &Limits::DEFAULT) {
            Ok(()) => self.elements(end),
            Err(Malformed { kind, at, .. }) => {
                self.elements(start.saturating_add(at));
                let (digits, at_here) = (self.digits, start.saturating_add(at));
                self.wrong(&format!("{}, at byte {at} of the document ({at_here:0digits$x})", kind.text()));
            }
        }
    }

    /// The document that begins here, as far as it can be read before `end`. Ends after the outermost document.
    ///
    /// The stack is a value, so depth costs no stack; it is bounded all the same, for the indentation.
    fn elements(&mut self, end: usize) {
        let Some(()) = self.open(end, 0, '{') else { return };
        let mut closers = vec!['}'];
        while let Some(&closer) = closers.last() {
            let depth = closers.len() * 2 - 1;
            let Some(&kind) = self.bytes.get(self.at..end).and_then(<[u8]>::first) else { return };
            if kind == 0 {
                self.line(self.at + 1, depth - 1, &closer.to_string());
                closers.pop();
                continue;
            }
            let Some(()) = self.head(kind, end, depth) else { return };
            let Some(opener) = opener(kind) else {
                let Some(()) = self.value(kind, end, depth + 1) else { return };
                continue;
            };
            if closers.len() == DEPTH_MAX || self.open(end, depth + 1, opener).is_none() {
                return;
            }
            closers.push(if opener == '[' { ']' } else { '}' });
        }
    }

    /// The type and name of an element; `None` when its name does not end before `end`.
    fn head(&mut self, kind: u8, end: usize, depth: usize) -> Option<()> {
        let name = self.bytes.get(self.at + 1..end)?;
        let name = name.get(..name.iter().position(|&b| b == 0)?)?;
        let name_end = self.at + 1 + name.len() + 1;
        self.line(name_end, depth, &format!("{} {}", type_name(kind), shown(&String::from_utf8_lossy(name))));
        Some(())
    }

    /// The length in front of a document.
    fn open(&mut self, end: usize, depth: usize, opener: char) -> Option<()> {
        let len = i32::from_le_bytes(*self.bytes.get(self.at..end)?.first_chunk()?);
        self.line(self.at + 4, depth, &format!("{opener} {len} bytes"));
        Some(())
    }

    /// A value that is no document; `None` when it cannot be read before `end`.
    fn value(&mut self, kind: u8, end: usize, depth: usize) -> Option<()> {
        let rest = self.bytes.get(self.at..end)?;
        let (value, len) = read(kind, rest, self.at)?;
        if rest.len() < len {
            return None;
        }
        let meaning = match value {
            Value::Double(v) => format!("= {v:?}"),
            Value::String(s) => format!("= \"{}\" ({} bytes)", shown(s), s.len()),
            Value::Binary(subtype, b) => format!("= {} bytes of subtype {subtype}", b.len()),
            Value::Bool(v) => format!("= {v}"),
            Value::DateTime(ms) => format!("= {ms} ms"),
            Value::Int32(v) => format!("= {v}"),
            Value::Int64(v) => format!("= {v}"),
            Value::Other(_, b) => format!("= {} bytes", b.len()),
            Value::Null | Value::Document(_) | Value::Array(_) => String::new(),
        };
        self.line(self.at + len, depth, &meaning);
        Some(())
    }
}

/// The bracket of a type that is a document.
const fn opener(kind: u8) -> Option<char> {
    match kind {
        tag::DOCUMENT => Some('{'),
        tag::ARRAY => Some('['),
        _ => None,
    }
}

/// Text on one line: nothing that moves a cursor, and not too much of it.
fn shown(text: &str) -> String {
    let mut all: String = text.chars().take(TEXT_SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(TEXT_SHOWN_MAX).is_some() {
        all.push('…');
    }
    all
}

/// What BSON calls a type; a number that BSON does not have is "type".
const fn type_name(kind: u8) -> &'static str {
    match kind {
        tag::DOUBLE => "double",
        tag::STRING => "string",
        tag::DOCUMENT => "document",
        tag::ARRAY => "array",
        tag::BINARY => "binary",
        tag::UNDEFINED => "undefined",
        tag::OBJECT_ID => "objectid",
        tag::BOOL => "bool",
        tag::DATE_TIME => "datetime",
        tag::NULL => "null",
        tag::REGEX => "regex",
        tag::DB_POINTER => "dbpointer",
        tag::CODE => "code",
        tag::SYMBOL => "symbol",
        tag::CODE_SCOPE => "code with scope",
        tag::INT32 => "int32",
        tag::TIMESTAMP => "timestamp",
        tag::INT64 => "int64",
        tag::DECIMAL => "decimal",
        tag::MIN_KEY => "minkey",
        tag::MAX_KEY => "maxkey",
        _ => "type",
    }
}

#[cfg(test)]
#[path = "dump_tests.rs"]
mod tests;
