//! What must hold between the files of the spec, and between the spec and the code.
//!
//! Shapes are checked when a file is read; here: names used once and known, steps with one verb, requirements proved
//! by a case and cited by code, quirks caught. Everything that is found has a file, a line and a column.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::corpus::{Corpus, files};
use super::format::catalogue::Finder;
use super::format::requirement::{Level, Status};
use super::format::{Case, Role, Step};
use super::lit::Lit;
use super::matcher;
use super::scan::Pos;
use super::vectors;
use super::yaml::{Diagnostic, Located, text_of};

/// Everything that does not hold between the files of the corpus, sorted by file and line.
#[must_use]
pub fn corpus(c: &Corpus) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    requirements(c, &mut out);
    quirks(c, &mut out);
    let mut names: BTreeMap<&str, &Located<Case>> = BTreeMap::new();
    for case in &c.cases {
        if let Some(first) = names.insert(&case.value.case, case) {
            out.push(case.wrong("case", format!("`{}` is also the name of {}", case.value.case, first.file)));
        }
        one_case(c, case, &mut out);
    }
    out.extend(super::catalogue::lint::catalogue(c));
    out.extend(vectors::lint(c));
    out.sort();
    out.dedup();
    out
}

fn known_requirements(c: &Corpus) -> BTreeSet<&str> {
    c.requirements.iter().flat_map(|f| f.value.requirements.iter().map(|r| r.id.as_str())).collect()
}

fn requirements(c: &Corpus, out: &mut Vec<Diagnostic>) {
    let proved: BTreeSet<&str> = c.cases.iter().flat_map(|x| x.value.proves.iter().map(String::as_str)).collect();
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for f in &c.requirements {
        for (n, r) in f.value.requirements.iter().enumerate() {
            let mut wrong = |what: String| out.push(f.wrong(&format!("requirements[{n}].id"), what));
            if let Some(first) = seen.insert(&r.id, &f.file) {
                wrong(format!("{} stands in {first} too", r.id));
            }
            if !is_id(&r.id) {
                wrong(format!("`{}` is no id: AREA-TOPIC-1", r.id));
            }
            match (&r.excluded, proved.contains(r.id.as_str())) {
                (None, false) if r.level != Level::Info => {
                    wrong(format!("{} is proved by no case and not excluded", r.id))
                }
                (Some(_), true) => wrong(format!("{} is excluded and yet a case proves it", r.id)),
                _ => {}
            }
            if r.sources.is_empty() && r.status != Status::Ours {
                wrong(format!("{} is {:?} and names no source", r.id, r.status).to_lowercase());
            }
            if r.status == Status::Disputed && r.sources.len() < 2 {
                wrong(format!("{} is disputed: name at least two sources", r.id));
            }
        }
    }
}

/// `AREA-TOPIC-1`: capitals and digits in at least two parts, the last one a number.
fn is_id(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    let word = |p: &&str| !p.is_empty() && p.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    parts.len() >= 2 && parts.iter().all(word) && parts.last().is_some_and(|n| n.parse::<u32>().is_ok())
}

fn quirks(c: &Corpus, out: &mut Vec<Diagnostic>) {
    let known = known_requirements(c);
    let mut seen = BTreeSet::new();
    for f in &c.quirks {
        for (n, q) in f.value.quirks.iter().enumerate() {
            let mut wrong = |what: String| out.push(f.wrong(&format!("quirks[{n}]"), what));
            if !seen.insert(q.id.as_str()) {
                wrong(format!("quirk `{}` stands here twice", q.id));
            }
            for r in &q.breaks {
                if !known.contains(r.as_str()) {
                    wrong(format!("no requirement is called `{r}`"));
                }
            }
            let killers: Vec<&Located<Case>> = c.cases.iter().filter(|x| x.value.kills.contains(&q.id)).collect();
            if q.found_by == Finder::Case && killers.is_empty() {
                wrong(format!("no case kills `{}`", q.id));
            }
            let hunted = q.within.is_some() || q.found_by == Finder::Simulation;
            if hunted == q.by.is_empty() {
                let what = if hunted { "by: which invariants find it" } else { "by: no simulation hunts it" };
                wrong(format!("`{}`, {what}", q.id));
            }
            if q.seed.is_some_and(|s| q.within.is_none_or(|w| s >= w)) {
                wrong(format!("the seed of `{}` is not within its number of seeds", q.id));
            }
            // Our codec can be wrong in ways of the core, too.
            for k in killers.iter().filter(|k| k.value.role != q.role && k.value.role != Role::Codec) {
                wrong(format!("`{}` is a quirk of another role than {}", q.id, k.value.case));
            }
        }
    }
}

