//! Running cases: every era and every value of `vary` of a case against a fresh target, step by step.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`instance`] | the instances of a case, and the names that its steps may use |
//! | [`interpret`] | one instance: the order of its steps, its checks, what comes in |
//! | `sending`, `expecting`, `driving` | the verbs |
//! | [`peer`] | the judge's end of one connection |
//! | [`bytes`] | valid bytes, and how they are spoiled |
//! | [`target`] | what a target must be able to do |
//! | [`server`], [`client`] | the reference in this process, on virtual time |
//! | [`tcp`] | anybody's server, on sockets |
//! | [`outside`] | anybody's client, a process that connects to the judge |
//! | [`program`] | a child process that speaks JSON lines |
//! | `link` | one connection on a socket |

pub mod bytes;
pub mod client;
mod driving;
mod expecting;
pub mod instance;
pub mod interpret;
mod link;
pub mod outside;
pub mod peer;
pub mod program;
mod sending;
pub mod server;
pub mod target;
pub mod tcp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::corpus::Corpus;
use super::format::{Case, Role};
use super::verdict::{CaseReport, CheckResult, InstanceReport, Verdict};
use super::yaml::Located;
use crate::proto::quirk::Quirks;
use crate::proto::secure::Era;
use instance::{Instance, instances};
use target::{Target, TargetError};

/// How cases are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only these eras.
    pub eras: Vec<Era>,
    /// A case is over with its first failure: enough to know that a quirk was caught.
    pub stop_at_failure: bool,
    /// Makes `case.nonce` differ between runs against one target that keeps what it is sent.
    pub nonce_seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { eras: Era::ALL.to_vec(), stop_at_failure: false, nonce_seed: 0 }
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
        Role::Codec => Err(TargetError::Unimplemented("a codec that cases drive".into())),
    }
}

/// Runs every instance of a case.
pub fn run_case(corpus: &Corpus, case: &Located<Case>, make: &mut MakeTarget<'_>, options: &Options) -> CaseReport {
    let mut report = CaseReport { case: case.value.case.clone(), file: case.file.clone(), instances: Vec::new() };
    let all = match instances(&case.value) {
        Ok(all) => all,
        Err(e) => {
            report.instances.push(broken(&case.value.case, Verdict::HarnessError, e.to_string()));
            return report;
        }
    };
    for i in all.into_iter().filter(|i| options.eras.contains(&i.era)) {
        let done = run_instance(corpus, case, &i, make, options);
        let failed = done.verdict().is_failure();
        report.instances.push(done);
        if failed && options.stop_at_failure {
            break;
        }
    }
    report
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
        interpret::run(corpus, case, i, target.as_mut(), options.nonce_seed)
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
    InstanceReport { id: id.to_string(), checks: vec![check], timeline: Vec::new() }
}
