//! A scenario as a file that a person reads in a minute: what fails first, then who is there, what they do and what
//! breaks, an event a line; nothing that goes without saying.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value};

use super::{Shrunk, Size, tree};
use crate::sim::scenario::Scenario;
use crate::spec::format::Span;

/// The longest line.
const LINE_MAX: usize = 118;
/// The longest title, in characters.
const TITLE_MAX: usize = 90;

/// The file of a shrunk scenario, with the command that replays it from `path`.
///
/// # Errors
/// It would not be read as the same scenario.
pub fn page(shrunk: &Shrunk, path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let mut comment = |line: &str| {
        let _ = writeln!(text, "# {line}");
    };
    if let Some(v) = shrunk.outcome.violations.first() {
        comment(&format!("{}: {}", v.invariant.name(), v.invariant.sentence()));
        comment(&format!("At {:.3} s: {}", v.at.as_secs_f64(), one_line(&v.what)));
    }
    let least = if shrunk.is_least { "nothing more can go" } else { "more might go" };
    comment(&format!("Shrunk from {} in {} runs; {least}.", shrunk.before, shrunk.runs));
    comment(&format!("Trace: {}", shrunk.outcome.trace_hash));
    comment(&format!("Replay: locospec replay {}", path.display()));
    text.push_str(&yaml(&titled(shrunk))?);
    Ok(text)
}

/// The scenario under a title that says what it violates.
fn titled(shrunk: &Shrunk) -> Scenario {
    let what = shrunk.outcome.violations.first().map(|v| format!("{}: {}", v.invariant.name(), one_line(&v.what)));
    let what = what.unwrap_or_default();
    let title = match what.char_indices().nth(TITLE_MAX) {
        Some((cut, _)) => format!("{}…", what.get(..cut).unwrap_or_default()),
        None => what,
    };
    Scenario { title, written_by: crate::sim::version::written_by(), ..shrunk.scenario.clone() }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The scenario as YAML without what goes without saying.
///
/// # Errors
/// It would not be read as the same scenario.
pub fn yaml(scenario: &Scenario) -> Result<String, String> {
    let Value::Object(map) = tree::pruned(scenario) else { return Err("a scenario is no map".to_owned()) };
    let mut text = String::new();
    for (key, value) in &map {
        entry(&mut text, 0, key, value);
    }
    match Scenario::parse("the file", &text) {
        Ok(read) if read == *scenario => Ok(text),
        Ok(_) => Err("it would be read as another scenario".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

/// One entry of a map: in one line when it fits, else its parts below.
fn entry(text: &mut String, indent: usize, key: &str, value: &Value) {
    let pad = " ".repeat(indent);
    let line = format!("{pad}{key}: {}", flow(value));
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let _ = writeln!(text, "{pad}{key}:");
            for item in items {
                let _ = writeln!(text, "{pad}  - {}", flow(item));
            }
        }
        Value::Object(map) if line.len() > LINE_MAX || map.values().any(Value::is_array) && has_events(map) => {
            let _ = writeln!(text, "{pad}{key}:");
            map.iter().for_each(|(key, value)| entry(text, indent + 2, key, value));
        }
        _ => text.push_str(&format!("{line}\n")),
    }
}

fn has_events(map: &Map<String, Value>) -> bool {
    map.values().filter_map(Value::as_array).flatten().any(Value::is_object)
}

/// A value in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let parts: Vec<String> = map.iter().map(|(key, v)| format!("{key}: {}", flow(v))).collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(s) if is_plain(s) => s.clone(),
        // What JSON says is YAML too.
        other => other.to_string(),
    }
}

/// Whether a text may stand without quotes and still be a text.
fn is_plain(s: &str) -> bool {
    const WORDS: &[&str] = &["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
    let is_name = s.starts_with(|c: char| c.is_ascii_alphabetic())
        && s.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.".contains(c))
        && !WORDS.contains(&s.to_ascii_lowercase().as_str());
    is_name || Span::parse(s).is_ok()
}

/// The two sizes in one line.
#[must_use]
pub fn from_to(before: Size, after: Size) -> String {
    format!("{before} -> {after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::generate::generate;

    #[test]
    fn every_scenario_is_read_again_from_its_page() -> Result<(), String> {
        for seed in 0..60 {
            let text = yaml(&generate(seed)).map_err(|e| format!("seed {seed}: {e}"))?;
            assert!(text.lines().all(|l| l.len() <= 2 * LINE_MAX), "{text}");
        }
        Ok(())
    }

    #[test]
    fn words_that_yaml_takes_for_something_else_are_quoted() {
        for (text, plain) in [
            ("u1/main", true),
            ("12ms", true),
            ("2025", false),
            ("on", false),
            ("a b", false),
            ("x: y", false),
            ("", false),
        ] {
            assert_eq!(is_plain(text), plain, "{text}");
        }
        let quoted = Scenario { title: "it's: \"so\" #1\n…".to_owned(), ..generate(1) };
        assert!(yaml(&quoted).is_ok_and(|y| y.contains(r#"title: "it's: \"so\" #1\n…""#)));
    }
}
