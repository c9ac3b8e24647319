//! The rules about one file, each with a snippet that breaks it.

use super::Violation;
use super::source::{Source, item_end};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// A line that breaks a rule, and what about it.
type Finding = (usize, String);

/// One rule about a file.
pub struct Rule {
    name: &'static str,
    /// Whether the rule holds for a file of this path.
    applies: fn(&str) -> bool,
    find: fn(&Source) -> Vec<Finding>,
    /// Path, text and line of a source that breaks this rule and no other one.
    bad: (&'static str, fn() -> String, usize),
}

/// Every rule about one file.
pub const PER_FILE: &[Rule] = &[
    Rule {
        name: "file-length",
        applies: is_rust,
        find: long_file,
        bad: ("src/sim/a.rs", || format!("//! A.\n{}", "// b\n".repeat(FILE_LINES_MAX)), FILE_LINES_MAX + 1),
    },
    Rule {
        name: "function-length",
        applies: is_rust,
        find: long_functions,
        bad: (
            "sims/a.rs",
            || format!("//! A.\n\nfn a(b: [u8; 2]) {{\n{}}}\n", "    b();\n".repeat(FUNCTION_LINES_MAX)),
            3,
        ),
    },
    Rule {
        name: "core-is-pure",
        applies: |path| path.starts_with("src/proto/"),
        find: impure,
        bad: ("src/proto/a.rs", || "//! A.\nuse std::collections::HashMap;\n".into(), 2),
    },
    Rule {
        name: "core-does-not-panic",
        applies: |path| path.starts_with("src/proto/"),
        find: |s| shipped_words(s, &[".unwrap()", ".expect("]),
        bad: ("src/proto/a.rs", || "//! A.\nfn a() {\n    b()\n        .unwrap();\n}\n".into(), 4),
    },
    Rule {
        name: "one-yaml-reader",
        applies: |path| is_rust(path) && path != "src/spec/yaml.rs",
        find: |s| words(s, &["serde_yaml"]),
        bad: ("src/cli/a.rs", || "//! A.\nuse serde_yaml::Value;\n".into(), 2),
    },
    Rule {
        name: "biased-select",
        applies: is_rust,
        find: unbiased_select,
        bad: ("src/net/a.rs", || "//! A.\nfn a() {\n    tokio::select! {\n        b = c => {}\n    }\n}\n".into(), 3),
    },
    Rule {
        name: "nothing-unfinished",
        applies: is_rust,
        find: |s| words(s, &["todo!", "unimplemented!", "#[ignore"]),
        bad: ("sims/a.rs", || "//! A.\nfn a() {\n    unimplemented!();\n}\n".into(), 3),
    },
    Rule {
        name: "no-foreign-host",
        applies: |path| !path.ends_with(".yaml") || path.starts_with("sims/"),
        find: foreign_hosts,
        bad: ("README.md", || format!("# A\n\nConnect to booking.{}.\n", FOREIGN_HOSTS[0].join("")), 3),
    },
    Rule {
        name: "prints-by-one-door",
        applies: |path| path.starts_with("src/cli/"),
        find: |s| shipped_words(s, &PRINTS),
        bad: ("src/cli/a.rs", || "//! A.\nfn a() {\n    anstream::eprintln!(\"b\");\n}\n".into(), 3),
    },
    Rule {
        name: "opens-with-its-purpose",
        applies: is_rust,
        find: |s| if s.text.starts_with("//!") { vec![] } else { vec![(1, "the first line is no `//!`".into())] },
        bad: ("src/a.rs", || "use b;\n".into(), 1),
    },
];

/// What panics when its reader is gone; `cli::out` does not.
const PRINTS: [&str; 8] = [
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "anstream::print!",
    "anstream::println!",
    "anstream::eprint!",
    "anstream::eprintln!",
];

/// The domains of the service itself, in two halves, so that this file does not break its own rule.
const FOREIGN_HOSTS: [[&str; 2]; 4] =
    [["kakao", ".com"], ["kakao", ".co.kr"], ["kakaocorp", ".com"], ["kakaocdn", ".net"]];

/// Whether any rule wants to read the file `path`.
pub fn is_read(path: &str) -> bool {
    const KINDS: [&str; 6] = [".rs", ".md", ".yaml", ".js", ".sh", ".toml"];
    const ROOMS: [&str; 5] = ["src/", "spec/", "sims/", "benches/", "fuzz/"];
    let listed = path == "README.md" || path == "Cargo.toml" || ROOMS.iter().any(|room| path.starts_with(room));
    listed && KINDS.iter().any(|kind| path.ends_with(kind))
}

/// Everything that is wrong in one file.
pub fn check(source: &Source) -> Vec<Violation> {
    let holding = PER_FILE.iter().filter(|rule| (rule.applies)(&source.path));
    holding
        .flat_map(|rule| (rule.find)(source).into_iter().map(move |finding| (rule.name, finding)))
        .map(|(rule, (line, what))| Violation { path: source.path.clone(), line, rule, what })
        .collect()
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn long_file(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES_MAX {
        vec![]
    } else {
        vec![(FILE_LINES_MAX + 1, format!("{lines} lines, at most {FILE_LINES_MAX}"))]
    }
}

/// Functions whose lines of code, blank ones and comments aside, are too many.
fn long_functions(source: &Source) -> Vec<Finding> {
    let lines: Vec<&str> = source.code.lines().collect();
    let long = |(n, line): (usize, &&str)| {
        let name = function_name(line)?;
        let body = &lines[n..=item_end(&lines, n)];
        let count = body.iter().filter(|line| !line.trim().is_empty()).count();
        (count > FUNCTION_LINES_MAX).then(|| (n + 1, format!("fn {name}: {count} lines, at most {FUNCTION_LINES_MAX}")))
    };
    lines.iter().enumerate().filter_map(long).collect()
}

/// The name of the function that is declared on this line of code.
fn function_name(line: &str) -> Option<&str> {
    let at = line.match_indices("fn ").map(|(at, _)| at).find(|at| !line[..*at].ends_with(is_word))?;
    let rest = line[at + 3..].trim_start();
    let name = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
    (!name.is_empty()).then_some(name)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `word` stands in `line` as a whole: not as a part of a longer name or path.
fn names(line: &str, word: &str) -> bool {
    let whole = |at: usize| {
        let before = !word.starts_with(is_word) || !line[..at].ends_with(|c| is_word(c) || c == ':');
        before && (!word.ends_with(is_word) || !line[at + word.len()..].starts_with(is_word))
    };
    line.match_indices(word).any(|(at, _)| whole(at))
}

fn find_words<'a>(lines: impl Iterator<Item = (usize, &'a str)>, banned: &[&str]) -> Vec<Finding> {
    let found = |(n, line): (usize, &str)| {
        banned.iter().filter(|word| names(line, word)).map(|word| (n, format!("`{word}`"))).collect::<Vec<_>>()
    };
    lines.flat_map(found).collect()
}

fn words(source: &Source, banned: &[&str]) -> Vec<Finding> {
    find_words(source.code_lines(), banned)
}

fn shipped_words(source: &Source, banned: &[&str]) -> Vec<Finding> {
    find_words(source.shipped(), banned)
}

/// Sockets, clocks, random order and other crates' documents in the core. `std::time::Instant` counts under any path.
fn impure(source: &Source) -> Vec<Finding> {
    const BANNED: &[&str] = &["tokio", "bson::", "serde", "turmoil", "redb", "rustls"];
    const BANNED_ANYWHERE: [&str; 8] =
        ["Instant", "SystemTime", "HashMap", "HashSet", "std::net", "std::thread", "std::fs", "thread_rng"];
    let mut found = shipped_words(source, BANNED);
    for (n, line) in source.shipped() {
        let any =
            BANNED_ANYWHERE.iter().filter(|word| line.split(|c| !is_word(c) && c != ':').any(|t| in_path(t, word)));
        found.extend(any.map(|word| (n, format!("`{word}`"))));
    }
    found
}

/// Whether the path `path` has `word`, one name or several, among its names.
fn in_path(path: &str, word: &str) -> bool {
    format!("::{path}::").contains(&format!("::{word}::"))
}

fn unbiased_select(source: &Source) -> Vec<Finding> {
    let lines: Vec<&str> = source.code.lines().collect();
    let unbiased = |(n, line): (usize, &&str)| {
        let (_, after) = line.split_once("select!")?;
        let next = lines[n + 1..].iter().find(|line| !line.trim().is_empty());
        let biased = [Some(&after), next]
            .into_iter()
            .flatten()
            .any(|l| l.trim_start_matches([' ', '{', '(']).starts_with("biased;"));
        (!biased).then(|| (n + 1, "`select!` whose next line is not `biased;`".into()))
    };
    lines.iter().enumerate().filter_map(unbiased).collect()
}

/// Text as well as code: a host name in a comment is copied into code one day.
fn foreign_hosts(source: &Source) -> Vec<Finding> {
    let hosts = FOREIGN_HOSTS.map(|halves| halves.concat());
    let found = |(n, line): (usize, &str)| {
        let line = line.to_ascii_lowercase();
        hosts.iter().find(|host| line.contains(*host)).map(|host| (n + 1, format!("names a host of {host}")))
    };
    source.text.lines().enumerate().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        check(&Source::new(path, text)).into_iter().map(|v| (v.line, v.rule)).collect()
    }

