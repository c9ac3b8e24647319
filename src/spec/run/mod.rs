//! Running cases: every era and every value of `vary` of a case against a fresh target, step by step.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`instance`] | the instances of a case, and the names that its steps may use |
//! | [`interpret`] | one instance: the order of its steps, its checks, what comes in |
//! | `sending`, `expecting`, `driving` | the verbs |
//! | `waiting` | how long they wait |
//! | [`peer`] | the judge's end of one connection |
//! | `record` | what is kept for the reader of a failure |
//! | [`bytes`] | valid bytes, and how they are spoiled |
//! | [`target`] | what a target must be able to do |
//! | [`server`], [`client`] | the reference in this process, on virtual time |
//! | [`tcp`] | anybody's server, on sockets |
//! | [`outside`] | anybody's client, a process that connects to the judge |
//! | [`program`] | a child process that speaks JSON lines |
//! | `link` | one connection on a socket |
//! | [`proc`] | what the system tells of processes |
//! | [`launch`] | such a server as a process of ours |
//! | [`codec`] | codecs: no steps but vectors, ours in this process or anybody's as a program |

pub mod bytes;
pub mod client;
pub mod codec;
mod driving;
mod expecting;
pub mod instance;
pub mod interpret;
pub mod launch;
pub mod leftovers;
mod link;
pub mod outside;
pub mod peer;
pub mod proc;
pub mod program;
pub(crate) mod record;
mod sending;
pub mod server;
pub mod target;
pub mod tcp;
mod waiting;

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::corpus::Corpus;
use super::format::{Case, Role};
use super::value::ValueError;
use super::verdict::{CaseReport, CheckResult, InstanceReport, Verdict};
use super::yaml::Located;
use crate::net::Clock;
use crate::proto::quirk::Quirks;
use crate::proto::secure::Era;
use crate::proto::time::Time;
use instance::{Instance, instances};
use target::{Target, TargetError};

/// How long a target that failed is looked at, whether it has died.
const DEATH_WITHIN: Duration = Duration::from_millis(50);

/// The tag of cases that send what must not be sent: behind them the target is guarded.
const BAD_INPUT: &str = "bad-input";

/// How cases are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only these eras.
    pub eras: Vec<Era>,
    /// Only instances with one of these names; all when there is none.
    pub instances: Vec<String>,
    /// A case is over with its first failure: enough to know that a quirk was caught.
    pub stop_at_failure: bool,
    /// Makes `case.nonce` differ between runs against one target that keeps what it is sent.
    pub nonce_seed: u64,
    /// The most time, on the wall clock, that an instance may take.
    pub timeout: Option<Duration>,
    /// How often an instance that fails is tried again; one that then holds is flaky.
    pub retries: u32,
    /// Gives up on a target that is never heard; nothing for one that cannot hang.
    pub life: Option<Arc<Life>>,
}

impl Default for Options {
    fn default() -> Self {
        let (eras, instances) = (Era::ALL.to_vec(), Vec::new());
        Self { eras, instances, stop_at_failure: false, nonce_seed: 0, timeout: None, retries: 0, life: None }
    }
}

impl Options {
    /// The instances of a case that these options leave.
    ///
    /// # Errors
    /// As [`instances`].
    pub fn instances_of(&self, case: &Case) -> Result<Vec<Instance>, ValueError> {
        // The instances of a file of vectors are its vectors, and chosen where they are run.
        let any = self.instances.is_empty() || case.role == Role::Codec;
        let named = |i: &Instance| any || self.instances.contains(&i.id);
        let all = instances(case)?;
        Ok(all.into_iter().filter(|i| self.eras.contains(&i.era) && named(i)).collect())
    }
}

/// Whether a target gives any sign of life. Without one, after [`Life::INSTANCES`] of them that all hung or died, the
/// rest of a run is not waited for.
#[derive(Debug, Default)]
pub struct Life {
    heard: AtomicBool,
    silent: AtomicUsize,
}

impl Life {
    /// How many instances are waited for.
    pub const INSTANCES: usize = 8;

