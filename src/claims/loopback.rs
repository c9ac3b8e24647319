//! Runs on this machine: the servers are processes of their own, the devices are here, and the kernel is between them.
//!
//! Slices of all transports are interleaved, and the median of a figure's slices counts. All share the machine's
//! processors with whatever else runs: the server's CPU for each message is the steady figure, times wander.

mod child;
mod crowd;

use std::io;
use std::time::Duration;

pub use self::child::{Child, Kind, serve_here};
pub use self::crowd::{CROWDS, crowd};
use super::certs::Trust;
use super::device::{Device, Heard};
use super::figures::percentile;
use super::report::{Figure, OnLoopback};
use super::script::{SAMPLE, number, numbered};
use super::simulate::device;
use super::transport::{Habits, Transport};
use crate::capacity::process::cpu;
use crate::net::{Clock, Tcp};
use crate::proto::entropy::Entropy;

/// Nothing on this machine takes so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages before those that count.
const WARM_UP: usize = 20;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Slices of each transport.
    pub slices: usize,
    /// Messages, and heartbeats, of a slice.
    pub messages: usize,
    /// Logins of a slice.
    pub logins: usize,
}

/// Two devices that talk to each other, and what was found of them.
struct Pair {
    transport: Transport,
    pid: u32,
    devices: [Box<dyn Device>; 2],
    heard: Heard,
    /// Microseconds, by slice.
    found: Found,
    said: usize,
}

#[derive(Default)]
struct Found {
    took: Vec<f64>,
    message: Vec<f64>,
    beat: Vec<f64>,
    login: Vec<f64>,
    /// What could not be measured.
    trouble: Option<String>,
}

/// The users of a transport's pair, and their room.
fn names(at: usize) -> ([(i64, String); 2], i64) {
    let at = at as i64;
    let user = |n: i64| (2000 + 2 * at + n, format!("pair{at}-{n}-token"));
    ([user(0), user(1)], 8000 + at)
}

fn middle(mut all: Vec<f64>, trouble: Option<&String>) -> Figure {
    all.sort_by(f64::total_cmp);
    match trouble {
        Some(why) => Figure::not(why.clone()),
        None if all.is_empty() => Figure::not("no slice was run"),
        None => Figure::Is(percentile(&all, 0.5)),
    }
}

impl Pair {
    fn new(transport: Transport, child: &Child, trust: &Trust, clock: &Clock) -> Result<Self, String> {
        let at = Transport::ALL.iter().position(|t| *t == transport).unwrap_or_default();
        let (users, room) = names(at);
        let seat = |n: usize| {
            let entropy = Entropy::named(n as u64, transport.id());
            let user = (users[n].0, &*users[n].1, room);
            device(&Tcp, transport, user, &child.place(), trust, &Habits::QUIET, clock, entropy)
        };
        let ((alice, _), (bob, heard)) = (seat(0)?, seat(1)?);
        Ok(Self { transport, pid: child.pid(), devices: [alice, bob], heard, found: Found::default(), said: 0 })
    }

    /// One message from the first to the second; where that polls, it asks as soon as the message is there.
    async fn message(&mut self, clock: &Clock) -> io::Result<f64> {
        self.said = (self.said + 1) % 10_000;
        let from = clock.now();
        let mut sent = self.devices[0].send(numbered(self.said, SAMPLE));
        if self.transport.polls() {
            sent.await?;
            self.devices[1].beat().await?;
            while self.heard.recv().await.as_deref().and_then(number) != Some(self.said) {}
            return Ok(clock.now().since(from).as_secs_f64() * 1e6);
        }
        let (mut acked, mut arrived) = (false, None);
        while !acked || arrived.is_none() {
            tokio::select! {
                biased;
                text = self.heard.recv() => {
                    let text = text.ok_or_else(super::device::gone)?;
                    if number(&text) == Some(self.said) {
                        arrived = Some(clock.now().since(from).as_secs_f64() * 1e6);
                    }
                }
                done = &mut sent, if !acked => {
                    done?;
                    acked = true;
                }
            }
        }
        Ok(arrived.unwrap_or_default())
    }

    /// CPU that the server has used, in microseconds.
    fn cpu_us(&self) -> io::Result<f64> {
        cpu(self.pid).map(|used| used.as_secs_f64() * 1e6).map_err(|e| io::Error::other(e.0))
    }

    /// CPU of the server from `before` on, for each of so many.
    fn cpu_each(&self, before: f64, n: usize) -> io::Result<f64> {
        Ok((self.cpu_us()? - before) / n as f64)
    }

    async fn slice(&mut self, amount: &Amount, clock: &Clock) -> io::Result<()> {
        let now = Self::cpu_us;
        for device in &self.devices {
            device.login().await?;
        }
        for _ in 0..WARM_UP {
            self.message(clock).await?;
        }
        let before = now(self)?;
        for _ in 0..amount.messages {
            let took = self.message(clock).await?;
            self.found.took.push(took);
        }
        let each = self.cpu_each(before, amount.messages)?;
        self.found.message.push(each);
        let before = now(self)?;
        for _ in 0..amount.messages {
            self.devices[1].beat().await?;
        }
        let each = self.cpu_each(before, amount.messages)?;
        self.found.beat.push(each);
        let before = now(self)?;
        for _ in 0..amount.logins {
            self.devices[1].hang_up().await?;
            self.devices[1].login().await?;
        }
        let each = self.cpu_each(before, amount.logins)?;
        self.found.login.push(each);
        for device in &self.devices {
            device.hang_up().await?;
        }
        Ok(())
    }

    fn report(self) -> OnLoopback {
        let Found { mut took, message, beat, login, trouble } = self.found;
        took.sort_by(f64::total_cmp);
        let time = |of| match &trouble {
            _ if self.transport.polls() => Figure::not("a message waits for the next poll"),
            Some(why) => Figure::not(why.clone()),
            None => Figure::Is(percentile(&took, of)),
        };
        OnLoopback {
            transport: self.transport.id().to_owned(),
            p50_us: time(0.5),
            p99_us: time(0.99),
            cpu_message_us: middle(message, trouble.as_ref()),
            cpu_beat_us: middle(beat, trouble.as_ref()),
            cpu_login_us: middle(login, trouble.as_ref()),
        }
    }
}

/// Measures a pair of devices of each transport.
///
/// # Errors
/// A server could not be started.
pub async fn pairs(transports: &[Transport], amount: Amount) -> Result<Vec<OnLoopback>, String> {
    let (trust, clock) = (Trust::fixed()?, Clock::system());
    let children = [Child::start(Kind::Loco, 0)?, Child::start(Kind::Web, 0)?];
    let mut pairs = Vec::new();
    for transport in transports {
        let child = &children[usize::from(!matches!(transport, Transport::Loco(_)))];
        pairs.push(Pair::new(*transport, child, &trust, &clock)?);
    }
    for _ in 0..amount.slices {
        for pair in pairs.iter_mut().filter(|p| p.found.trouble.is_none()) {
            let done = tokio::time::timeout(PATIENCE, pair.slice(&amount, &clock)).await;
            pair.found.trouble = match done {
                Ok(Ok(())) => None,
                Ok(Err(e)) => Some(e.to_string()),
                Err(_) => Some(format!("a slice took more than {} s", PATIENCE.as_secs())),
            };
        }
    }
    Ok(pairs.into_iter().map(Pair::report).collect())
}
