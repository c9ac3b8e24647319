//! Choosing cases, and running them: one after the other, or several at the same time with what they give in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::corpus::Corpus;
use super::format::requirement::{Level, Requirement};
use super::format::{Case, Role};
use super::run::target::{Target, TargetError};
use super::run::{Options, run_case};
use super::verdict::{CaseReport, Summary};
use super::yaml::Located;
use crate::proto::secure::Era;

/// Which cases, and how. A list that is empty leaves all; a case must be in every list that is not.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Only cases whose file or name has one of these in it, or that have it as a tag.
    pub only: Vec<String>,
    /// Only cases that prove one of these requirements.
    pub requirements: Vec<String>,
    /// Only cases with one of these tags.
    pub tags: Vec<String>,
    /// Only cases that prove a requirement of this level.
    pub level: Option<Level>,
    /// Only cases that judge one of these.
    pub roles: Vec<Role>,
    /// How they are run.
    pub options: Options,
}

impl Plan {
    /// The cases of the plan, in the order of their files.
    pub fn cases<'c>(&self, corpus: &'c Corpus) -> Vec<&'c Located<Case>> {
        let levels = levels(corpus);
        corpus.cases.iter().filter(|c| self.wants(c, &levels)).collect()
    }

    fn wants(&self, c: &Located<Case>, levels: &BTreeMap<&str, Level>) -> bool {
        let case = &c.value;
        let of_level = |l: Level| case.proves.iter().any(|r| levels.get(r.as_str()) == Some(&l));
        (self.only.is_empty() || self.only.iter().any(|w| is_named(c, w)))
            && (self.requirements.is_empty() || self.requirements.iter().any(|r| case.proves.contains(r)))
            && (self.tags.is_empty() || self.tags.iter().any(|t| case.tags.contains(t)))
            && self.level.is_none_or(of_level)
            && (self.roles.is_empty() || self.roles.contains(&case.role))
    }
}

/// Whether a word names this case: it is in its file or its name, or is one of its tags; with brackets, which name an
/// instance, it is the whole name.
#[must_use]
pub fn is_named(c: &Located<Case>, word: &str) -> bool {
    if let Some((name, _)) = word.split_once('[') {
        return c.value.case == name;
    }
    c.file.contains(word) || c.value.case.contains(word) || c.value.tags.iter().any(|t| t == word)
}

/// A case or an instance, and the check that is named behind it: `case[2019]#check`. Within the brackets a `#` is the number
/// of a value that has no short form: `case[2019,body=#3]`.
#[must_use]
pub fn split_check(name: &str) -> (&str, Option<&str>) {
    let (instance, behind) = name.split_at(name.rfind(']').map_or(0, |at| at + 1));
    match behind.split_once('#') {
        Some((case, check)) => (name.get(..instance.len() + case.len()).unwrap_or(name), Some(check)),
        None => (name, None),
    }
}

/// Every requirement with its level.
#[must_use]
pub fn levels(corpus: &Corpus) -> BTreeMap<&str, Level> {
    requirements(corpus).map(|r| (r.id.as_str(), r.level)).collect()
}

/// Every requirement, in the order of their files.
pub fn requirements(corpus: &Corpus) -> impl Iterator<Item = &Requirement> {
    corpus.requirements.iter().flat_map(|f| &f.value.requirements)
}

/// Makes a fresh target for an instance of a case.
pub type MakeFor<'a> = dyn FnMut(&Case, Era) -> Result<Box<dyn Target>, TargetError> + 'a;

/// Runs the plan's cases; `make` gives a fresh target for each instance, `done` hears of each case.
pub fn run_all(corpus: &Corpus, plan: &Plan, make: &mut MakeFor<'_>, done: &mut dyn FnMut(&CaseReport)) -> Summary {
    let mut summary = Summary::default();
    for case in plan.cases(corpus) {
        let report = run_case(corpus, case, &mut |era| make(&case.value, era), &plan.options);
        summary.add(&report);
        done(&report);
    }
    summary
}

/// Runs the item of this number.
pub type Worker<'a> = Box<dyn FnMut(usize) -> CaseReport + 'a>;

/// Runs items 0 to `items`, without it, as many at the same time as there are `jobs`. Each job is a thread that makes
/// its own worker, by its number; `done` hears of the items in their order, whatever ends first.
pub fn run_jobs<'a>(
    items: usize,
    jobs: usize,
    worker: &(dyn Fn(usize) -> Worker<'a> + Sync),
    done: &mut dyn FnMut(CaseReport),
) {
    let (next, (tell, told)) = (AtomicUsize::new(0), mpsc::channel());
    std::thread::scope(|scope| {
        for job in 0..jobs.clamp(1, items.max(1)) {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                let mut run = worker(job);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= items || tell.send((n, run(n))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        let (mut waiting, mut turn) = (BTreeMap::new(), 0);
        for (n, report) in told {
            waiting.insert(n, report);
            while let Some(report) = waiting.remove(&turn) {
                done(report);
                turn += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_stands_behind_the_brackets_and_a_number_in_them() {
        for (name, of, check) in [
            ("a.b", "a.b", None),
            ("a.b#c", "a.b", Some("c")),
            ("a.b[2019,x=#3]", "a.b[2019,x=#3]", None),
            ("a.b[2019,x=#3]#c d", "a.b[2019,x=#3]", Some("c d")),
            ("", "", None),
        ] {
            assert_eq!(split_check(name), (of, check), "{name}");
        }
    }

    #[test]
    fn what_jobs_give_is_in_order_and_complete() {
        for jobs in [1, 2, 7, 100] {
            let worker = |job: usize| -> Worker<'_> {
                Box::new(move |n| {
                    // Jobs that are slow in turn, without waiting for a clock.
                    (0..(n * 7919 + job) % 1000).for_each(|x| drop(std::hint::black_box(vec![x; 64])));
                    CaseReport { case: n.to_string(), file: String::new(), instances: Vec::new() }
                })
            };
            let mut got = Vec::new();
            run_jobs(57, jobs, &worker, &mut |r| got.push(r.case));
            assert_eq!(got, (0..57).map(|n| n.to_string()).collect::<Vec<_>>(), "{jobs} jobs");
        }
        run_jobs(0, 3, &|_| Box::new(|_| unreachable!()), &mut |_| panic!("there is nothing to run"));
    }
}