    fn saw(&self, report: &InstanceReport) {
        if report.heard {
            self.heard.store(true, Ordering::Relaxed);
        } else if matches!(report.verdict(), Verdict::Hung | Verdict::Crashed) {
            self.silent.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_given_up(&self) -> bool {
        !self.heard.load(Ordering::Relaxed) && self.silent.load(Ordering::Relaxed) >= Self::INSTANCES
    }
}

/// Makes a fresh target for an instance.
pub type MakeTarget<'a> = dyn FnMut(Era) -> Result<Box<dyn Target>, TargetError> + 'a;

/// A fresh reference server or client with these quirks, for a case of that role.
///
/// # Errors
/// It cannot be made, or the role is one that the reference does not have in process.
pub fn reference(role: Role, era: Era, quirks: Quirks) -> Result<Box<dyn Target>, TargetError> {
    match role {
        Role::Server => Ok(Box::new(server::ServerTarget::new(quirks)?)),
        Role::Client => Ok(Box::new(client::ClientTarget::new(era, quirks))),
        Role::Codec => Ok(codec::reference(quirks)),
    }
}

/// Runs every instance of a case.
pub fn run_case(corpus: &Corpus, case: &Located<Case>, make: &mut MakeTarget<'_>, options: &Options) -> CaseReport {
    if case.value.role == Role::Codec {
        return codec::run_case(corpus, case, make, options);
    }
    let mut report = CaseReport { case: case.value.case.clone(), file: case.file.clone(), instances: Vec::new() };
    let all = match options.instances_of(&case.value) {
        Ok(all) => all,
        Err(e) => {
            report.instances.push(broken(&case.value.case, Verdict::HarnessError, e.to_string()));
            return report;
        }
    };
    for i in all {
        if options.life.as_ref().is_some_and(|l| l.is_given_up()) {
            let why = format!("given up: {} others hung or died before it, and nothing ever came", Life::INSTANCES);
            report.instances.push(broken(&i.id, Verdict::CouldNotRun, why));
            continue;
        }
        let (clock, begin) = began();
        let mut done = persist(corpus, case, &i, make, options);
        done.took = clock.now().since(begin);
        options.life.iter().for_each(|l| l.saw(&done));
        let failed = done.verdict().is_failure();
        report.instances.push(done);
        if failed && options.stop_at_failure {
            break;
        }
    }
    report
}

/// Runs an instance, and again when it fails, as often as the options say.
fn persist(
    corpus: &Corpus,
    case: &Located<Case>,
    i: &Instance,
    make: &mut MakeTarget<'_>,
    options: &Options,
) -> InstanceReport {
    let first = run_instance(corpus, case, i, make, options);
    for _ in 0..options.retries {
        if !first.verdict().is_failure() {
            break;
        }
        let mut again = run_instance(corpus, case, i, make, options);
        if !again.verdict().is_failure() {
            let failed = first.checks.iter().filter(|c| c.verdict.is_failure());
            again.flaky = failed.map(|c| format!("{}: {}", c.check, c.verdict)).collect();
            return again;
        }
    }
    first
}

/// A clock, and what it shows: how long an instance takes is told, and decides nothing.
fn began() -> (Clock, Time) {
    let clock = Clock::system();
    let begin = clock.now();
    (clock, begin)
}

fn run_instance(
    corpus: &Corpus,
    case: &Located<Case>,
    i: &Instance,
    make: &mut MakeTarget<'_>,
    options: &Options,
) -> InstanceReport {
    let run = AssertUnwindSafe(|| {
        let mut target = match make(i.era) {
            Ok(t) => t,
            Err(e) => return broken(&i.id, e.verdict(), e.to_string()),
        };
        let mut report = interpret::run(corpus, case, i, target.as_mut(), options);
        // Who has just been killed may take a moment until the system says so.
        let doubtful = report.verdict() >= Verdict::CouldNotRun;
        if let Some(why) = target.died(if doubtful { DEATH_WITHIN } else { Duration::ZERO }) {
            report.crashed(why);
        } else if case.value.tags.iter().any(|t| t == BAD_INPUT)
            && let Some(found) = target.guard()
        {
            let verdict = if found.wrong.is_empty() { Verdict::Pass } else { Verdict::Fail };
            report.checks.push(CheckResult { check: "guard".into(), verdict, detail: found.wrong });
            report.after = found.after;
        }
        report
    });
    catch_unwind(run).unwrap_or_else(|why| {
        let text = why.downcast_ref::<String>().cloned();
        let text = text.or_else(|| why.downcast_ref::<&str>().map(|s| (*s).to_string()));
        broken(&i.id, Verdict::Crashed, text.unwrap_or_else(|| "it panicked".into()))
    })
}

/// An instance that did not come as far as its checks.
fn broken(id: &str, verdict: Verdict, why: String) -> InstanceReport {
    let check = CheckResult { check: "run".into(), verdict, detail: vec![why] };
    InstanceReport { heard: false, ..InstanceReport::new(id, vec![check]) }
}
