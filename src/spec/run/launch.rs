//! A server under test as a process of ours: started, waited for, watched, ended with all that it has started.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};

use super::leftovers::{self, Group};
use crate::net::Clock;
use crate::spec::format::sut::{Launch, Ready};

/// How long a server may take to be ready, where its file does not say.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take to end by itself when it is told to.
const END_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Lines of its output that are kept.
const LINES_MAX: usize = 200;
/// Bytes of a line that are kept.
const LINE_LEN_MAX: u64 = 1000;

/// A process that serves.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Who ends it when the judge is stopped.
    _group: Group,
    status: Option<ExitStatus>,
    /// Something was said: a reason to look again.
    said: Receiver<()>,
    /// Kept, so that waiting for the next line waits although there is no reader any more.
    _say: SyncSender<()>,
    output: Arc<Output>,
    /// Somebody has been told of its end.
    pub mourned: bool,
    /// The cases since it was first looked at, or since the guard last found too much, each with the file descriptors that
    /// it held before that case.
    pub looks: Vec<(String, u64)>,
}

/// What it said.
#[derive(Debug, Default)]
struct Output {
    tail: Mutex<VecDeque<String>>,
    /// The line that says that it is ready has come.
    ready: AtomicBool,
}

impl Server {
    /// Starts it, in a process group of its own.
    ///
    /// # Errors
    /// It cannot be started; names the program.
    pub fn start(launch: &Launch, env: &BTreeMap<String, String>) -> io::Result<Self> {
        let (name, args) = launch.command.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
        let mut command = Command::new(name);
        command.args(args).envs(&launch.env).envs(env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !launch.cwd.as_os_str().is_empty() {
            command.current_dir(&launch.cwd);
        }
        let started = leftovers::spawn(&mut command);
        let (mut child, group) = started.map_err(|e| io::Error::new(e.kind(), format!("start {name}: {e}")))?;
        let output = Arc::new(Output::default());
        let (say, said) = mpsc::sync_channel(1);
        let ready = launch.ready.as_ref().and_then(|r| r.line.clone());
        if let Some(stdout) = child.stdout.take() {
            listen(stdout, ready.clone(), say.clone(), Arc::clone(&output));
        }
        if let Some(stderr) = child.stderr.take() {
            listen(stderr, ready, say.clone(), Arc::clone(&output));
        }
        Ok(Self { child, _group: group, status: None, said, _say: say, output, mourned: false, looks: Vec::new() })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it is ready, as the launch that started it says.
    ///
    /// # Errors
    /// It has ended, or is not ready in time; with the end of what it said.
    pub fn wait(&mut self, ready: &Ready) -> Result<(), String> {
        let within = ready.within.map_or(READY_WITHIN, |s| s.0);
        let clock = Clock::system();
        let until = clock.now() + within;
        loop {
            let _ = self.said.recv_timeout(LOOK_EVERY);
            let heard = self.output.ready.load(Ordering::Relaxed);
            let file = ready.file.as_ref().is_some_and(|f| f.exists());
            if heard || file || ready.port.is_some_and(takes_connections) {
                return Ok(());
            }
            if let Some(why) = self.died() {
                return Err(why.join("\n"));
            }
            if clock.now() >= until {
                let mut why = vec![format!("it is not ready after {} s", within.as_secs_f32())];
                why.extend(self.last_words());
                return Err(why.join("\n"));
            }
        }
    }

    /// Waits until it ends by itself, for so long at most.
    pub fn end(&mut self, within: Duration) -> Option<ExitStatus> {
        let clock = Clock::system();
        let until = clock.now() + within;
        let mut pause = Duration::from_millis(1);
        while self.died().is_none() && clock.now() < until {
            let _ = self.said.recv_timeout(pause);
            pause = (pause * 2).min(LOOK_EVERY);
        }
        self.status
    }

    /// How it ended, if it has, and the end of what it said.
    pub fn died(&mut self) -> Option<Vec<String>> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        let status = self.status?;
        let mut why = vec![format!("the server has ended: {status}")];
        why.extend(self.last_words());
        Some(why)
    }

    /// The end of what it wrote to stdout and stderr.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        // Who reads its output may be behind its end, but for a child that holds it open.
        for _ in 0..10 {
            if self.status.is_none() || Arc::strong_count(&self.output) == 1 {
                break;
            }
            let _ = self.said.recv_timeout(Duration::from_millis(5));
        }
        let tail = self.output.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().skip(tail.len().saturating_sub(20)).cloned().collect()
    }
}

impl Drop for Server {
    /// Asks it to end, then kills its group, and takes it off the system's table.
    fn drop(&mut self) {
        let group = Pid::from_child(&self.child);
        if self.status.is_none() {
            let _ = kill_process_group(group, Signal::TERM);
            self.end(END_WITHIN);
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

fn takes_connections(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), LOOK_EVERY).is_ok()
}

/// A thread that reads its output until that ends: nobody who serves waits for who listens.
fn listen(from: impl Read + Send + 'static, ready: Option<String>, say: SyncSender<()>, output: Arc<Output>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while let Ok(1..) = reader.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut line) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if ready.as_ref().is_some_and(|part| text.contains(part.as_str())) {
                output.ready.store(true, Ordering::Relaxed);
            }
            let mut kept = output.tail.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(text);
            let over = kept.len().saturating_sub(LINES_MAX);
            kept.drain(..over);
            drop(kept);
            let _ = say.try_send(());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::format::Span;

    fn shell(script: &str, ready: Ready) -> (Server, Ready) {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let launch = Launch { command, ready: Some(ready.clone()), ..Launch::default() };
        match Server::start(&launch, &BTreeMap::new()) {
            Ok(s) => (s, ready),
            Err(e) => panic!("{e}"),
        }
    }

    fn line(text: &str, ms: u64) -> Ready {
        Ready { line: Some(text.into()), within: Some(Span(Duration::from_millis(ms))), ..Ready::default() }
    }

    #[test]
    fn it_is_ready_when_it_says_so_and_is_gone_afterwards() {
        let (mut s, ready) = shell("sleep 600 & echo starting; echo ready now >&2; wait", line("ready now", 20_000));
        assert_eq!(s.wait(&ready), Ok(()));
        assert_eq!(s.died(), None);
        let pid = s.pid();
        drop(s);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn who_ends_or_is_never_ready_is_told_with_its_last_words() {
        let (mut s, ready) = shell("echo no such key >&2; exit 7", line("ready", 20_000));
        let why = s.wait(&ready).err().unwrap_or_default();
        assert!(why.contains("exit status: 7"), "{why}");
        let (mut idle, ready) = shell("echo thinking; sleep 600", line("ready", 300));
        assert_eq!(idle.wait(&ready), Err("it is not ready after 0.3 s\nthinking".into()));
        let file = Ready { file: Some("/".into()), ..Ready::default() };
        assert_eq!(idle.wait(&file), Ok(()));
        assert_eq!(idle.end(Duration::from_millis(50)), None);
        let (mut quick, _) = shell("exit 89", Ready::default());
        assert_eq!(quick.end(Duration::from_secs(20)).and_then(|s| s.code()), Some(89));
    }

    #[test]
    fn a_server_that_talks_without_end_takes_no_memory() {
        let (mut s, ready) = shell("yes noise & sleep 600", line("never", 300));
        assert!(s.wait(&ready).is_err());
        assert!(s.last_words().len() <= 20);
        assert!(s.output.tail.lock().is_ok_and(|t| t.len() <= LINES_MAX));
    }
}
