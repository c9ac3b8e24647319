//! The terminal client as its user meets it: real processes, a real server, a day of talk.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Nothing here should take this long; what does has failed.
const PATIENCE: Duration = Duration::from_secs(40);

/// A program whose lines we read, and to which we may write. It is stopped when it is dropped.
struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    heard: Vec<String>,
}

fn listen(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = to.send(line);
        }
    });
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_locospec"));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else { panic!("cannot start {args:?}") };
        let (tell, lines) = channel();
        if let Some(out) = child.stdout.take() {
            listen(out, tell.clone());
        }
        if let Some(err) = child.stderr.take() {
            listen(err, tell);
        }
        let stdin = child.stdin.take();
        Self { child, stdin, lines, heard: Vec::new() }
    }

    fn say(&mut self, line: &str) {
        let said = self.stdin.as_mut().map(|s| s.write_all(format!("{line}\n").as_bytes()).and_then(|()| s.flush()));
        assert!(matches!(said, Some(Ok(()))), "{line:?} cannot be said; heard: {:#?}", self.heard);
    }

    /// Reads on until a line has this in it, and gives the line.
    fn hear(&mut self, part: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("nobody says {part:?}; heard: {:#?}", self.heard)
            };
            self.heard.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Ends its input and gives its exit code and all that it has said.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        drop(self.stdin.take());
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.heard.push(line);
        }
        (self.child.wait().ok().and_then(|s| s.code()), std::mem::take(&mut self.heard))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of its own for each test, and a folder that is gone when the test is.
struct House {
    server: Program,
    dir: PathBuf,
}

