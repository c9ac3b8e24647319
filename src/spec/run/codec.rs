//! Codecs: every vector asked of one, and its answers judged.
//!
//! A codec answers requests that are JSON objects, one answer to each: `{"ok": …}`, `{"error": "…"}`, or
//! `{"unimplemented": "…"}`. [`own`] is ours in this process, [`bridge`] anybody's as a program on JSON lines. The
//! operations are described in `spec/interop/README.md`; `judge` knows what they must come to.
//!
//! Before the first vector it is asked for an operation that does not exist. Who answers that with success is lying, and
//! every check fails.

pub mod bridge;
mod judge;
pub mod own;
pub mod quirk;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::{Value, json};

use self::judge::{Question, questions, right};
use super::target::{Conn, Happening, Target, TargetError};
use super::{MakeTarget, Options, began, broken};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::proto::time::Time;
use crate::spec::corpus::Corpus;
use crate::spec::format::step::{Finish, Grade};
use crate::spec::format::sut::Launch;
use crate::spec::format::vector::{Task, Vector};
use crate::spec::format::{Case, VectorFile};
use crate::spec::lit::Lit;
use crate::spec::vectors;
use crate::spec::verdict::{CaseReport, CheckResult, InstanceReport, Verdict};
use crate::spec::yaml::Located;

/// The most characters of a request or an answer that a report shows.
const SHOWN_MAX: usize = 2000;

/// What a codec answers, or what becomes of it instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It succeeded, with this.
    Ok(Value),
    /// It refuses; nobody compares the text.
    Refused(String),
    /// It does not have this.
    Unimplemented(String),
    /// What it says is no answer.
    Broken(String),
    /// It died.
    Crashed(String),
    /// It says nothing.
    Hung(String),
    /// It cannot be started.
    Unreachable(String),
}

impl Answer {
    /// An answer as JSON.
    #[must_use]
    pub fn of(said: &Value) -> Self {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        match (said.get("ok"), said.get("error"), said.get("unimplemented")) {
            (Some(ok), None, None) => Self::Ok(ok.clone()),
            (None, Some(why), None) => Self::Refused(text(why)),
            (None, None, Some(why)) => Self::Unimplemented(text(why)),
            _ => Self::Broken(format!("an answer has exactly one of ok, error, unimplemented: {}", short(said))),
        }
    }

    /// As a report shows it.
    fn line(&self) -> String {
        match self {
            Self::Ok(v) => format!("ok {}", short(v)),
            Self::Refused(why) => format!("error {why}"),
            Self::Unimplemented(why) => format!("unimplemented {why}"),
            Self::Broken(why) => format!("no answer: {why}"),
            Self::Crashed(why) => format!("crashed: {why}"),
            Self::Hung(why) => format!("hung: {why}"),
            Self::Unreachable(why) => why.clone(),
        }
    }
}

/// Somebody who answers requests.
pub trait Codec {
    /// The answer to one request. After a crash the next request finds it whole again.
    fn ask(&mut self, request: &Value) -> Answer;
}

impl Codec for own::Own {
    fn ask(&mut self, request: &Value) -> Answer {
        match catch_unwind(AssertUnwindSafe(|| self.answer(request))) {
            Ok(said) => Answer::of(&said),
            Err(why) => {
                let text = why.downcast_ref::<String>().cloned();
                Answer::Crashed(text.unwrap_or_else(|| "it panicked".into()))
            }
        }
    }
}

/// A codec as a target: no connections, no time, only questions.
struct CodecTarget<C> {
    codec: C,
    public: PublicRing,
}

impl<C: Codec> Target for CodecTarget<C> {
    fn has(&self, _: &str) -> bool {
        true
    }

    fn now(&self) -> Time {
        Time::default()
    }

    fn poll(&mut self, _: Time) -> Option<Happening> {
        None
    }

    fn connect(&mut self, _: Door) -> Result<Conn, TargetError> {
        Err(TargetError::Unimplemented("connections: it is a codec".into()))
    }

    fn write(&mut self, _: Conn, _: &[u8]) {}

    fn finish(&mut self, _: Conn, _: Finish) {}

    fn codec(&mut self) -> Option<&mut dyn Codec> {
        Some(&mut self.codec)
    }

    fn public(&self) -> &PublicRing {
        &self.public
    }
}

/// A codec as a target.
#[must_use]
pub fn target(codec: impl Codec + 'static) -> Box<dyn Target> {
    Box::new(CodecTarget { codec, public: KeyRing::test().public_ring() })
}

/// Our own codec as a target, wrong in those of these ways that it can be.
#[must_use]
pub fn reference(quirks: Quirks) -> Box<dyn Target> {
    let has = |q: &&quirk::CodecQuirk| Quirk::parse(q.as_str()).is_some_and(|core| quirks.has(core));
    let all: Vec<_> = quirk::CodecQuirk::ALL.iter().filter(has).copied().collect();
    target(own::Own::new(&all, Entropy::named(1, "codec")))
}

