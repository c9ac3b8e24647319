//! What the system says of a process and of itself: memory and time, read from `/proc`; and how many files one may open.

use std::fmt;
use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Why something cannot be measured here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmeasured(pub String);

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unmeasured {}

impl From<Unmeasured> for String {
    fn from(why: Unmeasured) -> Self {
        why.0
    }
}

fn read(path: &str) -> Result<String, Unmeasured> {
    fs::read_to_string(path).map_err(|e| Unmeasured(format!("{path}: {e}; this figure needs Linux's /proc")))
}

/// Time on processors that a process has used, its own and the kernel's for it.
///
/// The scheduler's account of its threads is exact but knows only those that live; the system's account of the process
/// knows all, in steps of 10 ms. Both say too little, so that the greater one is nearer.
///
/// # Errors
/// There is no such process, or no `/proc` as Linux has it.
pub fn cpu(pid: u32) -> Result<Duration, Unmeasured> {
    let path = format!("/proc/{pid}/stat");
    let whole = ticked(&read(&path)?).ok_or_else(|| Unmeasured(format!("{path} has no times")))?;
    Ok(whole.max(scheduled(pid).unwrap_or_default()))
}

/// User and system time in the text of `/proc/PID/stat`.
fn ticked(stat: &str) -> Option<Duration> {
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

/// What the scheduler says of the threads of a process, if it counts at all.
fn scheduled(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let each = threads.flatten().filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(each.sum()))
}

/// Memory of a process that lies in RAM, in bytes.
///
/// # Errors
/// As of [`cpu`].
pub fn resident(pid: u32) -> Result<u64, Unmeasured> {
    let path = format!("/proc/{pid}/status");
    kib(&read(&path)?, "VmRSS:").map(|k| k * 1024).ok_or_else(|| Unmeasured(format!("{path} has no VmRSS")))
}

/// What the kernel keeps in its own tables, in bytes: with many connections most of it is theirs.
///
/// # Errors
/// There is no `/proc` as Linux has it.
pub fn kernel_tables() -> Result<u64, Unmeasured> {
    meminfo("Slab:")
}

/// Memory that this machine has to spare, in bytes.
///
/// # Errors
/// There is no `/proc` as Linux has it.
pub fn available() -> Result<u64, Unmeasured> {
    meminfo("MemAvailable:")
}

fn meminfo(name: &str) -> Result<u64, Unmeasured> {
    let path = "/proc/meminfo";
    kib(&read(path)?, name).map(|k| k * 1024).ok_or_else(|| Unmeasured(format!("{path} has no {name}")))
}

fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Lets this process, and those that it starts, have so many open files.
///
/// # Errors
/// The system does not allow that many.
pub fn allow_files(wanted: u64) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|now| now >= wanted) {
        return Ok(());
    }
    if let Some(most) = limit.maximum.filter(|most| *most < wanted) {
        return Err(format!(
            "{wanted} open files are needed in one process, and this system allows {most}: ulimit -Hn"
        ));
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit })
        .map_err(|e| format!("{wanted} open files are needed in one process: {e}"))
}

/// Lets this process have as many open files as the system allows it, and says how many; where it cannot be raised the
/// limit stays what it is.
pub fn raise_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_system_are_read() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 2 3 4 250 31 9 9 20 0 1 0 5 6 7 8";
        assert_eq!(ticked(stat), Some(Duration::from_millis(2810)));
        assert_eq!(ticked("7 (a) S 1"), None);
        assert_eq!(kib("VmHWM:\t  9 kB\nVmRSS:\t  124 kB\n", "VmRSS:"), Some(124));
        assert_eq!(kib("VmRSS: much", "VmRSS:"), None);
    }

    #[test]
    fn a_process_that_works_uses_memory_and_cpu() {
        let me = std::process::id();
        let before = cpu(me).expect("Linux says");
        let mut x = 1u64;
        for i in 0..20_000_000u64 {
            x = std::hint::black_box(x.wrapping_mul(i | 1));
        }
        let used = cpu(me).expect("Linux says") - before;
        assert!(used > Duration::from_millis(1), "{used:?}");
        assert!(resident(me).expect("Linux says") > 1 << 20);
        assert!(kernel_tables().expect("Linux says") > 1 << 20);
        assert!(available().expect("Linux says") > 1 << 20);
    }

    #[test]
    fn a_process_that_is_not_there_is_no_zero() {
        let why = cpu(u32::MAX).expect_err("no such process").to_string();
        assert!(why.contains("/proc/4294967295/stat"), "{why}");
    }
}
