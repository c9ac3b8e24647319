//! What is kept of an instance for the reader of a failure: the timeline, the bytes behind its lines, and each failed
//! expectation beside what came nearest to it.
//!
//! Bounded whatever a target sends: so many lines, so many bytes of each and of all.

use std::collections::BTreeMap;

use bson::{Bson, Document};

use super::peer::Got;
use crate::spec::format::Step;
use crate::spec::format::driving::EventKind;
use crate::spec::format::step::Expect;
use crate::spec::lit::Lit;
use crate::spec::verdict::{Bytes, CheckResult, Compared, Evidence, Verdict};
use crate::spec::yaml;

/// Lines of one timeline.
const LINES_MAX: usize = 2000;
/// Characters of a line.
const LINE_LEN_MAX: usize = 400;
/// Bytes kept of what one line sent or got, in the clear and on the wire each.
pub(crate) const BYTES_MAX: usize = 1024;
/// Bytes kept of one instance.
const ALL_BYTES_MAX: usize = 64 << 10;

/// What is said of a check when nothing came.
pub(super) const NOTHING_CAME: &str = "nothing came";

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Record {
    lines: Vec<String>,
    evidence: Evidence,
    bytes: usize,
    /// What came on a connection and belongs to no line yet.
    came: BTreeMap<String, (Vec<u8>, usize)>,
}

impl Record {
    /// One more line: what happened so many seconds after the beginning.
    pub(super) fn line(&mut self, at_secs: f64, text: &str) {
        if self.lines.len() < LINES_MAX {
            let text: String = text.chars().take(LINE_LEN_MAX).collect();
            self.lines.push(format!("{at_secs:>9.3} {text}"));
        } else if self.lines.len() == LINES_MAX {
            self.lines.push("          … more happened than is kept".into());
        }
    }

    /// The bytes of the last line.
    pub(super) fn bytes(&mut self, plain: &[u8], wire: &[u8]) {
        let (p, w) = (head(plain), head(wire));
        if self.bytes + p.len() + w.len() > ALL_BYTES_MAX || self.lines.len() > LINES_MAX {
            return;
        }
        self.bytes += p.len() + w.len();
        self.evidence.bytes.push(Bytes {
            line: self.lines.len().saturating_sub(1),
            plain: hex(p),
            wire: hex(w),
            more: plain.len() - p.len() + wire.len() - w.len(),
        });
    }

    /// Bytes came; the next line about this connection shows them.
    pub(super) fn came(&mut self, conn: &str, bytes: &[u8]) {
        let (kept, all) = self.came.entry(conn.to_string()).or_default();
        kept.extend(bytes.iter().take(BYTES_MAX.saturating_sub(kept.len())));
        *all += bytes.len();
    }

    /// The last line is about what came on this connection: `plain` in the clear.
    pub(super) fn shows(&mut self, conn: &str, plain: &[u8]) {
        let (kept, all) = self.came.remove(conn).unwrap_or_default();
        let more = all - kept.len();
        self.bytes(plain, &kept);
        if let Some(last) = self.evidence.bytes.last_mut().filter(|b| b.line + 1 == self.lines.len()) {
            last.more += more;
        }
    }

    /// A packet is not what this check wants.
    pub(super) fn differs(
        &mut self,
        check: &str,
        (header, body): (Option<&Lit>, Option<&Lit>),
        got: &Got,
        at: &[&str],
    ) {
        let actual = Lit::Map(vec![
            ("method".into(), Lit::Str(got.header.method.to_string())),
            ("id".into(), Lit::Int(got.header.id.into())),
            ("body".into(), got.body.as_ref().map_or_else(|e| Lit::Str(e.clone()), lit_of_document)),
        ]);
        self.compared(check, wanted(header, body), text(&actual), at);
    }

    /// The client said something that is not what this check wants.
    pub(super) fn said_other(&mut self, check: &str, like: &Lit, with: &Document, at: &[&str]) {
        self.compared(check, text(like), text(&lit_of_document(with)), at);
    }

    /// What the failed checks of a step wanted, where nothing came to compare it with.
    pub(super) fn missing(&mut self, step: &Step, results: &[CheckResult]) {
        let inner = step.together.iter().flat_map(|t| &t.steps);
        let all = std::iter::once(step).filter(|s| s.check().is_some()).chain(inner);
        for (step, c) in all.zip(results).filter(|(_, c)| c.verdict > Verdict::Tolerated) {
            if self.evidence.compared.iter().any(|known| known.check == c.check) {
                continue;
            }
            if let Some(e) = &step.expect {
                // What came instead, if anything did.
                let came = c.detail.iter().filter(|d| *d != NOTHING_CAME).map(|d| format!("{d}\n")).collect();
                self.compared(&c.check, text(&wants(e)), came, &[]);
            } else if let Some(o) = &step.observe {
                let event = ("event".to_owned(), Lit::Str(o.event.to_string()));
                let like = o.like.clone().map(|like| ("like".to_owned(), like));
                self.compared(&c.check, text(&Lit::Map([event].into_iter().chain(like).collect())), String::new(), &[]);
            }
        }
    }

    fn compared(&mut self, check: &str, expected: String, actual: String, at: &[&str]) {
        let new = Compared {
            check: check.to_string(),
            expected: short(expected),
            actual: short(actual),
            differs: at.iter().map(|s| (*s).to_string()).collect(),
        };
        match self.evidence.compared.iter_mut().find(|c| c.check == check) {
            Some(old) => *old = new,
            None => self.evidence.compared.push(new),
        }
    }

