//! The reference server on real sockets against peers that misbehave: each gets its answer or its close, and the
//! others do not notice. What cases in YAML can say is said there; here is what needs a kernel.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use locospec::net::serve::Doors;
use locospec::net::{Network, Tcp};
use locospec::proto::command::{Body, CommandId, Door, checkin, loginlist, ping, write};
use locospec::proto::entropy::Entropy;
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Era, KeyRing, Opener, Sealer, SessionKey, wrap};
use locospec::proto::wire::{Deframer, encode_packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::house::{PATIENCE, house};

/// A peer with a secure connection and nothing else.
struct Peer {
    stream: TcpStream,
    sealer: Sealer,
    opener: Opener,
    packets: Deframer,
    out: Vec<u8>,
}

impl Peer {
    async fn connect(addr: SocketAddr, era: Era) -> io::Result<Self> {
        let mut entropy = Entropy::named(1, "peer");
        let key = SessionKey::generate(&mut entropy);
        let handshake = wrap(era, &key, &KeyRing::test().public_ring(), &mut entropy).map_err(io::Error::other)?;
        let mut out = Vec::new();
        handshake.encode(&mut out);
        Ok(Self {
            stream: TcpStream::connect(addr).await?,
            sealer: Sealer::new(era, &key, entropy),
            opener: Opener::new(era, &key, Limits::DEFAULT),
            packets: Deframer::new(Limits::DEFAULT),
            out,
        })
    }

    fn put<'a>(&mut self, id: u32, command: CommandId, body: &impl Body<'a>) {
        let mut plain = Vec::new();
        encode_packet(&mut plain, id, command.method(), |w| body.encode(w));
        self.sealer.seal(&plain, &mut self.out);
    }

    async fn flush(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.out);
        self.stream.write_all(&bytes).await
    }

    /// The status of the reply with this id; `None` when the server closes first.
    async fn status(&mut self, id: u32) -> io::Result<Option<i64>> {
        let mut buffer = [0; 4096];
        loop {
            while let Some(p) = self.packets.next_packet().map_err(io::Error::other)? {
                if p.header.id == id {
                    return Ok(p.document(&Limits::DEFAULT).map_err(io::Error::other)?.integer("status"));
                }
            }
            let n = timeout(PATIENCE, self.stream.read(&mut buffer)).await??;
            if n == 0 {
                return Ok(None);
            }
            self.opener.push(&buffer[..n], self.packets.buffer_mut()).map_err(io::Error::other)?;
        }
    }

    async fn login(addr: SocketAddr, token: &str) -> io::Result<Self> {
        let mut peer = Self::connect(addr, Era::E2025).await?;
        let q = loginlist::Request {
            app_ver: "3.5.0",
            os: "win32",
            duuid: "peer",
            oauth_token: token,
            ..Default::default()
        };
        peer.put(1, CommandId::LoginList, &q);
        peer.flush().await?;
        assert_eq!(peer.status(1).await?, Some(0));
        Ok(peer)
    }

    async fn ping(&mut self, id: u32) -> io::Result<Option<i64>> {
        self.put(id, CommandId::Ping, &ping::Request {});
        self.flush().await?;
        self.status(id).await
    }
}

/// Whether the server closes the connection without another word.
async fn is_closed(stream: &mut TcpStream) -> io::Result<bool> {
    let mut buffer = [0; 256];
    match timeout(PATIENCE, stream.read(&mut buffer)).await? {
        Ok(0) => Ok(true),
        Ok(_) => Ok(false),
        Err(e) => Ok(matches!(e.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)),
    }
}

