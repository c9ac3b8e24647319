//! One process of a client under test, as a target: its doors, its lines, its end.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::link::Link;
use super::super::program::{Heard, Program};
use super::super::target::{Conn, Happening, Open, Order, Target, TargetError, too_long};
use super::doors::{Arrival, Doors};
use super::lines::{self, Hello, Place};
use super::timing::{Idle, is_timed, leniently, strictly};
use super::{CA, Outside, UNIMPLEMENTED, printed, rsa_file};
use crate::net::Clock;
use crate::net::clock::system_entropy;
use crate::proto::command::Door;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::proto::time::Time;
use crate::spec::format::Case;
use crate::spec::format::driving::EventKind;
use crate::spec::format::step::Finish;
use crate::spec::format::sut::Speaks;
use crate::store::world::{World, WorldUser};

/// How long an adapter has for its first answer: its runtime starts.
const START_WITHIN: Duration = Duration::from_secs(20);
/// How long an answer may take. It says that the operation was taken, not that it is done.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long an expectation without a time of its own waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// When something went wrong: how long to wait for word that the process has died of it.
const DEATH_WITHIN: Duration = Duration::from_millis(100);
/// Lines that wait to be read.
const LINES_MAX: usize = 64;
/// Events that one instance may have.
const EVENTS_MAX: usize = 20_000;

/// One process of a client, and the judge's end of all that it does.
#[derive(Debug)]
pub struct OutsideTarget {
    shared: Arc<Outside>,
    runtime: Rc<Runtime>,
    era: Era,
    case: String,
    clock: Clock,
    scale: f64,
    doors: Doors,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    say: mpsc::Sender<Heard>,
    lines: mpsc::Receiver<Heard>,
    links: BTreeMap<Conn, Link>,
    program: Option<Program>,
    hello: Hello,
    /// Who was told to log in.
    user: Option<String>,
    asked: u64,
    replies: BTreeMap<u64, Value>,
    queue: VecDeque<Happening>,
    events: usize,
    /// Its stdout is at its end.
    silent: bool,
    /// It broke the line protocol.
    fault: Option<String>,
    idle: Idle,
}

/// What came first.
enum Came {
    Arrival(Arrival),
    Line(Heard),
}

impl OutsideTarget {
    pub(super) fn new(
        shared: Arc<Outside>,
        runtime: Rc<Runtime>,
        era: Era,
        doors: Doors,
        arrivals: mpsc::UnboundedReceiver<Arrival>,
    ) -> Self {
        let (say, lines) = mpsc::channel(LINES_MAX);
        Self {
            shared,
            runtime,
            era,
            case: String::new(),
            clock: Clock::system(),
            scale: 1.0,
            doors,
            arrivals,
            say,
            lines,
            links: BTreeMap::new(),
            program: None,
            hello: Hello::default(),
            user: None,
            asked: 0,
            replies: BTreeMap::new(),
            queue: VecDeque::new(),
            events: 0,
            silent: false,
            fault: None,
            idle: Idle::default(),
        }
    }

    fn place<'a>(&self, ca: &'a Path, rsa_pub: &'a Path) -> Place<'a> {
        let first = if self.era.is_modern() { Door::Booking } else { Door::Entry };
        Place { era: self.era, addr: self.doors.addr(first).to_string(), ca, rsa_pub, time_scale: self.scale }
    }

    fn files(&self) -> (PathBuf, PathBuf) {
        (self.shared.folder.at(CA), self.shared.folder.at(rsa_file(self.era)))
    }

    fn start(&mut self, user: Option<&WorldUser>) -> Result<(), TargetError> {
        let (ca, rsa) = self.files();
        let mut env = self.place(&ca, &rsa).env(&self.case);
        env.extend(user.map(|user| ("LOCOSPEC_USER_JSON".to_owned(), lines::user_json(user).to_string())));
        let say = self.say.clone();
        let sink = move |heard| say.blocking_send(heard).is_ok();
        let program = Program::start_with(&self.shared.launch, &env, sink);
        self.program = Some(program.map_err(|e| TargetError::Unreachable(e.to_string()))?);
        Ok(())
    }

    /// Starts an adapter and asks what it has. Before that, an operation that nobody can have: who says that it is
    /// done says so of anything.
    fn greet(&mut self) -> Result<(), TargetError> {
        self.start(None)?;
        let mut entropy = system_entropy().map_err(|e| TargetError::Unreachable(e.to_string()))?;
        let made_up =
            format!("{}_{:016x}", ["lift", "weigh", "paint", "fold"][entropy.u64() as usize % 4], entropy.u64());
        match self.ask(&made_up, Map::new(), START_WITHIN) {
            Err(TargetError::Unimplemented(_)) => {}
            Err(TargetError::Wrong(why)) if why.starts_with("it refused") => {}
            Ok(reply) => {
                let what = "it is lying: an operation that was made up is done";
                return Err(TargetError::Wrong(format!("{what}: `{made_up}` is answered {reply}")));
            }
            Err(other) => return Err(other),
        }
        self.hello = Hello::of(self.ask("hello", Map::new(), ANSWER_WITHIN)?)?;
        Ok(())
    }

