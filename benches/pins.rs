//! Instruction counts that are pinned in `snapshots/instructions.json`, so that a change of them shows in review.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::ops::OPS;
use super::report::Failure;

/// By how much a count may differ: other compilers of the same version's line, other allocators' paths.
const TOLERANCE_PERCENT: f64 = 3.0;

pub struct Pins {
    counts: Map<String, Value>,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/instructions.json")
}

impl Pins {
    /// What is pinned; nothing where there is no file yet.
    pub fn read() -> Result<Self, Failure> {
        let text = match fs::read_to_string(path()) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self { counts: Map::new() }),
            Err(e) => return Err(format!("{}: {e}", path().display()).into()),
        };
        let all: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path().display()))?;
        let counts = all["instructions"].as_object().cloned().ok_or("no instructions are pinned in the file")?;
        Ok(Self { counts })
    }

    /// What to say of a count that is not the pinned one, within the tolerance.
    pub fn moved(&self, name: &str, counted: u64) -> Option<String> {
        let Some(pinned) = self.counts.get(name).and_then(Value::as_u64) else {
            return Some(format!("  {name} is not pinned: --update pins it"));
        };
        let percent = (counted as f64 / pinned as f64 - 1.0) * 100.0;
        (percent.abs() > TOLERANCE_PERCENT)
            .then(|| format!("  MOVED by {percent:+.1} %: {name}, pinned {pinned}. If that is meant: --update"))
    }

    pub fn set(&mut self, name: &str, counted: u64) {
        self.counts.insert(name.to_owned(), counted.into());
    }

    /// What is pinned under names that nothing has.
    pub fn left_over(&self) -> Vec<String> {
        self.counts.keys().filter(|name| !OPS.iter().any(|o| o.name == *name)).cloned().collect()
    }

    /// Pins, in the order of the operations.
    pub fn write(&self) -> Result<(), Failure> {
        let in_order = OPS.iter().filter_map(|o| Some((o.name.to_owned(), self.counts.get(o.name)?.clone())));
        let all = json!({
            "about": "cargo bench -- count compares; cargo bench -- count --update pins",
            "tolerance_percent": TOLERANCE_PERCENT,
            "instructions": in_order.collect::<Map<_, _>>(),
        });
        fs::write(path(), format!("{all:#}\n")).map_err(|e| format!("{}: {e}", path().display()).into())
    }
}
