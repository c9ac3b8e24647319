//! A server on real sockets as a target: whoever's it is, in whatever language.
//!
//! Its time is the wall clock's, its world is whatever it was made with and keeps what earlier cases did: cases that
//! need virtual time or a fresh world do not apply. One runtime of one thread drives the sockets, and only while the
//! judge waits or writes.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::link::{Link, STEP_WITHIN};
use super::target::{Conn, Happening, Target, TargetError};
use crate::net::{BoxStream, Clock, tls};
use crate::proto::command::Door;
use crate::proto::secure::PublicRing;
use crate::proto::time::Time;
use crate::spec::format::step::Finish;

/// A peer is quiet when nothing has come for so many of its own round trips,
const SETTLE_TRIPS: u32 = 30;
/// and for this long: a thread of its own that pushes late may have to wait for a processor.
const SETTLE_MIN: Duration = Duration::from_millis(30);

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

fn settled(written: Duration, slowest: Duration) -> Duration {
    written.min((slowest * SETTLE_TRIPS).max(SETTLE_MIN))
}

async fn dial(addr: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
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
        let left = self.attach.clock.until(until);
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
            let Some(connector) = connector else { return Ok(Link::plain(conn, stream, inbox)) };
            let secured = connector.connect(tls::server_name("localhost")?, stream);
            let stream: BoxStream = Box::new(timeout(STEP_WITHIN, secured).await.map_err(std::io::Error::other)??);
            Ok(Link::tls(conn, stream, inbox))
        });
        let link = made.map_err(|e: std::io::Error| TargetError::Unreachable(format!("{addr}: {e}")))?;
        self.links.insert(conn, link);
        Ok(conn)
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        if let Some(link) = self.links.get_mut(&conn) {
            self.runtime.block_on(link.write(bytes));
        }
    }

    fn finish(&mut self, conn: Conn, how: Finish) {
        let Some(link) = self.links.remove(&conn) else { return };
        if let Some(link) = self.runtime.block_on(link.finish(how)) {
            self.links.insert(conn, link);
        }
    }

    fn settles(&self, written: Duration, slowest: Duration) -> Duration {
        settled(written, slowest)
    }

    fn public(&self) -> &PublicRing {
        &self.attach.public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_peer_is_quiet_sooner_and_a_slow_one_gets_all_its_time() {
        let ms = Duration::from_millis;
        assert_eq!(settled(ms(100), Duration::from_micros(300)), SETTLE_MIN);
        assert_eq!(settled(ms(100), ms(2)), ms(60));
        assert_eq!(settled(ms(100), ms(20)), ms(100), "never more than the case says");
        assert_eq!(settled(ms(10), ms(20)), ms(10));
    }
}
