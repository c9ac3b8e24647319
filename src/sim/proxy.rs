//! The simulator's streams in front of a real server, on real sockets and in real time.
//!
//! Each connection gets a schedule of its own from the seed ([`schedule`]), a control that nobody else has, and a
//! [`FaultStream`] at both of its ends. With the server's private keys the frames can be read: then heartbeats
//! are lost, late and doubled, and where nothing authenticates a bit flips in heartbeats alone. Without them a bit
//! flips anywhere behind the first write, and heartbeats are left alone.

pub mod schedule;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use self::schedule::{Blow, Family, Schedule};
use super::clock::SimClock;
use super::control::{Bites, Control, Narrow};
use super::stream::{FaultStream, Side};
use super::tap::{Keys, Tap};
use super::trace::{Event, Kind, Tracer};
use crate::net::Clock;
use crate::proto::entropy::Entropy;
use crate::proto::secure::KeyRing;

/// How often the clock of a connection is set.
const TICK: Duration = Duration::from_millis(5);
/// How long connecting to the server may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 1000;
/// Whose orders they are: each connection has but one client.
const OWNER: &str = "client";

/// What the proxy does to connections.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Where the server is.
    pub to: SocketAddr,
    /// Only these families; as the seed has it when there is none.
    pub only: Vec<Family>,
    /// For how long a connection is troubled; then it is healed.
    pub trouble_for: Option<Duration>,
    /// The server's private keys.
    pub keys: Option<Arc<KeyRing>>,
}

