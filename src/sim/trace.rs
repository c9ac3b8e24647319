//! What happened in a run, as typed events: one line each in text, one hash for all of them.
//!
//! The trace is the evidence that a run repeats: it holds every packet with a digest of the bytes that carried it, so
//! two runs with the same hash did the same to the last byte. What is right about a run is in `invariants`.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::clock::SimClock;
use super::tap::Seen;
use super::view::recording::{End, Moment, Recording};

/// Which way a packet went, as its host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It came.
    In,
    /// It went.
    Out,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole packet, as far as it could be read.
    Packet {
        /// Came or went.
        way: Way,
        /// The method.
        method: String,
        /// The packet id.
        id: u32,
        /// Bytes of the body.
        body_len: usize,
        /// The status of a reply.
        status: Option<i64>,
    },
    /// Bytes of the stream, sealed as they are.
    Bytes {
        /// Came or went.
        way: Way,
        /// How many.
        len: usize,
        /// FNV-1a of them.
        digest: u64,
    },
    /// A connection begins, or ends, and why.
    Line(String),
    /// The harness breaks or mends something.
    Fault(String),
    /// The user of a client wants something.
    Action(String),
    /// A client tells its user something.
    Event(String),
    /// The server's life: start, commit, stop.
    Server(String),
    /// An invariant is violated.
    Violation(String),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the run, from 0.
    pub seq: usize,
    /// Simulated time since the start.
    pub at: Duration,
    /// Where: `server`, `alice/main`, `world`.
    pub host: Arc<str>,
    /// The connection, 0 for none; a number of the host.
    pub conn: u64,
    /// What.
    pub kind: Kind,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = |way: Way| if way == Way::In { "<-" } else { "->" };
        match self {
            Self::Packet { way, method, id, body_len, status } => {
                write!(f, "{} {method} #{id} {body_len} B", arrow(*way))?;
                status.map_or(Ok(()), |s| write!(f, " status {s}"))
            }
            Self::Bytes { way, len, digest } => write!(f, "{} {len} bytes {digest:016x}", arrow(*way)),
            Self::Line(what) => f.write_str(what),
            Self::Fault(what) => write!(f, "FAULT {what}"),
            Self::Action(what) => write!(f, "DO {what}"),
            Self::Event(what) => write!(f, "EVENT {what}"),
            Self::Server(what) => write!(f, "SERVER {what}"),
            Self::Violation(what) => write!(f, "VIOLATION {what}"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, us) = (self.at.as_secs(), self.at.subsec_micros());
        write!(f, "{:>6} {s:>4}.{us:06} {:<12} ", self.seq, self.host)?;
        if self.conn == 0 {
            f.write_str("     ")?
        } else {
            write!(f, "{:<5}", format!("c{}", self.conn))?
        }
        write!(f, "{}", self.kind)
    }
}

/// FNV-1a of `bytes`: enough to tell two runs apart.
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

type Sink = Arc<dyn Fn(&Event) + Send + Sync>;

/// Where events are recorded; clones record into the same trace.
#[derive(Clone)]
pub struct Tracer {
    clock: SimClock,
    book: Arc<Mutex<Trace>>,
    /// Who is told instead.
    sink: Option<Sink>,
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tracer({} events)", self.lock().events.len())
    }
}