#[tokio::test]
async fn bytes_that_cannot_be_are_closed_at_once_and_nobody_else_notices() -> io::Result<()> {
    let house = house(Limits::DEFAULT).await?;
    let mut witness = Peer::login(house.carriage, "alice-token").await?;
    let announced = |len: u32| {
        let mut b = b"\x01\0\0\0\0\0CHECKIN\0\0\0\0\0".to_vec();
        b.extend_from_slice(&len.to_le_bytes());
        b
    };
    let mut not_utf8 = announced(5);
    not_utf8[7] = 0xff;
    let handshake = |len: u32, kind: u32, cipher: u32| {
        [len, kind, cipher].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>()
    };
    let hostile = [
        ("garbage", vec![0xff; 64]),
        ("a body of 4 GiB", announced(u32::MAX)),
        ("a method that is not UTF-8", not_utf8),
        ("a handshake of 4 GiB", handshake(u32::MAX, 16, 3)),
        ("a key type of no era", handshake(256, 99, 3)),
        ("a cipher of no era", handshake(256, 16, 9)),
    ];
    for (what, bytes) in hostile {
        for door in [house.entry, house.ticket, house.carriage] {
            let mut stream = TcpStream::connect(door).await?;
            stream.write_all(&bytes).await?;
            assert!(is_closed(&mut stream).await?, "{what}");
        }
    }
    assert_eq!(witness.ping(2).await?, Some(0));
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_frame_of_four_gib_is_closed_and_never_allocated() -> io::Result<()> {
    let house = house(Limits::DEFAULT).await?;
    for era in Era::ALL {
        let mut peer = Peer::connect(house.carriage, era).await?;
        peer.out.extend_from_slice(&u32::MAX.to_le_bytes());
        peer.flush().await?;
        assert!(is_closed(&mut peer.stream).await?, "{era}");
    }
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn half_a_frame_and_a_bad_key_end_with_the_time_for_the_login() -> io::Result<()> {
    let limits = Limits { login_within: Duration::from_millis(300), ..Limits::DEFAULT };
    let house = house(limits).await?;
    let mut half = Peer::connect(house.carriage, Era::E2019).await?;
    half.put(1, CommandId::Ping, &ping::Request {});
    half.out.truncate(half.out.len() - 1);
    half.flush().await?;
    assert!(is_closed(&mut half.stream).await?);
    // A wrapped key that is none looks like any other until a frame does not open: no reply, no early close.
    let mut wrong = Peer::connect(house.carriage, Era::E2019).await?;
    wrong.out[20] ^= 1;
    wrong.flush().await?;
    assert!(is_closed(&mut wrong.stream).await?);
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_peer_that_closes_its_sending_half_still_gets_its_answer() -> io::Result<()> {
    let house = house(Limits::DEFAULT).await?;
    let mut peer = Peer::connect(house.ticket, Era::E2023).await?;
    peer.put(7, CommandId::CheckIn, &checkin::Request { os: "mac", ..Default::default() });
    peer.flush().await?;
    peer.stream.shutdown().await?;
    assert_eq!(peer.status(7).await?, Some(0), "the end was seen before the key was unwrapped");
    let mut peer = Peer::login(house.carriage, "bob-token").await?;
    peer.put(9, CommandId::Ping, &ping::Request {});
    peer.flush().await?;
    peer.stream.shutdown().await?;
    assert_eq!(peer.status(9).await?, Some(0));
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_off() -> io::Result<()> {
    let limits = Limits { send_queue_bytes_max: 1 << 20, ..Limits::DEFAULT };
    let house = house(limits).await?;
    let mut deaf = Peer::login(house.carriage, "alice-token").await?;
    let mut loud = Peer::login(house.carriage, "bob-token").await?;
    let text = "x".repeat(60_000);
    let mut written = 0;
    for id in 2..2000 {
        loud.put(
            id,
            CommandId::Write,
            &write::Request { chat_id: 7000, kind: 1, msg: Some(&text), ..Default::default() },
        );
        loud.flush().await?;
        assert_eq!(loud.status(id).await?, Some(0));
        written += text.len();
        // The queue is 1 MiB, and the kernel holds a few more: far less than this loop would send.
        if written > 64 << 20 {
            break;
        }
    }
    let mut taken = 0;
    let mut buffer = vec![0; 1 << 16];
    while let Ok(Ok(n)) = timeout(PATIENCE, deaf.stream.read(&mut buffer)).await {
        if n == 0 {
            break;
        }
        taken += n;
    }
    assert!(taken < written, "{taken} of {written} bytes reached a peer that was cut off");
    assert_eq!(loud.ping(5000).await?, Some(0));
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_taken_port_is_named() -> io::Result<()> {
    let mut taken = Tcp.bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let addr = Tcp.local_addr(&taken)?;
    let refused = Doors::bind(&Tcp, &[(Door::Ticket, addr)]).await;
    let text = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.starts_with(&format!("cannot listen for ticket on {addr}")), "{text:?}");
    let _ = timeout(Duration::ZERO, Tcp.accept(&mut taken)).await;
    Ok(())
}
