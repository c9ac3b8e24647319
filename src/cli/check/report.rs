//! Reports to files: `--report KIND=FILE`, and the subcommands that read what earlier runs wrote.

use std::path::{Path, PathBuf};

use super::super::{Exit, Failure, Outcome, files, print};
use super::read_spec;
use crate::spec::corpus::Corpus;
use crate::spec::report::Run;
use crate::spec::report::badge::badge;
use crate::spec::report::diff::Diff;
use crate::spec::report::failure::Detail;
use crate::spec::report::html::html;
use crate::spec::report::junit::junit;

/// The kind of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Junit,
    Json,
    Html,
    Badge,
}

/// A report and where it goes.
#[derive(Clone, Debug)]
pub struct To {
    kind: Kind,
    file: PathBuf,
}

impl To {
    /// Reads `html=page.html`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, file) = text.split_once('=').filter(|(_, f)| !f.is_empty()).ok_or("write KIND=FILE")?;
        let kind = match kind {
            "junit" => Kind::Junit,
            "json" => Kind::Json,
            "html" => Kind::Html,
            "badge" => Kind::Badge,
            _ => return Err(format!("`{kind}` is none of junit, json, html, badge")),
        };
        Ok(Self { kind, file: file.into() })
    }

    /// The file that it is written to.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether it shows what happened, not only what came of it.
    pub fn is_full(&self) -> bool {
        self.kind != Kind::Badge
    }

    /// Writes it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, corpus: &Corpus, run: &Run) -> Result<(), Failure> {
        let text = match self.kind {
            Kind::Junit => junit(run),
            Kind::Json => run.to_lines().map_err(Failure::incomplete)?,
            Kind::Html => html(corpus, std::slice::from_ref(run), Detail::Full),
            Kind::Badge => badge(corpus, run),
        };
        files::write(&self.file, &text)
    }
}

/// What else `check` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Other {
    /// One page of several runs: requirements × implementations, and what is wrong with each
    Report {
        /// Runs, as `--report json=FILE` wrote them
        #[arg(value_name = "RUN.json", required = true)]
        runs: Vec<PathBuf>,
        /// The page
        #[arg(long, value_name = "FILE")]
        html: PathBuf,
        /// Only the bytes that a reader needs first, so that the page is small enough to be kept
        #[arg(long)]
        brief: bool,
        /// The folder of the spec
        #[arg(long, value_name = "DIR")]
        spec: Option<PathBuf>,
    },
    /// What got better, worse, came or went from one run to another; exit code 1 when something got worse
    Diff {
        /// The earlier run, as `--report json=FILE` wrote it
        #[arg(value_name = "A.json")]
        before: PathBuf,
        /// The later one
        #[arg(value_name = "B.json")]
        after: PathBuf,
    },
}

/// Runs a subcommand.
///
/// # Errors
/// A file that cannot be read or is no run, or cannot be written.
pub fn run(other: &Other) -> Outcome {
    match other {
        Other::Report { runs, html: to, brief, spec } => {
            let corpus = read_spec(spec.as_deref())?;
            let runs = runs.iter().map(|f| read(f)).collect::<Result<Vec<_>, _>>()?;
            let detail = if *brief { Detail::Brief } else { Detail::Full };
            files::write(to, &html(&corpus, &runs, detail))?;
            print(format!("{}\n", to.display()))?;
            Ok(Exit::Ok)
        }
        Other::Diff { before, after } => {
            let diff = Diff::of(&read(before)?, &read(after)?);
            print(&diff)?;
            Ok(if diff.is_worse() { Exit::Found } else { Exit::Ok })
        }
    }
}

fn read(file: &Path) -> Result<Run, Failure> {
    Run::from_lines(&file.display().to_string(), &files::read(file)?).map_err(Failure::usage)
}
