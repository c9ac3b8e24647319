//! What the program says to bad arguments and bad files: what is wrong, where, and with which exit code.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of its own for each test, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("locospec-usage-{}-{name}", std::process::id()));
        assert!(fs::create_dir_all(&path).is_ok());
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        assert!(fs::write(&path, text).is_ok());
        path.display().to_string()
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn locospec(args: &[&str]) -> Output {
    match Command::new(env!("CARGO_BIN_EXE_locospec")).args(args).output() {
        Ok(output) => output,
        Err(e) => panic!("{e}"),
    }
}

/// Runs it, wants exit code 2 and this in what it says.
fn refused(args: &[&str], said: &[&str]) {
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

#[test]
fn unknown_words_are_refused_with_what_there_is() {
    refused(&["serve", "--quirk", "no-such"], &["push-twice"]);
    refused(&["client", "--dir", "/nowhere", "--era", "2013"], &["2012, 2019, 2023, 2025"]);
    refused(&["client", "--dir", "/nowhere", "--user", "mallory"], &["mallory"]);
    refused(&["client", "--dir", "/nowhere"], &["endpoints.json", "serve --dir"]);
    refused(&["no-such-command"], &["no-such-command"]);
}
