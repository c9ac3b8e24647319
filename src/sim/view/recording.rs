//! What the trace leaves out: the bytes of packets, the bytes on the wire, and which two ends are one connection.
//!
//! A run keeps it only when somebody wants to look at it afterwards. It is no part of the trace's text nor of its hash,
//! and keeping it changes nothing that happens.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The bytes of a run, by the places of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Header and body of each packet event.
    pub plain: BTreeMap<usize, Vec<u8>>,
    /// What each bytes event put on the wire.
    pub sealed: BTreeMap<usize, Vec<u8>>,
    /// Where a bit was flipped on the way: what the sender meant, by the place of the bytes event.
    pub meant: BTreeMap<usize, Vec<u8>>,
    /// The ends of connections, by their numbers in the run.
    pub ends: BTreeMap<u64, End>,
    /// Server ends that no client end has met yet, by the client's address.
    waiting: BTreeMap<SocketAddr, u64>,
}

/// A place in the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// How many events there were before.
    pub seq: usize,
    /// The simulated time.
    pub at: Duration,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Who has it: `u1/main`, `server`.
    pub owner: Arc<str>,
    /// Whether it is the client's.
    pub client: bool,
    /// Its own address.
    pub local: SocketAddr,
    /// The other end's address.
    pub remote: SocketAddr,
    /// The number of the other end.
    pub other: Option<u64>,
    /// The number that the server gave the connection: each life of the server counts anew.
    pub conn: Option<u64>,
    /// When it was made.
    pub opened: Moment,
    /// When it was told that the connection was reset.
    pub broke: Option<Moment>,
    /// When its owner let it go.
    pub closed: Option<Moment>,
    /// All bytes that have come, each time when some came.
    pub came: Vec<(Moment, u64)>,
}

impl Recording {
    /// An end is made. The server's end of a connection is made before the client's: the client hears of it.
    pub(crate) fn opened(&mut self, line: u64, mut end: End) {
        if end.client {
            end.other = self.waiting.remove(&end.local);
            if let Some(other) = end.other.and_then(|n| self.ends.get_mut(&n)) {
                other.other = Some(line);
            }
        } else {
            self.waiting.insert(end.remote, line);
        }
        self.ends.insert(line, end);
    }

    /// An end is let go.
    pub(crate) fn closed(&mut self, line: u64, when: Moment) {
        if let Some(end) = self.ends.get_mut(&line) {
            end.closed.get_or_insert(when);
        }
    }

    /// An end is told that its connection was reset.
    pub(crate) fn broke(&mut self, line: u64, when: Moment) {
        if let Some(end) = self.ends.get_mut(&line) {
            end.broke.get_or_insert(when);
        }
    }

    /// Bytes have come to an end.
    pub(crate) fn came(&mut self, line: u64, when: Moment, len: usize) {
        if let Some(end) = self.ends.get_mut(&line) {
            let before = end.came.last().map_or(0, |(_, n)| *n);
            end.came.push((when, before + len as u64));
        }
    }

    /// The server `host` gives the oldest connection at `port` that has no number this one. Where several hosts are one
    /// server to the trace, it is the oldest one of any of them.
    pub(crate) fn accepted(&mut self, host: &str, port: u16, conn: u64) {
        let waits = |e: &End| !e.client && e.local.port() == port && e.conn.is_none() && e.closed.is_none();
        let own = self.ends.iter().find(|(_, e)| waits(e) && &*e.owner == host);
        let line = own.or_else(|| self.ends.iter().find(|(_, e)| waits(e))).map(|(n, _)| *n);
        if let Some(end) = line.and_then(|n| self.ends.get_mut(&n)) {
            end.conn = Some(conn);
        }
    }

    /// The end behind what `host` calls connection `conn` in the event at `seq`. A client calls it by the number of the
    /// end; the server does so for bytes, and has numbers of its own for packets.
    #[must_use]
    pub fn end_at(&self, host: &str, conn: u64, seq: usize, by_conn: bool) -> Option<u64> {
        if !by_conn {
            return self.ends.get(&conn).filter(|e| &*e.owner == host).map(|_| conn);
        }
        let here = |e: &End| &*e.owner == host && e.conn == Some(conn) && e.opened.seq <= seq;
        self.ends.iter().filter(|(_, e)| here(e)).max_by_key(|(_, e)| e.opened.seq).map(|(n, _)| *n)
    }

    /// All connections as pairs of ends, the client's first, by the time at which they began.
    #[must_use]
    pub fn pairs(&self) -> Vec<(Option<u64>, Option<u64>)> {
        let mut pairs: Vec<_> = self
            .ends
            .iter()
            .filter_map(|(n, e)| match (e.client, e.other) {
                (true, other) => Some((Some(*n), other)),
                (false, None) => Some((None, Some(*n))),
                (false, Some(_)) => None,
            })
            .collect();
        pairs.sort_by_key(|(c, s)| c.or(*s).and_then(|n| self.ends.get(&n)).map(|e| e.opened.seq));
        pairs
    }
}
