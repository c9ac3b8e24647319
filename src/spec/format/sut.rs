//! `sut.yaml`: a system under test, format `locospec-sut/1`. How it is started or where it is, and what it has.
//!
//! Shapes, and what must hold inside one file. Who starts it is [`crate::spec::run`]. Every path is relative to the
//! file's folder; [`Sut::read`] gives them so that they hold from anywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Eras, Role, Span};
use crate::spec::yaml::{self, Diagnostic, Located};

/// The word in a command, an `env` value or a path that stands for a fresh folder of this run.
pub const SCRATCH: &str = "${scratch}";

/// A system under test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "sut")]
pub struct Sut {
    /// `locospec-sut/1`.
    pub format: SutFormat,
    /// Its name, as reports show it.
    pub name: String,
    /// Its version, as reports show it.
    pub version: String,
    /// What it is.
    pub role: Role,
    /// The profiles that it has; without it all that the judge can check from outside.
    pub profiles: Option<Vec<String>>,
    /// The eras that it speaks.
    #[serde(default)]
    pub eras: Eras,
    /// How its users and rooms come to be.
    #[serde(default)]
    pub world: WorldKind,
    /// How many times faster its timers run than written: at 60, it waits a second for each minute that a case
    /// advances.
    #[serde(default = "one")]
    pub time_scale: f64,
    /// How it is started. A server may be running already; a client and a codec are always started.
    pub launch: Option<Launch>,
    /// Where a server is.
    pub attach: Option<Attach>,
    /// How a client is driven; a codec always speaks lines.
    pub speaks: Option<Speaks>,
    /// What is run around each instance of a case.
    #[serde(default)]
    pub hooks: Hooks,
}

fn one() -> f64 {
    1.0
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SutFormat {
    /// Version 1.
    #[serde(rename = "locospec-sut/1")]
    V1,
}

/// How users and rooms come to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorldKind {
    /// They are there, and keep what earlier cases did.
    #[default]
    Fixed,
    /// `hooks.before_case` makes them for each instance, as `LOCOSPEC_WORLD` says.
    Hook,
    /// The reference of this program, in this process: nothing is started or attached.
    InProcess,
}

/// How a client is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Speaks {
    /// JSON lines on stdin and stdout.
    Lines,
    /// One process for each instance, told by its environment.
    Spawn,
}

/// A command to start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {command: [program, argument]}, and cwd, env, ready")]
pub struct Launch {
    /// The program and its arguments; no shell. A program with a slash in it is a path, else it is looked for in PATH.
    pub command: Vec<String>,
    /// Where it runs; without it the file's folder.
    #[serde(default)]
    pub cwd: PathBuf,
    /// Added to the environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// When a server can be connected to; without it as soon as it is attached to.
    pub ready: Option<Ready>,
}

/// When a server that was started can be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map with file, port or line: {port: 9000}")]
pub struct Ready {
    /// When this file is there.
    pub file: Option<PathBuf>,
    /// When this port of 127.0.0.1 takes connections.
    pub port: Option<u16>,
    /// When a line of its stdout or stderr has this in it.
    pub line: Option<String>,
    /// How long that may take; without it 20s.
    pub within: Option<Span>,
}

/// Where a server is, and what it is known by: a folder that has all of it, or one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {dir: folder}, or booking, ticket, entry, carriage, ca, rsa_pub")]
pub struct Attach {
    /// A folder as `locospec serve --dir` writes it: `endpoints.json`, `ca.pem`, `rsa.pub.pem`, `rsa-2012.pub.pem`.
    pub dir: Option<PathBuf>,
    /// Booking, `host:port`. Where no other door is named, it leads to them.
    pub booking: Option<String>,
    /// The ticket server, `host:port`.
    pub ticket: Option<String>,
    /// The entry of 2012, `host:port`; without it the carriage's port.
    pub entry: Option<String>,
    /// The carriage, `host:port`.
    pub carriage: Option<String>,
    /// The CA of booking, PEM.
    pub ca: Option<PathBuf>,
    /// The RSA-2048 public key, PEM.
    pub rsa_pub: Option<PathBuf>,
    /// The RSA-1024 public key, PEM; without it 2012 is left out.
    pub rsa_2012_pub: Option<PathBuf>,
}

/// What is run around each instance of a case: a program and its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map: {before_case: [program, argument]}, and after_case")]
pub struct Hooks {
    /// Before it, with `LOCOSPEC_CASE`, `LOCOSPEC_ERA` and `LOCOSPEC_WORLD` (JSON). Exit code 0 is done, 89 is "I cannot
    /// make this", anything else is a failure.
    pub before_case: Option<Vec<String>>,
    /// After it, with the same.
    pub after_case: Option<Vec<String>>,
}

