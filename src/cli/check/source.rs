//! A system under test as a source of targets: started or attached to, one for each job, and its hooks around each
//! instance of a case.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::super::files::make_dir;
use super::super::{Failure, print};
use super::attach::attach;
use super::guard;
use super::world::world_json;
use crate::net::Clock;
use crate::proto::command::Door;
use crate::proto::quirk::Quirks;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::proto::time::Time;
use crate::spec::format::step::Finish;
use crate::spec::format::sut::{Launch, Sut, WorldKind};
use crate::spec::format::{Case, Role};
use crate::spec::run::launch::Server;
use crate::spec::run::leftovers::Folder;
use crate::spec::run::outside::Outside;
use crate::spec::run::proc::Holds;
use crate::spec::run::target::{Conn, Guarded, Happening, Order, Target, TargetError, too_long};
use crate::spec::run::tcp::{Attach, TcpTarget};
use crate::spec::run::{codec, reference};

/// How long a hook may take.
const HOOK_WITHIN: Duration = Duration::from_secs(60);
/// The exit code with which a hook says that it cannot make what is asked.
const CANNOT: i32 = 89;
/// A server that was running already, with a clock that runs fast, has done so for a day at most.
const RUNNING_MAX: Duration = Duration::from_secs(24 * 3600);
/// The least that a wait lasts on the wall clock where time is scaled.
const GRAIN: Duration = Duration::from_millis(250);

/// A folder of this run, gone with it.
fn scratch(job: usize) -> Result<Folder, Failure> {
    let dir = std::env::temp_dir().join(format!("locospec-{}-{job}", std::process::id()));
    make_dir(&dir)?;
    Ok(Folder::keep(dir))
}

/// One system under test, ready to be judged by one job.
#[derive(Debug)]
pub struct Source {
    sut: Arc<Sut>,
    /// The reference of this process is made with these.
    quirks: Quirks,
    server: Option<Arc<Mutex<Server>>>,
    attach: Option<Attach>,
    client: Option<Arc<Outside>>,
    /// Since when the server's clock may run.
    since: Time,
    /// Whether 2012 can be spoken: its key is known.
    pub old: bool,
    // Dropped last: the server may still write there.
    scratch: Folder,
}

impl Source {
    /// Starts or attaches to what `sut` describes.
    ///
    /// # Errors
    /// It cannot be started, is not ready in time, or nobody listens.
    pub fn start(sut: &Sut, quirks: Quirks, job: usize) -> Result<Self, Failure> {
        let (scratch, mut sut) = (scratch(job)?, sut.clone());
        sut.fill(scratch.path());
        let since = Time::default();
        let mut source =
            Self { sut: Arc::new(sut), quirks, server: None, attach: None, client: None, since, old: true, scratch };
        source.bring_up()?;
        Ok(source)
    }

    fn bring_up(&mut self) -> Result<(), Failure> {
        let sut = Arc::clone(&self.sut);
        if let (Role::Client | Role::Codec, Some(launch)) = (sut.role, &sut.launch) {
            // It is started for each instance, and each would say the same.
            can_be_started(launch).map_err(|why| Failure::usage(format!("{}: launch: {why}", sut.name)))?;
        }
        if let (Role::Client, Some(launch), Some(speaks)) = (sut.role, &sut.launch, sut.speaks) {
            let made = Outside::new(launch.clone(), speaks, sut.time_scale, sut.profiles.clone());
            self.client = Some(made.map_err(Failure::incomplete)?);
        }
        if sut.role != Role::Server || sut.world == WorldKind::InProcess {
            return Ok(());
        }
        let now = Clock::system().now();
        self.since = Time::default() + (now - Time::default()).saturating_sub(RUNNING_MAX);
        if let Some(launch) = &sut.launch {
            self.since = now;
            // The last one has to give its place up first.
            self.server = None;
            if let Some(stale) =
                launch.ready.as_ref().and_then(|r| r.file.as_ref()).filter(|f| f.starts_with(self.scratch.path()))
            {
                let _ = std::fs::remove_file(stale);
            }
            let env = BTreeMap::from([("LOCOSPEC_SCRATCH".to_owned(), self.scratch.path().display().to_string())]);
            let mut server = Server::start(launch, &env).map_err(Failure::usage)?;
            if let Some(ready) = &launch.ready {
                server.wait(ready).map_err(|why| Failure::incomplete(format!("{}: {why}", sut.name)))?;
            }
            self.server = Some(Arc::new(Mutex::new(server)));
        }
        if let Some(to) = &sut.attach {
            let (attach, old) = attach(to)?;
            (self.attach, self.old) = (Some(attach), old);
        }
        Ok(())
    }

