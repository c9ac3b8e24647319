//! The driver of `proto::client`: connects where the machine says, moves bytes, hands events on.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use super::{BoxStream, Clock, Network, read_all, tls};
use crate::proto::client::{Action, Client, ConnId, Event, Input, Output};

/// Inputs that may wait for the machine.
const INBOX_MAX: usize = 256;
/// How long the server has to take what is queued when we close.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// What a client needs besides its machine.
#[derive(Clone)]
pub struct Setup {
    /// Time.
    pub clock: Clock,
    /// TLS for booking.
    pub tls: Option<TlsConnector>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Setup")
    }
}

enum Arrived {
    Connected(ConnId, BoxStream),
    Failed(ConnId),
    Read(ConnId, Vec<u8>),
    Gone(ConnId),
}

/// Who sits at a machine: wants things of it and is told what happens.
pub(super) trait Seat: Send {
    /// What can be wanted.
    type Order: Send;

    /// The next thing that is wanted; `None` when nobody will want anything any more. Nothing is lost when the future
    /// is dropped.
    fn next(&mut self) -> impl Future<Output = Option<Self::Order>> + Send;

    /// What the machine has to do about it, if anything.
    fn turn(&mut self, order: Self::Order, client: &Client) -> Option<Action>;

    /// The machine has taken something in, and nobody knows of it yet: the time to keep what it remembers. `false` ends
    /// the client before anybody does.
    fn taken_in(&mut self, _client: &Client) -> bool {
        true
    }

    /// Takes an event; `false` ends the client.
    fn tell(&mut self, event: Event) -> bool;
}

struct Channels {
    actions: mpsc::Receiver<Action>,
    events: mpsc::UnboundedSender<Event>,
}

impl Seat for Channels {
    type Order = Action;

    fn next(&mut self) -> impl Future<Output = Option<Action>> + Send {
        self.actions.recv()
    }

    fn turn(&mut self, order: Action, _: &Client) -> Option<Action> {
        Some(order)
    }

    fn tell(&mut self, event: Event) -> bool {
        self.events.send(event).is_ok()
    }
}

/// Drives `client` until `actions` or `events` is closed. Typed calls and more are in [`super::handle`].
///
/// Every event of the machine goes to `events`; every action of `actions` to the machine.
pub async fn connect<N: Network>(
    net: N,
    client: Client,
    setup: Setup,
    actions: mpsc::Receiver<Action>,
    events: mpsc::UnboundedSender<Event>,
) {
    drive(net, client, setup, Channels { actions, events }).await;
}

