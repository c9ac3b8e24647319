//! The rules about the tree: what lies at the top, and that the README's drawing of it is true.

use super::Violation;
use std::collections::BTreeSet;
use std::path::Path;

/// What may lie at the top, besides names that begin with a dot. `target` is cargo's own.
const TOP: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "src",
    "spec",
    "sims",
    "snapshots",
    "benches",
    "fuzz",
    "target",
];
/// Directories that are not ours.
const SKIPPED: [&str; 3] = ["target", "node_modules", ".git"];

/// Every file under `root`, relative to it, with `/`, in order.
pub fn files(root: &Path) -> std::io::Result<BTreeSet<String>> {
    let (mut found, mut open) = (BTreeSet::new(), vec![String::new()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(root.join(&dir))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if dir.is_empty() { name.clone() } else { format!("{dir}/{name}") };
            if !entry.file_type()?.is_dir() {
                found.insert(path);
            } else if !SKIPPED.contains(&name.as_str()) {
                open.push(path);
            }
        }
    }
    Ok(found)
}

/// The names at the top.
pub fn top(root: &Path) -> std::io::Result<Vec<String>> {
    std::fs::read_dir(root)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Names at the top that do not belong there.
pub fn check_top<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Violation> {
    let stray = names.filter(|name| !name.starts_with('.') && !TOP.contains(name));
    stray.map(|name| violation(name, 1, "top-level", "does not belong at the top".into())).collect()
}

fn violation(path: &str, line: usize, rule: &'static str, what: String) -> Violation {
    Violation { path: path.to_owned(), line, rule, what }
}

/// The paths that the README's tree names, with their lines: the fenced block whose first name is `src/`.
/// Two spaces of indent are one level; several names on one line are separated by one space, words by two.
pub fn drawn(readme: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = readme.lines().collect();
    let Some(start) = (1..lines.len()).find(|n| lines[n - 1].starts_with("```") && lines[*n].starts_with("src/"))
    else {
        return vec![];
    };
    let (mut found, mut parents) = (vec![], Vec::<String>::new());
    for (n, line) in lines.iter().enumerate().skip(start).take_while(|(_, line)| !line.starts_with("```")) {
        let text = line.trim_start();
        let level = (line.len() - text.len()) / 2;
        let named = text.split("  ").next().unwrap_or(text);
        parents.truncate(level);
        let names: Vec<String> = named.split_whitespace().map(|name| format!("{}{name}", parents.concat())).collect();
        if let [only] = names.as_slice()
            && only.ends_with('/')
        {
            parents.push(named.trim().to_owned());
        }
        found.extend(names.into_iter().map(|path| (n + 1, path)));
    }
    found
}

/// Names of the README's tree that are not there.
pub fn check_readme(readme: &str, exists: &dyn Fn(&str) -> bool) -> Vec<Violation> {
    let drawn = drawn(readme);
    if drawn.is_empty() {
        return vec![violation("README.md", 1, "readme-tree", "no fenced tree that begins with `src/`".into())];
    }
    let gone = drawn.into_iter().filter(|(_, path)| !exists(path.trim_end_matches('/')));
    gone.map(|(line, path)| violation("README.md", line, "readme-tree", format!("{path} is not there"))).collect()
}

/// Rooms that the README's tree leaves out: directories at the top, and those right under `src`.
pub fn check_rooms(readme: &str, files: &BTreeSet<String>) -> Vec<Violation> {
    let drawn: BTreeSet<String> =
        drawn(readme).into_iter().map(|(_, path)| path.trim_end_matches('/').to_owned()).collect();
    let rooms: BTreeSet<String> =
        files.iter().filter(|path| !path.starts_with('.')).filter_map(|path| room(path)).collect();
    let missing = rooms.into_iter().filter(|room| !drawn.contains(room));
    missing.map(|room| violation("README.md", 1, "readme-tree", format!("{room}/ is not drawn"))).collect()
}

/// The room of a file: `src/net` for `src/net/tls.rs`, `spec` for everything under `spec`; nothing at the top itself.
fn room(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["src", room, _, ..] => Some(format!("src/{room}")),
        [top, _, ..] => Some((*top).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# A\n\n```text\nbytes -> packets\n```\n\n```text\nsrc/            the crate\n  lib.rs main.rs  the map\n  proto/        the core\n    wire/       packets\nspec/           data\n```\n";

    #[test]
    fn a_tree_is_read_by_its_indent() {
        let paths: Vec<String> = drawn(README).into_iter().map(|(_, path)| path).collect();
        assert_eq!(paths, ["src/", "src/lib.rs", "src/main.rs", "src/proto/", "src/proto/wire/", "spec/"]);
    }

    #[test]
    fn a_name_that_is_not_there_is_found() {
        let found = check_readme(README, &|path| path != "src/proto/wire");
        assert_eq!(
            found.iter().map(|v| (v.line, v.what.as_str())).collect::<Vec<_>>(),
            [(11, "src/proto/wire/ is not there")]
        );
        assert_eq!(check_readme("# A\n", &|_| true).len(), 1, "no tree at all");
        assert_eq!(check_readme(README, &|_| true), []);
    }

    #[test]
    fn a_room_that_is_not_drawn_is_found() {
        let files = ["src/lib.rs", "src/proto/mod.rs", "src/net/tls.rs", "spec/proof.rs", ".ci/run", "Cargo.toml"];
        let found = check_rooms(README, &files.map(str::to_owned).into());
        assert_eq!(found.iter().map(|v| v.what.as_str()).collect::<Vec<_>>(), ["src/net/ is not drawn"]);
    }

    #[test]
    fn a_stray_name_at_the_top_is_found() {
        let found = check_top([".gitignore", "src", "notes.txt", "target"].into_iter());
        assert_eq!(found.iter().map(|v| v.path.as_str()).collect::<Vec<_>>(), ["notes.txt"]);
    }
}
