//! Files over real sockets, by the reference client from the reference server: connections that break in the middle, a
//! peer that does not read, and both modern ciphers.

use std::io::{self, Cursor, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use locospec::net::clock::{Clock, system_entropy};
use locospec::net::connect::{self, connect};
use locospec::net::media::{MediaError, Way, download, upload};
use locospec::net::serve::{BATCH_MAX, Doors, Note, Part, Setup, Threads, Unwrapper, serve};
use locospec::net::{BoxStream, Network, Tcp};
use locospec::proto::client::media::{Download, Job, MediaClient, MediaConfig, MediaInput, MediaOutput, Upload};
use locospec::proto::client::{Action, Client, ClientConfig, Endpoint, Event, call};
use locospec::proto::command::{Door, gettrailer, ship};
use locospec::proto::entropy::Entropy;
use locospec::proto::error::PeerMisbehaved;
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Era, KeyRing};
use locospec::proto::server::hash::FileHash;
use locospec::proto::server::{Config, Server, Why};
use locospec::store::{Database, World};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing here should take this long; a test that does has found something.
const PATIENCE: Duration = Duration::from_secs(120);
/// The room of alice and bob.
const ROOM: i64 = 7000;
const ALICE: i64 = 1001;

/// A server with the built-in world, until the test ends. Gives its booking and carriage ports, and why it closes
/// connections.
async fn house(limits: Limits) -> io::Result<(u16, u16, mpsc::UnboundedReceiver<Why>)> {
    let addrs: Vec<_> = Door::ALL.iter().map(|d| (*d, SocketAddr::from(([127, 0, 0, 1], 0)))).collect();
    let doors = Doors::bind(&Tcp, &addrs).await.map_err(io::Error::other)?;
    let port = |door| doors.addr(door).map(|a| a.port()).ok_or(ErrorKind::AddrNotAvailable);
    let (booking, ticket_port, carriage_port) = (port(Door::Booking)?, port(Door::Ticket)?, port(Door::Carriage)?);
    let mut db = Database::in_memory().map_err(io::Error::other)?;
    let clock = Clock::system();
    let mut unit = db.begin().map_err(io::Error::other)?;
    World::default_world().seed(&mut unit, clock.now()).map_err(io::Error::other)?;
    unit.commit().map_err(io::Error::other)?;
    let mut entropy = system_entropy()?;
    let config = Config { ticket_port, carriage_port, limits, ..Config::default() };
    let server = Server::new(config, entropy.fork());
    let unwrapper = Unwrapper::Threads(Threads::new(KeyRing::test(), entropy));
    let (tell, closings) = mpsc::unbounded_channel();
    let observer = Arc::new(move |note: &Note<'_>| {
        if let Note::Closing(_, why) = note {
            let _ = tell.send(*why);
        }
    });
    let setup = Setup {
        tls: None,
        clock,
        unwrapper,
        observer: Some(observer),
        pace: None,
        operator: None,
        batch: BATCH_MAX,
        part: Part::default(),
    };
    tokio::spawn(serve(Tcp, doors, server, db, setup, std::future::pending()));
    Ok((booking, carriage_port, closings))
}

