//! Writing a BSON document into a reused buffer: each call appends one element, lengths are filled in at the end.

use super::body::Document;
use super::scan::tag;

/// A document being written at the end of a buffer. Call [`Writer::end`], or the document stays without its length.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Writer<'o> {
    /// Begins a document at the end of `out`.
    #[inline(always)]
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        Self { out, start }
    }

    /// Closes the document: its NUL, then its length.
    #[inline(always)]
    pub fn end(self) {
        self.out.push(0);
        let len = i32::try_from(self.out.len() - self.start).unwrap_or(i32::MAX);
        self.out[self.start..self.start + 4].copy_from_slice(&len.to_le_bytes());
    }

    /// The element's type and name. A name cannot hold a NUL: what follows one is cut.
    #[inline(always)]
    fn head(&mut self, kind: u8, name: &str) {
        self.out.push(kind);
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(0);
    }

    /// An int32.
    #[inline(always)]
    pub fn int32(&mut self, name: &str, v: i32) {
        self.head(tag::INT32, name);
        self.out.extend_from_slice(&v.to_le_bytes());
    }

    /// An int64.
    #[inline(always)]
    pub fn int64(&mut self, name: &str, v: i64) {
        self.head(tag::INT64, name);
        self.out.extend_from_slice(&v.to_le_bytes());
    }

    /// A double.
    pub fn double(&mut self, name: &str, v: f64) {
        self.head(tag::DOUBLE, name);
        self.out.extend_from_slice(&v.to_le_bytes());
    }

    /// A boolean.
    #[inline(always)]
    pub fn boolean(&mut self, name: &str, v: bool) {
        self.head(tag::BOOL, name);
        self.out.push(u8::from(v));
    }

    /// A string.
    #[inline(always)]
    pub fn string(&mut self, name: &str, v: &str) {
        self.head(tag::STRING, name);
        self.out.extend_from_slice(&i32::try_from(v.len() + 1).unwrap_or(i32::MAX).to_le_bytes());
        self.out.extend_from_slice(v.as_bytes());
        self.out.push(0);
    }

    /// A null.
    pub fn null(&mut self, name: &str) {
        self.head(tag::NULL, name);
    }

    /// Binary of subtype 0.
    pub fn binary(&mut self, name: &str, v: &[u8]) {
        self.head(tag::BINARY, name);
        self.out.extend_from_slice(&i32::try_from(v.len()).unwrap_or(i32::MAX).to_le_bytes());
        self.out.push(0);
        self.out.extend_from_slice(v);
    }

    /// A nested document.
    pub fn document(&mut self, name: &str, body: impl FnOnce(&mut Writer<'_>)) {
        self.nested(tag::DOCUMENT, name, body);
    }

    /// An array; `body` writes one element after another with [`index`] names.
    pub fn array(&mut self, name: &str, body: impl FnOnce(&mut Writer<'_>)) {
        self.nested(tag::ARRAY, name, body);
    }

    /// A nested document that stands ready.
    pub fn raw_document(&mut self, name: &str, doc: Document<'_>) {
        self.head(tag::DOCUMENT, name);
        self.out.extend_from_slice(doc.bytes());
    }

    fn nested(&mut self, kind: u8, name: &str, body: impl FnOnce(&mut Writer<'_>)) {
        self.head(kind, name);
        let mut inner = Writer::begin(self.out);
        body(&mut inner);
        inner.end();
    }
}

/// The name of array element `i`: its decimal digits.
#[must_use]
pub fn index(i: usize) -> Index {
    let (mut digits, mut from, mut n) = ([b'0'; 20], 20, i);
    loop {
        from -= 1;
        digits[from] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 || from == 0 {
            return Index { digits, from };
        }
    }
}

/// The decimal digits of an array index, without an allocation.
#[derive(Debug)]
pub struct Index {
    digits: [u8; 20],
    from: usize,
}

impl Index {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.digits[self.from..]).unwrap_or("0")
    }
}