fn one_case(c: &Corpus, case: &Located<Case>, out: &mut Vec<Diagnostic>) {
    let v = &case.value;
    let known = known_requirements(c);
    let quirks: BTreeSet<&str> = c.quirks.iter().flat_map(|f| f.value.quirks.iter().map(|q| q.id.as_str())).collect();
    let profiles: BTreeSet<&str> =
        c.profiles.iter().flat_map(|f| f.value.profiles.iter().map(|p| p.id.as_str())).collect();
    if v.proves.is_empty() {
        out.push(case.wrong("proves", "a case proves at least one requirement"));
    }
    let lists = [
        ("proves", &v.proves, &known, "requirement"),
        ("kills", &v.kills, &quirks, "quirk"),
        ("needs.all_of", &v.needs.all_of, &profiles, "profile"),
    ];
    for (list, ids, have, what) in lists {
        for (n, id) in ids.iter().enumerate() {
            if !have.contains(id.as_str()) {
                out.push(case.wrong(&format!("{list}[{n}]"), format!("no {what} is called `{id}`")));
            }
        }
    }
    if v.role == Role::Codec {
        // A file of vectors, which has no steps.
        return;
    }
    let folder_matches = v.case.split('.').next().is_some_and(|head| case.file.contains(&format!("/{head}/")));
    if !folder_matches {
        out.push(case.wrong("case", format!("`{}` must begin with the name of its folder", v.case)));
    }
    match c.expand(case) {
        Err(e) => out.push(e),
        Ok(steps) => {
            steps_of(case, &steps, out);
            out.extend(unattended(case, &steps));
        }
    }
}

fn steps_of(case: &Located<Case>, steps: &[(String, Step)], out: &mut Vec<Diagnostic>) {
    let mut checks: BTreeMap<String, Vec<&Step>> = BTreeMap::new();
    let mut any = false;
    for (path, s) in steps {
        one_step(case, path, s, out);
        let inner = s.together.iter().flat_map(|t| &t.steps);
        for s in std::iter::once(s).chain(inner) {
            let Some(check) = s.check() else { continue };
            any = true;
            let Some(name) = check else { continue };
            let others = checks.entry(name.to_string()).or_default();
            if others.iter().any(|o| overlap(o, s)) {
                out.push(case.wrong(path, format!("check `{name}` stands here twice")));
            }
            others.push(s);
        }
    }
    if !any {
        out.push(case.wrong("steps", "a case without a check cannot fail"));
    }
}

/// A server case that sends what is malformed and does not look whether others are still served. The bytes of a file,
/// behind POST and MPOST, are no malformed packets.
fn unattended(case: &Located<Case>, steps: &[(String, Step)]) -> Option<Diagnostic> {
    if case.value.role != Role::Server || steps.iter().any(|(_, s)| s.alive.is_some()) {
        return None;
    }
    let mut uploads: BTreeSet<&str> = BTreeSet::new();
    let handshake = case.value.connections.iter().find(|(_, c)| !c.handshake.mutate.is_empty());
    let mut at = handshake.map(|(name, _)| format!("connections.{name}"));
    for (path, s) in steps {
        let conn = s.conn.as_deref().unwrap_or_default();
        if s.send.as_ref().is_some_and(|x| matches!(x.method.as_deref(), Some("POST" | "MPOST"))) {
            uploads.insert(conn);
        }
        let spoiled = s.send.as_ref().is_some_and(|x| !x.mutate.is_empty());
        if spoiled || s.send_bytes.is_some() && !uploads.contains(conn) {
            at.get_or_insert_with(|| path.clone());
        }
    }
    at.map(|at| case.wrong(&at, "what is malformed may hurt others: this case needs an `alive`"))
}

/// Whether two steps run in one era.
fn overlap(a: &Step, b: &Step) -> bool {
    match (&a.eras, &b.eras) {
        (Some(x), Some(y)) => x.0.iter().any(|e| y.has(*e)),
        _ => true,
    }
}

