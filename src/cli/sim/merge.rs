//! `locospec sim merge`: adds up the reports of several hunts of different seeds.

use std::path::PathBuf;

use super::super::{Exit, Failure, Outcome, print, talk};
use super::state::{read, write};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Reports, or files of hunts that were stopped
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// Write the sum to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Adds them up. The sum goes to stdout as after a sweep, what failed to stderr; `Found` when anything has.
pub(super) fn run(args: &Args) -> Outcome {
    let mut sum = None;
    // Which of the files a refusal is about, and not only that it is one of those before.
    let mut before: Vec<(String, crate::sim::hunt::report::Report)> = Vec::new();
    for path in &args.reports {
        let (name, report) = (path.display().to_string(), read(path)?);
        for (other, theirs) in &before {
            theirs.clone().merge(other, &report, &name).map_err(Failure::usage)?;
        }
        before.push((name, report));
    }
    for (name, report) in &before {
        match &mut sum {
            None => sum = Some(report.clone()),
            Some(sum) => sum.merge("the sum", report, name).map_err(Failure::usage)?,
        }
    }
    let Some(sum) = sum else { return Err(Failure::usage("no report")) };
    if let Some(path) = &args.out {
        write(path, &sum)?;
    }
    print(&sum)?;
    talk!("seeds {}", sum.done);
    for (seed, failed) in &sum.failed {
        talk!("\nseed {seed} FAILED");
        failed.violations.iter().for_each(|v| talk!("  {v}"));
        let quirks: String = sum.of.quirks.iter().map(|q| format!(" --quirk {q}")).collect();
        talk!("  again: locospec sim --profile {} --seed {seed}{quirks}", sum.of.profile);
    }
    Ok(if sum.failed.is_empty() { Exit::Ok } else { Exit::Found })
}
