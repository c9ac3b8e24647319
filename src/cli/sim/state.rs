//! The file of a hunt that can be gone on with, and the signals that stop one in order.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::{Exit, Failure, files, stop, talk};
use crate::proto::time::Time;
use crate::sim::hunt::report::{Of, Report};

/// A report is kept at most this often, and whenever something has failed.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// Keeps a report in a file as it grows, if there is one.
#[derive(Debug)]
pub(super) struct Keeper {
    report: Option<Report>,
    path: Option<PathBuf>,
    /// Held as long as this hunt lasts, so that no other one writes the same file.
    _lock: Option<File>,
    kept: Option<Time>,
    broken: Option<Failure>,
}

impl Keeper {
    /// Begins, or goes on with what the file has.
    ///
    /// # Errors
    /// The file is of another hunt, another process hunts with it, or it is no such file.
    pub(super) fn open(path: Option<&Path>, of: Of, asked: &str) -> Result<Self, Failure> {
        let fresh = |of| Report::new(of, asked.to_owned());
        let Some(path) = path else {
            return Ok(Self { report: Some(fresh(of)), path: None, _lock: None, kept: None, broken: None });
        };
        let lock = lock(path)?;
        let report = if path.exists() {
            let report = read(path)?;
            if let Some(why) = report.refuses(path, &of, asked) {
                return Err(Failure::usage(why));
            }
            report
        } else {
            fresh(of)
        };
        Ok(Self { report: Some(report), path: Some(path.to_owned()), _lock: lock, kept: None, broken: None })
    }

    /// The report to go on with.
    pub(super) fn take(&mut self) -> Report {
        self.report.take().unwrap_or_else(|| Report::new(Of::this_build("", &[]), String::new()))
    }

    /// Keeps it, if it is time, or at once.
    pub(super) fn keep(&mut self, report: &Report, now: Time, at_once: bool) {
        let Some(path) = &self.path else { return };
        if at_once || self.kept.is_none_or(|kept| now - kept >= KEEP_EVERY) {
            self.kept = Some(now);
            if let Err(e) = write(path, report) {
                self.broken.get_or_insert(e);
            }
        }
    }

    /// Whether something could not be kept: then there is no sense in hunting on.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Keeps it for the last time.
    ///
    /// # Errors
    /// It could not be kept, now or before.
    pub(super) fn finish(self, report: &Report) -> Result<(), Failure> {
        match (self.broken, self.path) {
            (Some(failure), _) => Err(failure),
            (None, Some(path)) => write(&path, report),
            (None, None) => Ok(()),
        }
    }
}

/// Takes the lock beside the file; a system without locks has none.
fn lock(path: &Path) -> Result<Option<File>, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::create(&name).map_err(|e| Failure::usage(format!("{}: {e}", Path::new(&name).display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Failure::usage(format!("another hunt goes on in {}", path.display()))),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// A report from its file.
///
/// # Errors
/// Names the file, line and column.
pub(super) fn read(path: &Path) -> Result<Report, Failure> {
    let text = fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|e| Failure::usage(format!("{}:{}:{}: {e}", path.display(), e.line(), e.column())))
}

/// Writes a report in one step: whoever reads it, after whatever has happened, finds all of it.
///
/// # Errors
/// Names the file.
pub(super) fn write(path: &Path, report: &Report) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).map_err(|e| Failure(Exit::Internal, e.to_string()))?;
    files::write(path, &(text + "\n"))
}

/// Whether somebody has asked for an end, by Ctrl-C, by SIGTERM as a scheduler sends it, or by a terminal that is closed.
/// Asked twice, the process ends at once.
///
/// # Errors
/// The system gives no thread or no signal.
pub(super) fn stop_flag() -> Result<impl Fn() -> bool + Sync, Failure> {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = asked.clone();
    stop::in_thread(|mut signals| async move {
        loop {
            signals.next().await;
            if asked.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            talk!("stopping: what has begun is finished; once more ends it at once");
        }
    })?;
    Ok(move || flag.load(Ordering::Relaxed))
}
