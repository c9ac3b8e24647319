//! Rows of figures: printed as they come, written as JSON, and compared.

use std::error::Error;
use std::fs;

use serde_json::{Value, json};

/// What went wrong.
pub type Failure = Box<dyn Error + Send + Sync>;

const FORMAT: &str = "locospec-bench/1";

/// A figure with its unit.
pub type Figure = (&'static str, f64);

#[derive(Default)]
pub struct Report {
    part: String,
    rows: Vec<Value>,
    bad: usize,
}

impl Report {
    /// Rows from here on are of this part.
    pub fn part(&mut self, name: &str) {
        name.clone_into(&mut self.part);
    }

    /// Takes and prints what was measured of `name`.
    pub fn row(&mut self, name: &str, figures: &[Figure]) {
        let text: Vec<String> = figures.iter().map(|(unit, value)| format!("{:>11} {unit}", shown(*value))).collect();
        println!("  {name:<38}{}", text.join("  "));
        for (unit, value) in figures {
            self.rows.push(json!({ "part": self.part, "name": name, "unit": unit, "value": value }));
        }
    }

    /// Something that is no figure.
    pub fn note(&self, text: &str) {
        println!("  {text}");
    }

    /// A goal is missed, or something has moved.
    pub fn bad(&mut self, text: &str) {
        self.bad += 1;
        println!("  {text}");
    }

    /// Says whether a figure is within its goal.
    pub fn goal(&mut self, what: &str, holds: bool) {
        if holds { println!("    goal holds: {what}") } else { self.bad(&format!("  GOAL MISSED: {what}")) }
    }

    pub const fn is_good(&self) -> bool {
        self.bad == 0
    }

    /// Writes everything, with the machine it was measured on.
    pub fn write(&self, path: &str) -> Result<(), Failure> {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_matches([' ', '\t', ':']));
        let all = json!({
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "machine": { "cores": cores, "cpu": model },
            "rows": self.rows,
        });
        fs::write(path, format!("{all:#}\n")).map_err(|e| format!("{path}: {e}").into())
    }
}

/// Four digits are enough of what is measured; what is counted is whole.
fn shown(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value}"),
        v if v >= 1000.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn read(path: &str) -> Result<Vec<Value>, Failure> {
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let all: Value = serde_json::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    if all["format"] != FORMAT {
        return Err(format!("{path} is not of the format {FORMAT}, which `--json` writes").into());
    }
    Ok(all["rows"].as_array().cloned().unwrap_or_default())
}

/// Prints both figures of each row that two runs have, with their ratio, and what only one of them has. It judges
/// nothing: which ratio is good depends on the unit and on the machine.
pub fn compare(old: &str, new: &str) -> Result<bool, Failure> {
    let (before, after) = (read(old)?, read(new)?);
    let same = |a: &Value, b: &Value| ["part", "name", "unit"].iter().all(|k| a[k] == b[k]);
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    println!("  {:<12}{:<38}{:>12}{:>12}{:>8}  unit", "part", "name", "old", "new", "ratio");
    for row in &after {
        let value = row["value"].as_f64().unwrap_or_default();
        let was = before.iter().find(|b| same(b, row)).and_then(|b| b["value"].as_f64());
        let (was, ratio) = match was {
            Some(0.0) => ("0".to_owned(), String::new()),
            Some(was) => (shown(was), format!("{:.3}", value / was)),
            None => ("new".to_owned(), String::new()),
        };
        let (part, name, unit) = (text(row, "part"), text(row, "name"), text(row, "unit"));
        println!("  {part:<12}{name:<38}{was:>12}{:>12}{ratio:>8}  {unit}", shown(value));
    }
    for row in before.iter().filter(|b| !after.iter().any(|a| same(a, b))) {
        println!(
            "  {:<12}{:<38} is not measured any more ({})",
            text(row, "part"),
            text(row, "name"),
            text(row, "unit")
        );
    }
    Ok(true)
}
