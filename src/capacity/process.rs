//! What the system says of a process and of itself: memory and time, read from `/proc`.

use std::path::Path;
use std::time::Duration;

/// What a process has used until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory that is its own and in use, bytes.
    pub resident: u64,
    /// Time on processors, its own and the kernel's for it. The system counts in steps of 10 ms.
    pub cpu: Duration,
}

/// The usage of a process.
///
/// # Errors
/// There is no such process, or no `/proc` as Linux has it.
pub fn usage(pid: u32) -> Result<Usage, String> {
    let read = |file: &str| {
        let path = format!("/proc/{pid}/{file}");
        std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))
    };
    let resident = kib(&read("status")?, "VmRSS:").ok_or_else(|| format!("/proc/{pid}/status has no VmRSS"))?;
    let cpu = cpu(&read("stat")?).ok_or_else(|| format!("/proc/{pid}/stat has no times"))?;
    Ok(Usage { resident: resident * 1024, cpu })
}

/// What the kernel keeps in its own tables, in bytes: with many connections most of it is theirs.
///
/// # Errors
/// There is no `/proc` as Linux has it.
pub fn kernel_tables() -> Result<u64, String> {
    let path = Path::new("/proc/meminfo");
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    kib(&text, "Slab:").map(|k| k * 1024).ok_or_else(|| "/proc/meminfo has no Slab".to_owned())
}

fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time in the text of `/proc/PID/stat`.
fn cpu(stat: &str) -> Option<Duration> {
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

/// Lets this process, and those that it starts, have so many open files.
///
/// # Errors
/// The system does not allow that many.
pub fn allow_files(wanted: u64) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_system_are_read() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 2 3 4 250 31 9 9 20 0 1 0 5 6 7 8";
        assert_eq!(cpu(stat), Some(Duration::from_millis(2810)));
        assert_eq!(cpu("7 (a) S 1"), None);
        assert_eq!(kib("VmHWM:\t  9 kB\nVmRSS:\t  124 kB\n", "VmRSS:"), Some(124));
        assert_eq!(kib("VmRSS: much", "VmRSS:"), None);
    }

    #[test]
    fn this_process_uses_something() {
        let mine = usage(std::process::id()).expect("/proc is there");
        assert!(mine.resident > 1 << 20, "{mine:?}");
        assert!(kernel_tables().expect("/proc is there") > 1 << 20);
    }
}