    /// Says where the process is, for a debugger.
    ///
    /// # Errors
    /// Nobody can be told.
    pub fn introduce(&self) -> Result<(), Failure> {
        if let Some(server) = &self.server {
            print(format!("{}: process {}\n", self.sut.name, locked(server).pid()))?;
        }
        for (door, at) in self.attach.iter().flat_map(|a| &a.doors) {
            print(format!("{}: {} at {at}\n", self.sut.name, door.as_str()))?;
        }
        Ok(())
    }

    /// Whether an instance of this case can be judged, without starting anything.
    #[must_use]
    pub fn has(&self, case: &Case, profile: &str) -> bool {
        if let Some(client) = &self.client {
            return client.has(profile);
        }
        match &self.attach {
            Some(a) => on_sockets(&self.sut, a, profile),
            None if self.sut.world == WorldKind::InProcess => {
                let made = reference(case.role, Era::E2025, Quirks::NONE);
                self.sut.declares(profile) && made.is_ok_and(|t| t.has(profile))
            }
            None => self.sut.declares(profile),
        }
    }

    /// A fresh target for an instance.
    ///
    /// # Errors
    /// It cannot be started again after it has died.
    pub fn target(&mut self, runtime: &Rc<Runtime>, case: &Case, era: Era) -> Result<Box<dyn Target>, TargetError> {
        if self.sut.world == WorldKind::InProcess {
            return reference(case.role, era, self.quirks);
        }
        if let Some(client) = &self.client {
            return Ok(Box::new(client.target(runtime, era)?));
        }
        if let (Role::Codec, Some(launch)) = (self.sut.role, &self.sut.launch) {
            return Ok(codec::outside(launch, codec::bridge::PATIENCE));
        }
        if let Some(server) = &self.server {
            let (why, known) = {
                let mut server = locked(server);
                (server.died(), server.mourned)
            };
            if let Some(why) = why {
                self.bring_up().map_err(|f| TargetError::Unreachable(format!("it does not come back: {}", f.1)))?;
                if !known {
                    let why = why.join(" | ");
                    return Err(TargetError::Unreachable(format!("it died between the last instance and this: {why}")));
                }
            }
        }
        let Some(attach) = &self.attach else {
            return Err(TargetError::Unimplemented("a way to be driven".into()));
        };
        let mut attach = attach.clone();
        let dates = (attach.clock.clone(), self.since);
        let scaled = case.needs.all_of.iter().any(|p| p == "virtual-time");
        let scale = if scaled { self.sut.time_scale } else { 1.0 };
        if scaled {
            attach.clock = attach.clock.scaled(scale);
        }
        let known = attach.clone();
        let inner = TcpTarget::new(attach, Rc::clone(runtime));
        let told = BTreeMap::from([
            ("LOCOSPEC_CASE".to_owned(), case.case.clone()),
            ("LOCOSPEC_ERA".to_owned(), era.as_str().to_owned()),
            ("LOCOSPEC_WORLD".to_owned(), world_json(case)),
            ("LOCOSPEC_SCRATCH".to_owned(), self.scratch.path().display().to_string()),
        ]);
        let (sut, server) = (Arc::clone(&self.sut), self.server.clone());
        Ok(Box::new(Described { inner, known, sut, server, told, scale, dates, before: None }))
    }
}

fn locked(server: &Mutex<Server>) -> std::sync::MutexGuard<'_, Server> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a server on sockets has this profile: it says so, and it is one that can be had there.
fn on_sockets(sut: &Sut, attach: &Attach, profile: &str) -> bool {
    let possible = match profile {
        "client.driven" => false,
        // Time on the wall can be waited for, but nobody does.
        "virtual-time" => sut.time_scale > 1.0,
        "fresh-world" | "settings" => sut.world == WorldKind::Hook,
        "entry" => [Door::Booking, Door::Ticket, Door::Entry].iter().all(|d| attach.doors.contains_key(d)),
        _ => true,
    };
    possible && sut.declares(profile)
}

/// A server on sockets with what its `sut.yaml` says of it.
struct Described {
    inner: TcpTarget,
    known: Attach,
    sut: Arc<Sut>,
    server: Option<Arc<Mutex<Server>>>,
    /// What hooks are told.
    told: BTreeMap<String, String>,
    /// How much faster its time is than the wall's.
    scale: f64,
    /// The wall's clock, and since when the server's may run.
    dates: (Clock, Time),
    /// What the server held before.
    before: Option<Holds>,
}

impl Target for Described {
    fn has(&self, profile: &str) -> bool {
        on_sockets(&self.sut, &self.known, profile)
    }

