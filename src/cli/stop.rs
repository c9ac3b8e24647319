//! The signals by which a program is asked to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// SIGINT, as Ctrl-C sends it, and SIGTERM, as whoever started the program does.
#[derive(Debug)]
pub(super) struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Asked {
    /// From now on these signals are heard here and do nothing else. In a runtime only.
    ///
    /// # Errors
    /// The system does not give them.
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::incomplete)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::incomplete)?,
        })
    }

    /// Waits for the next one; gives its name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
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
