//! Running the whole spec, or a part of it, and counting what comes of it.

use super::corpus::Corpus;
use super::format::Case;
use super::run::target::{Target, TargetError};
use super::run::{Options, run_case};
use super::verdict::{CaseReport, Summary};
use super::yaml::Located;
use crate::proto::secure::Era;

/// Which cases, and how.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Only cases whose file or name has one of these in it, or that have it as a tag; all when there is none.
    pub only: Vec<String>,
    /// How they are run.
    pub options: Options,
}

impl Plan {
    /// The cases of the plan, in the order of their files.
    pub fn cases<'c>(&self, corpus: &'c Corpus) -> Vec<&'c Located<Case>> {
        let wanted = |c: &&Located<Case>| {
            let named = |w: &String| c.file.contains(w.as_str()) || c.value.case.contains(w.as_str());
            self.only.is_empty() || self.only.iter().any(|w| named(w) || c.value.tags.contains(w))
        };
        corpus.cases.iter().filter(wanted).collect()
    }
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
