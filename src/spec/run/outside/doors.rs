//! The judge's doors: a listener of 127.0.0.1 for each server that a client may ask, for one instance of a case.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::super::link::{Link, STEP_WITHIN};
use super::super::target::{Conn, Happening};
use crate::net::BoxStream;
use crate::proto::command::Door;

/// Connections that a client may make in one instance; then the doors are shut.
const CONNECTIONS_MAX: u64 = 1000;

/// What comes in at the doors.
#[derive(Debug)]
pub(super) enum Arrival {
    /// A connection, with the judge's end of it.
    Accepted(Conn, Door, Link),
    /// Anything that needs nothing else.
    Does(Happening),
}

impl From<Happening> for Arrival {
    fn from(h: Happening) -> Self {
        Self::Does(h)
    }
}

/// The doors, open until they are dropped.
#[derive(Debug)]
pub(super) struct Doors {
    at: BTreeMap<Door, SocketAddr>,
    /// Connections that are not through TLS yet.
    greeting: Arc<AtomicU64>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Doors {
    /// Opens all of them on free ports; what comes in goes to `inbox`. Booking is TLS.
    pub(super) async fn open(tls: &TlsAcceptor, inbox: &UnboundedSender<Arrival>) -> io::Result<Self> {
        let mut doors = Self { at: BTreeMap::new(), greeting: Arc::default(), tasks: Vec::new() };
        let next = Arc::new(AtomicU64::new(1));
        for door in Door::ALL {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            doors.at.insert(door, listener.local_addr()?);
            let desk = Desk {
                door,
                tls: (door == Door::Booking).then(|| tls.clone()),
                next: Arc::clone(&next),
                greeting: Arc::clone(&doors.greeting),
                inbox: inbox.clone(),
            };
            doors.tasks.push(tokio::spawn(desk.take_in(listener)).abort_handle());
        }
        Ok(doors)
    }

    /// Whether it is the judge's turn with a connection that a case has not seen yet.
    pub(super) fn are_busy(&self) -> bool {
        self.greeting.load(Ordering::Relaxed) > 0
    }

    /// Where a door is.
    pub(super) fn addr(&self, door: Door) -> SocketAddr {
        self.at.get(&door).copied().unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

/// Who sits at one door.
struct Desk {
    door: Door,
    tls: Option<TlsAcceptor>,
    next: Arc<AtomicU64>,
    greeting: Arc<AtomicU64>,
    inbox: UnboundedSender<Arrival>,
}

impl Desk {
    async fn take_in(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let conn = self.next.fetch_add(1, Ordering::Relaxed);
            if conn > CONNECTIONS_MAX {
                let what = format!("more than {CONNECTIONS_MAX} connections: the doors are shut");
                let _ = self.inbox.send(Happening::Noted(what).into());
                return;
            }
            let _ = stream.set_nodelay(true);
            match self.tls.clone() {
                None => {
                    let link = Link::plain(conn, stream, self.inbox.clone());
                    let _ = self.inbox.send(Arrival::Accepted(conn, self.door, link));
                }
                Some(tls) => {
                    let (door, inbox, greeting) = (self.door, self.inbox.clone(), Arc::clone(&self.greeting));
                    greeting.fetch_add(1, Ordering::Relaxed);
                    drop(tokio::spawn(async move {
                        secure(conn, door, stream, tls, inbox).await;
                        greeting.fetch_sub(1, Ordering::Relaxed);
                    }));
                }
            }
        }
    }
}

async fn secure(conn: Conn, door: Door, stream: TcpStream, tls: TlsAcceptor, inbox: UnboundedSender<Arrival>) {
    let why = match timeout(STEP_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let stream: BoxStream = Box::new(stream);
            let link = Link::tls(conn, stream, inbox.clone());
            let _ = inbox.send(Arrival::Accepted(conn, door, link));
            return;
        }
        Ok(Err(e)) => e.to_string(),
        Err(_) => format!("not done within {STEP_WITHIN:?}"),
    };
    let _ = inbox.send(Happening::Noted(format!("a connection to {}, but TLS failed: {why}", door.as_str())).into());
}
