//! What a process costs, as Linux says it, and what this one may have.

use std::fmt;
use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Why something cannot be measured here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmeasured(pub String);

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn read(path: &str) -> Result<String, Unmeasured> {
    fs::read_to_string(path).map_err(|e| Unmeasured(format!("{path}: {e}; this figure needs Linux's /proc")))
}

/// CPU that all threads of a process have used, in microseconds.
///
/// # Errors
/// The system does not say.
pub fn cpu_us(pid: u32) -> Result<f64, Unmeasured> {
    let tasks = format!("/proc/{pid}/task");
    let entries =
        fs::read_dir(&tasks).map_err(|e| Unmeasured(format!("{tasks}: {e}; this figure needs Linux's /proc")))?;
    let mut ns = 0.0;
    for entry in entries.flatten() {
        let path = entry.path().join("schedstat");
        let text = read(&path.to_string_lossy())?;
        let first = text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
        ns += first.ok_or_else(|| Unmeasured(format!("{}: no number in it", path.display())))?;
    }
    Ok(ns / 1e3)
}

/// Memory of a process that lies in RAM, in bytes.
///
/// # Errors
/// The system does not say.
pub fn resident(pid: u32) -> Result<f64, Unmeasured> {
    let path = format!("/proc/{pid}/status");
    let text = read(&path)?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
    kib.map(|k| k * 1024.0).ok_or_else(|| Unmeasured(format!("{path}: no VmRSS")))
}

/// Raises the number of files that this process may have open as far as it goes, and gives it.
#[must_use]
pub fn raise_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Memory that this machine has to spare, in bytes; nothing when the system does not say.
#[must_use]
pub fn available() -> Option<f64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|k| k * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_cpu() {
        let me = std::process::id();
        let before = cpu_us(me).expect("Linux says");
        let mut x = 1u64;
        for i in 0..20_000_000u64 {
            x = std::hint::black_box(x.wrapping_mul(i | 1));
        }
        let used = cpu_us(me).expect("Linux says") - before;
        assert!(used > 1_000.0, "{used} µs");
        assert!(resident(me).expect("Linux says") > 1e6);
    }

    #[test]
    fn a_process_that_is_not_there_is_no_zero() {
        let why = cpu_us(u32::MAX).expect_err("no such process").to_string();
        assert!(why.contains("/proc/4294967295/task"), "{why}");
    }
}
