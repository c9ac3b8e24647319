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
//! machine wants written: one write for all replies of a batch. RSA runs beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::{BoxStream, Clock, Network};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::error::PeerMisbehaved;
use crate::proto::quirk::Quirk;
use crate::proto::secure::{Era, KeyRing, SessionKey, unwrap};
use crate::proto::server::store::StoreError;
use crate::proto::server::{ConnId, Input, Output, Server, Why};
use crate::store::Database;

/// Inputs that may wait for the hub; readers wait beyond it.
const INBOX_MAX: usize = 1024;
/// Inputs that one batch takes at most.
const BATCH_MAX: usize = 1024;
/// Bytes that one read takes at most.
const READ_MAX: usize = 16 << 10;
/// How long the peers have to take what is queued when the server stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// How long a peer has to take what is queued when we close.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);
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

/// How long the next commit takes on top of itself: the simulator's slow disk and its yield points.
pub type Pace = Box<dyn FnMut() -> Duration + Send>;

/// Unwraps session keys. Whatever the block is, it gives a key.
#[derive(Clone)]
pub enum Unwrapper {
    /// On the spot, with randomness of our own: the simulator.
    Inline(Arc<KeyRing>, Entropy),
    /// On the runtime's blocking threads.
    Threads(Arc<KeyRing>, Entropy),
    /// By somebody who may know the key already: the simulator.
    By(Unwrap),
}

/// Unwraps one block of one era.
pub type Unwrap = Arc<dyn Fn(Era, &[u8]) -> SessionKey + Send + Sync>;

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
    Gone(ConnId),
    Sent(ConnId, usize),
    Key(ConnId, SessionKey),
}

enum Order {
    Write(Vec<u8>),
    Close,
}

/// The hub's end of a connection: dropping it ends the connection once what is queued is written.
struct Line {
    orders: mpsc::UnboundedSender<Order>,
    kill: oneshot::Sender<()>,
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
    let hub = Hub { server, db, setup, inbox, writers: BTreeMap::new(), live: BTreeSet::new(), next_conn: 1 };
    hub.run(events, stop).await
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

struct Hub {
    server: Server,
    db: Database,
    setup: Setup,
    inbox: mpsc::Sender<Event>,
    writers: Writers,
    live: BTreeSet<ConnId>,
    next_conn: ConnId,
}

impl Hub {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let mut stop = pin!(stop);
        let mut batch = Vec::new();
        loop {
            let deadline = self.server.deadline();
            let clock = self.setup.clock.clone();
            let wait = async {
                match deadline {
                    Some(at) => tokio::time::sleep(at - clock.now()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                n = events.recv_many(&mut batch, BATCH_MAX) => if n == 0 { break },
                () = wait => (),
            }
            self.turns(&mut batch, false).await?;
        }
        self.turns(&mut batch, true).await?;
        let _ = timeout(DRAIN_WITHIN, async {
            while !self.live.is_empty() && events.recv_many(&mut batch, BATCH_MAX).await > 0 {
                for event in batch.drain(..) {
                    if let Event::Gone(conn) = event {
                        self.live.remove(&conn);
                    }
                }
            }
        })
        .await;
        Ok(())
    }

    /// What came before an end is answered before the end is looked at: a peer may close its sending half and wait.
    async fn turns(&mut self, batch: &mut Vec<Event>, drain: bool) -> Result<(), ServeError> {
        let mut ends: Vec<Event> = batch.extract_if(.., |e| matches!(e, Event::Gone(_))).collect();
        if !batch.is_empty() || drain || ends.is_empty() {
            self.turn(batch, drain).await?;
        }
        if ends.is_empty() { Ok(()) } else { self.turn(&mut ends, false).await }
    }

    /// One batch: handle, commit, transmit.
    async fn turn(&mut self, batch: &mut Vec<Event>, drain: bool) -> Result<(), ServeError> {
        let now = self.setup.clock.now();
        let mut done = Ok(());
        let mut unit = self.db.begin().map_err(ServeError::Store)?;
        for event in batch.drain(..) {
            let input = match &event {
                Event::Read(conn, bytes) => {
                    note(&self.setup, &Note::Read(*conn, bytes));
                    Input::Bytes { conn: *conn, bytes }
                }
                Event::Gone(conn) => {
                    note(&self.setup, &Note::Gone(*conn));
                    self.writers.remove(conn);
                    self.live.remove(conn);
                    Input::Closed { conn: *conn }
                }
                Event::Sent(conn, bytes) => Input::Sent { conn: *conn, bytes: *bytes },
                Event::Key(conn, key) => Input::Unwrapped { conn: *conn, key: key.clone() },
                Event::Accepted(door, _) => Input::Accepted { conn: self.next_conn, door: *door },
            };
            done = done.and(self.server.handle(input, now, &mut unit));
            if let Event::Accepted(door, stream) = event {
                let conn = self.next_conn;
                self.next_conn += 1;
                note(&self.setup, &Note::Accepted(conn, door));
                self.writers.insert(conn, start(conn, stream, &self.inbox));
                self.live.insert(conn);
            }
        }
        if drain {
            done = done.and(self.server.handle(Input::Drain, now, &mut unit));
        }
        done = done.and(self.server.handle(Input::Tick, now, &mut unit));
        let mut early = Vec::new();
        if self.server.config().quirks.has(Quirk::AckBeforeDurable) {
            early.extend(std::iter::from_fn(|| self.server.poll_output()));
        }
        if let Err(e) = done {
            self.server.abandon();
            let _ = unit.abort();
            return Err(ServeError::Store(e));
        }
        let dirty = unit.is_dirty();
        for output in early {
            perform(output, &mut self.setup, &mut self.writers, &self.inbox);
        }
        if dirty {
            if let Some(pace) = &mut self.setup.pace {
                tokio::time::sleep(pace()).await;
            }
        }
        if let Err(e) = unit.commit() {
            self.server.abandon();
            return Err(ServeError::Store(e));
        }
        if dirty {
            note(&self.setup, &Note::Committed);
        }
        while let Some(output) = self.server.poll_output() {
            perform(output, &mut self.setup, &mut self.writers, &self.inbox);
        }
        Ok(())
    }
}

type Writers = BTreeMap<ConnId, Line>;

/// Does what the machine wants done.
fn perform(output: Output, setup: &mut Setup, writers: &mut Writers, inbox: &mpsc::Sender<Event>) {
    match output {
        Output::Transmit { conn, bytes } => {
            note(setup, &Note::Written(conn, &bytes));
            if let Some(line) = writers.get(&conn) {
                let _ = line.orders.send(Order::Write(bytes));
            }
        }
        Output::Close { conn, why } => {
            note(setup, &Note::Closing(conn, why));
            if let Some(line) = writers.remove(&conn) {
                line.close(why);
            }
        }
        Output::Unwrap { conn, era, wrapped } => setup.unwrapper.start(conn, era, wrapped, inbox.clone()),
    }
}

impl Line {
    /// Closes it when what is queued is written, at once if the peer does not read, and in any case within a bound.
    fn close(self, why: Why) {
        let _ = self.orders.send(Order::Close);
        if why == Why::Misbehaved(PeerMisbehaved::SlowReader) {
            let _ = self.kill.send(());
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(CLOSE_WITHIN).await;
                let _ = self.kill.send(());
            });
        }
    }
}

