//! What the program says to bad arguments and bad files: what is wrong, where, and with which exit code.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of its own for each test, gone when the test is.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("locospec-usage-{}-{name}", std::process::id()));
        assert!(fs::create_dir_all(&path).is_ok());
        Self(path)
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        assert!(fs::write(&path, text).is_ok());
        path.display().to_string()
    }

    pub fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn locospec(args: &[&str]) -> Output {
    match Command::new(env!("CARGO_BIN_EXE_locospec")).args(args).output() {
        Ok(output) => output,
        Err(e) => panic!("{e}"),
    }
}

/// Runs it, wants exit code 2 and this in what it says.
pub fn refused(args: &[&str], said: &[&str]) {
    let output = locospec(args);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
    for part in said {
        assert!(err.contains(part), "{args:?} says {err:?}, not {part:?}");
    }
}

#[test]
fn a_wrong_world_is_refused_with_its_place() {
    let f = Folder::new("world");
    let bad = f.file("bad.yaml", "format: locospec-world/1\nusers:\n  - {id: 1, name: a, token: t, colour: red}\n");
    refused(&["serve", "--world", &bad], &["bad.yaml:3:", "colour"]);
    let twice = f.file(
        "twice.yaml",
        "format: locospec-world/1\nusers:\n  - {id: 1, name: a, token: t}\n  - {id: 1, name: b, token: u}\n",
    );
    refused(&["serve", "--world", &twice], &["twice.yaml", "1"]);
    refused(&["serve", "--world", "/nowhere/world.yaml"], &["/nowhere/world.yaml"]);
}

