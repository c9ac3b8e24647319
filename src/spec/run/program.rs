//! A child process that speaks JSON lines: the adapter of a client or codec under test.
//!
//! One JSON object a line, on its stdin and stdout; the end of its stderr is kept for whoever reads a failure. A line
//! has at most [`LINE_MAX`] bytes, and few wait: a process that says more than the judge takes waits, one that takes
//! nothing is told nothing more. It gets a process group of its own, which is killed when the value is dropped.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use super::leftovers::{self, Group};
use super::proc::{self, Activity};
use crate::spec::format::sut::Launch;

/// The longest line, in bytes: a packet of the greatest size as hex, and more.
pub const LINE_MAX: usize = 8 << 20;
/// Lines that may wait, each way.
const LINES_MAX: usize = 16;
/// How much of its stderr is kept, in bytes.
const TAIL_MAX: usize = 8 << 10;
/// How long the end of its stderr may take to be read when it has ended.
const WORDS_WITHIN: Duration = Duration::from_millis(200);
/// How much of a line that is no JSON is shown, in characters.
const SHOWN_MAX: usize = 200;

/// What a process says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A JSON object.
    Line(Value),
    /// A line that is none: what is wrong with it.
    Bad(String),
    /// Its stdout is at its end; nothing comes any more.
    Ended,
}

/// A child process, and its three ends.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Who ends it when the judge is stopped.
    _group: Group,
    status: Option<ExitStatus>,
    todo: Option<SyncSender<Vec<u8>>>,
    lines: Receiver<Heard>,
    tail: Arc<Mutex<VecDeque<u8>>>,
    /// Disconnected when its stderr is at its end.
    tail_ended: Receiver<()>,
}

impl Program {
    /// Starts it. `env` is added to the environment after that of `launch`. What it says is asked for by
    /// [`Program::hear`].
    ///
    /// # Errors
    /// It cannot be started; names the program.
    pub fn start(launch: &Launch, env: &BTreeMap<String, String>) -> io::Result<Self> {
        let (say, lines) = mpsc::sync_channel(LINES_MAX);
        Self::start_to(launch, env, lines, move |heard| say.send(heard).is_ok())
    }

    /// Starts it, and hands what it says to `sink`, in a thread of its own, until that returns false. [`Program::hear`]
    /// then hears only that it ended.
    ///
    /// # Errors
    /// As [`Program::start`].
    pub fn start_with(
        launch: &Launch,
        env: &BTreeMap<String, String>,
        sink: impl FnMut(Heard) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (_, nothing) = mpsc::sync_channel(1);
        Self::start_to(launch, env, nothing, sink)
    }

