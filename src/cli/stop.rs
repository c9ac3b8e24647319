//! The signals by which a program is asked to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// SIGINT, as Ctrl-C sends it, SIGTERM, as whoever started the program does, SIGHUP, as a terminal that is closed, and
/// SIGQUIT, as Ctrl-\\.
#[derive(Debug)]
pub(super) struct Asked {
    interrupt: Signal,
    terminate: Signal,
    /// None where it is ignored, as under `nohup`, or has come.
    hangup: Option<Signal>,
    /// None where it is ignored, as for what a script puts into the background.
    quit: Option<Signal>,
}

impl Asked {
    /// From now on these signals are heard here and do nothing else. SIGHUP and SIGQUIT stay ignored where whoever started
    /// the program ignores them, as far as the system says so: Linux does. In a runtime only.
    ///
    /// # Errors
    /// The system does not give them.
    pub(super) fn listen() -> Result<Self, Failure> {
        let ignored = ignored();
        let unless_ignored = |kind: SignalKind| {
            let is = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
            (!is).then(|| signal(kind)).transpose().map_err(Failure::incomplete)
        };
        Ok(Self {
            hangup: unless_ignored(SignalKind::hangup())?,
            quit: unless_ignored(SignalKind::quit())?,
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::incomplete)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::incomplete)?,
        })
    }

    /// Waits for the next one; gives its name. SIGHUP comes once: both the system and the shell send it for one terminal,
    /// and the second is no sign that somebody is in a hurry.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            () = heard(self.quit.as_mut()) => "SIGQUIT",
            () = heard(self.hangup.as_mut()) => {
                self.hangup = None;
                "SIGHUP"
            }
        }
    }
}

async fn heard(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => core::future::pending().await,
    }
}

/// The signals that the process ignores, a bit each, the lowest for signal 1. None where the system does not say.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).unwrap_or(0)
}

/// Hears the signals in a thread of its own, and does `what` with them.
///
/// # Errors
/// The system gives no thread or no signal.
pub(super) fn in_thread<F: Future<Output = ()>>(what: impl FnOnce(Asked) -> F + Send + 'static) -> Result<(), Failure> {
    let runtime = super::runtime()?;
    let asked = {
        let _here = runtime.enter();
        Asked::listen()?
    };
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(what(asked))).map_err(Failure::incomplete)?;
    Ok(())
}