#[test]
fn keys_of_the_wrong_size_or_none_are_refused() {
    let f = Folder::new("keys");
    refused(&["serve", "--keys", &f.path()], &["rsa.key.pem"]);
    let made = locospec(&["keygen", "--dir", &f.path()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    refused(&["keygen", "--dir", &f.path()], &["is there already"]);
    let old = fs::read_to_string(Path::new(&f.path()).join("rsa-2012.key.pem")).unwrap_or_default();
    f.file("rsa.key.pem", &old);
    refused(&["serve", "--keys", &f.path()], &["1024", "2048"]);
    f.file("rsa.key.pem", "no key at all");
    refused(&["serve", "--keys", &f.path()], &["rsa.key.pem"]);
}

#[test]
fn a_data_directory_that_is_not_ours_is_refused() {
    let f = Folder::new("data");
    let file = f.file("file", "x");
    refused(&["serve", "--data", &file], &["file"]);
}

#[test]
fn a_data_directory_in_use_is_refused_and_a_signal_drains() {
    let f = Folder::new("in-use");
    let args = ["serve", "--data", &f.path(), "--dir", &f.path()];
    let Ok(mut first) =
        Command::new(env!("CARGO_BIN_EXE_locospec")).args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    else {
        panic!("cannot start a server")
    };
    let mut ready = String::new();
    let read = first.stdout.take().map(|out| BufReader::new(out).read_line(&mut ready));
    assert!(matches!(read, Some(Ok(n)) if n > 0), "the server says where it is");
    assert_eq!(fs::read_to_string(f.0.join("endpoints.json")).ok().as_deref(), Some(ready.trim()));
    refused(&args, &["in use"]);
    let killed = Command::new("kill").args(["-INT", &first.id().to_string()]).status();
    assert!(killed.is_ok_and(|s| s.success()));
    assert_eq!(first.wait().ok().and_then(|s| s.code()), Some(0));
    assert!(!f.0.join("endpoints.json").exists(), "nobody is sent to a server that has stopped");
}

#[test]
fn every_address_needs_a_host_to_advertise() {
    refused(&["serve", "--bind", "0.0.0.0"], &["--advertise"]);
    refused(&["serve", "--bind", "nonsense"], &["nonsense"]);
}

/// The small catalogue that the tests of the catalogue share.
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/spec/selftest/catalogue");

/// Runs it, wants exit code 0 and gives stdout.
pub fn said(args: &[&str]) -> String {
    let output = locospec(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_catalogue_is_listed_shown_and_exported() {
    let list = said(&["spec", "list", "room", "--spec", SMALL, "--dir", "push"]);
    assert!(list.starts_with("MSG  push  all  carriage  partial  ") && list.lines().count() == 1, "{list}");
    let json: serde_json::Value =
        serde_json::from_str(&said(&["spec", "list", "--json", "--spec", SMALL])).unwrap_or_default();
    assert_eq!(json.as_array().map(Vec::len), Some(3));
    assert!(said(&["spec", "show", "-950", "--spec", SMALL]).starts_with("-950  bad-token\n"));
    assert!(said(&["spec", "show", "type", "chat-log", "--spec", SMALL]).starts_with("chat-log  "));
    let text = said(&["spec", "export", "--json", "--spec", SMALL]);
    assert!(text.starts_with("{\n  \"format\": \"locospec-spec/1\""), "{text}");
    let f = Folder::new("export");
    let file = Path::new(&f.path()).join("spec.json").display().to_string();
    assert_eq!(said(&["spec", "export", "--json", &file, "--spec", SMALL]), "");
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), text);
    let wrote = said(&["spec", "doc", "--out", &f.path(), "--spec", SMALL]);
    for name in ["LOCO.md", "LOCO.html"] {
        let written = fs::read_to_string(Path::new(&f.path()).join(name)).unwrap_or_default();
        assert!(wrote.contains(name) && written.contains("method-WRITE"), "{wrote}");
    }
    assert_eq!(said(&["spec", "lint", "--spec", SMALL, "--src", &f.path()]), "");
}

#[test]
fn names_that_the_catalogue_does_not_have_are_refused_with_neighbours() {
    refused(&["spec", "show", "WRTIE", "--spec", SMALL], &["`WRTIE`", "did you mean WRITE?"]);
    refused(&["spec", "show", "type", "WRITE", "--spec", SMALL], &["no type is called `WRITE`"]);
    refused(&["spec", "show", "verb", "WRITE", "--spec", SMALL], &["`verb` is no kind: method, type, enum"]);
    refused(&["spec", "list", "--group", "noise", "--spec", SMALL], &["one of session, messages, rooms"]);
    refused(&["spec", "list", "--era", "2013", "--spec", SMALL], &["2012, 2019, 2023, 2025"]);
    refused(&["spec", "list", "--status", "lost", "--spec", SMALL], &["one of disputed, unknown, known, partial"]);
    refused(&["spec", "list", "--spec", "/nowhere"], &["quirks.yaml", "cannot be read"]);
    refused(&["spec", "doc", "--out", "/dev/null/x", "--spec", SMALL], &["/dev/null/x"]);
    let f = Folder::new("no-catalogue");
    f.file("quirks.yaml", "format: locospec-quirks/1\nquirks: []\n");
    f.file("profiles.yaml", "format: locospec-profiles/1\nprofiles: []\n");
    refused(&["spec", "list", "--spec", &f.path()], &["no catalogue", "commands/"]);
    refused(&["spec", "export", "--json", "--spec", &f.path()], &["no catalogue"]);
}

#[test]
fn a_catalogue_that_does_not_hold_is_told_line_by_line() {
    let f = Folder::new("not-sound");
    f.file("quirks.yaml", "format: locospec-quirks/1\nquirks: []\n");
    f.file("profiles.yaml", "format: locospec-profiles/1\nprofiles: []\n");
    let types = "format: locospec-types/1\nabout: T.\ntypes:\n  - {name: a, title: A, text: A., fields: [{name: b, type: c, meaning: B.}]}\n";
    assert!(fs::create_dir_all(f.0.join("types")).is_ok());
    f.file("types/a.yaml", types);
    let output = locospec(&["spec", "lint", "--spec", &f.path(), "--src", &f.path()]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert_eq!(out, "spec/types/a.yaml:4:54: no type is called `c`\n");
    refused(&["spec", "export", "--json", "--spec", &f.path()], &["spec/types/a.yaml:4:54"]);
}

#[test]
fn unknown_words_are_refused_with_what_there_is() {
    refused(&["serve", "--quirk", "no-such"], &["push-twice"]);
    refused(&["client", "--dir", "/nowhere", "--era", "2013"], &["2012, 2019, 2023, 2025"]);
    refused(&["client", "--dir", "/nowhere", "--user", "mallory"], &["mallory"]);
    refused(&["client", "--dir", "/nowhere"], &["endpoints.json", "serve --dir"]);
    refused(&["no-such-command"], &["no-such-command"]);
}

#[test]
fn a_version_is_numbers_with_dots_between_them() {
    for version in ["ten", "10.", "10.x", "", "-1"] {
        refused(&["serve", &format!("--min-version={version}")], &["--min-version"]);
    }
}

#[test]
fn a_world_says_of_an_account_what_it_can() {
    let f = Folder::new("account");
    let head =
        "format: locospec-world/1\nusers:\n  - {id: 1, name: a, token: t, restricted: true, token_expires_at: 5}\n";
    let bad = f.file("bad.yaml", &format!("{head}  - {{id: 2, name: b, token: u, token_expires_at: -1}}\n"));
    refused(&["serve", "--world", &bad], &["bad.yaml:4:"]);
}

/// Runs it when nobody reads its output, or its complaints either: how it ends, and what it complains of.
fn unread(args: &[&str], deaf: bool) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locospec"));
    let spawned = command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else { panic!("{args:?} cannot be started") };
    drop(child.stdout.take());
    if deaf {
        drop(child.stderr.take());
    }
    match child.wait_with_output() {
        Ok(output) => (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(e) => panic!("{args:?}: {e}"),
    }
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let f = Folder::new("unread");
    let (dir, ping) = (f.path(), f.file("ping.hex", "01000000 0000 50494e47 00000000000000 00 05000000 0500000000"));
    let runs: [(i32, &[&str]); 11] = [
        (0, &["--help"]),
        (0, &["check", "--list"]),
        (0, &["check", "frame.body-garbage", "--seeds", "0"]),
        (0, &["spec", "list"]),
        (0, &["spec", "show", "WRITE"]),
        (0, &["spec", "lint", "--spec", SMALL, "--src", &dir]),
        (0, &["decode", "--hex", &ping]),
        (0, &["keygen", "--dir", &dir, "--force"]),
        (0, &["replay", "1", "--trace"]),
        (0, &["detect", "push-twice", "--within", "1"]),
        (1, &["sim", "--seed", "0", "--quirk", "push-twice", "--no-shrink", "--keep", &dir]),
    ];
    for (code, args) in runs {
        for deaf in [false, true] {
            let (ended, said) = unread(args, deaf);
            assert_eq!(ended, Some(code), "{args:?}: {said}");
            assert!(!said.contains("panicked") && !said.contains("roken pipe"), "{args:?}: {said}");
        }
    }
}

#[test]
fn an_instance_with_a_number_in_its_name_is_found() {
    let name = "frame.body-lying-length[2025,body=#3]";
    let listed = said(&["check", "--list", name]);
    assert!(listed.starts_with("frame.body-lying-length ") && listed.lines().count() == 1, "{listed}");
    let told = locospec(&["check", "--seeds", "0", "--verbose", &format!("{name}#guard")]);
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && text.contains("1 cases, 1 runs"), "{text}");
    assert!(said(&["explain", name]).starts_with("frame.body-lying-length"));
}