    fn start_to(
        launch: &Launch,
        env: &BTreeMap<String, String>,
        lines: Receiver<Heard>,
        sink: impl FnMut(Heard) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (name, args) = launch.command.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
        let mut command = Command::new(name);
        command.args(args).envs(&launch.env).envs(env);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !launch.cwd.as_os_str().is_empty() {
            command.current_dir(&launch.cwd);
        }
        let started = leftovers::spawn(&mut command);
        let (mut child, group) = started.map_err(|e| io::Error::new(e.kind(), format!("start {name}: {e}")))?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let todo = child.stdin.take().map(writing);
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || read_lines(stdout, sink));
        }
        let (ends, tail_ended) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            let tail = Arc::clone(&tail);
            thread::spawn(move || {
                keep_tail(stderr, &tail);
                drop(ends);
            });
        }
        Ok(Self { child, _group: group, status: None, todo, lines, tail, tail_ended })
    }

    /// Tells it something, in one line; does not wait until it is read.
    ///
    /// # Errors
    /// It takes nothing: it has ended, or has read nothing of what it was told before.
    pub fn say(&self, value: &Value) -> io::Result<()> {
        let mut line = value.to_string().into_bytes();
        line.push(b'\n');
        let Some(todo) = &self.todo else { return Err(io::Error::from(io::ErrorKind::BrokenPipe)) };
        todo.try_send(line).map_err(|e| match e {
            mpsc::TrySendError::Full(_) => io::Error::other("it does not read what it is told"),
            mpsc::TrySendError::Disconnected(_) => io::Error::other("it has closed its stdin"),
        })
    }

    /// Ends its stdin.
    pub fn hang_up(&mut self) {
        self.todo = None;
    }

    /// The next thing that it says; `None` when nothing has come within that time.
    pub fn hear(&mut self, within: Duration) -> Option<Heard> {
        match self.lines.recv_timeout(within) {
            Ok(heard) => Some(heard),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Heard::Ended),
        }
    }

    /// How it ended, if it has. Whatever it leaves behind in its process group is then killed.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.status = Some(status);
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        self.status
    }

    /// What it does, with all that it has started; `None` where the system does not tell.
    #[must_use]
    pub fn activity(&self) -> Option<Activity> {
        proc::activity(self.child.id())
    }

    /// The end of what it wrote to stderr, in lines. All of it is there when the process has ended, or soon after.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        if self.status.is_some() {
            let _ = self.tail_ended.recv_timeout(WORDS_WITHIN);
        }
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = tail.iter().copied().collect();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl Drop for Program {
    /// Kills the group and takes the process off the system's table.
    fn drop(&mut self) {
        if self.status.is_none() {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A thread that writes, so that nobody waits for a process that does not read.
fn writing(mut stdin: ChildStdin) -> SyncSender<Vec<u8>> {
    let (todo, lines) = mpsc::sync_channel::<Vec<u8>>(LINES_MAX);
    thread::spawn(move || {
        while let Ok(line) = lines.recv() {
            if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
                return;
            }
        }
    });
    todo
}

/// Reads JSON lines to the end and hands each to `sink`, until that returns false.
pub fn read_lines(from: impl Read, mut sink: impl FnMut(Heard) -> bool) {
    let mut reader = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(LINE_MAX).unwrap_or(u64::MAX).saturating_add(1);
        match reader.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
        if line.len() > LINE_MAX {
            sink(Heard::Bad(format!("a line of more than {LINE_MAX} bytes")));
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let heard = match serde_json::from_slice(&line) {
            Ok(value @ Value::Object(_)) => Heard::Line(value),
            Ok(_) => Heard::Bad(format!("no JSON object: {}", shown(&line))),
            Err(e) => Heard::Bad(format!("no JSON ({e}): {}", shown(&line))),
        };
        if !sink(heard) {
            return;
        }
    }
    sink(Heard::Ended);
}

fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().chars().take(SHOWN_MAX).collect()
}

fn keep_tail(mut stderr: impl Read, tail: &Mutex<VecDeque<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(n @ 1..) = stderr.read(&mut buffer) {
        let mut kept = tail.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(buffer.iter().take(n));
        let over = kept.len().saturating_sub(TAIL_MAX);
        kept.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SOON: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> io::Result<Program> {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        Program::start(&Launch { command, ..Launch::default() }, &BTreeMap::from([("WORD".into(), "heard".into())]))
    }

    /// The process with this id, as the system knows it: `None` when it is gone; a zombie is not gone.
    fn state(pid: u32) -> Option<String> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).map(str::to_owned)
    }

    #[test]
    fn what_is_said_comes_back_line_by_line() -> io::Result<()> {
        let mut cat = shell("cat")?;
        for value in [json!({"id": 1, "op": "hello"}), json!({"text": "a\nb \u{1F600}"})] {
            cat.say(&value)?;
            assert_eq!(cat.hear(SOON), Some(Heard::Line(value)));
        }
        assert_eq!(cat.hear(Duration::from_millis(1)), None);
        assert!(cat.ended().is_none());
        cat.hang_up();
        assert_eq!(cat.hear(SOON), Some(Heard::Ended));
        assert!(cat.say(&json!({})).is_err());
        Ok(())
    }

    #[test]
    fn what_is_no_object_is_told_and_the_end_too() -> io::Result<()> {
        let mut p = shell("echo; echo '[1]'; echo \"{\\\"w\\\": \\\"$WORD\\\"}\"; echo oops; echo why >&2; exit 3")?;
        assert_eq!(p.hear(SOON), Some(Heard::Bad("no JSON object: [1]".into())));
        assert_eq!(p.hear(SOON), Some(Heard::Line(json!({"w": "heard"}))));
        assert!(matches!(p.hear(SOON), Some(Heard::Bad(why)) if why.ends_with(": oops")));
        assert_eq!(p.hear(SOON), Some(Heard::Ended));
        assert_eq!(p.hear(SOON), Some(Heard::Ended));
        while p.ended().is_none() {
            let _ = p.lines.recv_timeout(Duration::from_millis(1));
            thread::yield_now();
        }
        assert_eq!(p.ended().and_then(|s| s.code()), Some(3));
        Ok(())
    }

    #[test]
    fn a_line_without_an_end_and_a_flood_take_no_memory() -> io::Result<()> {
        let mut endless = shell("yes '' | tr '\\n' x")?;
        assert!(matches!(endless.hear(SOON), Some(Heard::Bad(why)) if why.contains("more than")));
        assert_eq!(endless.hear(SOON), Some(Heard::Ended));
        let mut flood = shell("yes '{}'")?;
        assert_eq!(flood.hear(SOON), Some(Heard::Line(json!({}))));
        assert!(flood.ended().is_none());
        let mut loud = shell("yes noise | head -c 1000000 >&2; echo '{}'")?;
        assert_eq!(loud.hear(SOON), Some(Heard::Line(json!({}))));
        assert!(loud.last_words().concat().len() <= TAIL_MAX);
        Ok(())
    }

    #[test]
    fn a_process_that_reads_nothing_is_told_nothing_more() -> io::Result<()> {
        let deaf = shell("sleep 600")?;
        let long = json!({"text": "x".repeat(1 << 16)});
        assert!((0..100).any(|_| deaf.say(&long).is_err()));
        Ok(())
    }

    #[test]
    fn nothing_of_it_is_left() -> io::Result<()> {
        let mut p = shell("sleep 600 & echo \"{\\\"pid\\\": $!}\"; wait")?;
        let Some(Heard::Line(said)) = p.hear(SOON) else { panic!("it said nothing") };
        let below = said.get("pid").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
        let itself = p.child.id();
        assert!(state(itself).is_some() && state(below).is_some());
        drop(p);
        assert_eq!(state(itself), None, "a zombie");
        // Its child is now somebody else's to take off the table, which takes its time.
        let gone = (0..100_000).any(|_| {
            thread::yield_now();
            state(below).is_none_or(|s| s == "Z" || s == "X")
        });
        assert!(gone, "its child lives on");
        Ok(())
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let launch = Launch { command: vec!["/no/such/program".into()], ..Launch::default() };
        let why = Program::start(&launch, &BTreeMap::new()).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(why.starts_with("start /no/such/program: "), "{why}");
        assert!(Program::start(&Launch::default(), &BTreeMap::new()).is_err());
    }
}
