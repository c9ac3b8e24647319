//! The drivers' network in memory: ports, connections, and ways that take their time.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::mpsc;

use super::pipe::{Cable, Pipe, cut};
use super::post::Post;
use crate::net::{BoxStream, Clock, Network};
use crate::proto::entropy::Entropy;

/// Connections that are gone are forgotten when so many have been made.
const TIDY_EVERY: usize = 1024;

/// The network. Clones are the same one.
#[derive(Clone)]
pub(super) struct DirectNet {
    post: Post,
    state: Arc<Mutex<State>>,
}

struct State {
    ports: BTreeMap<u16, mpsc::UnboundedSender<BoxStream>>,
    /// One connection after the other.
    open: Vec<Weak<Mutex<Cable>>>,
    latency: (Duration, Duration),
    dice: Entropy,
}

/// A bound port.
#[derive(Debug)]
pub(super) struct Bound {
    addr: SocketAddr,
    coming: mpsc::UnboundedReceiver<BoxStream>,
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

impl DirectNet {
    /// A network whose ways take from one to the other, drawn once for each connection.
    pub(super) fn new(clock: Clock, latency: (Duration, Duration), dice: Entropy) -> Self {
        let state = State { ports: BTreeMap::new(), open: Vec::new(), latency, dice };
        Self { post: Post::start(clock), state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts every connection, and nobody is at any port until it is bound again.
    pub(super) fn cut_all(&self) {
        let mut s = self.state();
        s.ports.clear();
        let open = std::mem::take(&mut s.open);
        drop(s);
        open.iter().filter_map(Weak::upgrade).for_each(|cable| cut(&cable));
    }

    /// Cuts one connection in so many, drawn from the seed; says how many these were.
    pub(super) fn cut_some(&self, one_in: u64) -> usize {
        let mut s = self.state();
        let State { open, dice, .. } = &mut *s;
        open.retain(|cable| cable.strong_count() > 0);
        let hit: Vec<_> = open.extract_if(.., |_| dice.chance(1, one_in)).collect();
        drop(s);
        hit.iter().filter_map(Weak::upgrade).for_each(|cable| cut(&cable));
        hit.len()
    }
}

impl Network for DirectNet {
    type Listener = Bound;

    const WRITES_AT_ONCE: bool = true;

    async fn bind(&self, addr: SocketAddr) -> io::Result<Bound> {
        let mut s = self.state();
        if s.ports.get(&addr.port()).is_some_and(|at| !at.is_closed()) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (arrive, coming) = mpsc::unbounded_channel();
        s.ports.insert(addr.port(), arrive);
        Ok(Bound { addr, coming })
    }

    fn local_addr(&self, listener: &Bound) -> io::Result<SocketAddr> {
        Ok(listener.addr)
    }

    async fn accept(&self, listener: &mut Bound) -> io::Result<BoxStream> {
        match listener.coming.recv().await {
            Some(stream) => Ok(stream),
            // The power is off: nobody comes any more.
            None => std::future::pending().await,
        }
    }

    async fn connect(&self, _: &str, port: u16) -> io::Result<BoxStream> {
        let lag = {
            let mut s = self.state();
            let (low, high) = s.latency;
            let spread = u64::try_from(high.saturating_sub(low).as_micros()).unwrap_or(u64::MAX - 1);
            low + Duration::from_micros(s.dice.below(spread + 1))
        };
        tokio::time::sleep(lag * 2).await;
        let mut s = self.state();
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let there = s.ports.get(&port).cloned().ok_or_else(refused)?;
        let (near, far, cable) = Pipe::pair(lag, &self.post);
        there.send(Box::new(far)).map_err(|_| refused())?;
        if s.open.len() % TIDY_EVERY == TIDY_EVERY - 1 {
            s.open.retain(|cable| cable.strong_count() > 0);
        }
        s.open.push(Arc::downgrade(&cable));
        Ok(Box::new(near))
    }
}
