//! What a case, a requirement or a single check is about: for `locospec explain`.

use std::fmt::Write;
use std::path::Path;

use super::corpus::Corpus;
use super::format::catalogue::Quirk;
use super::format::requirement::Requirement;
use super::format::{Case, Step};
use super::judge::{requirements, split_check};
use super::yaml::{Located, text_of};

/// The page about `name`: a requirement, a case, an instance of one, or `case#check`. `root` is the folder of the spec.
///
/// # Errors
/// Nothing is called that; the names that the spec has, for whoever wants to say what is near.
pub fn explain<'c>(corpus: &'c Corpus, root: &Path, name: &str) -> Result<String, Vec<&'c str>> {
    let (of, check) = split_check(name);
    let bare = of.split('[').next().unwrap_or_default();
    let found = requirements(corpus).find(|r| r.id.eq_ignore_ascii_case(name));
    if let Some(r) = found {
        return Ok(requirement(corpus, r));
    }
    let Some(located) = corpus.case(bare) else {
        let cases = corpus.cases.iter().map(|c| c.value.case.as_str());
        return Err(cases.chain(requirements(corpus).map(|r| r.id.as_str())).collect());
    };
    match check {
        None => Ok(case(corpus, located)),
        Some(check) => one_check(corpus, root, located, check),
    }
}

fn requirement(corpus: &Corpus, r: &Requirement) -> String {
    let words = format!("{:?}  {:?}", r.level, r.status).to_uppercase();
    let mut out = format!("{}  {words}  eras: {}\n", r.id, r.eras);
    let _ = writeln!(out, "{}", r.text);
    for s in &r.sources {
        let _ = writeln!(out, "  {} says: {}", s.from, s.says);
    }
    if let Some(why) = &r.excluded {
        let _ = writeln!(out, "  no case proves it: {why}");
    }
    out.push_str("proved by\n");
    for c in corpus.cases.iter().filter(|c| c.value.proves.contains(&r.id)) {
        let _ = writeln!(out, "  {:<44} {}", c.value.case, c.value.title);
    }
    let broken: Vec<&Quirk> = quirks(corpus).filter(|q| q.breaks.contains(&r.id)).collect();
    if !broken.is_empty() {
        out.push_str("broken by a target that\n");
        for q in broken {
            let _ = writeln!(out, "  {:<28} {}", q.id, q.does);
        }
    }
    let _ = writeln!(out, "locospec check --requirement {}    # the reference; yours with --sut FILE", r.id);
    out
}

fn quirks(corpus: &Corpus) -> impl Iterator<Item = &Quirk> {
    corpus.quirks.iter().flat_map(|f| &f.value.quirks)
}

fn case(corpus: &Corpus, located: &Located<Case>) -> String {
    let c = &located.value;
    let mut out = format!("{}  {}  eras: {}\n{}\n{}\n", c.case, located.file, c.eras, c.title, c.why);
    out.push_str("proves\n");
    for r in requirements(corpus).filter(|r| c.proves.contains(&r.id)) {
        let _ = writeln!(out, "  {:<24} {:?}: {}", r.id, r.level, r.text);
    }
    let lists = [("needs", c.needs.all_of.as_slice()), ("tags", c.tags.as_slice())];
    for (word, list) in lists.iter().filter(|(_, l)| !l.is_empty()) {
        let _ = writeln!(out, "{word}\n  {}", list.join(" "));
    }
    if !c.kills.is_empty() {
        out.push_str("catches a target that\n");
        for q in quirks(corpus).filter(|q| c.kills.contains(&q.id)) {
            let _ = writeln!(out, "  {:<28} {}", q.id, q.does);
        }
    }
    let _ = writeln!(out, "checks\n  {}", check_names(corpus, located).join(" "));
    let _ = writeln!(out, "locospec check {}    # the reference; yours with --sut FILE", c.case);
    out
}

/// The checks of a case, in their order, `protocol` last: each instance has that one.
fn check_names(corpus: &Corpus, located: &Located<Case>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (n, (_, step)) in corpus.expand(located).unwrap_or_default().iter().enumerate() {
        for name in super::run::interpret::check_names(n, step) {
            if !out.contains(&name) {
                out.push(name);
            }
        }
    }
    out.push("protocol".into());
    out
}

fn one_check<'c>(
    corpus: &'c Corpus,
    root: &Path,
    located: &'c Located<Case>,
    check: &str,
) -> Result<String, Vec<&'c str>> {
    let mut out = case(corpus, located);
    let _ = writeln!(out, "\n{}#{check}", located.value.case);
    if check == "protocol" {
        out.push_str(
            "every packet of a server answers a pending request with its method or is a push with an id of its own, \
             once, with header status 0 and a body that is BSON\n",
        );
        return Ok(out);
    }
    let steps = corpus.expand(located).unwrap_or_default();
    let makes = |(n, (_, step)): &(usize, &(String, Step))| {
        super::run::interpret::check_names(*n, step).iter().any(|c| c == check)
    };
    let Some((_, (path, _))) = steps.iter().enumerate().find(makes) else {
        // A case's own checks are what is near to a wrong one.
        return Err(vec![located.value.case.as_str()]);
    };
    out.push_str(&source(root, located, path));
    Ok(out)
}

/// The lines of a step as they stand in its file.
fn source(root: &Path, located: &Located<Case>, path: &str) -> String {
    let below = located.file.strip_prefix("spec/").unwrap_or(&located.file);
    let text = text_of(&root.join(below), &located.file).unwrap_or_default();
    let from = located.at(path).line;
    let number = path.trim_start_matches("steps[").split(']').next().and_then(|n| n.parse::<usize>().ok());
    let next = number.map(|n| located.at(&format!("steps[{}]", n + 1)).line).filter(|n| *n > from);
    let count = next.map_or(usize::MAX, |n| n - from);
    let mut out = format!("{}:{from}\n", located.file);
    for line in text.lines().skip(from.saturating_sub(1)).take(count) {
        let _ = writeln!(out, "  {line}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
        let corpus = match Corpus::load(&root) {
            Ok(c) => c,
            Err(errors) => panic!("{errors:?}"),
        };
        match explain(&corpus, &root, name) {
            Ok(page) => page,
            Err(near) => format!("none of {}", near.len()),
        }
    }

    #[test]
    fn a_requirement_says_who_proves_it_and_which_quirks_break_it() {
        let text = page("chat-write-4");
        for want in ["CHAT-WRITE-4  MUST  OURS  eras: all\n", "chat.write.fanout-two-members", "push-to-sender"] {
            assert!(text.contains(want), "{want}\n{text}");
        }
    }

    #[test]
    fn a_case_and_its_checks_are_told_with_their_place() {
        let text = page("chat.write.fanout-two-members[2019]#ack");
        for want in ["spec/cases/server/chat/write.fanout-two-members.yaml", "catches a target that\n", "check: ack"] {
            assert!(text.contains(want), "{want}\n{text}");
        }
        assert!(page("chat.write.fanout-two-members#protocol").contains("header status 0"));
        assert_eq!(page("chat.write.fanout-two-members#nothing"), "none of 1");
        assert!(page("no.such.case").starts_with("none of "));
    }
}
