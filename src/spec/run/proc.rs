//! What the system tells of processes, where it has `/proc`: whether they do anything, and what they hold.

use std::fs;
use std::path::{Path, PathBuf};

/// What a process group does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Every thread of it waits for something.
    pub asleep: bool,
    /// How much time of the processor it has had, in ticks of the system.
    pub ticks: u64,
}

/// What a process group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// Memory that it has touched, in bytes.
    pub memory: u64,
    /// File descriptors.
    pub descriptors: u64,
}

/// What the fields of a `stat` file say that matter here.
struct Stat {
    state: char,
    group: u32,
    ticks: u64,
}

fn stat(file: &Path) -> Option<Stat> {
    let text = fs::read_to_string(file).ok()?;
    // The name before it may have anything in it, brackets too.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        group: u32::try_from(number(2)?).ok()?,
        ticks: number(11)? + number(12)?,
    })
}

/// The processes of a group: folder of `/proc`, and state. Nothing where the system does not tell.
fn members(group: u32) -> impl Iterator<Item = (PathBuf, Stat)> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = all.filter(|e| e.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()));
    numbered.filter_map(move |e| stat(&e.path().join("stat")).filter(|s| s.group == group).map(|s| (e.path(), s)))
}

/// What the processes of a group do; `None` where the system does not tell, or there are none.
#[must_use]
pub fn activity(group: u32) -> Option<Activity> {
    let mut all: Option<Activity> = None;
    for (folder, process) in members(group) {
        let threads = fs::read_dir(folder.join("task")).into_iter().flatten().flatten();
        let asleep = threads.filter_map(|t| stat(&t.path().join("stat"))).all(|t| matches!(t.state, 'S' | 'Z'));
        let sum = all.get_or_insert(Activity { asleep: true, ticks: 0 });
        sum.asleep &= asleep;
        sum.ticks += process.ticks;
    }
    all
}

/// What the processes of a group hold; `None` where the system does not tell, or there are none.
#[must_use]
pub fn holds(group: u32) -> Option<Holds> {
    let mut all: Option<Holds> = None;
    for (folder, _) in members(group) {
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kib: u64 = line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        // A process may be gone between two looks.
        let descriptors = fs::read_dir(folder.join("fd")).map_or(0, Iterator::count);
        let sum = all.get_or_insert(Holds { memory: 0, descriptors: 0 });
        sum.memory += kib << 10;
        sum.descriptors += descriptors as u64;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    fn until(done: impl Fn() -> bool) -> bool {
        (0..200_000).any(|_| {
            std::thread::yield_now();
            done()
        })
    }

    #[test]
    fn who_waits_is_asleep_and_who_counts_is_not() -> std::io::Result<()> {
        if !Path::new("/proc/self/stat").exists() {
            return Ok(());
        }
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]).process_group(0).stdin(Stdio::piped()).spawn()
        };
        let mut waits = shell("read -r x")?;
        assert!(until(|| activity(waits.id()).is_some_and(|a| a.asleep)), "it never sleeps");
        let mut counts = shell("while :; do :; done")?;
        let begin = activity(counts.id()).map_or(0, |a| a.ticks);
        assert!(until(|| activity(counts.id()).is_some_and(|a| a.ticks > begin && !a.asleep)), "it does nothing");
        assert_eq!(activity(u32::MAX - 1), None);
        for child in [&mut waits, &mut counts] {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    #[test]
    fn a_group_holds_memory_and_files() -> std::io::Result<()> {
        if !Path::new("/proc/self/stat").exists() {
            return Ok(());
        }
        let script = "read -r x; exec 7</dev/null 8</dev/null; echo; read -r x";
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let group = child.id();
        assert!(until(|| activity(group).is_some_and(|a| a.asleep)));
        let before = holds(group);
        if let Some(stdin) = &mut child.stdin {
            std::io::Write::write_all(stdin, b"\n")?;
        }
        assert!(until(|| holds(group).zip(before).is_some_and(|(now, then)| now.descriptors == then.descriptors + 2)));
        assert!(before.is_some_and(|h| h.memory > 100 << 10 && h.descriptors > 2), "{before:?}");
        assert_eq!(holds(u32::MAX - 1), None);
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}