impl Sut {
    /// Reads the file at `path`; its paths are then absolute.
    ///
    /// # Errors
    /// What is wrong with it, with file, line and column.
    pub fn read(path: &Path) -> Result<Located<Self>, Vec<Diagnostic>> {
        let name = path.display().to_string();
        let mut read: Located<Self> = yaml::read(path, &name).map_err(|d| vec![d])?;
        let wrong = faults(&read);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let base = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let base = std::path::absolute(base).unwrap_or_else(|_| base.to_path_buf());
        read.value.anchor(&base);
        Ok(read)
    }

    /// Makes every path one that holds from anywhere.
    fn anchor(&mut self, base: &Path) {
        if let Some(l) = &mut self.launch {
            l.cwd = base.join(&l.cwd);
            program(&mut l.command, base);
            l.ready.iter_mut().filter_map(|r| r.file.as_mut()).for_each(|f| below(f, base));
        }
        if let Some(a) = &mut self.attach {
            let files = [&mut a.dir, &mut a.ca, &mut a.rsa_pub, &mut a.rsa_2012_pub];
            files.into_iter().flatten().for_each(|f| below(f, base));
        }
        let hooks = [&mut self.hooks.before_case, &mut self.hooks.after_case];
        hooks.into_iter().flatten().for_each(|c| program(c, base));
    }

    /// Whether it says that it has this profile.
    #[must_use]
    pub fn declares(&self, profile: &str) -> bool {
        self.profiles.as_ref().is_none_or(|all| all.iter().any(|p| p == profile))
    }

    /// Everything with [`SCRATCH`] in it, with this folder instead.
    pub fn fill(&mut self, scratch: &Path) {
        let dir = scratch.display().to_string();
        let text = |t: &mut String| *t = t.replace(SCRATCH, &dir);
        let file = |f: &mut PathBuf| *f = PathBuf::from(f.display().to_string().replace(SCRATCH, &dir));
        if let Some(l) = &mut self.launch {
            l.command.iter_mut().for_each(text);
            l.env.values_mut().for_each(text);
            l.ready.iter_mut().filter_map(|r| r.file.as_mut()).for_each(file);
        }
        if let Some(a) = &mut self.attach {
            [&mut a.dir, &mut a.ca, &mut a.rsa_pub, &mut a.rsa_2012_pub].into_iter().flatten().for_each(file);
        }
        let hooks = [&mut self.hooks.before_case, &mut self.hooks.after_case];
        hooks.into_iter().flatten().flatten().for_each(text);
    }
}

/// A path of the file, from its folder; one in the scratch folder stays what it is.
fn below(path: &mut PathBuf, base: &Path) {
    if !path.starts_with(SCRATCH) {
        *path = base.join(&path);
    }
}

fn program(command: &mut [String], base: &Path) {
    if let Some(name) = command.first_mut().filter(|n| n.contains('/')) {
        *name = base.join(&name).display().to_string();
    }
}

