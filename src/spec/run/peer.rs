//! The judge's end of one connection: its secure layer, and the packets that came over it.
//!
//! It plays a client or a server. What the packets mean to the case is [`super::interpret`]'s.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bson::Document;

use super::bytes::{Unit, spoil};
use super::record::BYTES_MAX;
use super::target::Conn;
use crate::proto::entropy::Entropy;
use crate::proto::limits::{HEADER_LEN, Limits};
use crate::proto::secure::{Era, Handshake, KeyRing, Opener, PublicRing, Sealer, SessionKey, unwrap, wrap};
use crate::proto::wire::header::Header;
use crate::proto::wire::scan::scan;
use crate::spec::format::Mutation;
use crate::spec::value::{ValueError, Vars};

/// A packet that came.
#[derive(Clone, Debug)]
pub struct Got {
    /// Its header.
    pub header: Header,
    /// Its body, or why it is none.
    pub body: Result<Document, String>,
    /// Its first bytes in the clear, until the record has them.
    pub plain: Vec<u8>,
    /// A step has taken it.
    pub taken: bool,
    /// The request that it answers, by the number of that request on this connection.
    pub answers: Option<usize>,
}

/// A request that the judge sent, or got.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The packet id.
    pub id: u32,
    /// The method.
    pub method: String,
    /// A reply has come.
    pub answered: bool,
}

/// The judge's end.
#[derive(Debug)]
pub struct Peer {
    /// The target's name of the connection.
    pub conn: Conn,
    /// The target has closed it.
    pub closed: bool,
    /// A login on it has succeeded.
    pub logged_on: bool,
    /// What came, in order.
    pub got: Vec<Got>,
    /// What the judge asked on it.
    pub asked: Vec<Asked>,
    /// The id of the judge's next request.
    pub next_id: u32,
    /// The first bytes that made no sense.
    pub broken: Option<String>,
    /// Bytes that the judge keeps back, as they will go on the wire.
    pub held_wire: Vec<u8>,
    /// Plain bytes that the judge keeps back, to share a frame with the next.
    pub held_plain: Vec<u8>,
    /// Bytes of a file that came behind the reply to DOWN or MINI.
    pub file: Vec<u8>,
    /// How many bytes of it are still to come.
    pub file_left: usize,
    layer: Layer,
    early: Vec<u8>,
    plain: Vec<u8>,
}

#[derive(Debug)]
enum Layer {
    Plain,
    /// The judge is the server and waits for a handshake.
    AwaitsHandshake,
    Secure(Box<(Sealer, Opener)>),
}

impl Peer {
    fn new(conn: Conn, layer: Layer) -> Self {
        Self {
            conn,
            closed: false,
            logged_on: false,
            got: Vec::new(),
            asked: Vec::new(),
            next_id: 1,
            broken: None,
            held_wire: Vec::new(),
            held_plain: Vec::new(),
            file: Vec::new(),
            file_left: 0,
            layer,
            early: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// A connection without the secure layer, either way.
    #[must_use]
    pub fn plain(conn: Conn) -> Self {
        Self::new(conn, Layer::Plain)
    }

    /// A connection that a client made to one of the judge's secure doors.
    #[must_use]
    pub fn accepted(conn: Conn) -> Self {
        Self::new(conn, Layer::AwaitsHandshake)
    }

    /// A connection of the judge to a secure door, and the handshake that goes first. `name` and `era` alone choose
    /// the key, so that a target may remember what it unwrapped.
    ///
    /// # Errors
    /// A mutation that cannot be computed, or a key that is not of this era.
    pub fn secure(
        conn: Conn,
        name: &str,
        era: Era,
        public: &PublicRing,
        mutations: &[Mutation],
        vars: &Vars,
    ) -> Result<(Self, Vec<u8>), ValueError> {
        let mut entropy = Entropy::named(0, &format!("judge {name} {era}"));
        let key = SessionKey::generate(&mut entropy);
        let handshake = wrap(era, &key, public, &mut entropy)
            .map_err(|e| ValueError { path: "handshake".into(), what: e.to_string() })?;
        let mut bytes = Vec::new();
        handshake.encode(&mut bytes);
        spoil(Unit::Handshake, &mut bytes, mutations, vars)?;
        let layer =
            Layer::Secure(Box::new((Sealer::new(era, &key, entropy.fork()), Opener::new(era, &key, Limits::DEFAULT))));
        Ok((Self::new(conn, layer), bytes))
    }

    /// What goes on the wire for these plain bytes.
    #[must_use]
    pub fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        match &mut self.layer {
            Layer::Secure(pair) => {
                let mut out = Vec::new();
                pair.0.seal(plain, &mut out);
                out
            }
            Layer::Plain | Layer::AwaitsHandshake => plain.to_vec(),
        }
    }

    /// Whether bytes are sealed on this connection.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        matches!(self.layer, Layer::Secure(_))
    }