/// What the proxy tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A connection begins, from here; these families are on.
    Opened(SocketAddr, Vec<Family>),
    /// This is ordered from now on.
    Ordered(Blow),
    /// A fault bit.
    Bit(String),
    /// Nothing more is ordered, and what was is over.
    Healed,
    /// A connection has ended, and why; how often each fault bit that did.
    Closed(String, Vec<(&'static str, u64)>),
}

/// One thing that the proxy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Which connection, from 1, in the order in which they came.
    pub conn: u64,
    /// How long after its beginning.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// Who is told.
pub type Tell = Arc<dyn Fn(Done) + Send + Sync>;

/// Serves until the future is dropped.
///
/// # Errors
/// No connection can be accepted any more.
pub async fn run(listener: TcpListener, plan: Plan, tell: Tell) -> io::Result<()> {
    let (mut lines, mut conn) = (JoinSet::new(), 0);
    loop {
        while lines.len() >= CONNECTIONS_MAX {
            lines.join_next().await;
        }
        let (client, from) = listener.accept().await?;
        while lines.try_join_next().is_some() {}
        conn += 1;
        lines.spawn(Line::new(conn, plan.clone(), tell.clone()).run(client, from));
    }
}

/// The faults that bit, and how often.
fn counts(b: Bites) -> Vec<(&'static str, u64)> {
    let all = [
        ("writes cut", b.cut_writes),
        ("reads cut", b.cut_reads),
        ("reads joined", b.joined_reads),
        ("reads held", b.held_reads),
        ("single bytes", b.single_bytes),
        ("joined by order", b.joined_by_order),
        ("stalled reads", b.stalled_reads),
        ("throttled", b.throttled),
        ("heartbeats lost", b.heartbeats_lost),
        ("heartbeats late", b.heartbeats_late),
        ("heartbeats doubled", b.heartbeats_doubled),
        ("flips up", b.flips),
        ("flips down", b.flips_down),
        ("resets", b.resets),
    ];
    all.into_iter().filter(|(_, n)| *n > 0).collect()
}

/// One connection.
struct Line {
    conn: u64,
    plan: Plan,
    tell: Tell,
    clock: SimClock,
    control: Control,
    owner: Arc<str>,
}

impl Line {
    fn new(conn: u64, plan: Plan, tell: Tell) -> Self {
        let clock = SimClock::default();
        Self { conn, plan, tell, control: Control::new(clock.clone()), clock, owner: OWNER.into() }
    }

    fn done(&self, what: What) {
        (self.tell)(Done { conn: self.conn, at: self.clock.elapsed(), what });
    }

    async fn run(self, client: TcpStream, from: SocketAddr) {
        let schedule = Schedule::new(self.plan.seed, self.conn, &self.plan.only);
        self.done(What::Opened(from, schedule.families().to_vec()));
        let why = match tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(self.plan.to)).await {
            Ok(Ok(server)) => {
                let (mut up, mut down) = self.ends(client, server, from);
                let ended = tokio::select! {
                    biased;
                    ended = copy_bidirectional(&mut down, &mut up) => ended,
                    never = self.trouble(schedule) => match never {},
                };
                if self.control.bites().resets > 0 {
                    // The peers shall see a reset, not an orderly end.
                    for end in [up.inner(), down.inner()].into_iter().flatten() {
                        let _ = end.set_zero_linger();
                    }
                }
                match ended {
                    Ok((sent, came)) => format!("{sent} bytes from the client, {came} from the server"),
                    Err(e) => e.to_string(),
                }
            }
            Ok(Err(e)) => format!("{}: {e}", self.plan.to),
            Err(_) => format!("{}: no connection within {CONNECT_WITHIN:?}", self.plan.to),
        };
        self.done(What::Closed(why, counts(self.control.bites())));
    }

    /// The stream to the server, which obeys the orders, and the stream to the client, which is joined by them.
    fn ends(
        &self,
        client: TcpStream,
        server: TcpStream,
        from: SocketAddr,
    ) -> (FaultStream<TcpStream>, FaultStream<TcpStream>) {
        let (conn, tell, clock) = (self.conn, self.tell.clone(), self.clock.clone());
        let trace = Tracer::telling(self.clock.clone(), move |event: &Event| {
            if let Kind::Line(what) = &event.kind {
                tell(Done { conn, at: clock.elapsed(), what: What::Bit(what.clone()) });
            }
        });
        let side = |client: bool| Side {
            owner: if client { self.owner.clone() } else { "server".into() },
            link: self.owner.clone(),
            server: "server".into(),
            port: self.plan.to.port(),
            client,
            carriage: client,
            peer: (!client).then_some(from),
        };
        let tap = self.plan.keys.clone().map(|ring| Tap::new(Keys::of_ring(ring)));
        let entropy = |end: &str| Entropy::named(self.plan.seed, &format!("proxy/{conn}/{end}"));
        for end in [&client, &server] {
            let _ = end.set_nodelay(true);
        }
        let up = FaultStream::new(server, side(true), self.control.clone(), trace.clone(), entropy("up"), tap);
        let down = FaultStream::new(client, side(false), self.control.clone(), trace, entropy("down"), None);
        self.control.has_address(up.line(), from);
        (up, down)
    }

    /// Sets the clock, and gives the orders of the schedule; it has no end of its own.
    async fn trouble(&self, mut schedule: Schedule) -> std::convert::Infallible {
        let real = Clock::system();
        let start = real.now();
        let mut next = schedule.next();
        loop {
            let now = real.now() - start;
            self.clock.set(now);
            if next.is_some() && self.plan.trouble_for.is_some_and(|over| now >= over) {
                next = None;
                self.control.heal();
                self.done(What::Healed);
            }
            while let Some((_, blow)) = next.filter(|(at, _)| *at <= now) {
                self.done(What::Ordered(blow));
                self.order(blow);
                next = schedule.next();
            }
            tokio::time::sleep(TICK).await;
        }
    }

    fn order(&self, blow: Blow) {
        let now = self.control.now();
        if let Blow::Slow { bytes_per_second, lasts } = blow {
            for way in [Narrow::Up, Narrow::Down] {
                self.control.narrow(&self.owner, way, bytes_per_second, now + lasts);
            }
        }
        self.control.order(&self.owner, |o| match blow {
            Blow::Cut(lasts) => o.cut_until = Some(now + lasts),
            Blow::Join(lasts) => o.join_until = Some(now + lasts),
            Blow::Stall(lasts) => o.stalled_until = Some(now + lasts),
            Blow::Slow { .. } => (),
            Blow::DropHeartbeats(n) => o.heartbeats += n,
            Blow::DelayHeartbeats { count, by } => (o.late_heartbeats, o.late_by) = (o.late_heartbeats + count, by),
            Blow::DoubleHeartbeats(n) => o.double_heartbeats += n,
            Blow::Flip { down: true } => o.flips_down += 1,
            Blow::Flip { down: false } => o.flips += 1,
            Blow::Reset { after_bytes, way } => (o.reset_after, o.reset_way) = (Some(after_bytes), way),
        });
    }
}
