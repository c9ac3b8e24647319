//! A judge that is stopped, or whose run fails, leaves nothing running and no folder behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::usage::Folder;

const BIN: &str = env!("CARGO_BIN_EXE_locospec");

/// Whether the process runs. One that has ended and that nobody has taken off the table does not.
fn runs(pid: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    !matches!(state, Some("Z" | "X"))
}

const HANGUP: u32 = 1;
const QUIT: u32 = 3;

/// Whether this signal is dealt with in this way by a process, `SigIgn` or `SigCgt`.
fn signal_is(pid: u32, signal: u32, how: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix(how)?.strip_prefix(':'));
    mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).is_some_and(|m| m >> (signal - 1) & 1 == 1)
}

/// This signal, or SIGTERM where these tests run with it ignored: under `nohup`, or in the background of a script.
fn unless_ignored(name: &'static str, signal: u32) -> &'static str {
    if signal_is(std::process::id(), signal, "SigIgn") { "-TERM" } else { name }
}

/// The processes that have written their ids to this file, each id in a line.
fn pids(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Looks again and again, but not for ever.
fn soon(done: impl Fn() -> bool) -> bool {
    (0..2_000_000).any(|_| {
        std::thread::yield_now();
        done()
    })
}

fn start(sut: &str, more: &[&str]) -> Child {
    let mut command = Command::new(BIN);
    command.args(["check", "--sut", sut, "--jobs", "2", "--era", "2025"]).args(more);
    spawn(&mut command)
}

fn spawn(command: &mut Command) -> Child {
    match command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(e) => panic!("{e}"),
    }
}

/// A server as a shell starts it: it tells its own id and that of a child, which it does not look after.
fn server(f: &Folder, then: &str, more: &str) -> String {
    let script = format!("sleep 600 & echo $! >> {0}/pids; echo $$ >> {0}/pids; {then}", f.path());
    format!(
        "format: locospec-sut/1\nname: ours\nversion: \"0\"\nrole: server\nlaunch:\n\
         \x20 command: [sh, -c, \"{script}\"]\n  ready: {{file: \"${{scratch}}/endpoints.json\"}}\n\
         attach: {{dir: \"${{scratch}}\"}}\n{more}"
    )
}

fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill").args([signal, &to.id().to_string()]).status();
    assert!(sent.is_ok_and(|s| s.success()));
}

/// Stops it by this signal when so many processes have told their ids. All of them are gone then, and the folders too.
fn is_stopped(f: &Folder, signal: &str, mut judge: Child, processes: usize) {
    let file = Path::new(&f.path()).join("pids");
    let folder = std::env::temp_dir().join(format!("locospec-{}-0", judge.id()));
    let there = soon(|| pids(&file).len() >= processes);
    assert!(there, "{:?} is judged by {judge:?}", pids(&file));
    assert!(folder.exists() && pids(&file).iter().all(|p| runs(p)));
    send(signal, &judge);
    let mut lines = judge.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok);
    assert!(lines.any(|l| l.starts_with("stopped by SIG")), "{judge:?} has not said that it is stopped");
    if signal == "-HUP" {
        // As a shell does that has got it itself. Nobody is in a hurry for that.
        send(signal, &judge);
    }
    let said: Vec<String> = lines.collect();
    let code = judge.wait().ok().and_then(|s| s.code());
    assert_eq!(code, Some(3), "{said:?}");
    for pid in pids(&file) {
        assert!(soon(|| !runs(&pid)), "process {pid} of {:?} still runs", pids(&file));
    }
    assert!(!folder.exists(), "{} is left", folder.display());
}

#[test]
fn whoever_stops_the_judge_stops_its_servers() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let serve = format!("exec '{BIN}' serve --dir '${{scratch}}'");
    // All servers are ready, and nobody is judged yet.
    let f = Folder::new("stopped-ready");
    let mut judge = start(&f.file("sut.yaml", &server(&f, &serve, "")), &["--wait-for-debugger"]);
    let mut first = String::new();
    let read = judge.stdout.take().map(|out| BufReader::new(out).read_line(&mut first));
    assert!(read.is_some_and(|r| r.is_ok()) && first.starts_with("ours: process "), "{first}");
    is_stopped(&f, "-TERM", judge, 4);
    // One that takes no notice of SIGTERM is not ready yet.
    let f = Folder::new("stopped-early");
    let judge = start(&f.file("sut.yaml", &server(&f, "trap '' TERM; while :; do sleep 1; done", "")), &[]);
    is_stopped(&f, "-INT", judge, 2);
    // Neither is this one.
    let f = Folder::new("stopped-hangup");
    let judge = start(&f.file("sut.yaml", &server(&f, "trap '' TERM; while :; do sleep 1; done", "")), &[]);
    is_stopped(&f, unless_ignored("-HUP", HANGUP), judge, 2);
    // A hook is at work for a case.
    let f = Folder::new("stopped-busy");
    let hook = format!("world: hook\nhooks: {{before_case: [sh, -c, \"echo $$ >> {}/pids; sleep 600\"]}}\n", f.path());
    let judge = start(&f.file("sut.yaml", &server(&f, &serve, &hook)), &["frame/"]);
    is_stopped(&f, "-TERM", judge, 6);
}

#[test]
fn whoever_stops_the_judge_stops_its_clients() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let f = Folder::new("stopped-client");
    let script = format!("sleep 600 & echo $! >> {0}/pids; echo $$ >> {0}/pids; wait", f.path());
    let sut = format!(
        "format: locospec-sut/1\nname: a client\nversion: \"0\"\nrole: client\nspeaks: lines\n\
         launch: {{command: [sh, -c, \"{script}\"]}}\n"
    );
    is_stopped(&f, unless_ignored("-QUIT", QUIT), start(&f.file("sut.yaml", &sut), &[]), 4);
}

#[test]
fn who_ignores_a_closed_terminal_goes_on() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let f = Folder::new("stopped-nohup");
    let sut = f.file("sut.yaml", &server(&f, &format!("exec '{BIN}' serve --dir '${{scratch}}'"), ""));
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh", BIN, "check", "--sut", &sut, "--jobs", "1", "--era", "2025"]);
    let mut judge = spawn(command.args(["--wait-for-debugger", "frame.id-echo"]));
    let mut out = judge.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok);
    let first = out.next().unwrap_or_default();
    assert!(first.starts_with("ours: process "), "{first}");
    assert!(signal_is(judge.id(), HANGUP, "SigIgn") && !signal_is(judge.id(), HANGUP, "SigCgt"));
    send("-HUP", &judge);
    // Its input ends when it is waited for: then it judges.
    let code = judge.wait().ok().and_then(|s| s.code());
    assert_eq!(code, Some(0), "{:?}", out.collect::<Vec<_>>());
}

#[test]
fn a_run_that_fails_leaves_no_server_behind() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let f = Folder::new("stopped-failed");
    let serve = format!("exec '{BIN}' serve --quirk forgets-packet-id --dir '${{scratch}}'");
    let sut = f.file("sut.yaml", &server(&f, &serve, ""));
    let mut judge = start(&sut, &["--timeout", "1s", "frame.id-echo"]);
    assert_eq!(judge.wait().ok().and_then(|s| s.code()), Some(1));
    let started = pids(&Path::new(&f.path()).join("pids"));
    assert_eq!(started.len(), 4, "{started:?}");
    assert!(soon(|| !started.iter().any(|p| runs(p))), "one of {started:?} still runs");
}