/// A program as a target: started when it is first asked, and given up when an answer takes longer than `patience`.
#[must_use]
pub fn outside(launch: &Launch, patience: Duration) -> Box<dyn Target> {
    target(bridge::Bridge::new(launch.clone(), patience))
}

/// What a codec says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The operations that it has.
    pub ops: BTreeSet<String>,
    /// The eras that it speaks.
    pub eras: BTreeSet<Era>,
}

/// Finds out whether a codec is honest, and what it has. `nonce` makes the name of the operation that does not exist.
///
/// # Errors
/// What every check then comes to, and why.
pub fn greet(codec: &mut dyn Codec, nonce: u64) -> Result<Hello, (Verdict, String)> {
    let unknown = format!("x-{nonce:016x}");
    match codec.ask(&json!({"op": unknown})) {
        Answer::Refused(_) | Answer::Unimplemented(_) => (),
        Answer::Ok(v) => {
            let why = format!("it answers `{unknown}`, an operation that does not exist, with success: {}", short(&v));
            return Err((Verdict::Fail, why));
        }
        other => return Err(no_answer(&other)),
    }
    let said = match codec.ask(&json!({"op": "hello"})) {
        Answer::Ok(v) => v,
        Answer::Refused(why) | Answer::Unimplemented(why) => {
            return Err((Verdict::Fail, format!("it does not answer `hello`: {why}")));
        }
        other => return Err(no_answer(&other)),
    };
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let words = |name: &str| said.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let ops = words("ops").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let eras = words("eras").iter().filter_map(Value::as_str).filter_map(Era::parse).collect();
    Ok(Hello { name: text("name"), version: text("version"), ops, eras })
}

/// The verdict where there is no answer at all.
fn no_answer(a: &Answer) -> (Verdict, String) {
    match a {
        Answer::Unimplemented(why) => (Verdict::Unimplemented, why.clone()),
        Answer::Crashed(why) => (Verdict::Crashed, why.clone()),
        Answer::Hung(why) => (Verdict::Hung, why.clone()),
        Answer::Unreachable(why) => (Verdict::CouldNotRun, why.clone()),
        other => (Verdict::Fail, other.line()),
    }
}

/// Runs a file of vectors, which `case` stands for: against one target for all of them.
pub fn run_case(corpus: &Corpus, case: &Located<Case>, make: &mut MakeTarget<'_>, options: &Options) -> CaseReport {
    let mut report = CaseReport { case: case.value.case.clone(), file: case.file.clone(), instances: Vec::new() };
    let Some(file) = corpus.vectors.iter().find(|f| f.file == case.file) else {
        report.instances.push(broken(
            &report.case,
            Verdict::HarnessError,
            "a case of this role is a file of vectors".into(),
        ));
        return report;
    };
    let mut target = match make(options.eras.last().copied().unwrap_or(Era::E2025)) {
        Ok(target) => target,
        Err(e) => {
            report.instances.push(broken(&report.case, Verdict::CouldNotRun, e.to_string()));
            return report;
        }
    };
    let Some(codec) = target.codec() else {
        report.instances.push(broken(&report.case, Verdict::Unimplemented, "it is no codec".into()));
        return report;
    };
    let greeted = greet(codec, options.nonce_seed);
    for (id, vector, era) in instances(file, options) {
        if options.life.as_ref().is_some_and(|l| l.is_given_up()) {
            report.instances.push(broken(
                &id,
                Verdict::CouldNotRun,
                "given up: the others hung, and nothing ever came".into(),
            ));
            continue;
        }
        let (clock, begin) = began();
        let mut one = InstanceReport::new(id, Vec::new());
        one.checks = match &greeted {
            Err((verdict, why)) => refused(file.value.task, *verdict, why),
            Ok(hello) => run_one(file.value.task, vector, era, codec, hello, &mut one.timeline),
        };
        one.heard = one.verdict() != Verdict::Hung;
        one.took = clock.now().since(begin);
        options.life.iter().for_each(|l| l.saw(&one));
        let failed = one.verdict().is_failure();
        report.instances.push(one);
        if failed && options.stop_at_failure {
            break;
        }
    }
    report
}

/// The instances of a file of vectors, each with its name and its era if it has one: `vectors.frames[2012,cbc-ping]`,
/// `vectors.headers[method-of-11]`.
fn instances<'f>(file: &'f Located<VectorFile>, options: &Options) -> Vec<(String, &'f Vector, Option<Era>)> {
    let (name, task) = (vectors::name(file), file.value.task);
    let mut all = Vec::new();
    for v in &file.value.vectors {
        let of_all = if task.has_era() { Era::ALL.to_vec() } else { Vec::new() };
        let eras = v.eras.as_ref().map_or(of_all, |e| e.0.clone());
        if eras.is_empty() {
            all.push((format!("{name}[{}]", v.id), v, None));
        }
        let mine = eras.iter().filter(|e| options.eras.contains(e));
        all.extend(mine.map(|e| (format!("{name}[{e},{}]", v.id), v, Some(*e))));
    }
    if !options.instances.is_empty() {
        all.retain(|(id, ..)| options.instances.contains(id));
    }
    all
}