/// Somebody who is logged in.
struct Person {
    actions: mpsc::Sender<Action>,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Person {
    async fn login(booking: u16, era: Era, id: i64, token: &str) -> io::Result<Self> {
        let keys = Arc::new(KeyRing::test().public_ring());
        let mut config = ClientConfig::new(era, id, token, Endpoint::new("127.0.0.1", booking), keys);
        config.booking_tls = false;
        let client = Client::new(config, system_entropy()?);
        let (actions, todo) = mpsc::channel(16);
        let (tell, events) = mpsc::unbounded_channel();
        tokio::spawn(connect(Tcp, client, connect::Setup { clock: Clock::system(), tls: None }, todo, tell));
        let mut person = Self { actions, events };
        person.act(Action::Login).await?;
        person.wait(|e| matches!(e, Event::LoggedIn { .. }).then_some(())).await?;
        Ok(person)
    }

    async fn act(&self, action: Action) -> io::Result<()> {
        self.actions.send(action).await.map_err(io::Error::other)
    }

    async fn wait<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> io::Result<T> {
        let search = async {
            while let Some(event) = self.events.recv().await {
                if let Some(found) = pick(&event) {
                    return Ok(found);
                }
            }
            Err(io::Error::from(ErrorKind::UnexpectedEof))
        };
        timeout(PATIENCE, search).await?
    }

    /// The key of a file that is announced.
    async fn ship(&mut self, kind: i32, bytes: &[u8]) -> io::Result<String> {
        let checksum = sha1(bytes);
        let q = ship::Request {
            chat_id: ROOM,
            kind,
            size: bytes.len() as i64,
            checksum: &checksum,
            extension: Some("png"),
            extra: None,
        };
        self.act(call(9, &q)).await?;
        self.wait(|e| match e.reply::<ship::Request<'_>>() {
            Some((9, 0, Ok(reply))) => Some(reply.key.to_owned()),
            _ => None,
        })
        .await
    }
}

fn sha1(bytes: &[u8]) -> String {
    let mut hash = FileHash::default();
    hash.update(bytes);
    hash.checksum()
}

fn file(len: usize) -> Vec<u8> {
    let mut entropy = Entropy::named(5, "file");
    std::iter::repeat_with(|| entropy.bytes::<1024>()).flatten().take(len).collect()
}

fn media_config(era: Era) -> MediaConfig {
    MediaConfig {
        era,
        user_id: ALICE,
        os: "android".into(),
        app_version: "3.5.0".into(),
        keys: Arc::new(KeyRing::test().public_ring()),
        patience: PATIENCE,
        limits: Limits::DEFAULT,
    }
}

/// A network whose connections break after so many bytes, as often as there are numbers.
#[derive(Clone)]
struct Breaking {
    after: Arc<Vec<i64>>,
    made: Arc<AtomicUsize>,
}

struct Thread {
    inner: BoxStream,
    left: AtomicI64,
}

