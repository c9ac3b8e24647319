//! The page of the matrix that is kept in the tree: small, and of this spec. What it says of others is made again by
//! `spec/interop/matrix.sh`; here it is held against the spec that stands beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use locospec::spec::corpus::Corpus;

/// Bytes that it may have: it is in every clone.
const PAGE_MAX: usize = 1_500_000;

/// What stands between two texts, and what is behind.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<(&'t str, &'t str)> {
    text.split_once(begin)?.1.split_once(end)
}

/// The rows of the matrix: a requirement, its level, its text.
fn rows(page: &str) -> BTreeMap<&str, (&str, &str)> {
    let mut out = BTreeMap::new();
    let (mut rest, _) = between(page, "<tbody>", "</tbody>").unwrap_or_default();
    while let Some((id, behind)) = between(rest, "<tr id=\"r-", "\"") {
        let (level, behind) = between(behind, "<td>", "</td>").unwrap_or_default();
        let (text, behind) = between(behind, "<td class=\"text\">", "</td>").unwrap_or_default();
        assert!(out.insert(id, (level, text)).is_none(), "{id} has two rows");
        rest = behind;
    }
    out
}

fn plain(html: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(html.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn the_page_of_the_matrix_is_small_and_has_the_requirements_of_this_spec() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let corpus = match Corpus::load(&root) {
        Ok(c) => c,
        Err(errors) => panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()),
    };
    let page = std::fs::read_to_string(root.join("interop/matrix.html"))?;
    assert!(page.len() < PAGE_MAX, "{} bytes: spec/interop/matrix.sh makes the brief one", page.len());
    let rows = rows(&page);
    let requirements = || corpus.requirements.iter().flat_map(|f| &f.value.requirements);
    let proved: BTreeSet<&str> = corpus.cases.iter().flat_map(|c| c.value.proves.iter().map(String::as_str)).collect();
    let mut wrong = Vec::new();
    for r in requirements() {
        let level = format!("{:?}", r.level).to_uppercase();
        match rows.get(r.id.as_str()) {
            // Only what a case proves can stand there.
            None if !proved.contains(r.id.as_str()) => {}
            None => wrong.push(format!("{} has no row", r.id)),
            Some((on_page, _)) if *on_page != level => wrong.push(format!("{} is {level}, not {on_page}", r.id)),
            Some((_, text)) if plain(text) != r.text => wrong.push(format!("{} says something else", r.id)),
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = requirements().map(|r| r.id.as_str()).collect();
    wrong.extend(rows.keys().filter(|id| !known.contains(*id)).map(|id| format!("{id} is no requirement any more")));
    assert!(wrong.is_empty(), "spec/interop/matrix.sh makes it anew:\n{}", wrong.join("\n"));
    let judged = ["node-kakao", "talk-loco-client", "loco-protocol", "python"];
    let missing: Vec<&&str> = judged.iter().filter(|name| !page.contains(**name)).collect();
    assert!(missing.is_empty(), "nothing of {missing:?}");
    Ok(())
}
