//! `locospec spec lint`: whether the YAML holds together, every error as `file:line:column`.

use std::path::{Path, PathBuf};

use super::check::load;
use super::{Exit, Failure, Outcome};
use crate::spec::lint;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check every file of the spec, and that requirements, cases and code name each other
    Lint {
        /// The folder of the spec
        #[arg(long, value_name = "DIR")]
        spec: Option<PathBuf>,
        /// The sources that cite requirements; without it `src`, where there is one
        #[arg(long, value_name = "DIR")]
        src: Option<PathBuf>,
    },
}

/// Lints.
///
/// # Errors
/// Files that cannot be read or understood.
pub fn run(args: &Args) -> Outcome {
    let What::Lint { spec, src } = &args.what;
    let corpus = load(spec.as_deref())?;
    let mut wrong = lint::corpus(&corpus);
    let src = src.clone().or_else(|| Path::new("src").is_dir().then(|| PathBuf::from("src")));
    if let Some(src) = src {
        let cited = lint::citations(&src).map_err(Failure::usage)?;
        wrong.extend(lint::code(&corpus, &cited));
    }
    for w in &wrong {
        println!("{w}");
    }
    let requirements: usize = corpus.requirements.iter().map(|f| f.value.requirements.len()).sum();
    eprintln!("{requirements} requirements, {} cases, {} faults", corpus.cases.len(), wrong.len());
    Ok(if wrong.is_empty() { Exit::Ok } else { Exit::Found })
}
