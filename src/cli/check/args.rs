//! The arguments of `check`, and who is judged by them.

use std::path::PathBuf;

use super::super::Failure;
use super::super::client::parse_era;
use super::super::serve::parse_quirk;
use super::report::{self, To};
use super::{choose, lines};
use crate::proto::quirk::Quirk;
use crate::proto::secure::Era;
use crate::spec::format::requirement::Level;
use crate::spec::format::sut::{self, Sut, SutFormat, WorldKind};
use crate::spec::format::{Eras, Role, Span};

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    pub(super) other: Option<report::Other>,
    #[command(flatten)]
    pub(super) check: CheckArgs,
}

/// Arguments of the check itself.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Only cases with one of these in their name or path, or as a tag: `frame/`, `chat.write`, `smoke`; with brackets
    /// one instance: `chat.write.extra[2019]`
    #[arg(value_name = "CASE")]
    pub(super) only: Vec<String>,
    /// Only cases that prove this requirement; may be given more than once
    #[arg(long, value_name = "ID")]
    pub(super) requirement: Vec<String>,
    /// Only cases with this tag; may be given more than once
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Vec<String>,
    /// Only cases that prove a requirement of this level: must, should, may or info
    #[arg(long, value_name = "LEVEL", value_parser = choose::level)]
    pub(super) level: Option<Level>,
    /// Only this generation of the protocol; may be given more than once
    #[arg(long, value_parser = parse_era)]
    pub(super) era: Vec<Era>,
    #[command(flatten)]
    pub(super) who: Who,
    /// Failures that are known, with reasons: they do not make the run fail, and entries that do not hold any more do
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write a baseline that expects what fails in this run, to be looked at
    #[arg(long, value_name = "FILE")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Which failures make the run fail: must (of cases that prove a MUST), should (all), tolerated (what is tolerated
    /// too)
    #[arg(long, value_name = "LEVEL", default_value = "should", value_parser = ["must", "should", "tolerated"])]
    pub(super) fail_on: String,
    /// Cases at the same time, each job with a process of its own; without it as many as make sense
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=256))]
    pub(super) jobs: Option<u64>,
    /// The most time that one instance of a case may take, where time is real: 10s
    #[arg(long, value_name = "TIME", value_parser = Span::parse)]
    pub(super) timeout: Option<Span>,
    /// Try what fails again, so many times; what then holds is told as flaky
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub(super) retry: u32,
    /// Say where the implementation is, and wait for Enter before the first case
    #[arg(long)]
    pub(super) wait_for_debugger: bool,
    /// Write a report: junit=FILE, json=FILE (JSON lines), html=FILE, badge=FILE (SVG); may be given more than once
    #[arg(long, value_name = "KIND=FILE", value_parser = To::parse)]
    pub(super) report: Vec<To>,
    /// Print what happened in each failure
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// The folder of the spec
    #[arg(long, value_name = "DIR")]
    pub(super) spec: Option<PathBuf>,
    /// Simulated seeds after the cases of the reference; 0 for none
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) seeds: u64,
    /// List the cases and stop
    #[arg(long)]
    pub(super) list: bool,
    /// Say what would run, and why the rest would not, and stop
    #[arg(long, conflicts_with = "list")]
    pub(super) plan: bool,
}

/// Who is judged; without any of these the reference in this process.
#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// The implementation that this file describes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["server", "dir", "quirk"])]
    pub(super) sut: Option<PathBuf>,
    /// A server on sockets: with --ca its booking server, which leads to the other doors; without it its carriage
    #[arg(long, value_name = "HOST:PORT", requires = "rsa_pub", conflicts_with = "dir")]
    pub(super) server: Option<String>,
    /// Its booking server
    #[arg(long, value_name = "HOST:PORT", requires_all = ["ca", "server"])]
    pub(super) booking: Option<String>,
    /// Its ticket server
    #[arg(long, value_name = "HOST:PORT", requires = "server")]
    pub(super) ticket: Option<String>,
    /// Its entry of 2012; without it the carriage's port, where the first bytes decide
    #[arg(long, value_name = "HOST:PORT", requires = "server")]
    pub(super) entry: Option<String>,
    /// Its RSA-2048 public key
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(super) rsa_pub: Option<PathBuf>,
    /// Its RSA-1024 public key; without it 2012 is left out
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(super) rsa_2012_pub: Option<PathBuf>,
    /// The CA of its booking server
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(super) ca: Option<PathBuf>,
    /// All of the above from the folder that `serve --dir` has written
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Make the reference wrong in this way: its cases must fail
    #[arg(long, value_parser = parse_quirk, conflicts_with_all = ["server", "dir"])]
    pub(super) quirk: Vec<Quirk>,
}

impl Who {
    /// What is judged, as a `sut.yaml` would say it; nothing for the reference in this process.
    pub(super) fn sut(&self) -> Result<Option<Sut>, Failure> {
        if let Some(file) = &self.sut {
            return Ok(Some(Sut::read(file).map_err(|all| lines(&all))?.value));
        }
        let attach = match (&self.dir, &self.server) {
            (Some(dir), _) => sut::Attach { dir: Some(dir.clone()), ..sut::Attach::default() },
            (None, Some(server)) => {
                let leads = self.ca.is_some() && self.booking.is_none();
                let first = Some(server.clone());
                sut::Attach {
                    dir: None,
                    booking: if leads { first.clone() } else { self.booking.clone() },
                    ticket: self.ticket.clone(),
                    entry: self.entry.clone(),
                    carriage: if leads { None } else { first },
                    ca: self.ca.clone(),
                    rsa_pub: self.rsa_pub.clone(),
                    rsa_2012_pub: self.rsa_2012_pub.clone(),
                }
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(described("server", Role::Server, WorldKind::Fixed, Some(attach))))
    }

    /// The arguments that name it again.
    pub(super) fn again(&self) -> String {
        let mut out = String::from("locospec check");
        let mut add = |name: &str, value: Option<String>| {
            if let Some(v) = value {
                out = crate::spec::report::again(&format!("{out} --{name}"), &v);
            }
        };
        let path = |p: &Option<PathBuf>| p.as_ref().map(|p| p.display().to_string());
        add("sut", path(&self.sut));
        add("dir", path(&self.dir));
        add("server", self.server.clone());
        add("booking", self.booking.clone());
        add("ticket", self.ticket.clone());
        add("entry", self.entry.clone());
        add("rsa-pub", path(&self.rsa_pub));
        add("rsa-2012-pub", path(&self.rsa_2012_pub));
        add("ca", path(&self.ca));
        self.quirk.iter().for_each(|q| add("quirk", Some(q.as_str().to_owned())));
        out
    }
}

/// A description that no file gives.
pub(super) fn described(name: &str, role: Role, world: WorldKind, attach: Option<sut::Attach>) -> Sut {
    Sut {
        format: SutFormat::V1,
        name: name.to_owned(),
        version: if attach.is_some() { "unknown".to_owned() } else { env!("CARGO_PKG_VERSION").to_owned() },
        role,
        profiles: None,
        eras: Eras::default(),
        world,
        time_scale: 1.0,
        launch: None,
        attach,
        speaks: None,
        hooks: sut::Hooks::default(),
    }
}