impl Thread {
    fn use_up(&self, n: usize) -> io::Result<()> {
        let left = self.left.fetch_sub(n as i64, Ordering::Relaxed);
        if left <= 0 { Err(ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Thread {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let done = Pin::new(&mut self.inner).poll_read(cx, buf);
        if done.is_ready() {
            self.use_up(buf.filled().len() - before)?;
        }
        done
    }
}

impl AsyncWrite for Thread {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.use_up(buf.len())?;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl Network for Breaking {
    type Listener = TcpListener;

    async fn bind(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        Tcp.bind(addr).await
    }

    fn local_addr(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        Tcp.local_addr(listener)
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<BoxStream> {
        Tcp.accept(listener).await
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        let nth = self.made.fetch_add(1, Ordering::Relaxed);
        let left = self.after.get(nth).copied().unwrap_or(i64::MAX).into();
        Ok(Box::new(Thread { inner: Tcp.connect(host, port).await?, left }))
    }
}

fn way<N: Network>(net: N, port: u16, era: Era) -> io::Result<Way<N>> {
    let endpoint = Endpoint::new("127.0.0.1", port);
    Ok(Way { net, endpoint, clock: Clock::system(), config: media_config(era), entropy: system_entropy()? })
}

#[tokio::test]
async fn five_mib_go_up_and_down_over_connections_that_break() -> io::Result<()> {
    let bytes = file((5 << 20) + 12_345);
    for era in [Era::E2019, Era::E2025] {
        let (booking, carriage, _) = house(Limits::DEFAULT).await?;
        let mut alice = Person::login(booking, era, ALICE, "alice-token").await?;
        let mut bob = Person::login(booking, era, ALICE + 1, "bob-token").await?;
        let key = alice.ship(2, &bytes).await?;
        let breaks = Arc::new(vec![100, 1 << 20, 200, 2_000_003]);
        let net = Breaking { after: breaks.clone(), made: Arc::default() };
        let job = Upload {
            key: key.clone(),
            size: bytes.len() as i64,
            kind: 2,
            room: ROOM,
            name: Some("a.png".into()),
            ..Default::default()
        };
        let mut begun = Vec::new();
        let mut last = -1;
        let tell = |done, _| {
            if done < last || last < 0 {
                begun.push(done);
            }
            last = done;
        };
        let mut up_way = way(net.clone(), carriage, era)?;
        let up = upload(&mut up_way, &job, &mut Cursor::new(&bytes), tell).await.map_err(io::Error::other)?;
        assert_eq!(net.made.load(Ordering::Relaxed), 5, "four connections broke");
        assert!(begun.iter().skip(1).all(|n| *n > 0), "each goes on where the last was: {begun:?}");
        assert!(up.attachment.contains(&key));
        let seen = bob.wait(|e| if let Event::Message(m) = e { Some(m.log_id) } else { None }).await?;
        assert_eq!(seen, up.log_id);

        alice.act(call(10, &gettrailer::Request { key: &key, kind: Some(2) })).await?;
        let port = alice.wait(|e| match e.reply::<gettrailer::Request<'_>>() {
            Some((10, 0, Ok(reply))) => Some(reply.port),
            _ => None,
        });
        assert_eq!(port.await?, i32::from(carriage));
        let net = Breaking { after: breaks, made: Arc::default() };
        let mut down_way = way(net.clone(), carriage, era)?;
        let job = Download { key: key.clone(), ..Default::default() };
        let (mut got, known) = (Vec::new(), (Some(bytes.len() as i64), sha1(&bytes)));
        let known = (known.0, Some(known.1.as_str()));
        let down = download(&mut down_way, &job, known, &mut got, |_, _| ()).await.map_err(io::Error::other)?;
        assert!(net.made.load(Ordering::Relaxed) > 2, "connections broke");
        assert_eq!(down.size, bytes.len() as i64);
        assert!(got == bytes, "{era}: other bytes came down than went up");

        let wrong = download(&mut down_way, &job, (None, Some("00")), &mut Vec::new(), |_, _| ()).await;
        assert!(matches!(wrong, Err(MediaError::Wrong { .. })), "{wrong:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_download_that_nobody_reads_is_cut_off() -> io::Result<()> {
    let era = Era::E2025;
    let limits = Limits { media_idle_after: Duration::from_secs(5), ..Limits::DEFAULT };
    let (booking, carriage, mut closings) = house(limits).await?;
    let mut alice = Person::login(booking, era, ALICE, "alice-token").await?;
    // Far more than the kernel holds for us: our side of it is made small, the server's has at most 4 MiB.
    let bytes = file(8 << 20);
    let key = alice.ship(18, &bytes).await?;
    let job = Upload { key: key.clone(), size: bytes.len() as i64, kind: 18, room: ROOM, ..Default::default() };
    let mut net = way(Tcp, carriage, era)?;
    upload(&mut net, &job, &mut Cursor::new(&bytes), |_, _| ()).await.map_err(io::Error::other)?;

    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(64 << 10)?;
    let mut stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], carriage))).await?;
    let job = Job::Download(Download { key, ..Default::default() });
    let clock = Clock::system();
    let mut machine = MediaClient::new(media_config(era), job, system_entropy()?, clock.now());
    machine.handle(MediaInput::Connected, clock.now());
    let Some(MediaOutput::Transmit(request)) = machine.poll_output() else { panic!("no request") };
    stream.write_all(&request).await?;
    let slow = async {
        while let Some(why) = closings.recv().await {
            if why == Why::Misbehaved(PeerMisbehaved::SlowReader) {
                return;
            }
        }
        panic!("the server has stopped");
    };
    timeout(PATIENCE, slow).await?;
    let (mut taken, mut buffer) = (0, vec![0; 1 << 16]);
    while let Ok(Ok(n @ 1..)) = timeout(PATIENCE, stream.read(&mut buffer)).await {
        taken += n;
    }
    assert!(taken < bytes.len(), "{taken} bytes reached a peer that was to be cut off");
    Ok(())
}