    /// Takes bytes of the target; gives the numbers in [`Peer::got`] of the packets that they completed.
    pub fn receive(&mut self, bytes: &[u8], keys: Option<&KeyRing>) -> std::ops::Range<usize> {
        let before = self.got.len();
        if self.broken.is_none()
            && let Err(why) = self.take(bytes, keys)
        {
            self.broken = Some(why);
        }
        before..self.got.len()
    }

    fn take(&mut self, bytes: &[u8], keys: Option<&KeyRing>) -> Result<(), String> {
        match &mut self.layer {
            Layer::Plain => self.plain.extend_from_slice(bytes),
            Layer::Secure(pair) => pair.1.push(bytes, &mut self.plain).map_err(|e| e.to_string())?,
            Layer::AwaitsHandshake => {
                self.early.extend_from_slice(bytes);
                let Some((handshake, used)) = Handshake::decode(&self.early).map_err(|e| e.to_string())? else {
                    return Ok(());
                };
                let ring = keys.ok_or("the judge has no private key")?;
                let mut entropy = Entropy::named(self.conn, "judge as server");
                let key = unwrap_once(handshake.era, handshake.wrapped.as_bytes(), ring, &mut entropy);
                let sealer = Sealer::new(handshake.era, &key, entropy.fork());
                let mut opener = Opener::new(handshake.era, &key, Limits::DEFAULT);
                let rest = self.early.get(used..).unwrap_or_default().to_vec();
                opener.push(&rest, &mut self.plain).map_err(|e| e.to_string())?;
                self.early = Vec::new();
                self.layer = Layer::Secure(Box::new((sealer, opener)));
            }
        }
        self.packets()
    }

    fn packets(&mut self) -> Result<(), String> {
        let mut used = 0;
        let result = loop {
            let rest = self.plain.get(used..).unwrap_or_default();
            if self.file_left > 0 {
                let n = self.file_left.min(rest.len());
                self.file.extend(rest.iter().take(n));
                (self.file_left, used) = (self.file_left - n, used + n);
                if self.file_left > 0 {
                    break Ok(());
                }
                continue;
            }
            let header = match Header::decode(rest, &Limits::DEFAULT) {
                Ok(Some(h)) => h,
                Ok(None) => break Ok(()),
                Err(e) => break Err(e.to_string()),
            };
            let end = HEADER_LEN + header.body_len as usize;
            let Some(body) = rest.get(HEADER_LEN..end) else { break Ok(()) };
            let body = document(body);
            // One more than is shown, so that it is known that there is more.
            let plain = rest.get(..end.min(BYTES_MAX + 1)).unwrap_or_default().to_vec();
            self.file_left = announced(&header, &body);
            self.got.push(Got { header, body, plain, taken: false, answers: None });
            used += end;
        };
        self.plain.drain(..used);
        result
    }

    /// The handshake of the era in which a client comes, once it is there.
    #[must_use]
    pub fn era(&self) -> Option<Era> {
        match &self.layer {
            Layer::Secure(pair) => Some(pair.0.era()),
            Layer::Plain | Layer::AwaitsHandshake => None,
        }
    }
}

/// How many bytes of a file follow this packet.
fn announced(header: &Header, body: &Result<Document, String>) -> usize {
    let (true, Ok(body)) = (matches!(header.method.as_str(), "DOWN" | "MINI"), body) else { return 0 };
    let size = body.get_i64("s").or_else(|_| body.get_i32("s").map(i64::from)).unwrap_or_default();
    if body.get_i32("status").is_ok_and(|s| s == 0) { usize::try_from(size).unwrap_or_default() } else { 0 }
}

/// Session keys that were unwrapped before, with the test keys: the same connection of the same case makes the same
/// handshake in every run, and RSA is most of the time that a case takes.
static UNWRAPPED: Mutex<Unwrapped> = Mutex::new(Unwrapped::new());

/// Era and RSA block to session key.
type Unwrapped = BTreeMap<(Era, Vec<u8>), [u8; 16]>;

/// [`unwrap`], remembered. Only for the test keys.
pub(super) fn unwrap_once(era: Era, wrapped: &[u8], ring: &KeyRing, entropy: &mut Entropy) -> SessionKey {
    let at = (era, wrapped.to_vec());
    let known = UNWRAPPED.lock().unwrap_or_else(PoisonError::into_inner).get(&at).copied();
    let key = known.unwrap_or_else(|| *unwrap(era, wrapped, ring, entropy).as_bytes());
    UNWRAPPED.lock().unwrap_or_else(PoisonError::into_inner).insert(at, key);
    SessionKey::from_bytes(key)
}

/// A body as a document; no body at all is an empty one. The core's scan goes first: it does not recurse.
fn document(body: &[u8]) -> Result<Document, String> {
    if body.is_empty() {
        return Ok(Document::new());
    }
    scan(body, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    Document::from_reader(body).map_err(|e| e.to_string())
}