fn one_step(case: &Located<Case>, path: &str, s: &Step, out: &mut Vec<Diagnostic>) {
    let verbs = s.verbs();
    let [verb] = verbs.as_slice() else {
        let found = if verbs.is_empty() { "none".into() } else { verbs.join(", ") };
        return out.push(case.wrong(path, format!("a step has exactly one verb, this one: {found}")));
    };
    let mut wrong = |at: &str, what: String| out.push(case.wrong(&format!("{path}{at}"), what));
    let needs_conn = matches!(*verb, "send" | "send_bytes" | "expect" | "expect_none" | "finish" | "outcome");
    match &s.conn {
        None if needs_conn => wrong("", format!("`{verb}` needs a connection: conn")),
        Some(n) if !case.value.connections.contains_key(n) => wrong(".conn", format!("no connection is called `{n}`")),
        _ => {}
    }
    if matches!(*verb, "drive" | "observe") && case.value.role != Role::Client {
        wrong("", format!("`{verb}` is not for this role"));
    }
    if let Some(send) = &s.send {
        if send.method.is_none() == send.reply_to.is_none() {
            wrong(".send", "a send has either a method or reply_to".into());
        }
        let bodies = [send.body.is_some(), send.body_hex.is_some(), send.body_nested.is_some()];
        if bodies.iter().filter(|b| **b).count() > 1 {
            wrong(".send", "one of body, body_hex, body_nested".into());
        }
        for (n, m) in send.mutate.iter().enumerate() {
            if let Some(f) = m.fault() {
                wrong(&format!(".send.mutate[{n}]"), f);
            }
            if m.field.is_handshake() {
                wrong(&format!(".send.mutate[{n}]"), "a handshake is spoiled at its connection".into());
            }
        }
    }
    if let Some(e) = &s.expect {
        let what = [e.reply_to.is_some(), e.push.is_some(), e.request.is_some(), e.closed == Some(true)];
        if what.iter().filter(|b| **b).count() != 1 {
            wrong(".expect", "expect has exactly one of reply_to, push, request, closed: true".into());
        }
    }
    for (at, m) in matchers_of(s) {
        if let Err((p, what)) = matcher::check(m, &at) {
            wrong(&format!(".{p}"), what);
        }
    }
    if let Some(t) = &s.together {
        for (n, inner) in t.steps.iter().enumerate() {
            if inner.expect.is_none() {
                wrong(&format!(".together.steps[{n}]"), "together holds steps with `expect`".into());
            }
        }
        for (n, inner) in t.steps.iter().enumerate() {
            one_step(case, &format!("{path}.together.steps[{n}]"), inner, out);
        }
    }
    if let Some(o) = &s.outcome {
        for (n, a) in o.first_of.iter().enumerate() {
            let what = [a.closed_by_peer == Some(true), a.frame.is_some(), a.silence == Some(true)];
            if what.iter().filter(|b| **b).count() != 1 {
                let at = format!("{path}.outcome.first_of[{n}]");
                out.push(case.wrong(&at, "an alternative has exactly one of closed_by_peer, frame, silence"));
            }
        }
    }
}

fn matchers_of(s: &Step) -> Vec<(String, &Lit)> {
    let mut v: Vec<(String, &Lit)> = Vec::new();
    if let Some(e) = &s.expect {
        v.extend(e.header.iter().map(|l| ("expect.header".into(), l)));
        v.extend(e.body.iter().map(|l| ("expect.body".into(), l)));
    }
    v.extend(s.expect_none.iter().filter_map(|e| e.body.as_ref()).map(|l| ("expect_none.body".into(), l)));
    v.extend(s.observe.iter().filter_map(|o| o.like.as_ref()).map(|l| ("observe.like".into(), l)));
    for (n, a) in s.outcome.iter().flat_map(|o| &o.first_of).enumerate() {
        let Some(f) = &a.frame else { continue };
        v.extend(f.header.iter().map(|l| (format!("outcome.first_of[{n}].frame.header"), l)));
        v.extend(f.body.iter().map(|l| (format!("outcome.first_of[{n}].frame.body"), l)));
    }
    v
}

/// A requirement named in a comment of the code: `//= FRAME-LEN-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// The requirement.
    pub id: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// Every citation in the Rust files below `src`.
///
/// # Errors
/// A file that cannot be read.
pub fn citations(src: &Path) -> Result<Vec<Citation>, Diagnostic> {
    let mut out = Vec::new();
    for (path, name) in files(src, "rs") {
        let file = format!("src/{name}");
        let text = text_of(&path, &file)?;
        for (n, line) in text.lines().enumerate() {
            let Some(ids) = line.trim_start().strip_prefix("//= ") else { continue };
            for id in ids.split([',', ' ']).filter(|s| !s.is_empty()) {
                out.push(Citation { id: id.to_string(), file: file.clone(), line: n + 1 });
            }
        }
    }
    Ok(out)
}

/// Citations of what is no requirement, and requirements that bind the reference and that nothing cites.
#[must_use]
pub fn code(c: &Corpus, cited: &[Citation]) -> Vec<Diagnostic> {
    let known = known_requirements(c);
    let mut out: Vec<Diagnostic> = cited
        .iter()
        .filter(|x| !known.contains(x.id.as_str()))
        .map(|x| Diagnostic {
            file: x.file.clone(),
            at: Pos { line: x.line, column: 1 },
            what: format!("no requirement is called `{}`", x.id),
        })
        .collect();
    let have: BTreeSet<&str> = cited.iter().map(|x| x.id.as_str()).collect();
    for f in &c.requirements {
        for (n, r) in f.value.requirements.iter().enumerate() {
            let at = format!("requirements[{n}].id");
            match (&r.uncited, have.contains(r.id.as_str())) {
                (None, false) if r.level == Level::Must => {
                    out.push(f.wrong(&at, format!("no line of the code cites {}, and it has no `uncited`", r.id)));
                }
                (Some(_), true) => out.push(f.wrong(&at, format!("{} is cited: take its `uncited` away", r.id))),
                _ => {}
            }
        }
    }
    out.sort();
    out
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