    #[test]
    fn every_rule_can_fail() {
        for Rule { name, bad: (path, text, line), .. } in PER_FILE {
            assert_eq!(broken(path, &text()), [(*line, *name)], "{name}");
            assert!(is_read(path), "{name}: nobody reads {path}");
        }
    }

    #[test]
    fn every_banned_word_of_the_core_is_found() {
        for line in [
            "use tokio::net::TcpStream;",
            "let t = std::time::Instant::now();",
            "use std::time::{Duration, Instant};",
            "let t: std::time::SystemTime;",
            "let m: HashSet<u8>;",
            "let d = bson::doc! {};",
            "use serde::Deserialize;",
            "use std::net::TcpStream;",
        ] {
            assert_eq!(broken("src/proto/a.rs", &format!("//! A.\n{line}\n")), [(2, "core-is-pure")], "{line}");
        }
    }

    #[test]
    fn what_only_looks_wrong_passes() {
        let text = "//! A tokio HashMap, unwrap() and todo!: all in words.\n\
            use crate::proto::wire::bson::Cursor;\n\
            fn a() { b.unwrap_or(\"Instant\"); expect(c); d.expect_none(); InstantNoodle; serde_like(); }\n\
            fn select(e: fn(u8) -> u8);\n\
            #[cfg(test)]\nmod tests {\n    use std::collections::HashMap;\n    fn f() { g.unwrap(); }\n}\n";
        assert_eq!(broken("src/proto/a.rs", text), []);
        let select =
            "//! A.\nfn a() {\n    tokio::select! {\n        biased;\n    }\n    select! { biased; _ = b => {} }\n}\n";
        assert_eq!(broken("src/net/a.rs", select), []);
        assert_eq!(broken("src/spec/yaml.rs", "//! A.\nuse serde_yaml::Value;\n"), []);
    }

    #[test]
    fn the_edges_of_the_lengths_hold() {
        let function = |n| format!("//! A.\nfn a() {{\n{}}}\n", "    b();\n\n    // c\n".repeat(n));
        assert_eq!(broken("src/a.rs", &function(FUNCTION_LINES_MAX - 2)), []);
        assert_eq!(broken("src/a.rs", &function(FUNCTION_LINES_MAX - 1)), [(2, "function-length")]);
        let file = |n| format!("//! A.\n{}", "\n".repeat(n));
        assert_eq!(broken("src/a.rs", &file(FILE_LINES_MAX - 1)), []);
        assert_eq!(broken("src/a.rs", &file(FILE_LINES_MAX)), [(FILE_LINES_MAX + 1, "file-length")]);
    }
}
