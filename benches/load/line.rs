//! One secured connection, either end.

use std::net::SocketAddr;

use locospec::proto::command::field::Body;
use locospec::proto::command::{login, loginlist};
use locospec::proto::entropy::Entropy;
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Era, Handshake, KeyRing, Opener, Sealer, SessionKey, wrap};
use locospec::proto::wire::{Deframer, Method, encode_packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::report::Failure;

pub const PING: Method = Method::constant("PING");
pub const WRITE: Method = Method::constant("WRITE");
const LOGIN: Method = Method::constant("LOGIN");
const LOGINLIST: Method = Method::constant("LOGINLIST");
const READ_MAX: usize = 64 << 10;

pub struct Line {
    pub stream: TcpStream,
    pub sealer: Sealer,
    pub opener: Opener,
    pub deframer: Deframer,
    pub read: Vec<u8>,
    pub sealed: Vec<u8>,
}

impl Line {
    pub fn new(stream: TcpStream, era: Era, key: &SessionKey, entropy: Entropy) -> Self {
        Self {
            stream,
            sealer: Sealer::new(era, key, entropy),
            opener: Opener::new(era, key, Limits::DEFAULT),
            deframer: Deframer::new(Limits::DEFAULT),
            read: vec![0; READ_MAX],
            sealed: Vec::new(),
        }
    }

    /// Waits for one read and opens it into the deframer; false at the end of the stream.
    pub async fn receive(&mut self) -> Result<bool, Failure> {
        let n = self.stream.read(&mut self.read).await?;
        self.opener.push(self.read.get(..n).unwrap_or_default(), self.deframer.buffer_mut())?;
        Ok(n > 0)
    }

    /// Seals one packet for the next [`Line::flush`].
    pub fn seal(&mut self, packet: &[u8]) {
        self.sealer.seal(packet, &mut self.sealed);
    }

    pub async fn flush(&mut self) -> Result<(), Failure> {
        self.stream.write_all(&self.sealed).await?;
        self.sealed.clear();
        Ok(())
    }

    /// Gives its buffers back: ten thousand lines at rest are many.
    pub fn rest(&mut self) {
        self.read = vec![0; 512];
        self.sealed = Vec::new();
        self.deframer = Deframer::new(Limits::DEFAULT);
    }
}

/// A session key and its handshake, made once: what the client's RSA costs is not what is measured.
pub struct Hello {
    pub era: Era,
    pub key: SessionKey,
    pub handshake: Handshake,
}

impl Hello {
    pub fn new(era: Era) -> Result<Self, Failure> {
        let mut entropy = Entropy::named(1, "hello");
        let key = SessionKey::generate(&mut entropy);
        let handshake = wrap(era, &key, &KeyRing::test().public_ring(), &mut entropy)?;
        Ok(Self { era, key, handshake })
    }

    /// Connects and shakes hands. Many clients come from several addresses of this machine, as ports are few.
    pub async fn connect(&self, addr: SocketAddr, n: u64) -> Result<Line, Failure> {
        let socket = TcpSocket::new_v4()?;
        if n >= 4096 {
            let last = u8::try_from(2 + n / 4096)?;
            socket.bind(SocketAddr::from(([127, 0, 0, last], 0)))?;
        }
        let stream = socket.connect(addr).await?;
        stream.set_nodelay(true)?;
        let mut line = Line::new(stream, self.era, &self.key, Entropy::named(n, "line"));
        self.handshake.encode(&mut line.sealed);
        line.flush().await?;
        Ok(line)
    }

    /// The same, and logs `user{n}` in.
    pub async fn log_in(&self, addr: SocketAddr, n: u64) -> Result<Line, Failure> {
        let mut line = self.connect(addr, n).await?;
        line.seal(&login_packet(self.era, n));
        line.flush().await?;
        while line.receive().await? {
            let Some(packet) = line.deframer.next_packet()? else { continue };
            // The echo gives the request back, which has no status; the server gives 0.
            let status = packet.document(&Limits::DEFAULT)?.integer("status").unwrap_or(0);
            return if status == 0 { Ok(line) } else { Err(format!("user{n} cannot log in: {status}").into()) };
        }
        Err("closed instead of a login".into())
    }
}

pub fn login_packet(era: Era, n: u64) -> Vec<u8> {
    let (token, mut packet) = (format!("user{n}-token"), Vec::new());
    if era == Era::E2012 {
        let q = login::Request { s_key: &token, os: "wp", ..Default::default() };
        encode_packet(&mut packet, 1, LOGIN, |w| q.encode(w));
    } else {
        let q = loginlist::Request { oauth_token: &token, os: "win32", app_ver: "3", duuid: "d", ..Default::default() };
        encode_packet(&mut packet, 1, LOGINLIST, |w| q.encode(w));
    }
    packet
}
