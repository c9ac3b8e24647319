//! The drivers' network in the simulation: turmoil's TCP, with a [`FaultStream`] on both ends of every connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use turmoil::net::{TcpListener, TcpStream};

use super::control::Control;
use super::stream::{FaultStream, Side};
use super::tap::{Keys, Tap};
use super::trace::{Kind, Tracer};
use crate::net::{BoxStream, Network};
use crate::proto::entropy::Entropy;

/// How long a refusal takes.
const REFUSED_AFTER: Duration = Duration::from_millis(20);

/// The ports of the server, in the order of the doors.
pub mod port {
    use crate::proto::command::Door;

    /// Booking.
    pub const BOOKING: u16 = 443;
    /// Ticket.
    pub const TICKET: u16 = 995;
    /// Entry of 2012.
    pub const ENTRY: u16 = 10_009;
    /// Carriage.
    pub const CARRIAGE: u16 = 9282;

    /// The port of a door.
    #[must_use]
    pub const fn of(door: Door) -> u16 {
        match door {
            Door::Booking => BOOKING,
            Door::Ticket => TICKET,
            Door::Entry => ENTRY,
            Door::Carriage => CARRIAGE,
        }
    }
}

/// The network as one party sees it: a server, or one client.
#[derive(Clone, Debug)]
pub struct TurmoilNet {
    owner: Arc<str>,
    /// The client host; nothing for the server, which learns it from the address.
    host: Option<Arc<str>>,
    seed: u64,
    made: Arc<AtomicU64>,
    control: Control,
    trace: Tracer,
    keys: Keys,
}

impl TurmoilNet {
    /// The network of `owner` on `host`; `host` is nothing for the server.
    #[must_use]
    pub fn new(
        owner: &Arc<str>,
        host: Option<&Arc<str>>,
        seed: u64,
        control: &Control,
        trace: &Tracer,
        keys: &Keys,
    ) -> Self {
        Self {
            owner: owner.clone(),
            host: host.cloned(),
            seed,
            made: Arc::default(),
            control: control.clone(),
            trace: trace.clone(),
            keys: keys.clone(),
        }
    }

    /// Wraps a stream of turmoil between these hosts of clients and servers.
    #[must_use]
    pub fn wrap(&self, stream: TcpStream, link: Arc<str>, server: Arc<str>, port: u16) -> FaultStream<TcpStream> {
        let n = self.made.fetch_add(1, Ordering::Relaxed);
        let entropy = Entropy::named(self.seed, &format!("stream/{}/{n}", self.owner));
        let client = self.host.is_some();
        let carriage = client && port == port::CARRIAGE;
        let peer = stream.peer_addr().ok().filter(|_| !client);
        let side = Side { owner: self.owner.clone(), link, server, port, client, carriage, peer };
        let tap = client.then(|| Tap::new(self.keys.clone()));
        let between = stream.local_addr().ok().zip(stream.peer_addr().ok());
        let stream = FaultStream::new(stream, side, self.control.clone(), self.trace.clone(), entropy, tap);
        if let Some((local, remote)) = between {
            self.trace.opened(stream.line(), &self.owner, client, local, remote);
            if client {
                self.control.has_address(stream.line(), local);
            }
        }
        stream
    }

    /// Connects like a client does.
    ///
    /// # Errors
    /// As turmoil says.
    pub async fn dial(&self, host: &str, port: u16) -> io::Result<FaultStream<TcpStream>> {
        let link = self.host.clone().unwrap_or_else(|| self.owner.clone());
        let _dial = self.control.dial(&self.owner);
        match TcpStream::connect((host, port)).await {
            Ok(stream) => {
                let stream = self.wrap(stream, link, host.into(), port);
                self.trace.record(&self.owner, stream.line(), Kind::Line(format!("connected to {host}:{port}")));
                Ok(stream)
            }
            Err(e) => {
                // turmoil refuses at once; a real refusal takes its way there and back.
                tokio::time::sleep(REFUSED_AFTER).await;
                self.control.bit(|b| b.failed_connects += 1);
                self.trace.record(
                    &self.owner,
                    0,
                    Kind::Line(format!("no connection to {host}:{port}: {:?}", e.kind())),
                );
                Err(e)
            }
        }
    }
}

impl Network for TurmoilNet {
    type Listener = TcpListener;

    async fn bind(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(addr).await
    }

    fn local_addr(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<BoxStream> {
        let port = listener.local_addr()?.port();
        let (stream, from) = listener.accept().await?;
        let link = turmoil::reverse_lookup(from.ip()).unwrap_or_else(|| from.ip().to_string());
        Ok(Box::new(self.wrap(stream, link.into(), self.owner.clone(), port)))
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        Ok(Box::new(self.dial(host, port).await?))
    }
}