fn refused(task: Task, verdict: Verdict, why: &str) -> Vec<CheckResult> {
    let check = |op: &&str| CheckResult { check: (*op).into(), verdict, detail: vec![why.to_owned()] };
    task.operations().iter().map(check).collect()
}

fn run_one(
    task: Task,
    v: &Vector,
    era: Option<Era>,
    codec: &mut dyn Codec,
    hello: &Hello,
    timeline: &mut Vec<String>,
) -> Vec<CheckResult> {
    if let Some(era) = era.filter(|e| !hello.eras.contains(e)) {
        return refused(task, Verdict::NotApplicable, &format!("it does not speak {era}"));
    }
    let asked = match questions(task, v, era) {
        Ok(asked) => asked,
        Err(why) => return refused(task, Verdict::HarnessError, &why),
    };
    let (mut checks, mut ivs): (Vec<CheckResult>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for q in &asked {
        let (verdict, detail) = if hello.ops.contains(q.op) {
            timeline.push(format!("-> {}", short(&q.request)));
            let answer = codec.ask(&q.request);
            timeline.push(format!("<- {}", answer.line()));
            ivs.extend(used_iv(task, q, &answer));
            judged(task, q, v, &answer)
        } else {
            (Verdict::Unimplemented, vec![format!("it does not have `{}`", q.op)])
        };
        match checks.last_mut().filter(|c| c.check == q.op) {
            // The second of two questions of one kind: the check is as bad as the worse.
            Some(c) => {
                c.detail.extend(detail);
                c.verdict = c.verdict.max(verdict);
            }
            None => checks.push(CheckResult { check: q.op.into(), verdict, detail }),
        }
    }
    if let ([a, b], Some(c)) = (ivs.as_slice(), checks.last_mut())
        && a == b
    {
        c.verdict = Verdict::Fail;
        c.detail.push(format!("two frames under one key have the same IV: {}", own::to_hex(a)));
    }
    checks
}

fn used_iv(task: Task, q: &Question, answer: &Answer) -> Option<Vec<u8>> {
    match answer {
        Answer::Ok(ok) if task == Task::Fresh => judge::iv_in(q, ok),
        _ => None,
    }
}

/// What an answer comes to.
fn judged(task: Task, q: &Question, v: &Vector, answer: &Answer) -> (Verdict, Vec<String>) {
    let anything = v.first_of.iter().any(|c| c.anything);
    let ok = match answer {
        Answer::Ok(ok) => Some(ok),
        // What we cannot read, for it is nested too deep, may be an answer all the same.
        Answer::Broken(_) if anything => None,
        Answer::Refused(_) => None,
        other => {
            let (verdict, why) = no_answer(other);
            return (verdict, vec![why]);
        }
    };
    if !v.first_of.is_empty() {
        return alternative(task, q, v, ok, answer);
    }
    match (v.refuse, ok) {
        (true, None) => (Verdict::Pass, Vec::new()),
        (true, Some(_)) => (Verdict::Fail, vec![format!("it takes what must be refused: {}", answer.line())]),
        (false, None) => (Verdict::Fail, vec![format!("it refuses what is sound: {}", answer.line())]),
        (false, Some(ok)) => match right(task, q, v, v.out.as_ref(), ok) {
            Ok(()) => (Verdict::Pass, Vec::new()),
            Err(why) => (Verdict::Fail, why.lines().map(str::to_owned).collect()),
        },
    }
}

fn alternative(task: Task, q: &Question, v: &Vector, ok: Option<&Value>, answer: &Answer) -> (Verdict, Vec<String>) {
    let fits = |out: Option<&Lit>, refuse: bool, anything: bool| match ok {
        _ if anything => true,
        None => refuse,
        Some(ok) => out.is_some() && right(task, q, v, out, ok).is_ok(),
    };
    let found = v.first_of.iter().find(|c| fits(c.out.as_ref(), c.refuse, c.anything));
    let Some(choice) = found else {
        return (Verdict::Fail, vec![format!("none of the alternatives: {}", answer.line())]);
    };
    let verdict = match choice.grade {
        Grade::Pass => Verdict::Pass,
        Grade::Tolerated => Verdict::Tolerated,
        Grade::Fail => Verdict::Fail,
    };
    (verdict, choice.note.iter().cloned().collect())
}

/// JSON that a person can look at.
fn short(v: &Value) -> String {
    let text = v.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}… ({} characters)", text.get(..at).unwrap_or_default(), text.chars().count()),
        None => text,
    }
}