fn note(setup: &Setup, what: &Note<'_>) {
    if let Some(observer) = &setup.observer {
        observer(what);
    }
}

impl Unwrapper {
    /// Unwraps beside the hub; the key comes back through the inbox.
    #[allow(clippy::disallowed_methods)]
    fn start(&mut self, conn: ConnId, era: Era, wrapped: Vec<u8>, inbox: mpsc::Sender<Event>) {
        match self {
            Self::By(unwrap) => {
                let key = unwrap(era, &wrapped);
                tokio::spawn(async move { inbox.send(Event::Key(conn, key)).await });
            }
            Self::Inline(ring, entropy) => {
                let key = unwrap(era, &wrapped, ring, entropy);
                tokio::spawn(async move { inbox.send(Event::Key(conn, key)).await });
            }
            Self::Threads(ring, entropy) => {
                let (ring, mut entropy) = (ring.clone(), entropy.fork());
                tokio::spawn(async move {
                    let work = tokio::task::spawn_blocking(move || unwrap(era, &wrapped, &ring, &mut entropy));
                    if let Ok(key) = work.await {
                        let _ = inbox.send(Event::Key(conn, key)).await;
                    }
                });
            }
        }
    }
}

/// Starts the two tasks of a connection.
fn start(conn: ConnId, stream: BoxStream, inbox: &mpsc::Sender<Event>) -> Line {
    let (read, write) = tokio::io::split(stream);
    let (orders, todo) = mpsc::unbounded_channel();
    let (kill, killed) = oneshot::channel();
    let reader = tokio::spawn(reader(conn, read, inbox.clone()));
    let inbox = inbox.clone();
    tokio::spawn(async move {
        let killed = async {
            if killed.await.is_err() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = killed => (),
            () = writer(conn, write, todo, &inbox) => (),
        }
        reader.abort();
        let _ = inbox.send(Event::Gone(conn)).await;
    });
    Line { orders, kill }
}

async fn reader(conn: ConnId, mut stream: ReadHalf<BoxStream>, inbox: mpsc::Sender<Event>) {
    let mut buffer = vec![0; READ_MAX];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => {
                let bytes = buffer.get(..n).unwrap_or_default().to_vec();
                if inbox.send(Event::Read(conn, bytes)).await.is_err() {
                    return;
                }
            }
        }
    }
    let _ = inbox.send(Event::Gone(conn)).await;
}

/// Writes what it is told, everything that waits in one write. It ends when it is told to, when the hub has dropped
/// the connection, or when the peer is gone.
async fn writer(
    conn: ConnId,
    mut stream: WriteHalf<BoxStream>,
    mut todo: mpsc::UnboundedReceiver<Order>,
    inbox: &mpsc::Sender<Event>,
) {
    let mut bytes = Vec::new();
    while let Some(order) = todo.recv().await {
        let mut close = matches!(order, Order::Close);
        if let Order::Write(b) = order {
            bytes = b;
        }
        while let Ok(more) = todo.try_recv() {
            match more {
                Order::Write(b) => bytes.extend_from_slice(&b),
                Order::Close => close = true,
            }
        }
        if !bytes.is_empty() {
            if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            let _ = inbox.send(Event::Sent(conn, bytes.len())).await;
            bytes.clear();
        }
        if close {
            break;
        }
    }
    let _ = stream.shutdown().await;
}