    /// Asks, and waits for the answer; whatever else happens meanwhile is kept for [`Target::poll`].
    fn ask(&mut self, op: &str, mut with: Map<String, Value>, within: Duration) -> Result<Value, TargetError> {
        self.asked += 1;
        with.insert("id".into(), self.asked.into());
        with.insert("op".into(), op.into());
        let Some(program) = &self.program else { return Err(TargetError::Unreachable("it was not started".into())) };
        if let Err(e) = program.say(&Value::Object(with)) {
            return Err(self
                .gone(DEATH_WITHIN)
                .unwrap_or_else(|| TargetError::Hung(format!("`{op}` cannot be said: {e}"))));
        }
        let clock = Clock::system();
        let until = clock.now() + within;
        loop {
            if let Some(reply) = self.replies.remove(&self.asked) {
                return lines::outcome(op, reply);
            }
            if let Some(death) = self.gone(if self.silent { DEATH_WITHIN } else { Duration::ZERO }) {
                return Err(death);
            }
            let left = until.since(clock.now());
            if left.is_zero() {
                return Err(TargetError::Hung(format!("`{op}` was not answered within {within:?}")));
            }
            self.wait(left.min(DEATH_WITHIN));
        }
    }

    /// Waits for one thing, in real time, and takes it. False when nothing has come.
    fn wait(&mut self, left: Duration) -> bool {
        let (runtime, arrivals, lines) = (Rc::clone(&self.runtime), &mut self.arrivals, &mut self.lines);
        let came = runtime.block_on(async {
            timeout(left, async {
                tokio::select! {
                    biased;
                    Some(arrival) = arrivals.recv() => Came::Arrival(arrival),
                    Some(heard) = lines.recv() => Came::Line(heard),
                    else => std::future::pending().await,
                }
            })
            .await
        });
        match came {
            Err(_) => return false,
            Ok(Came::Arrival(Arrival::Does(h))) => self.queue.push_back(h),
            Ok(Came::Arrival(Arrival::Accepted(conn, door, link))) => {
                self.links.insert(conn, link);
                self.queue.push_back(Happening::Accepted(conn, door));
            }
            Ok(Came::Line(heard)) => self.hear(heard),
        }
        true
    }

    /// What it does next, at or before `until`; nothing more when it is idle in a wait that is open.
    fn next(&mut self, until: Time, open: Option<Open>) -> Option<Happening> {
        loop {
            if let Some(h) = self.queue.pop_front() {
                return Some(h);
            }
            // Whoever has died has closed its connections, which may still be on their way.
            if self.fault.is_some() || self.died().is_some() && !self.wait(DEATH_WITHIN) {
                return None;
            }
            if !self.queue.is_empty() {
                continue;
            }
            // The end of a process is looked for now and then: nothing else tells of it.
            let left = self.clock.until(until);
            if self.wait(left.min(DEATH_WITHIN)) {
                self.idle.wakes();
            } else if left <= DEATH_WITHIN || open.is_some_and(|open| self.is_idle(open)) {
                return None;
            }
        }
    }

    /// Whether it has done nothing for a while.
    fn is_idle(&mut self, open: Open) -> bool {
        let now = self.clock.now();
        self.idle.look(now, self.program.as_ref().and_then(Program::activity));
        !self.doors.are_busy() && self.idle.ends(now, open, self.scale)
    }

    fn hear(&mut self, heard: Heard) {
        let value = match heard {
            Heard::Ended => return self.silent = true,
            Heard::Line(value) if self.shared.speaks == Speaks::Lines => value,
            Heard::Line(value) => return self.happened(printed(&value.to_string())),
            Heard::Bad(text) if self.shared.speaks == Speaks::Spawn => return self.happened(printed(&text)),
            Heard::Bad(why) => return self.blame(format!("its stdout has a line that is {why}")),
        };
        match lines::line(value) {
            Ok(lines::Line::Reply(id, reply)) if id == self.asked => drop(self.replies.insert(id, reply)),
            Ok(lines::Line::Reply(id, _)) => self.blame(format!("it answers {id}, which nobody asks")),
            Ok(lines::Line::Event(h)) => self.happened(h),
            Err(why) => self.blame(why),
        }
    }

