//! Anybody's client as a target: a process of its own, that connects to the judge's doors on loopback.
//!
//! Two ways to drive it. `lines`: it is told what to do, and tells what happens, in JSON lines on stdin and stdout
//! (`spec/interop/README.md`). `spawn`: it is started with the case's name in its environment, knows by itself what to
//! do, and tells nothing: then only what it sends is judged.
//!
//! Every instance of a case has a process and doors of its own. Its time is the wall clock's; in cases about timers,
//! for a client whose timers can be made to run faster, the clock's times that.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `doors` | the listeners, and TLS at booking |
//! | `process` | one process: what it is told, what it tells, how it ends |
//! | `lines` | the line protocol as values |
//! | `timing` | cases about timers, clients that do nothing more |

mod doors;
mod lines;
mod process;
mod timing;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::leftovers::Folder;
use super::target::{Happening, TargetError};
use crate::net::tls::Authority;
use crate::proto::secure::{Era, KeyRing, PublicRing};
use crate::spec::format::sut::{Launch, Speaks};
use doors::Doors;
pub use process::OutsideTarget;

/// A client under test, and what all its processes share.
#[derive(Debug)]
pub struct Outside {
    launch: Launch,
    speaks: Speaks,
    time_scale: f64,
    profiles: Option<Vec<String>>,
    tls: TlsBox,
    keys: KeyRing,
    public: PublicRing,
    folder: Files,
}

/// Has no `Debug` of its own.
struct TlsBox(TlsAcceptor);

impl std::fmt::Debug for TlsBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsAcceptor")
    }
}

/// The files that a client needs, in a folder that goes with the value.
#[derive(Debug)]
struct Files(Folder);

impl Files {
    fn new() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("locospec-judge-{}-{n}", std::process::id()));
            match fs::create_dir(&path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && n < 1000 => {}
                made => return made.map(|()| Self(Folder::keep(path))),
            }
        }
    }

    fn file(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.at(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

const CA: &str = "ca.pem";
/// The exit code of a spawned client that does not have what the case is about.
const UNIMPLEMENTED: i32 = 89;

/// A line of a client that tells nothing.
fn printed(text: &str) -> Happening {
    Happening::Noted(format!("the client prints {text}"))
}

fn rsa_file(era: Era) -> &'static str {
    if era.is_modern() { "rsa.pub.pem" } else { "rsa-2012.pub.pem" }
}

impl Outside {
    /// A client that is started by `launch`. `time_scale` is how many times faster its timers can run than written; at
    /// 1, cases about timers do not apply. `profiles` are those that it says it has; nothing for all.
    ///
    /// # Errors
    /// The judge's certificate or files cannot be made.
    pub fn new(
        launch: Launch,
        speaks: Speaks,
        time_scale: f64,
        profiles: Option<Vec<String>>,
    ) -> Result<Arc<Self>, TargetError> {
        let wrong = |e: &dyn std::error::Error| TargetError::Unreachable(format!("the judge's own doors: {e}"));
        let authority = Authority::generate().map_err(|e| wrong(&e))?;
        let tls = TlsBox(authority.acceptor().map_err(|e| wrong(&e))?);
        let keys = KeyRing::test();
        let public = keys.public_ring();
        let folder = Files::new().map_err(|e| wrong(&e))?;
        folder.file(CA, authority.cert_pem()).map_err(|e| wrong(&e))?;
        for (era, key) in [(Era::E2012, &public.old), (Era::E2025, &public.modern)] {
            let pem = key.to_pem().map_err(|e| wrong(&e))?;
            folder.file(rsa_file(era), &pem).map_err(|e| wrong(&e))?;
        }
        Ok(Arc::new(Self { launch, speaks, time_scale, profiles, tls, keys, public, folder }))
    }

    /// Whether it has this profile: it says so, and it is one that can be had on sockets.
    #[must_use]
    pub fn has(&self, profile: &str) -> bool {
        let declared = self.profiles.as_ref().is_none_or(|all| all.iter().any(|p| p == profile));
        declared && (profile != "virtual-time" || self.time_scale > 1.0)
    }

    /// A target for one instance of a case in this era. Its process is started when the case is known.
    ///
    /// # Errors
    /// The doors cannot be opened.
    pub fn target(self: &Arc<Self>, runtime: &Rc<Runtime>, era: Era) -> Result<OutsideTarget, TargetError> {
        let (inbox, arrivals) = mpsc::unbounded_channel();
        let doors = runtime.block_on(Doors::open(&self.tls.0, &inbox));
        let doors = doors.map_err(|e| TargetError::Unreachable(format!("open the judge's doors: {e}")))?;
        Ok(OutsideTarget::new(Arc::clone(self), Rc::clone(runtime), era, doors, arrivals))
    }
}