    fn prepare(&mut self, case: &Case) -> Result<(), TargetError> {
        if let Some(why) = too_long(case, self.scale.max(1.0)) {
            return Err(TargetError::Skipped(why));
        }
        if let Some(hook) = &self.sut.hooks.before_case {
            run_hook(hook, &self.told)?;
        }
        self.before = self.server.as_ref().and_then(|s| guard::look(&mut locked(s), &case.case));
        if self.sut.world == WorldKind::Hook { Ok(()) } else { self.inner.prepare(case) }
    }

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn dates(&self) -> (Time, Time) {
        let ((wall, since), scale) = (&self.dates, self.sut.time_scale);
        if scale == 1.0 {
            return (self.now(), self.now());
        }
        // It may date by the wall or by its own clock, and that may have begun at any time since it was started.
        let now = wall.now();
        let reached = *since + now.since(*since).mul_f64(scale);
        (now.min(reached), now.max(reached))
    }

    fn poll(&mut self, until: Time) -> Option<Happening> {
        self.inner.poll(until)
    }

    fn connect(&mut self, door: Door) -> Result<Conn, TargetError> {
        self.inner.connect(door)
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        self.inner.write(conn, bytes);
    }

    fn finish(&mut self, conn: Conn, how: Finish) {
        self.inner.finish(conn, how);
    }

    fn order(&mut self, order: &Order) -> Result<(), TargetError> {
        self.inner.order(order)
    }

    fn public(&self) -> &PublicRing {
        self.inner.public()
    }

    fn private(&self) -> Option<&KeyRing> {
        self.inner.private()
    }

    fn died(&mut self, within: Duration) -> Option<Vec<String>> {
        let mut server = locked(self.server.as_ref()?);
        if !within.is_zero() {
            server.end(within);
        }
        let why = server.died();
        server.mourned |= why.is_some();
        why
    }

    fn guard(&mut self) -> Option<Guarded> {
        guard::judge(&mut locked(self.server.as_ref()?), self.before?)
    }

    fn paced(&self, wall: Duration) -> Duration {
        wall.mul_f64(self.scale.max(1.0))
    }

    fn grain(&self) -> Duration {
        if self.scale > 1.0 { GRAIN.mul_f64(self.scale) } else { Duration::ZERO }
    }

    fn settles(&self, written: Duration, slowest: Duration) -> Duration {
        self.inner.settles(written, slowest)
    }

    fn patience(&self) -> Duration {
        self.inner.patience().mul_f64(self.scale.max(1.0))
    }
}

impl Drop for Described {
    fn drop(&mut self) {
        if let Some(hook) = &self.sut.hooks.after_case {
            // What it cannot clear away is seen by the next case, or by nobody.
            let _ = run_hook(hook, &self.told);
        }
    }
}

fn run_hook(command: &[String], told: &BTreeMap<String, String>) -> Result<(), TargetError> {
    let name = command.first().cloned().unwrap_or_default();
    let launch = Launch { command: command.to_vec(), env: told.clone(), ..Launch::default() };
    let wrong = |what: String| TargetError::Unreachable(format!("hook {name}: {what}"));
    let mut hook = Server::start(&launch, &BTreeMap::new()).map_err(|e| wrong(e.to_string()))?;
    match hook.end(HOOK_WITHIN) {
        Some(status) if status.success() => Ok(()),
        Some(status) if status.code() == Some(CANNOT) => {
            Err(TargetError::Unimplemented("this world: its hook says so".into()))
        }
        Some(status) => Err(wrong(format!("{status} {}", hook.last_words().join(" | ")))),
        None => Err(wrong(format!("not done after {} s", HOOK_WITHIN.as_secs()))),
    }
}

/// Looks for the program of a command where starting it would.
fn can_be_started(launch: &Launch) -> Result<(), String> {
    let name = launch.command.first().map_or("", String::as_str);
    let can = |file: &Path| file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    if name.contains('/') {
        return match Path::new(name) {
            file if can(file) => Ok(()),
            file if file.exists() => Err(format!("{name} is no program that can be run")),
            _ => Err(format!("there is no {name}")),
        };
    }
    let path = launch.env.get("PATH").map(OsString::from).or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| can(&dir.join(name)));
    if found { Ok(()) } else { Err(format!("there is no program `{name}` in PATH")) }
}

/// Whether each job can have a system of its own.
#[must_use]
pub fn can_be_many(sut: &Sut) -> bool {
    let scratch = |p: &Path| p.display().to_string().contains(crate::spec::format::sut::SCRATCH);
    match (sut.role, sut.world) {
        (_, WorldKind::InProcess) | (Role::Client | Role::Codec, _) => true,
        (Role::Server, _) => {
            sut.launch.is_some() && sut.attach.as_ref().and_then(|a| a.dir.as_deref()).is_some_and(scratch)
        }
    }
}
