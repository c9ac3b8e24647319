//! What must hold of `spec/vectors/*.yaml`, between each other and towards the rest of the spec.
//!
//! Their shape is [`super::format::vector`], running them [`super::run::codec`].

use std::collections::BTreeSet;

use serde_json::json;

use super::corpus::Corpus;
use super::format::vector::{Choice, Task, Vector};
use super::format::{Case, VectorFile};
use super::lit::Lit;
use super::run::codec::quirk::CodecQuirk;
use super::yaml::{Diagnostic, Located};

/// The name of a file of vectors in reports: `vectors.headers`.
#[must_use]
pub fn name(file: &Located<VectorFile>) -> String {
    let stem = file.file.rsplit('/').next().unwrap_or_default();
    format!("vectors.{}", stem.trim_end_matches(".yaml"))
}

/// The file as the case that it is for whoever chooses, counts and reports: without steps, of the role `codec`.
///
/// # Errors
/// It has no form as a case.
pub fn as_case(file: &Located<VectorFile>) -> Result<Located<Case>, Diagnostic> {
    let v = &file.value;
    let case = json!({
        "format": "locospec-case/1", "case": name(file), "title": v.about, "role": "codec",
        "why": "Whoever writes or reads other bytes than these is not understood.",
        "proves": v.proves, "kills": v.kills, "tags": ["vectors"], "steps": [],
    });
    let case: Case = serde_json::from_value(case).map_err(|e| file.wrong("", e.to_string()))?;
    Ok(file.with(case))
}

/// Everything about vectors that does not hold, besides what must hold of cases.
#[must_use]
pub fn lint(c: &Corpus) -> Vec<Diagnostic> {
    c.vectors.iter().flat_map(one_file).collect()
}

fn one_file(f: &Located<VectorFile>) -> Vec<Diagnostic> {
    let (v, mut out) = (&f.value, Vec::new());
    for (n, id) in v.kills.iter().enumerate().filter(|(_, id)| CodecQuirk::parse(id).is_none()) {
        out.push(f.wrong(&format!("kills[{n}]"), format!("our codec has no quirk `{id}`")));
    }
    let mut seen = BTreeSet::new();
    for (n, vector) in v.vectors.iter().enumerate() {
        let path = format!("vectors[{n}]");
        if !seen.insert(vector.id.as_str()) {
            out.push(f.wrong(&format!("{path}.id"), format!("`{}` stands here twice", vector.id)));
        }
        if let Some(what) = fault(v.task, vector) {
            out.push(f.wrong(&path, format!("`{}`: {what}", vector.id)));
        }
    }
    out
}

/// What is wrong with one vector by itself.
fn fault(task: Task, v: &Vector) -> Option<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '=');
    if v.id.is_empty() || !v.id.chars().all(word) {
        return Some("a name has letters, digits, `-`, `.`, `_` and `=`".into());
    }
    let told = usize::from(v.out.is_some()) + usize::from(v.refuse) + usize::from(!v.first_of.is_empty());
    let open = matches!(task, Task::Frame | Task::Fresh | Task::Handshake);
    match (open, told) {
        (true, 1..) => return Some("its task says what must come".into()),
        (false, 0 | 2..) => return Some("exactly one of out, refuse, first_of".into()),
        _ => (),
    }
    if task == Task::Packet && v.out.is_none() {
        return Some("a packet has `out`".into());
    }
    if v.eras.is_some() && !task.has_era() && task != Task::Stream {
        return Some("packets are the same in every era: it has no `eras`".into());
    }
    if let Some(n) = v.first_of.iter().position(|c| !one_of(c)) {
        return Some(format!("first_of[{n}] has exactly one of out, refuse, anything"));
    }
    missing(task, &v.given)
}

fn one_of(c: &Choice) -> bool {
    usize::from(c.out.is_some()) + usize::from(c.refuse) + usize::from(c.anything) == 1
}

fn missing(task: Task, given: &Lit) -> Option<String> {
    let needs: &[&str] = match task {
        Task::Packet => &["hex"],
        Task::Decode if given.get("nested").is_some() => &[],
        Task::Decode => &["hex"],
        Task::Encode => &["method"],
        Task::Frame => &["key", "plain", "hex"],
        Task::Open => &["key", "hex"],
        Task::Fresh => &["key", "plain"],
        Task::Handshake => &["key"],
        Task::Accept => &["hex"],
        Task::Stream if given.get("every").is_some() => &["hex"],
        Task::Stream => &["pieces"],
    };
    needs.iter().find(|k| given.get(k).is_none()).map(|k| format!("`in` has no `{k}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::yaml::parse;

    fn said(rest: &str) -> String {
        let text = format!("format: locospec-vectors/1\nabout: a\nproves: [A-B-1]\n{rest}");
        match parse::<VectorFile>("v.yaml", &text) {
            Ok(f) => one_file(&f).iter().map(|d| format!("{d}\n")).collect(),
            Err(d) => d.to_string(),
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_place() {
        for (rest, want) in [
            ("task: decode\nvectors:\n- {id: a, in: {hex: \"00\"}}\n", "v.yaml:6:1: `a`: exactly one of"),
            (
                "task: decode\nvectors:\n- {id: a, in: {hex: \"00\"}, out: {}, refuse: true}\n",
                "v.yaml:6:1: `a`: exactly",
            ),
            ("task: decode\nvectors:\n- {id: a, in: {hex: 00}, refuse: true}\n", "v.yaml:6:21: "),
            ("task: decode\nvectors:\n- {id: a b, in: {hex: \"00\"}, refuse: true}\n", "v.yaml:6:1: `a b`: a name"),
            ("task: decode\nvectors:\n- {id: a, in: {}, refuse: true}\n", "v.yaml:6:1: `a`: `in` has no `hex`"),
            ("task: frame\nvectors:\n- {id: a, in: {}, refuse: true}\n", "v.yaml:6:1: `a`: its task says"),
            (
                "task: decode\nvectors:\n- {id: a, in: {hex: \"00\"}, refuse: true}\n- {id: a, in: {hex: \"00\"}, refuse: true}\n",
                "v.yaml:7:4: `a` stands here twice",
            ),
            (
                "task: decode\nvectors:\n- {id: a, in: {hex: \"\"}, first_of: [{refuse: true, anything: true, grade: pass}]}\n",
                "v.yaml:6:1: `a`: first_of[0]",
            ),
            ("task: decode\nkills: [x]\nvectors: []\n", "v.yaml:5:9: our codec has no quirk `x`"),
            ("task: decode\nvectors:\n- {id: a, what: 1}\n", "v.yaml:6:"),
        ] {
            let got = said(rest);
            assert!(got.starts_with(want), "{rest}: {got}");
        }
        assert_eq!(said("task: stream\nvectors:\n- {id: a, in: {pieces: [\"00\"]}, out: {packets: []}}\n"), "");
    }
}
