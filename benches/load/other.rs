//! Processes that are measured, and the worlds they get.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::report::Failure;

/// A process that is told to stop when this is dropped.
pub struct Other {
    child: Child,
    pub addr: SocketAddr,
    _stdin: Option<ChildStdin>,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Other {
    /// Starts `command`, which says on stdout where it listens: JSON with the carriage's address.
    pub fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().ok_or("no stdout")?);
        let mut line = String::new();
        let said = BufReader::new(stdout).read_line(&mut line);
        let json: Result<serde_json::Value, _> = serde_json::from_str(&line);
        let addr = json.ok().as_ref().and_then(|j| j["carriage"].as_str()).and_then(|a| a.parse().ok());
        match (said, addr) {
            (Ok(_), Some(addr)) => Ok(Self { child, addr, _stdin: stdin }),
            _ => {
                let _ = child.kill();
                Err(format!("{command:?} did not say where it listens, but {line:?}").into())
            }
        }
    }

    /// The server with this world and these arguments besides.
    pub fn server(world: &World, args: &[&str]) -> Result<Self, Failure> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_locospec"));
        Self::start(command.arg("serve").arg("--world").arg(world.write()?).args(args))
    }

    /// The echo.
    pub fn echo() -> Result<Self, Failure> {
        Self::start(Command::new(std::env::current_exe()?).arg("--echo"))
    }

    /// CPU that it has used, user and system, in seconds: by the scheduler's own account of its threads, and where there is
    /// none by the system's ticks of 10 ms.
    pub fn cpu_seconds(&self) -> Result<f64, Failure> {
        let mut nanos = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            nanos += text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
        }
        if nanos > 0.0 {
            return Ok(nanos / 1e9);
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may have spaces; utime and stime are the 12th and 13th field behind it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).ok_or("no such field in /proc");
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// Bytes of memory that it has in use, without what the kernel keeps for its sockets.
    pub fn memory(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc")?;
        let kib: f64 = line.split_whitespace().next().unwrap_or_default().parse()?;
        Ok(kib * 1024.0)
    }
}

/// Users `user0`, `user1` …, and rooms of them.
#[derive(Default)]
pub struct World {
    pub users: u64,
    /// The members of each room; the first is room 1.
    pub rooms: Vec<Vec<u64>>,
}

impl World {
    fn write(&self) -> Result<PathBuf, Failure> {
        let mut text = "format: locospec-world/1\nusers:\n".to_owned();
        for n in 0..self.users {
            writeln!(text, "  - {{ id: {}, name: user{n}, token: user{n}-token }}", 5000 + n)?;
        }
        text.push_str(if self.rooms.is_empty() { "" } else { "rooms:\n" });
        for (i, members) in self.rooms.iter().enumerate() {
            let names: Vec<String> = members.iter().map(|n| format!("user{n}")).collect();
            writeln!(text, "  - {{ id: {}, kind: multi, members: [{}] }}", i + 1, names.join(", "))?;
        }
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-world.yaml");
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// A fresh folder on the disk on which the build is.
pub fn scratch(name: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    Ok(path)
}
