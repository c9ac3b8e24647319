//! Loads on a server in a process of its own, from this one: `locospec serve` on real sockets.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`line`] | one secured connection, either end |
//! | [`other`] | processes that are measured, and the worlds they get |
//! | [`drive`] | keeping so many packets in flight, and what came of it |
//! | [`echo`] | what a server is compared with: the same framing and ciphers, and nothing else |
//! | the others | one part each |

pub mod drive;
pub mod echo;
pub mod fair;
pub mod handshakes;
pub mod idle;
pub mod line;
pub mod other;
pub mod ping;
pub mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::report::Failure;

/// Somebody in the way, on a thread of his own: what he does must not delay those who are measured. He goes when this is
/// dropped.
pub struct Nuisance {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Nuisance {
    pub fn start<W: Future<Output = Result<(), Failure>>>(work: impl FnOnce() -> W + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stops = stop.clone();
        let thread = std::thread::spawn(move || {
            let ended = block_on(async {
                tokio::select! {
                    biased;
                    done = work() => done,
                    () = async { while !stops.load(Relaxed) { tokio::time::sleep(TICK).await } } => Ok(()),
                }
            });
            if let Err(e) = ended {
                eprintln!("who was to be in the way has failed: {e}");
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Nuisance {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How soon a nuisance goes.
const TICK: std::time::Duration = std::time::Duration::from_millis(20);

/// Runs `work` on one thread, which leaves the other core to who is measured.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
