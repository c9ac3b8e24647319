//! Packets a second of the server on real sockets, beside an echo with the same framing and ciphers:
//! `cargo bench --bench loopback`. See `README.md` here.
//!
//! The server is `locospec serve` in a process of its own; the echo is this program, called with `--echo`. The load is
//! this process, the same for both: it logs in, then keeps a number of PINGs in flight on each connection, one write
//! for all that one read answered. Slices of both are interleaved, and the median is what counts.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use locospec::net::Clock;
use locospec::proto::command::field::Body;
use locospec::proto::command::{login, loginlist, ping};
use locospec::proto::entropy::Entropy;
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Era, Handshake, KeyRing, Opener, Sealer, SessionKey, unwrap, wrap};
use locospec::proto::wire::{Deframer, Method, encode_packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;

const PING: Method = Method::constant("PING");
const LOGIN: Method = Method::constant("LOGIN");
const LOGINLIST: Method = Method::constant("LOGINLIST");
/// Connections and PINGs in flight on each.
const LOADS: [(u64, u64); 3] = [(16, 16), (16, 128), (64, 1)];
const ERAS: [Era; 3] = [Era::E2012, Era::E2019, Era::E2025];
const SLICES: usize = 3;
const WARM_UP: Duration = Duration::from_millis(150);
const SLICE: Duration = Duration::from_millis(400);
const READ_MAX: usize = 64 << 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let done = if args.iter().any(|a| a == "--echo") {
        block_on(echo())
    } else if args.iter().any(|a| a == "--bench") {
        block_on(table())
    } else {
        println!("measures under `cargo bench` only");
        Ok(())
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(3)
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// One secured connection, either end.
struct Line {
    stream: TcpStream,
    sealer: Sealer,
    opener: Opener,
    deframer: Deframer,
    read: Vec<u8>,
    sealed: Vec<u8>,
}

impl Line {
    fn new(stream: TcpStream, era: Era, key: &SessionKey, entropy: Entropy) -> Self {
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
    async fn receive(&mut self) -> Result<bool, Failure> {
        let n = self.stream.read(&mut self.read).await?;
        self.opener.push(self.read.get(..n).unwrap_or_default(), self.deframer.buffer_mut())?;
        Ok(n > 0)
    }

    /// Seals one packet for the next [`Line::flush`].
    fn seal(&mut self, packet: &[u8]) {
        self.sealer.seal(packet, &mut self.sealed);
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        self.stream.write_all(&self.sealed).await?;
        self.sealed.clear();
        Ok(())
    }
}

/// Connects, shakes hands and logs in.
async fn log_in(addr: SocketAddr, era: Era, user: u64) -> Result<Line, Failure> {
    let mut entropy = Entropy::named(user, "loopback");
    let key = SessionKey::generate(&mut entropy);
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let mut line = Line::new(stream, era, &key, entropy.fork());
    wrap(era, &key, &KeyRing::test().public_ring(), &mut entropy)?.encode(&mut line.sealed);
    line.flush().await?;
    let (token, mut packet) = (format!("user{user}-token"), Vec::new());
    if era == Era::E2012 {
        let q = login::Request { s_key: &token, os: "wp", ..Default::default() };
        encode_packet(&mut packet, 1, LOGIN, |w| q.encode(w));
    } else {
        let q = loginlist::Request { oauth_token: &token, os: "win32", app_ver: "3", duuid: "d", ..Default::default() };
        encode_packet(&mut packet, 1, LOGINLIST, |w| q.encode(w));
    }
    line.seal(&packet);
    line.flush().await?;
    while line.receive().await? {
        let Some(packet) = line.deframer.next_packet()? else { continue };
        // The echo gives the request back, which has no status; the server gives 0.
        let status = packet.document(&Limits::DEFAULT)?.integer("status").unwrap_or(0);
        return if status == 0 { Ok(line) } else { Err(format!("user{user} cannot log in: {status}").into()) };
    }
    Err("closed instead of a login".into())
}

/// Keeps `in_flight` PINGs on the way until `stop`, and counts what comes back.
async fn drive(mut line: Line, in_flight: u64, count: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> Result<(), Failure> {
    let (mut due, mut id, mut packet) = (in_flight, 1, Vec::new());
    while !stop.load(Relaxed) {
        for _ in 0..due {
            id += 1;
            packet.clear();
            encode_packet(&mut packet, id, PING, |w| ping::Request {}.encode(w));
            line.seal(&packet);
        }
        line.flush().await?;
        if !line.receive().await? {
            return Err("the connection was closed".into());
        }
        due = 0;
        while let Some(back) = line.deframer.next_packet()? {
            if back.header.method != PING {
                return Err("something else than PING came back".into());
            }
            due += 1;
        }
        count.fetch_add(due, Relaxed);
    }
    Ok(())
}

/// What one slice found.
#[derive(Clone, Copy)]
struct Found {
    packets_per_second: f64,
    /// Microseconds of the other process's CPU for each packet.
    cpu_us: f64,
}

async fn slice(addr: SocketAddr, pid: u32, era: Era, (connections, in_flight): (u64, u64)) -> Result<Found, Failure> {
    let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut drivers = tokio::task::JoinSet::new();
    for user in 0..connections {
        let line = log_in(addr, era, user).await?;
        drivers.spawn(drive(line, in_flight, count.clone(), stop.clone()));
    }
    tokio::time::sleep(WARM_UP).await;
    let clock = Clock::system();
    let (from, cpu, at) = (count.load(Relaxed), cpu_seconds(pid)?, clock.now());
    tokio::time::sleep(SLICE).await;
    let packets = (count.load(Relaxed) - from) as f64;
    let found = Found {
        packets_per_second: packets / (clock.now() - at).as_secs_f64(),
        cpu_us: (cpu_seconds(pid)? - cpu) * 1e6 / packets,
    };
    stop.store(true, Relaxed);
    while let Some(done) = drivers.join_next().await {
        done??;
    }
    Ok(found)
}

/// CPU that a process has used, user and system, by the system's ticks of 10 ms.
fn cpu_seconds(pid: u32) -> Result<f64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).ok_or("no such field in /proc");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// A process that is told to stop when this is dropped.
struct Other {
    child: Child,
    addr: SocketAddr,
    _stdin: Option<ChildStdin>,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `command`, which says on stdout where it listens: an address, or JSON with the carriage's.
fn start(command: &mut Command) -> Result<Other, Failure> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take().ok_or("no stdout")?);
    let mut line = String::new();
    let said = BufReader::new(stdout).read_line(&mut line);
    let json: Result<serde_json::Value, _> = serde_json::from_str(&line);
    let addr = json.ok().as_ref().and_then(|j| j["carriage"].as_str()).and_then(|a| a.parse().ok());
    match (said, addr) {
        (Ok(_), Some(addr)) => Ok(Other { child, addr, _stdin: stdin }),
        _ => {
            let _ = child.kill();
            Err(format!("{command:?} did not say where it listens, but {line:?}").into())
        }
    }
}

/// A world with a user for each connection: a user has one session at a time.
fn world(dir: &Path) -> Result<PathBuf, Failure> {
    let most = LOADS.iter().map(|(connections, _)| *connections).max().unwrap_or(0);
    let user = |i| format!("  - {{ id: {}, name: user{i}, token: user{i}-token }}\n", 5000 + i);
    let users: String = (0..most).map(user).collect();
    let path = dir.join("loopback-world.yaml");
    std::fs::write(&path, format!("format: locospec-world/1\nusers:\n{users}"))?;
    Ok(path)
}

async fn table() -> Result<(), Failure> {
    let world = world(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let server = start(Command::new(env!("CARGO_BIN_EXE_locospec")).arg("serve").arg("--world").arg(&world))?;
    let echo = start(Command::new(std::env::current_exe()?).arg("--echo"))?;
    println!(
        "{:<24} {:>11} {:>11} {:>7} {:>13} {:>13}",
        "", "server/s", "echo/s", "ratio", "server us CPU", "echo us CPU"
    );
    for era in ERAS {
        for load in LOADS {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..SLICES {
                ours.push(slice(server.addr, server.child.id(), era, load).await?);
                theirs.push(slice(echo.addr, echo.child.id(), era, load).await?);
            }
            let (ours, theirs) = (median(ours), median(theirs));
            println!(
                "{:<24} {:>11.0} {:>11.0} {:>7.2} {:>13.2} {:>13.2}",
                format!("{era}, {} x {} in flight", load.0, load.1),
                ours.packets_per_second,
                theirs.packets_per_second,
                ours.packets_per_second / theirs.packets_per_second,
                ours.cpu_us,
                theirs.cpu_us
            );
        }
    }
    Ok(())
}

fn median(mut found: Vec<Found>) -> Found {
    found.sort_by(|a, b| a.packets_per_second.total_cmp(&b.packets_per_second));
    found[found.len() / 2]
}

/// The echo: handshake, then every packet back as it came, one write for all of one read.
async fn echo() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", serde_json::json!({ "carriage": listener.local_addr()?.to_string() }));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A connection that fails is the load's to report.
        tokio::spawn(async move { echo_one(stream).await });
    }
}

async fn echo_one(mut stream: TcpStream) -> Result<(), Failure> {
    let (mut early, mut entropy) = (Vec::new(), Entropy::named(0, "echo"));
    let (handshake, used) = loop {
        if let Some(found) = Handshake::decode(&early)? {
            break found;
        }
        if stream.read_buf(&mut early).await? == 0 {
            return Ok(());
        }
    };
    let key = unwrap(handshake.era, handshake.wrapped.as_bytes(), &KeyRing::test(), &mut entropy);
    let mut line = Line::new(stream, handshake.era, &key, entropy.fork());
    line.opener.push(early.get(used..).unwrap_or_default(), line.deframer.buffer_mut())?;
    let mut back = Vec::new();
    // What came right behind the handshake is in the deframer already.
    loop {
        while let Some(packet) = line.deframer.next_packet()? {
            back.clear();
            back.extend_from_slice(&packet.header.encode());
            back.extend_from_slice(packet.body);
            line.sealer.seal(&back, &mut line.sealed);
        }
        line.flush().await?;
        if !line.receive().await? {
            return Ok(());
        }
    }
}