    fn happened(&mut self, h: Happening) {
        self.events += 1;
        if self.events > EVENTS_MAX {
            return self.blame(format!("it tells more than {EVENTS_MAX} events"));
        }
        self.queue.push_back(h);
    }

    fn blame(&mut self, why: String) {
        self.fault.get_or_insert(why);
    }

    /// Whether its process has ended before its time, or can no longer be talked to.
    fn died(&mut self) -> Option<TargetError> {
        if let Some(why) = &self.fault {
            return Some(TargetError::Wrong(why.clone()));
        }
        let spawned = self.shared.speaks == Speaks::Spawn;
        let program = self.program.as_mut()?;
        let how = match program.ended() {
            None if self.silent && !spawned => "it has closed its stdout".to_owned(),
            None => return None,
            Some(status) if spawned && status.success() => return None,
            Some(status) if spawned && status.code() == Some(UNIMPLEMENTED) => {
                return Some(TargetError::Unimplemented("what this case is about".into()));
            }
            Some(status) => format!("its process ended: {status}"),
        };
        let words: String = program.last_words().iter().map(|l| format!("\n    stderr: {l}")).collect();
        Some(TargetError::Crashed(format!("{how}{words}")))
    }
}

impl Target for OutsideTarget {
    fn has(&self, profile: &str) -> bool {
        self.shared.has(profile)
    }

    fn prepare(&mut self, case: &Case) -> Result<(), TargetError> {
        self.case.clone_from(&case.case);
        if is_timed(case) {
            self.scale = self.shared.time_scale;
            self.clock = Clock::system().scaled(self.scale);
        }
        if let Some(why) = too_long(case, self.scale) {
            return Err(TargetError::Skipped(why));
        }
        if self.shared.speaks == Speaks::Lines { self.greet() } else { Ok(()) }
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    fn poll(&mut self, until: Time) -> Option<Happening> {
        self.next(until, None)
    }

    fn poll_while_busy(&mut self, until: Time, open: Open) -> Option<Happening> {
        self.next(until, Some(open))
    }

    fn connect(&mut self, _door: Door) -> Result<Conn, TargetError> {
        Err(TargetError::Unimplemented("a door to connect to: it is a client".into()))
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        if let Some(link) = self.links.get_mut(&conn) {
            self.runtime.block_on(link.write(bytes));
        }
    }

    fn finish(&mut self, conn: Conn, how: Finish) {
        let Some(link) = self.links.remove(&conn) else { return };
        if let Some(link) = self.runtime.block_on(link.finish(how)) {
            self.links.insert(conn, link);
        }
    }

    fn order(&mut self, order: &Order) -> Result<(), TargetError> {
        if let Order::Login { user } = order
            && self.user.as_ref() != Some(user)
        {
            if self.user.is_some() {
                return Err(TargetError::Unimplemented("a second user in one process".into()));
            }
            let found = World::default_world().users.into_iter().find(|u| u.name == *user);
            let found = found.ok_or_else(|| TargetError::Unreachable(format!("the world has no user `{user}`")))?;
            self.user = Some(user.clone());
            if self.shared.speaks == Speaks::Spawn {
                return self.start(Some(&found));
            }
            let (ca, rsa) = self.files();
            let with = self.place(&ca, &rsa).connect(&found);
            self.ask("connect", with, ANSWER_WITHIN)?;
        }
        if self.shared.speaks == Speaks::Spawn {
            return Ok(());
        }
        let (op, with) = lines::operation(order);
        if !self.hello.operations.contains(op) {
            return Err(TargetError::Unimplemented(format!("the operation `{op}`")));
        }
        self.ask(op, with, ANSWER_WITHIN).map(drop)
    }

    fn tells(&self, kind: EventKind) -> bool {
        self.shared.speaks == Speaks::Lines && self.hello.tells(kind)
    }

    fn gone(&mut self, within: Duration) -> Option<TargetError> {
        let clock = Clock::system();
        let until = clock.now() + within;
        while self.program.as_mut().is_some_and(|p| p.ended().is_none()) && clock.now() < until {
            self.wait(until.since(clock.now()).min(Duration::from_millis(10)));
        }
        self.died()
    }

    fn public(&self) -> &PublicRing {
        &self.shared.public
    }

    fn private(&self) -> Option<&KeyRing> {
        Some(&self.shared.keys)
    }

    fn port(&self, door: Door) -> u16 {
        self.doors.addr(door).port()
    }

    fn patience(&self) -> Duration {
        PATIENCE.mul_f64(self.scale)
    }

    fn paced(&self, wall: Duration) -> Duration {
        wall.mul_f64(self.scale)
    }

    fn leniently(&self, within: Duration) -> Duration {
        leniently(within, self.scale)
    }

    fn strictly(&self, within: Duration) -> Duration {
        strictly(within, self.scale)
    }
}
