//! The driver of `proto::server`: one task decides, two tasks a connection move bytes.
//!
//! ```text
//!  socket ─> reader ──┐                       ┌──> writer ─> socket
//!                     ├─> THE HUB: batch ─────┤
//!  socket ─> reader ──┘    handle*, commit,   └──> writer ─> socket
//!                          then transmit
//! ```
//!
//! The hub takes whatever has come, handles all of it in one unit of work, commits, and only then hands out what the
//! machine wants written: one write for all replies of a batch. RSA runs beside it, and so does a commit that waits for
//! a disk: what comes meanwhile is the next batch, so that all who write at once share a commit (group commit).

mod hub;
mod line;
mod spares;
mod unwrapping;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use self::hub::Hub;
use self::spares::Spares;
pub use self::unwrapping::{Threads, Unwrap, Unwrapper};
use super::{BoxStream, Clock, Network};
use crate::proto::command::Door;
use crate::proto::secure::SessionKey;
use crate::proto::server::store::{Effect, StoreError};
use crate::proto::server::{ConnId, Server, Why};
use crate::store::Database;

/// Inputs that may wait for the hub; readers wait beyond it.
const INBOX_MAX: usize = BATCH_MAX;
/// Inputs that one batch, and so one commit, takes at most, unless [`Setup`] says fewer.
pub const BATCH_MAX: usize = 4096;
/// How long a TLS handshake may take.
const TLS_WITHIN: Duration = Duration::from_secs(10);

/// Something that happened to the driver, for logs and traces.
#[derive(Debug)]
pub enum Note<'a> {
    /// A connection came.
    Accepted(ConnId, Door),
    /// Bytes came.
    Read(ConnId, &'a [u8]),
    /// Bytes are handed to the writer.
    Written(ConnId, &'a [u8]),
    /// The peer has taken this many bytes.
    Sent(ConnId, usize),
    /// We close.
    Closing(ConnId, Why),
    /// The peer is gone.
    Gone(ConnId),
    /// A unit of work was committed.
    Committed,
    /// Accepting failed; it goes on.
    AcceptFailed(Door, &'a io::Error),
}

/// Who hears of [`Note`]s.
pub type Observer = Arc<dyn Fn(&Note<'_>) + Send + Sync>;

/// How long the next commit takes on top of itself, if it takes longer: the simulator's slow disk and its yield points.
pub type Pace = Box<dyn FnMut() -> Option<Duration> + Send>;

/// What somebody in charge changes in the store before the next batch: the simulator's tokens that expire.
pub type Operator = Box<dyn FnMut() -> Vec<Effect> + Send>;

/// What somebody in charge tells a running server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steer {
    /// The carriage server is there from now on.
    Carriage {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// All sessions of a user end, with this reason.
    Kick {
        /// Whose.
        user: i64,
        /// What KICKOUT says.
        reason: i32,
    },
}

/// The part of a server in a house of several.
#[derive(Debug, Default)]
pub struct Part {
    /// Connections are numbered from behind this one, so that no two servers of a house use the same names.
    pub conns_above: ConnId,
    /// Who steers it.
    pub steer: Option<mpsc::UnboundedReceiver<Steer>>,
}

/// What a server needs besides its machine.
pub struct Setup {
    /// TLS for the booking door; without it booking is plain, as in the simulator.
    pub tls: Option<TlsAcceptor>,
    /// Time.
    pub clock: Clock,
    /// RSA.
    pub unwrapper: Unwrapper,
    /// Who hears of what happens.
    pub observer: Option<Observer>,
    /// Slows commits.
    pub pace: Option<Pace>,
    /// Changes the store beside all peers.
    pub operator: Option<Operator>,
    /// Inputs that one batch takes at most: [`BATCH_MAX`], and fewer to see what batches are good for.
    pub batch: usize,
    /// Its part among other servers; the default for one alone.
    pub part: Part,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Setup")
    }
}

/// Why a server stopped before it was told to.
#[derive(Debug)]
pub enum ServeError {
    /// A port could not be bound.
    Bind(Door, SocketAddr, io::Error),
    /// The store failed: nothing was acknowledged that is not kept.
    Store(StoreError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(door, addr, e) => write!(f, "cannot listen for {} on {addr}: {e}", door.as_str()),
            Self::Store(e) => write!(f, "{e}; the server stops, nothing unkept was acknowledged"),
        }
    }
}

impl std::error::Error for ServeError {}

/// Bound ports, one for each door, in the order of [`Door::ALL`].
#[derive(Debug)]
pub struct Doors<L> {
    listeners: Vec<(Door, L)>,
    addrs: Vec<(Door, SocketAddr)>,
}

impl<L> Doors<L> {
    /// Binds every door of `addrs`.
    ///
    /// # Errors
    /// The first port that is taken or not allowed.
    pub async fn bind<N: Network<Listener = L>>(net: &N, addrs: &[(Door, SocketAddr)]) -> Result<Self, ServeError> {
        let mut doors = Self { listeners: Vec::new(), addrs: Vec::new() };
        for &(door, addr) in addrs {
            let fail = |e| ServeError::Bind(door, addr, e);
            let listener = net.bind(addr).await.map_err(fail)?;
            doors.addrs.push((door, net.local_addr(&listener).map_err(fail)?));
            doors.listeners.push((door, listener));
        }
        Ok(doors)
    }

    /// Where `door` is.
    #[must_use]
    pub fn addr(&self, door: Door) -> Option<SocketAddr> {
        self.addrs.iter().find(|(d, _)| *d == door).map(|(_, a)| *a)
    }
}

enum Event {
    Accepted(Door, BoxStream),
    Read(ConnId, Vec<u8>),
    /// The peer says no more.
    Gone(ConnId),
    /// Both tasks of the connection are at their end, or will be at once.
    Ended(ConnId),
    Sent(ConnId, Vec<u8>),
    Key(ConnId, SessionKey),
    Steer(Steer),
}

/// Serves until `stop` is ready, then drains: CHANGESVR, then close.
///
/// # Errors
/// The store failed.
pub async fn serve<N: Network>(
    net: N,
    doors: Doors<N::Listener>,
    server: Server,
    db: Database,
    setup: Setup,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (inbox, events) = mpsc::channel(INBOX_MAX);
    let mut acceptors = tokio::task::JoinSet::new();
    for (door, listener) in doors.listeners {
        let tls = setup.tls.clone().filter(|_| door == Door::Booking);
        acceptors.spawn(accept(net.clone(), listener, door, tls, inbox.clone(), setup.observer.clone()));
    }
    Hub::new(server, db, setup, inbox, N::WRITES_AT_ONCE).run(events, stop).await
}

async fn accept<N: Network>(
    net: N,
    mut listener: N::Listener,
    door: Door,
    tls: Option<TlsAcceptor>,
    inbox: mpsc::Sender<Event>,
    observer: Option<Observer>,
) {
    loop {
        let stream = match net.accept(&mut listener).await {
            Ok(stream) => stream,
            Err(e) => {
                // Out of file descriptors, or the peer is gone already: other connections go on.
                if let Some(observer) = &observer {
                    observer(&Note::AcceptFailed(door, &e));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let Some(tls) = tls.clone() else {
            if inbox.send(Event::Accepted(door, stream)).await.is_err() {
                return;
            }
            continue;
        };
        let inbox = inbox.clone();
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = timeout(TLS_WITHIN, tls.accept(stream)).await {
                let _ = inbox.send(Event::Accepted(door, Box::new(stream))).await;
            }
        });
    }
}
