//! A server on real sockets as a target: whoever's it is, in whatever language.
//!
//! Its time is the wall clock's, its world is whatever it was made with and keeps what earlier cases did: cases that
//! need virtual time or a fresh world do not apply. One runtime of one thread drives the sockets, and only while the
//! judge waits or writes.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::target::{Conn, Happening, Target, TargetError};
use crate::net::{BoxStream, Clock, tls};
use crate::proto::command::Door;
use crate::proto::secure::PublicRing;
use crate::proto::time::Time;
use crate::spec::format::step::Finish;

/// How long a connect, or one write, may take.
const STEP_WITHIN: Duration = Duration::from_secs(10);
/// Bytes that one read takes at most.
const READ_MAX: usize = 16 << 10;

/// Where a server is and what it is known by.
#[derive(Clone)]
pub struct Attach {
    /// The doors that are known.
    pub doors: BTreeMap<Door, SocketAddr>,
    /// Its public keys.
    pub public: PublicRing,
    /// TLS for booking.
    pub tls: Option<TlsConnector>,
    /// Time.
    pub clock: Clock,
}

impl std::fmt::Debug for Attach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attach({:?})", self.doors)
    }
}

/// A server on real sockets.
pub struct TcpTarget {
    attach: Attach,
    runtime: Rc<Runtime>,
    arrivals: mpsc::UnboundedReceiver<Happening>,
    inbox: mpsc::UnboundedSender<Happening>,
    links: BTreeMap<Conn, Link>,
    next: Conn,
}

struct Link {
    write: Write,
    reader: AbortHandle,
}

enum Write {
    Plain(OwnedWriteHalf),
    Tls(tokio::io::WriteHalf<BoxStream>),
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// The runtime that targets on sockets share.
///
/// # Errors
/// The system does not give one.
pub fn runtime() -> std::io::Result<Rc<Runtime>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map(Rc::new)
}

impl TcpTarget {
    /// A target that no connection has been made to.
    #[must_use]
    pub fn new(attach: Attach, runtime: Rc<Runtime>) -> Self {
        let (inbox, arrivals) = mpsc::unbounded_channel();
        Self { attach, runtime, arrivals, inbox, links: BTreeMap::new(), next: 1 }
    }
}

async fn dial(addr: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Hands on what comes until there is no more.
async fn reader(conn: Conn, mut stream: impl tokio::io::AsyncRead + Unpin, inbox: mpsc::UnboundedSender<Happening>) {
    let mut buffer = vec![0; READ_MAX];
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        let bytes = buffer.get(..n).unwrap_or_default().to_vec();
        if inbox.send(Happening::Bytes(conn, bytes)).is_err() {
            return;
        }
    }
    let _ = inbox.send(Happening::Closed(conn));
}

impl Target for TcpTarget {
    fn has(&self, profile: &str) -> bool {
        match profile {
            "virtual-time" | "fresh-world" | "client.driven" | "settings" => false,
            "entry" => [Door::Booking, Door::Ticket, Door::Entry].iter().all(|d| self.attach.doors.contains_key(d)),
            _ => true,
        }
    }

    fn now(&self) -> Time {
        self.attach.clock.now()
    }

    fn poll(&mut self, until: Time) -> Option<Happening> {
        let left = until.since(self.now());
        if left.is_zero() {
            return self.arrivals.try_recv().ok();
        }
        let (runtime, arrivals) = (Rc::clone(&self.runtime), &mut self.arrivals);
        runtime.block_on(async { timeout(left, arrivals.recv()).await }).ok().flatten()
    }

    fn connect(&mut self, door: Door) -> Result<Conn, TargetError> {
        let addr = self.attach.doors.get(&door).copied();
        let addr = addr.ok_or_else(|| TargetError::Unreachable(format!("nobody said where {} is", door.as_str())))?;
        let (conn, inbox) = (self.next, self.inbox.clone());
        self.next += 1;
        let connector = self.attach.tls.clone().filter(|_| door == Door::Booking);
        let made = self.runtime.block_on(async {
            let stream = timeout(STEP_WITHIN, dial(addr)).await.map_err(std::io::Error::other)??;
            let Some(connector) = connector else {
                let (read, write) = stream.into_split();
                let reader = tokio::spawn(reader(conn, read, inbox)).abort_handle();
                return Ok(Link { write: Write::Plain(write), reader });
            };
            let secured = connector.connect(tls::server_name("localhost")?, stream);
            let stream: BoxStream = Box::new(timeout(STEP_WITHIN, secured).await.map_err(std::io::Error::other)??);
            let (read, write) = tokio::io::split(stream);
            let reader = tokio::spawn(reader(conn, read, inbox)).abort_handle();
            Ok(Link { write: Write::Tls(write), reader })
        });
        let link = made.map_err(|e: std::io::Error| TargetError::Unreachable(format!("{addr}: {e}")))?;
        self.links.insert(conn, link);
        Ok(conn)
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        // A peer that has closed makes writing fail; that it has closed is heard by the reader.
        let _ = self.runtime.block_on(async {
            timeout(STEP_WITHIN, async {
                match &mut link.write {
                    Write::Plain(w) => w.write_all(bytes).await,
                    Write::Tls(w) => {
                        w.write_all(bytes).await?;
                        w.flush().await
                    }
                }
            })
            .await
        });
    }

    fn finish(&mut self, conn: Conn, how: Finish) {
        match how {
            Finish::Write => {
                let Some(link) = self.links.get_mut(&conn) else { return };
                let _ = self.runtime.block_on(async {
                    match &mut link.write {
                        Write::Plain(w) => w.shutdown().await,
                        Write::Tls(w) => w.shutdown().await,
                    }
                });
            }
            Finish::Both => drop(self.links.remove(&conn)),
            Finish::Reset => {
                if let Some(Link { write: Write::Plain(w), .. }) = self.links.get(&conn) {
                    let _ = w.as_ref().set_zero_linger();
                }
                self.links.remove(&conn);
            }
        }
    }

    fn public(&self) -> &PublicRing {
        &self.attach.public
    }
}