impl Tracer {
    /// An empty trace on this clock.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        Self { clock, book: Arc::default(), sink: None }
    }

    /// Tells `sink` of each event and keeps nothing: for what runs without an end.
    #[must_use]
    pub fn telling(clock: SimClock, sink: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self { clock, book: Arc::default(), sink: Some(Arc::new(sink)) }
    }

    /// Whether events are kept.
    #[must_use]
    pub const fn keeps(&self) -> bool {
        self.sink.is_none()
    }

    /// From now on the bytes are kept too, for somebody who wants to look at the run. The trace stays the same.
    pub fn keep_bytes(&self) {
        self.lock().recording.get_or_insert_default();
    }

    fn lock(&self) -> MutexGuard<'_, Trace> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what happened now; gives back its place.
    pub fn record(&self, host: &Arc<str>, conn: u64, kind: Kind) -> usize {
        let at = self.clock.elapsed();
        if let Some(sink) = &self.sink {
            sink(&Event { seq: 0, at, host: host.clone(), conn, kind });
            return 0;
        }
        self.lock().push(at, host, conn, kind)
    }

    /// Records a packet that was seen now.
    pub fn packet(&self, host: &Arc<str>, conn: u64, way: Way, p: &Seen) {
        let status = p.integer("status");
        let kind = Kind::Packet { way, method: p.method.clone(), id: p.id, body_len: p.body.len(), status };
        if !self.keeps() {
            self.record(host, conn, kind);
            return;
        }
        let mut book = self.lock();
        let seq = book.push(self.clock.elapsed(), host, conn, kind);
        if let Some(recording) = &mut book.recording {
            recording.plain.insert(seq, p.bytes());
        }
    }

    /// Records bytes that go out now, and what becomes of them on the way where that is something else.
    pub fn bytes(&self, host: &Arc<str>, conn: u64, bytes: &[u8], spoilt: Option<&[u8]>) {
        if !self.keeps() {
            return;
        }
        let kind = Kind::Bytes { way: Way::Out, len: bytes.len(), digest: digest(bytes) };
        let mut book = self.lock();
        let seq = book.push(self.clock.elapsed(), host, conn, kind);
        if let Some(recording) = &mut book.recording {
            recording.sealed.insert(seq, spoilt.unwrap_or(bytes).to_vec());
            if spoilt.is_some() {
                recording.meant.insert(seq, bytes.to_vec());
            }
        }
    }

    /// Tells the recording something, if there is one.
    fn tell(&self, what: impl FnOnce(&mut Recording, Moment)) {
        let mut book = self.lock();
        let when = Moment { seq: book.events.len(), at: self.clock.elapsed() };
        if let Some(recording) = &mut book.recording {
            what(recording, when);
        }
    }

    /// An end of a connection is made, between these addresses.
    pub fn opened(&self, line: u64, owner: &Arc<str>, client: bool, local: SocketAddr, remote: SocketAddr) {
        let (owner, came) = (owner.clone(), Vec::new());
        self.tell(|r, opened| {
            let (other, conn, broke, closed) = (None, None, None, None);
            r.opened(line, End { owner, client, local, remote, other, conn, opened, broke, closed, came });
        });
    }

    /// An end of a connection is let go.
    pub fn closed(&self, line: u64) {
        self.tell(|r, when| r.closed(line, when));
    }

    /// An end is told that its connection was reset.
    pub fn broke(&self, line: u64) {
        self.tell(|r, when| r.broke(line, when));
    }

    /// So many bytes have come to an end.
    pub fn came(&self, line: u64, len: usize) {
        self.tell(|r, when| r.came(line, when, len));
    }

    /// The server `host` gives a connection that it has accepted at `port` this number.
    pub fn accepted(&self, host: &str, port: u16, conn: u64) {
        self.tell(|r, _| r.accepted(host, port, conn));
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().events.len()
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().events.is_empty()
    }

    /// All of them, taken out.
    #[must_use]
    pub fn take(&self) -> Trace {
        std::mem::take(&mut *self.lock())
    }
}

/// A finished trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// In the order in which they happened.
    pub events: Vec<Event>,
    /// The bytes, where they were kept: no part of the hash nor of a difference.
    pub recording: Option<Recording>,
}

impl Trace {
    fn push(&mut self, at: Duration, host: &Arc<str>, conn: u64, kind: Kind) -> usize {
        let seq = self.events.len();
        self.events.push(Event { seq, at, host: host.clone(), conn, kind });
        seq
    }

    /// SHA-256 over the text of all events, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let (mut hash, mut line) = (Sha256::new(), String::new());
        for event in &self.events {
            line.clear();
            // Writing to a String does not fail.
            let _ = writeln!(line, "{event}");
            hash.update(line.as_bytes());
        }
        hash.finalize().iter().fold(String::new(), |mut s, b| {
            let _ = write!(s, "{b:02x}");
            s
        })
    }

    /// The first difference to `other`, with the events around it; `None` when they are the same.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let lines = |t: &Self| t.events.iter().map(ToString::to_string).collect::<Vec<_>>();
        first_difference(&lines(self), &lines(other))
    }
}

/// The first line in which two texts differ, with three lines around it.
#[must_use]
pub fn first_difference(left: &[String], right: &[String]) -> Option<String> {
    let at = (0..left.len().max(right.len())).find(|i| left.get(*i) != right.get(*i))?;
    let mut text = format!("the first difference is event {at}\n");
    for i in at.saturating_sub(3)..at {
        let _ = writeln!(text, "  both  {}", left.get(i).map_or("", |s| s));
    }
    for (name, lines) in [("left", left), ("right", right)] {
        for i in at..at + 3 {
            let _ = writeln!(text, "  {name:<5} {}", lines.get(i).map_or("(the end)", |s| s));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(methods: &[&str]) -> Trace {
        let tracer = Tracer::new(SimClock::default());
        let host: Arc<str> = "server".into();
        for m in methods {
            let way = Way::Out;
            tracer.record(&host, 7, Kind::Packet { way, method: (*m).into(), id: 3, body_len: 5, status: Some(0) });
        }
        tracer.take()
    }

    #[test]
    fn an_event_is_one_line() {
        assert_eq!(
            trace(&["PING"]).events[0].to_string(),
            "     0    0.000000 server       c7   -> PING #3 5 B status 0"
        );
    }

    #[test]
    fn equal_traces_have_equal_hashes_and_no_difference() {
        let (a, b) = (trace(&["A", "B"]), trace(&["A", "B"]));
        assert_eq!((a.hash(), a.difference(&b)), (b.hash(), None));
    }

    #[test]
    fn the_first_difference_is_shown_with_its_neighbours() {
        let (a, b) = (trace(&["A", "B", "C"]), trace(&["A", "B"]));
        assert_ne!(a.hash(), b.hash());
        let text = a.difference(&b).unwrap_or_default();
        assert!(
            text.contains("event 2") && text.contains("both") && text.contains("-> C") && text.contains("(the end)"),
            "{text}"
        );
    }
}