    /// The timeline, and the evidence of the checks that are not as they should be.
    pub(super) fn finish(mut self, checks: &[CheckResult]) -> (Vec<String>, Evidence) {
        let bad = |name: &str| checks.iter().any(|c| c.check == name && c.verdict > Verdict::Tolerated);
        self.evidence.compared.retain(|c| bad(&c.check));
        (self.lines, self.evidence)
    }
}

fn head(bytes: &[u8]) -> &[u8] {
    bytes.get(..BYTES_MAX).unwrap_or(bytes)
}

/// Two digits a byte.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A page at most.
fn short(text: String) -> String {
    const MAX: usize = 6000;
    if text.chars().nth(MAX).is_none() { text } else { text.chars().take(MAX).chain("\n…".chars()).collect() }
}

/// An expectation as its file has it, in short.
fn wants(e: &Expect) -> Lit {
    let word = |w: &Option<String>| w.clone().map(Lit::Str);
    let parts = [
        ("reply_to", word(&e.reply_to)),
        ("push", word(&e.push)),
        ("request", word(&e.request)),
        ("closed", e.closed.map(Lit::Bool)),
        ("header", e.header.clone()),
        ("body", e.body.clone()),
    ];
    Lit::Map(parts.into_iter().filter_map(|(k, v)| Some((k.to_string(), v?))).collect())
}

fn wanted(header: Option<&Lit>, body: Option<&Lit>) -> String {
    let part = |name: &str, lit: Option<&Lit>| lit.map(|l| (name.to_string(), l.clone()));
    text(&Lit::Map([part("header", header), part("body", body)].into_iter().flatten().collect()))
}

fn text(lit: &Lit) -> String {
    yaml::write(lit).unwrap_or_default()
}

/// A document as a case would write it.
fn lit_of_document(d: &Document) -> Lit {
    Lit::Map(d.iter().map(|(k, v)| (k.clone(), lit_of(v))).collect())
}

/// Something that a client says, in one line, as a case observes it. Whole numbers have no width there.
pub(super) fn shown_event(kind: EventKind, with: &Document) -> String {
    fn plain(b: &Bson) -> Lit {
        match b {
            Bson::Int64(n) => Lit::Int(*n),
            Bson::Array(a) => Lit::Seq(a.iter().map(plain).collect()),
            Bson::Document(d) => Lit::Map(d.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
            other => lit_of(other),
        }
    }
    format!("{kind}: {}", plain(&Bson::Document(with.clone())).line())
}

/// A value as a case would write it: a plain number is an int32.
fn lit_of(b: &Bson) -> Lit {
    let op = |name: &str, arg: Lit| Lit::Map(vec![(name.into(), arg)]);
    match b {
        Bson::Null => Lit::Null,
        Bson::Boolean(b) => Lit::Bool(*b),
        Bson::Int32(n) => Lit::Int((*n).into()),
        Bson::Int64(n) => op("$int64", Lit::Int(*n)),
        Bson::Double(x) => op("$double", Lit::Float(*x)),
        Bson::String(s) => Lit::Str(s.clone()),
        Bson::Binary(b) => op("$bytes", Lit::Str(hex(&b.bytes))),
        Bson::Array(a) => Lit::Seq(a.iter().map(lit_of).collect()),
        Bson::Document(d) => lit_of_document(d),
        other => Lit::Str(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn a_document_reads_like_a_case() {
        let d = doc! {"status": 0, "logId": 5_i64, "chatLog": {"message": "hi", "sums": [1, 2]}};
        let want = "status: 0\nlogId:\n  $int64: 5\nchatLog:\n  message: hi\n  sums:\n  - 1\n  - 2\n";
        assert_eq!(text(&lit_of_document(&d)), want);
    }

    #[test]
    fn nothing_grows_without_bound() {
        let mut r = Record::default();
        for n in 0..5000 {
            r.line(0.0, &"x".repeat(n));
            r.came("a", &[0; 700]);
            r.came("a", &[0; 700]);
            r.shows("a", &[1; 3000]);
        }
        let (lines, evidence) = r.finish(&[]);
        assert_eq!(lines.len(), LINES_MAX + 1);
        assert!(lines.iter().all(|l| l.len() < 500));
        let kept: usize = evidence.bytes.iter().map(|b| (b.plain.len() + b.wire.len()) / 2).sum();
        assert!(kept <= ALL_BYTES_MAX && kept > ALL_BYTES_MAX / 2, "{kept}");
        assert_eq!(evidence.bytes.first().map(|b| (b.line, b.more)), Some((0, 3000 - 1024 + 1400 - 1024)));
    }

    #[test]
    fn only_what_failed_is_compared_in_the_end() {
        let mut r = Record::default();
        let check = |name: &str, verdict| CheckResult { check: name.into(), verdict, detail: vec![] };
        let step = Step { expect: Some(Expect { push: Some("MSG".into()), ..Expect::default() }), ..Step::default() };
        r.missing(&step, &[check("good", Verdict::Fail)]);
        r.missing(&step, &[check("bad", Verdict::Hung)]);
        let (_, evidence) = r.finish(&[check("good", Verdict::Pass), check("bad", Verdict::Hung)]);
        assert_eq!(evidence.compared.iter().map(|c| c.check.as_str()).collect::<Vec<_>>(), ["bad"]);
    }
}