/// Everything in one file that contradicts itself.
fn faults(read: &Located<Sut>) -> Vec<Diagnostic> {
    let s = &read.value;
    let mut out = Vec::new();
    let mut wrong = |at: &str, what: &str| out.push(read.wrong(at, what));
    let server = s.role == Role::Server;
    match (s.world, &s.launch, &s.attach) {
        (WorldKind::InProcess, None, None) => (),
        (WorldKind::InProcess, ..) => wrong("world", "`in-process` is the reference: neither launch nor attach"),
        (_, _, None) if server => wrong("role", "a server needs `attach`: where it is"),
        (_, _, Some(_)) if !server => wrong("attach", "only a server is attached to: a client or codec has `launch`"),
        (_, None, _) if !server => wrong("role", "a client or codec needs `launch`: how it is started"),
        _ => (),
    }
    let commands = [
        ("launch.command", s.launch.as_ref().map(|l| &l.command)),
        ("hooks.before_case", s.hooks.before_case.as_ref()),
        ("hooks.after_case", s.hooks.after_case.as_ref()),
    ];
    for (at, _) in commands.iter().filter(|(_, c)| c.is_some_and(Vec::is_empty)) {
        wrong(at, "a command has at least a program");
    }
    if let Some(r) = s.launch.as_ref().and_then(|l| l.ready.as_ref()) {
        if usize::from(r.file.is_some()) + usize::from(r.port.is_some()) + usize::from(r.line.is_some()) != 1 {
            wrong("launch.ready", "ready has exactly one of file, port, line");
        }
        if !server {
            wrong("launch.ready", "only a server is waited for");
        }
    }
    if let Some(a) = &s.attach {
        let named = [&a.booking, &a.ticket, &a.entry, &a.carriage].iter().any(|d| d.is_some());
        let files = [&a.ca, &a.rsa_pub, &a.rsa_2012_pub].iter().any(|f| f.is_some());
        match (&a.dir, named) {
            (Some(_), _) if named || files => wrong("attach", "`dir` has all of it: name nothing else"),
            (None, false) => wrong("attach", "attach has `dir`, or at least one of booking and carriage"),
            (None, true) if a.rsa_pub.is_none() => wrong("attach", "a server is known by `rsa_pub`"),
            (None, true) if a.booking.is_none() && a.carriage.is_none() => wrong("attach", "booking or carriage"),
            _ => (),
        }
        if a.booking.is_some() && a.ca.is_none() {
            wrong("attach.booking", "booking is TLS: name its `ca`");
        }
    }
    match (s.role, s.speaks) {
        (Role::Client, None) if s.launch.is_some() => wrong("role", "a client `speaks` lines or spawn"),
        (Role::Server, Some(_)) => wrong("speaks", "a server speaks LOCO alone"),
        (Role::Codec, Some(Speaks::Spawn)) => wrong("speaks", "a codec speaks lines"),
        _ => (),
    }
    if s.world == WorldKind::Hook && s.hooks.before_case.is_none() {
        wrong("world", "`hook` needs hooks.before_case");
    }
    if !(s.time_scale >= 0.01 && s.time_scale <= 10_000.0) {
        wrong("time_scale", "from 0.01 to 10000");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format: locospec-sut/1\nname: sut\nversion: \"1\"\n";

    fn refusal(rest: &str) -> String {
        match yaml::parse::<Sut>("sut.yaml", &format!("{HEAD}{rest}")) {
            Ok(read) => faults(&read).iter().map(|d| format!("{d}\n")).collect(),
            Err(d) => d.to_string(),
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_place() {
        for (rest, want) in [
            ("role: server\n", "sut.yaml:4:1: a server needs `attach`"),
            ("role: client\nlaunch: {command: [x]}\n", "sut.yaml:4:1: a client `speaks`"),
            ("role: codec\nspeaks: spawn\nlaunch: {command: [x]}\n", "sut.yaml:5:1: a codec speaks lines"),
            ("role: codec\nlaunch: {command: []}\n", "sut.yaml:5:10: a command has"),
            ("role: codec\nattach: {dir: d}\n", "sut.yaml:5:1: only a server"),
            ("role: server\nattach: {dir: d, ca: c}\n", "sut.yaml:5:1: `dir` has all"),
            ("role: server\nattach: {carriage: \"h:1\"}\n", "sut.yaml:5:1: a server is known by"),
            ("role: server\nattach: {booking: \"h:1\", rsa_pub: r}\n", "sut.yaml:5:10: booking is TLS"),
            ("role: server\nattach: {dir: d}\nworld: hook\n", "sut.yaml:6:1: `hook` needs"),
            ("role: server\nattach: {dir: d}\ntime_scale: 0\n", "sut.yaml:6:1: from 0.01"),
            (
                "role: server\nattach: {dir: d}\nlaunch: {command: [x], ready: {port: 1, line: r}}\n",
                "sut.yaml:6:24: ready has exactly one",
            ),
            ("role: server\nattach: {dir: d, host: h}\n", "sut.yaml:5:18: attach: unknown field `host`"),
            ("role: server\nworld: in-process\nattach: {dir: d}\n", "sut.yaml:5:1: `in-process`"),
        ] {
            let said = refusal(rest);
            assert!(said.starts_with(want), "{rest}: {said}");
        }
        assert_eq!(refusal("role: server\nworld: in-process\n"), "");
        assert_eq!(refusal("role: client\nspeaks: lines\nlaunch: {command: [node, a.js]}\n"), "");
    }

    #[test]
    fn paths_are_from_the_files_folder_and_the_scratch_folder_is_put_in() {
        let text = format!(
            "{HEAD}role: server\nlaunch: {{command: [bin/s, --dir, \"${{scratch}}/d\"], ready: {{file: \"${{scratch}}/d/e\"}}}}\nattach: {{dir: out}}\n"
        );
        let Ok(read) = yaml::parse::<Sut>("s", &text) else { panic!("refused") };
        let mut s = read.value;
        s.anchor(Path::new("/base"));
        s.fill(Path::new("/tmp/x"));
        let launch = s.launch.unwrap_or_default();
        assert_eq!(launch.command, ["/base/bin/s", "--dir", "/tmp/x/d"]);
        assert_eq!(launch.cwd, Path::new("/base"));
        assert_eq!(launch.ready.and_then(|r| r.file), Some(PathBuf::from("/tmp/x/d/e")));
        assert_eq!(s.attach.and_then(|a| a.dir), Some(PathBuf::from("/base/out")));
    }
}
