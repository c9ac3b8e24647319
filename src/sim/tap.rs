//! Reads the traffic of one connection from both of its directions, with the session key that the client wrapped.
//!
//! For the trace, for the invariants, and for the fault that loses a heartbeat and nothing else. It never changes a
//! byte, and a stream that it cannot read is silent to it. Where a connection carries a file, its bytes are counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, Handshake, KeyRing, Opener, SessionKey, Witness, unwrap};
use crate::proto::wire::{Deframer, Document, Header};

/// Bytes that a tap keeps while it waits for the key.
const HELD_MAX: usize = 64 << 10;

/// The session keys of a run, by their RSA blocks.
#[derive(Clone, Default)]
pub struct Keys {
    known: Arc<Mutex<BTreeMap<Vec<u8>, SessionKey>>>,
    /// What opens the blocks that nobody told.
    ring: Option<Arc<KeyRing>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Those that this ring opens.
    #[must_use]
    pub fn of_ring(ring: Arc<KeyRing>) -> Self {
        Self { known: Arc::default(), ring: Some(ring) }
    }

    /// The key of a handshake, if it is known or can be.
    fn of(&self, handshake: &Handshake) -> Option<SessionKey> {
        let opened = || {
            let ring = self.ring.as_ref()?;
            Some(unwrap(handshake.era, &handshake.wrapped, ring, &mut Entropy::named(0, "tap")))
        };
        self.get(&handshake.wrapped).or_else(opened)
    }

    /// Hears of every key that a client of this run wraps.
    #[must_use]
    pub fn witness(&self) -> Witness {
        let keys = self.clone();
        Witness::new(move |wrapped, key| keys.put(wrapped, key))
    }

    /// Notes a key.
    pub fn put(&self, wrapped: &[u8], key: &SessionKey) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(wrapped.to_vec(), key.clone());
    }

    /// The key in this block, if a client of this run wrapped it.
    #[must_use]
    pub fn get(&self, wrapped: &[u8]) -> Option<SessionKey> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(wrapped).cloned()
    }
}

/// A packet that went by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The packet id.
    pub id: u32,
    /// The header.
    pub header: Header,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// Header and body, as they were before they were sealed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.header.encode().as_slice(), &self.body].concat()
    }

    /// A number of the body, by its name.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.document()?.integer(name)
    }

    /// The body.
    #[must_use]
    pub fn document(&self) -> Option<Document<'_>> {
        Document::check(&self.body, &Limits::DEFAULT).ok()
    }
}

/// One direction.
#[derive(Debug)]
struct Half {
    opener: Option<Opener>,
    deframer: Deframer,
    /// Behind a packet for which this holds there are no packets any more, but the bytes of a file.
    begins_file: fn(&Seen) -> bool,
    /// Bytes of a file, once one has begun.
    file: Option<u64>,
}

/// A request after which the client sends a file.
fn begins_upload(p: &Seen) -> bool {
    matches!(p.method.as_str(), "POST" | "MPOST")
}

/// A reply after which the server sends a file.
fn begins_download(p: &Seen) -> bool {
    matches!(p.method.as_str(), "DOWN" | "MINI") && p.integer("status") == Some(0)
}

impl Half {
    fn new(begins_file: fn(&Seen) -> bool) -> Self {
        Self { opener: None, deframer: Deframer::new(Limits::DEFAULT), begins_file, file: None }
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<Seen> {
        let fed = match &mut self.opener {
            Some(opener) => opener.push(bytes, self.deframer.buffer_mut()),
            None if self.file.is_some() => Ok(()),
            None => self.deframer.push(bytes),
        };
        let mut seen = Vec::new();
        // Whole packets before the first bad byte count.
        while self.file.is_none()
            && let Ok(Some(p)) = self.deframer.next_packet()
        {
            let (header, method) = (p.header, p.header.method.as_str().to_owned());
            let p = Seen { method, id: header.id, header, body: p.body.to_vec() };
            self.file = (self.begins_file)(&p).then_some(0);
            seen.push(p);
        }
        if let Some(n) = &mut self.file {
            *n += self.deframer.take_rest().len() as u64;
        }
        if fed.is_err() {
            self.opener = None;
        }
        seen
    }
}

#[derive(Debug, PartialEq)]
enum Phase {
    First(Vec<u8>),
    Known,
    /// Nothing can be read: an unknown key, or bytes that make no sense.
    Blind,
}

/// One connection.
#[derive(Debug)]
pub struct Tap {
    keys: Keys,
    phase: Phase,
    is_sealed: bool,
    up: Half,
    down: Half,
}

impl Tap {
    /// A connection that has not begun.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        let (up, down) = (Half::new(begins_upload), Half::new(begins_download));
        Self { keys, phase: Phase::First(Vec::new()), is_sealed: false, up, down }
    }

    /// The client sent these.
    pub fn up(&mut self, bytes: &[u8]) -> Vec<Seen> {
        let mut held = match std::mem::replace(&mut self.phase, Phase::Blind) {
            Phase::Blind => return Vec::new(),
            Phase::Known => {
                self.phase = Phase::Known;
                return self.up.push(bytes);
            }
            Phase::First(held) => held,
        };
        held.extend_from_slice(bytes);
        let start = match Handshake::looks_like(&held) {
            Some(false) => Some(0),
            Some(true) => match Handshake::decode(&held) {
                // The key of a stranger is known once the server has unwrapped it.
                Ok(Some((handshake, used))) => self.secure(&handshake).then_some(used),
                Ok(None) => None,
                Err(_) => return Vec::new(),
            },
            None => None,
        };
        if start.is_none() && held.len() > HELD_MAX {
            return Vec::new();
        }
        let Some(start) = start else {
            self.phase = Phase::First(held);
            return Vec::new();
        };
        self.phase = Phase::Known;
        self.up.push(held.get(start..).unwrap_or_default())
    }

    /// The server sent these.
    pub fn down(&mut self, bytes: &[u8]) -> Vec<Seen> {
        if self.phase == Phase::Known { self.down.push(bytes) } else { Vec::new() }
    }

    /// The era of a connection that can be read and is sealed.
    #[must_use]
    pub fn era(&self) -> Option<Era> {
        self.up.opener.as_ref().map(Opener::era)
    }

    /// Whether the connection can be read and is not sealed.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.phase == Phase::Known && !self.is_sealed
    }

    /// Whether no part of a packet of the server is here, so that the next byte begins one.
    #[must_use]
    pub fn is_whole_down(&self) -> bool {
        let sealed = self.down.opener.as_ref().map_or(0, Opener::pending);
        self.phase == Phase::Known && sealed == 0 && self.down.deframer.pending() == 0
    }

    /// Bytes of a file that the client has sent on this connection.
    #[must_use]
    pub fn uploaded(&self) -> u64 {
        self.up.file.unwrap_or_default()
    }

    fn secure(&mut self, handshake: &Handshake) -> bool {
        let Some(key) = self.keys.of(handshake) else { return false };
        self.is_sealed = true;
        self.up.opener = Some(Opener::new(handshake.era, &key, Limits::DEFAULT));
        self.down.opener = Some(Opener::new(handshake.era, &key, Limits::DEFAULT));
        true
    }
}
