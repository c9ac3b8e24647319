//! Where a server's doors are, found as any client finds them: booking names the ticket server, that the carriage.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

use super::Failure;
use crate::net::clock::system_entropy;
use crate::net::connect::{Setup, connect};
use crate::net::{BoxStream, Clock, Network, Tcp};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event};
use crate::proto::command::Door;
use crate::proto::secure::{Era, PublicRing};

/// How long the way may take.
const WITHIN: Duration = Duration::from_secs(20);

/// Real sockets that remember where they were told to go.
#[derive(Clone, Default)]
struct Remembering(Arc<Mutex<Vec<(String, u16)>>>);

impl Network for Remembering {
    type Listener = TcpListener;

    async fn bind(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        Tcp.bind(addr).await
    }

    fn local_addr(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        Tcp.local_addr(listener)
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<BoxStream> {
        Tcp.accept(listener).await
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((host.to_owned(), port));
        Tcp.connect(host, port).await
    }
}

/// Goes the way of a client from `booking` to the carriage, and says which doors it came through. Whether the login
/// at its end is taken does not matter.
///
/// # Errors
/// A door on the way does not answer, or answers what no client understands.
pub async fn discover(
    booking: SocketAddr,
    keys: PublicRing,
    tls: TlsConnector,
) -> Result<Vec<(Door, (String, u16))>, Failure> {
    let first = Endpoint::new(booking.ip().to_string(), booking.port());
    let config = ClientConfig::new(Era::E2023, 1001, "alice-token", first, Arc::new(keys));
    let client = Client::new(config, system_entropy().map_err(Failure::incomplete)?);
    let net = Remembering::default();
    let (actions, todo) = mpsc::channel(1);
    let (tell, mut events) = mpsc::unbounded_channel();
    let setup = Setup { clock: Clock::system(), tls: Some(tls) };
    let driver = tokio::spawn(connect(net.clone(), client, setup, todo, tell));
    let _ = actions.send(Action::Login).await;
    let arrive = async {
        while let Some(event) = events.recv().await {
            match event {
                Event::LoggedIn { .. } | Event::LoginRefused { .. } => return Ok(()),
                Event::Disconnected { door, why } => {
                    return Err(Failure::incomplete(format!("{booking}: no way past {}: {why:?}", door.as_str())));
                }
                _ => (),
            }
        }
        Err(Failure::incomplete("the client has stopped"))
    };
    let arrived = tokio::time::timeout(WITHIN, arrive).await;
    driver.abort();
    arrived.unwrap_or_else(|_| Err(Failure::incomplete(format!("{booking}: no carriage within {WITHIN:?}"))))?;
    let seen = net.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok([Door::Booking, Door::Ticket, Door::Carriage].into_iter().zip(seen).collect())
}
