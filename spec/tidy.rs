//! The rules of the house that no lint knows, read from the sources themselves.
//!
//! One table, [`rules::PER_FILE`], has a row for every rule about a file, with a bad snippet that proves that the rule
//! can fail; [`tree`] has the rules about the tree as a whole. Everything that is wrong is reported at once, as
//! `path:line: rule: what`. The directories are walked, so that it holds without git as well.
//! How a source is told apart into code, text and tests: [`source`].

mod rules;
mod source;
mod tree;

use source::Source;
use std::collections::BTreeSet;
use std::path::Path;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    path: String,
    line: usize,
    rule: &'static str,
    what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.what)
    }
}

/// Everything that is wrong in the tree under `root`.
fn violations(root: &Path) -> std::io::Result<BTreeSet<Violation>> {
    let paths = tree::files(root)?;
    let mut found = BTreeSet::new();
    for path in paths.iter().filter(|p| rules::is_read(p)) {
        let source = Source::new(path, &std::fs::read_to_string(root.join(path))?);
        found.extend(rules::check(&source));
    }
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let top = tree::top(root)?;
    found.extend(tree::check_top(top.iter().map(String::as_str)));
    found.extend(tree::check_readme(&readme, &|path| root.join(path).exists()));
    found.extend(tree::check_rooms(&readme, &paths));
    Ok(found)
}

#[test]
fn the_tree_keeps_the_rules_of_the_house() -> std::io::Result<()> {
    let found = violations(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let listed: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{} violations:\n{}", listed.len(), listed.join("\n"));
    Ok(())
}
