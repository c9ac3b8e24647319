//! LOCO's side: the reference server and the reference client, unchanged, over any network.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::device::{Device, Doing, Heard};
use super::transport::Habits;
use crate::net::connect::Setup as ClientSetup;
use crate::net::handle::{CallError, Events, Handle, start as start_client};
use crate::net::serve::{BATCH_MAX, Doors, Part, Setup, Unwrapper, serve};
use crate::net::{Clock, Network};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event};
use crate::proto::command::{Door, ping};
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, KeyRing};
use crate::proto::server::{Config, Server};
use crate::store::Database;

/// What the server needs.
pub struct House {
    /// The name that clients are sent to.
    pub host: String,
    /// Its store, with the world in it.
    pub db: Database,
    /// Booking's side of TLS.
    pub tls: TlsAcceptor,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Heartbeats that clients are told to make.
    pub heartbeat: Duration,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "House({})", self.host)
    }
}

/// Serves until the future is dropped. RSA runs in the same task, so that its cost is the server's.
///
/// # Errors
/// The store failed.
pub async fn run<N: Network>(net: N, doors: Doors<N::Listener>, mut house: House) -> Result<(), String> {
    let port = |door| doors.addr(door).map_or(0, |a| a.port());
    let config = Config {
        host: house.host,
        ticket_port: port(Door::Ticket),
        carriage_port: port(Door::Carriage),
        heartbeat: house.heartbeat,
        heartbeat_2012: house.heartbeat,
        limits: Limits { idle_after: house.heartbeat * 3, ..Limits::DEFAULT },
        ..Config::default()
    };
    let server = Server::new(config, house.entropy.fork());
    let setup = Setup {
        tls: Some(house.tls),
        clock: house.clock,
        unwrapper: Unwrapper::Inline(Arc::new(KeyRing::test()), house.entropy),
        observer: None,
        pace: None,
        operator: None,
        part: Part::default(),
        batch: BATCH_MAX,
    };
    serve(net, doors, server, house.db, setup, std::future::pending()).await.map_err(|e| e.to_string())
}

/// The doors' addresses, on these ports.
#[must_use]
pub fn addrs(ip: std::net::IpAddr, port: impl Fn(Door) -> u16) -> Vec<(Door, SocketAddr)> {
    Door::ALL.into_iter().map(|door| (door, SocketAddr::new(ip, port(door)))).collect()
}

/// Who a device is and where it goes.
#[derive(Clone)]
pub struct Identity {
    /// The generation.
    pub era: Era,
    /// The user.
    pub user: i64,
    /// His token.
    pub token: String,
    /// Booking, or the entry of 2012.
    pub first: Endpoint,
    /// This device's side of booking's TLS.
    pub tls: TlsConnector,
    /// Time.
    pub clock: Clock,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({}, {:?})", self.user, self.era)
    }
}

/// The device.
#[derive(Debug)]
pub struct Loco {
    handle: Handle,
    room: i64,
}

/// A device that waits to be told to log in. It talks in `room`.
pub fn start<N: Network>(net: N, who: Identity, room: i64, habits: &Habits, entropy: Entropy) -> (Loco, Heard) {
    let keys = Arc::new(KeyRing::test().public_ring());
    let config = ClientConfig {
        heartbeat: habits.heartbeat,
        heartbeat_forced: true,
        request_timeout: habits.patience,
        connect_timeout: habits.patience,
        history: false,
        ..ClientConfig::new(who.era, who.user, who.token, who.first, keys)
    };
    let setup = ClientSetup { clock: who.clock, tls: Some(who.tls) };
    let (handle, events) = start_client(net, Client::new(config, entropy), setup, None);
    let (tell, heard) = mpsc::unbounded_channel();
    tokio::spawn(hear(events, who.user, tell));
    (Loco { handle, room }, heard)
}

/// Tells the texts of others.
async fn hear(mut events: Events, me: i64, tell: mpsc::UnboundedSender<String>) {
    while let Some(event) = events.recv().await {
        if let Event::Message(message) = event
            && message.author_id != me
        {
            let _ = tell.send(message.text);
        }
    }
}

fn failed(e: CallError) -> io::Error {
    io::Error::other(e.to_string())
}

impl Device for Loco {
    fn login(&self) -> Doing<()> {
        let handle = self.handle.clone();
        Box::pin(async move { handle.login().await.map(drop).map_err(failed) })
    }

    fn send(&self, text: String) -> Doing<()> {
        let (handle, room) = (self.handle.clone(), self.room);
        Box::pin(async move { handle.send(room, text).await.map(drop).map_err(failed) })
    }

    fn beat(&self) -> Doing<()> {
        let handle = self.handle.clone();
        Box::pin(async move { handle.call(&ping::Request {}).await.map(drop).map_err(failed) })
    }

    fn hang_up(&self) -> Doing<()> {
        let handle = self.handle.clone();
        Box::pin(async move { handle.act(Action::Logout).await.map_err(failed) })
    }
}