/// Drives `client` for whoever sits at it.
pub(super) async fn drive<N: Network, S: Seat>(net: N, mut client: Client, setup: Setup, mut seat: S) {
    let (inbox, mut arrivals) = mpsc::channel(INBOX_MAX);
    let mut links = Links { net, setup: setup.clone(), inbox, open: BTreeMap::new() };
    loop {
        if !seat.taken_in(&client) {
            return;
        }
        while let Some(output) = client.poll_output() {
            match output {
                Output::Event(e) => {
                    if !seat.tell(e) {
                        return;
                    }
                }
                other => links.perform(other),
            }
        }
        let deadline = client.deadline();
        let wait = async {
            match deadline {
                Some(at) => tokio::time::sleep(setup.clock.until(at)).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            arrived = arrivals.recv() => {
                let Some(arrived) = arrived else { return };
                links.arrived(arrived, &mut client);
            }
            order = seat.next() => {
                let Some(order) = order else { return };
                if let Some(action) = seat.turn(order, &client) {
                    client.handle(Input::Do(action), setup.clock.now());
                }
            }
            () = wait => client.handle(Input::Tick, setup.clock.now()),
        }
    }
}

/// A connection that stands.
struct Link {
    write: mpsc::UnboundedSender<Vec<u8>>,
    reader: AbortHandle,
    writer: AbortHandle,
}

impl Link {
    /// What was transmitted still goes out, if the peer takes it within a bound.
    fn close(self) {
        self.reader.abort();
        let writer = self.writer.clone();
        tokio::spawn(async move {
            tokio::time::sleep(CLOSE_WITHIN).await;
            writer.abort();
        });
    }
}

impl Drop for Link {
    /// The writer ends when its sender is gone; the reader must be told.
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// A connection that the machine has asked for.
enum Slot {
    Dialing(AbortHandle),
    Up(Link),
}

struct Links<N> {
    net: N,
    setup: Setup,
    inbox: mpsc::Sender<Arrived>,
    open: BTreeMap<ConnId, Slot>,
}

impl<N: Network> Links<N> {
    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { conn, endpoint, tls, .. } => {
                let (net, inbox) = (self.net.clone(), self.inbox.clone());
                let tls = self.setup.tls.clone().filter(|_| tls);
                let dialing = tokio::spawn(async move {
                    let arrived = match dial(&net, tls, &endpoint.host, endpoint.port).await {
                        Ok(stream) => Arrived::Connected(conn, stream),
                        Err(_) => Arrived::Failed(conn),
                    };
                    let _ = inbox.send(arrived).await;
                });
                self.open.insert(conn, Slot::Dialing(dialing.abort_handle()));
            }
            Output::Transmit { conn, bytes } => {
                if let Some(Slot::Up(link)) = self.open.get(&conn) {
                    let _ = link.write.send(bytes);
                }
            }
            Output::Close { conn } => match self.open.remove(&conn) {
                Some(Slot::Dialing(dialing)) => dialing.abort(),
                Some(Slot::Up(link)) => link.close(),
                None => {}
            },
            Output::Event(_) => (),
        }
    }

    fn arrived(&mut self, arrived: Arrived, client: &mut Client) {
        let now = self.setup.clock.now();
        match arrived {
            Arrived::Connected(conn, stream) => {
                // The machine may have given up on it in the meantime: then it is dropped here.
                if let Some(slot) = self.open.get_mut(&conn) {
                    *slot = Slot::Up(start(conn, stream, &self.inbox));
                    client.handle(Input::Connected { conn }, now);
                }
            }
            Arrived::Failed(conn) => {
                if self.open.remove(&conn).is_some() {
                    client.handle(Input::ConnectFailed { conn }, now);
                }
            }
            Arrived::Read(conn, bytes) => {
                if self.open.contains_key(&conn) {
                    client.handle(Input::Bytes { conn, bytes: &bytes }, now);
                }
            }
            Arrived::Gone(conn) => {
                if let Some(slot) = self.open.remove(&conn) {
                    // What is queued may never be taken: a peer that ended without a word answers nothing.
                    if let Slot::Up(link) = slot {
                        link.close();
                    }
                    client.handle(Input::Closed { conn }, now);
                }
            }
        }
    }
}

async fn dial<N: Network>(net: &N, tls: Option<TlsConnector>, host: &str, port: u16) -> io::Result<BoxStream> {
    let stream = net.connect(host, port).await?;
    match tls {
        None => Ok(stream),
        Some(tls) => Ok(Box::new(tls.connect(tls::server_name(host)?, stream).await?)),
    }
}

fn start(conn: ConnId, stream: BoxStream, inbox: &mpsc::Sender<Arrived>) -> Link {
    let (read, write) = tokio::io::split(stream);
    let (orders, todo) = mpsc::unbounded_channel();
    let reader = tokio::spawn(read_all(read, inbox.clone(), move |b| Arrived::Read(conn, b), Arrived::Gone(conn)))
        .abort_handle();
    let writer = tokio::spawn(writer(conn, write, todo, inbox.clone())).abort_handle();
    Link { write: orders, reader, writer }
}

async fn writer(
    conn: ConnId,
    mut stream: WriteHalf<BoxStream>,
    mut todo: mpsc::UnboundedReceiver<Vec<u8>>,
    inbox: mpsc::Sender<Arrived>,
) {
    while let Some(bytes) = todo.recv().await {
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            let _ = inbox.send(Arrived::Gone(conn)).await;
            return;
        }
    }
    let _ = stream.shutdown().await;
}