impl House {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("locospec-talk-{}-{name}", std::process::id()));
        assert!(fs::create_dir_all(&dir).is_ok());
        let mut server = Program::start(&["serve", "--dir", &dir.display().to_string()]);
        server.hear("\"booking\"");
        Self { server, dir }
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn args<'a>(&'a self, dir: &'a str, user: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        ["client", "--dir", dir, "--user", user].iter().chain(more).copied().collect()
    }

    fn client(&self, user: &str, more: &[&str]) -> Program {
        let dir = self.dir.display().to_string();
        let mut program = Program::start(&self.args(&dir, user, more));
        program.hear("(7000)");
        program
    }

    fn once(&self, user: &str, more: &[&str]) -> (Option<i32>, String, String) {
        let dir = self.dir.display().to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_locospec"))
            .args(self.args(&dir, user, more))
            .stdin(Stdio::null())
            .output();
        let Ok(Output { status, stdout, stderr }) = output else { panic!("cannot start a client") };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (status.code(), text(&stdout), text(&stderr))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.server.child.kill();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The number behind a message.
fn log_id(line: &str) -> String {
    line.rsplit('#').next().unwrap_or_default().trim().to_owned()
}

#[test]
fn two_devices_and_a_friend_talk() {
    let house = House::new("talk");
    let mut phone = house.client("alice", &[]);
    let mut desk = house.client("alice", &["--sub"]);
    let mut bob = house.client("bob", &[]);
    phone.say("good morning");
    let line = bob.hear("good morning");
    assert!(line.contains("alice") || line.contains("Alice"), "a name, not a number: {line}");
    assert!(line.as_bytes().get(2) == Some(&b':'), "the time comes first: {line}");
    desk.hear("good morning");
    bob.say("//and to you");
    let line = phone.hear("/and to you");
    assert!(!line.contains("//"), "{line}");
    desk.hear("/and to you");
    desk.say("/read");
    assert!(bob.hear("has read up to").contains(&format!("#{}", log_id(&line))));
    bob.say("/members");
    bob.hear("1001");
    bob.say("/room 7001");
    bob.hear("(7001)");
    bob.say("to all");
    phone.hear("to all");
    for program in [phone, desk, bob] {
        let (code, heard) = program.end();
        assert_eq!(code, Some(0), "{heard:#?}");
    }
}

#[test]
fn what_is_edited_and_deleted_is_so_for_everyone() {
    let house = House::new("edit");
    let mut alice = house.client("alice", &[]);
    let mut desk = house.client("alice", &["--sub"]);
    let mut bob = house.client("bob", &[]);
    for line in ["first", "/edit last better", "second", "/delete last", "third"] {
        alice.say(line);
    }
    for other in [&mut bob, &mut desk] {
        other.hear("third");
        other.say("/log 10");
        other.hear("better (edited)");
        other.hear("(deleted)");
        other.hear("third");
    }
    bob.say("/edit last not mine");
    bob.hear("there is no such message");
    bob.say("/block 1001");
    bob.hear("blocked");
    bob.say("/unblock 1001");
    bob.hear("no longer blocked");
    for (program, code) in [(alice, 0), (desk, 0), (bob, 1)] {
        let (ended, heard) = program.end();
        assert_eq!(ended, Some(code), "{heard:#?}");
    }
}

#[test]
fn rooms_are_made_named_joined_and_left() {
    let house = House::new("rooms");
    let mut alice = house.client("alice", &[]);
    let mut bob = house.client("bob", &[]);
    alice.say("/create 1002 1003");
    let line = alice.hear("in ");
    let room = line.rsplit('(').next().unwrap_or_default().trim_end_matches(')').to_owned();
    assert!(room.parse::<i64>().is_ok_and(|id| id != 7000), "{line}");
    alice.say("welcome");
    bob.hear("welcome");
    alice.say("/title Friday");
    assert!(bob.hear("the title").contains("Friday"));
    alice.say("/invite 1004");
    assert!(bob.hear("has invited").contains("[Friday]"));
    bob.say(&format!("/room {room}"));
    bob.hear(&format!("in Friday ({room})"));
    bob.say("/leave");
    bob.hear("you have left");
    assert!(alice.hear("has left").contains("[Friday]"));
    for program in [alice, bob] {
        let (code, heard) = program.end();
        assert_eq!(code, Some(0), "{heard:#?}");
    }
}

#[test]
fn a_script_says_what_went_wrong_and_its_exit_code_does() {
    let house = House::new("script");
    let (code, out, _) = house.once("alice", &["do", "/room 7001", "hello", "/log 5"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.lines().any(|l| l.contains("hello")), "{out}");
    assert!(!out.contains('\x1b'), "no colours where nobody sees them: {out:?}");
    let (code, _, err) = house.once("alice", &["do", "/room 999"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("-401"), "{err}");
    let (code, _, err) = house.once("alice", &["do", "/nonsense"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("/help"), "{err}");
    let (code, out, err) = house.once("alice", &["do", "/raw getmem {\"chatId\":7000}", "/help"]);
    assert!(matches!(code, Some(0)) && out.contains("GETMEM"), "{out} {err}");
    assert!(err.contains("/rooms") && err.contains("/quit"), "{err}");
    let (code, _, err) = house.once("alice", &["--token", "wrong", "login"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("-950"), "{err}");
}

#[test]
fn a_state_file_goes_on_where_it_stopped() {
    let house = House::new("state");
    let state = house.path("alice.state");
    let with = ["--state", state.as_str()];
    let mut alice = house.client("alice", &with);
    alice.say("before");
    alice.hear("before");
    let (code, _) = alice.end();
    assert_eq!(code, Some(0));
    let (code, out, _) = house.once("bob", &["send", "7000", "while you were away"]);
    assert_eq!((code, out.trim().is_empty()), (Some(0), false));
    let mut alice = house.client("alice", &with);
    alice.say("/log");
    alice.say("/quit");
    let (code, heard) = alice.end();
    assert_eq!(code, Some(0), "{heard:#?}");
    let count = |part: &str| heard.iter().filter(|l| l.contains(part)).count();
    assert_eq!(count("before"), 1, "only as a part of the log: {heard:#?}");
    assert_eq!(count("while you were away"), 2, "reported once, and a part of the log: {heard:#?}");
    let Ok(mut bytes) = fs::read(&state) else { panic!("no state") };
    if let Some(byte) = bytes.last_mut() {
        *byte ^= 1;
    }
    bytes.truncate(bytes.len() / 2);
    assert!(fs::write(&state, &bytes).is_ok());
    let (code, _, err) = house.once("alice", &["--state", &state, "rooms"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("alice.state") && err.contains("damaged"), "{err}");
    assert!(fs::write(&state, "{}").is_ok());
    let (code, _, err) = house.once("alice", &["--state", &state, "rooms"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("locospec-client/1"), "{err}");
}
