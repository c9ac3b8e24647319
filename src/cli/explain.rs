//! `locospec explain`: what a case, a requirement or a check is about.

use std::path::PathBuf;

use super::check::{read_spec, spec_root};
use super::{Exit, Failure, Outcome, print};
use crate::spec::catalogue::page::nearest_of;
use crate::spec::explain::explain;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A case, a requirement, or `case#check`, as reports name them
    #[arg(value_name = "CASE|REQUIREMENT|CASE#CHECK")]
    name: String,
    /// The folder of the spec
    #[arg(long, value_name = "DIR")]
    spec: Option<PathBuf>,
}

/// Prints the page.
///
/// # Errors
/// Nothing is called that, or a spec that cannot be read.
pub fn run(args: &Args) -> Outcome {
    let corpus = read_spec(args.spec.as_deref())?;
    match explain(&corpus, &spec_root(args.spec.as_deref()), &args.name) {
        Ok(page) => print(page).map(|()| Exit::Ok),
        Err(names) => {
            let name = &args.name;
            let near = match names.as_slice() {
                [case] if name.contains('#') => {
                    vec![format!("a check of {case}: `locospec explain {case}` lists them")]
                }
                _ => nearest_of(name, names.into_iter()),
            };
            let hint = if near.is_empty() {
                "`locospec check --list` has the cases".to_owned()
            } else {
                format!("did you mean {}?", near.join(", "))
            };
            Err(Failure::usage(format!("no case or requirement is called `{name}`; {hint}")))
        }
    }
}
