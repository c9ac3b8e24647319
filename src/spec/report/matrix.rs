//! Requirements × implementations: how each requirement stands in each run.

use std::collections::BTreeMap;

use super::{Run, Standing};
use crate::spec::corpus::Corpus;
use crate::spec::format::requirement::Requirement;
use crate::spec::judge::requirements;

/// The matrix.
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    /// The runs, which are its columns.
    pub runs: &'a [Run],
    /// The requirements that a case of some run proves, in the order of the spec.
    pub rows: Vec<Row<'a>>,
}

/// One requirement.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The requirement.
    pub requirement: &'a Requirement,
    /// How it stands in each run; nothing where no case proved it.
    pub cells: Vec<Option<Standing>>,
}

impl<'a> Matrix<'a> {
    /// The matrix of these runs. A requirement is as good as the worst case that proves it.
    #[must_use]
    pub fn new(corpus: &'a Corpus, runs: &'a [Run]) -> Self {
        let columns: Vec<BTreeMap<&str, Standing>> = runs.iter().map(column).collect();
        let row = |requirement: &'a Requirement| Row {
            requirement,
            cells: columns.iter().map(|c| c.get(requirement.id.as_str()).copied()).collect(),
        };
        let rows = requirements(corpus).map(row).filter(|r| r.cells.iter().any(Option::is_some)).collect();
        Self { runs, rows }
    }

    /// How many requirements stand how in this run.
    #[must_use]
    pub fn counts(&self, run: usize) -> BTreeMap<Standing, usize> {
        let mut out = BTreeMap::new();
        for s in self.rows.iter().filter_map(|r| r.cells.get(run).copied().flatten()) {
            *out.entry(s).or_default() += 1;
        }
        out
    }
}

fn column(run: &Run) -> BTreeMap<&str, Standing> {
    let mut out: BTreeMap<&str, Standing> = BTreeMap::new();
    for case in &run.cases {
        let Some(worst) = case.instances.iter().map(super::InstanceLine::standing).max() else { continue };
        for r in &case.proves {
            let cell = out.entry(r.as_str()).or_insert(worst);
            *cell = worst.max(*cell);
        }
    }
    out
}
