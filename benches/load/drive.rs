//! Keeping so many packets in flight on each connection, and what came of it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use locospec::net::Clock;
use locospec::proto::time::Time;
use locospec::proto::wire::{Method, encode_packet};
use tokio::task::LocalSet;

use super::line::{Line, PING};
use super::other::Other;
use crate::report::{Failure, Report};

/// What all drivers of one slice share.
pub struct Slice {
    pub clock: Clock,
    pub stop: Cell<bool>,
    /// Whether what comes is counted: not before the load is steady.
    counts: Cell<bool>,
    answered: Cell<u64>,
    pushed: Cell<u64>,
    micros: RefCell<Vec<u32>>,
}

impl Slice {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            clock: Clock::system(),
            stop: Cell::default(),
            counts: Cell::default(),
            answered: Cell::default(),
            pushed: Cell::default(),
            micros: RefCell::default(),
        })
    }

    /// An answer has come to what was sent at `at`.
    pub fn answered(&self, at: Time) {
        if self.counts.get() {
            self.answered.set(self.answered.get() + 1);
            let took = (self.clock.now() - at).as_micros();
            self.micros.borrow_mut().push(u32::try_from(took).unwrap_or(u32::MAX));
        }
    }

    fn pushed(&self) {
        self.pushed.set(self.pushed.get() + u64::from(self.counts.get()));
    }

    /// Lets the load become steady, measures for `took`, and ends it.
    pub async fn measure(&self, other: &Other, warm_up: Duration, took: Duration) -> Result<Found, Failure> {
        tokio::time::sleep(warm_up).await;
        self.counts.set(true);
        let (cpu, at) = (other.cpu_seconds()?, self.clock.now());
        tokio::time::sleep(took).await;
        self.counts.set(false);
        let seconds = (self.clock.now() - at).as_secs_f64();
        let cpu = other.cpu_seconds()? - cpu;
        self.stop.set(true);
        let mut micros = self.micros.take();
        micros.sort_unstable();
        let answered = self.answered.get() as f64;
        Ok(Found {
            per_second: answered / seconds,
            pushes_per_second: self.pushed.get() as f64 / seconds,
            cpu_us: cpu * 1e6 / answered,
            micros,
        })
    }
}

/// What one slice found.
pub struct Found {
    pub per_second: f64,
    pub pushes_per_second: f64,
    /// Microseconds of the other process's CPU for each answer.
    pub cpu_us: f64,
    micros: Vec<u32>,
}

impl Found {
    /// Microseconds within which so many of a thousand were answered.
    pub fn micros(&self, permille: usize) -> f64 {
        self.micros.get(self.micros.len() * permille / 1000).map_or(f64::NAN, |us| f64::from(*us))
    }
}

/// The slice whose rate is the median.
pub fn median(mut found: Vec<Found>) -> Result<Found, Failure> {
    found.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = found.len() / 2;
    if found.is_empty() { Err("nothing was measured".into()) } else { Ok(found.swap_remove(middle)) }
}

/// Takes slices of what others see, with and without somebody who gets in their way, one after the other, so that what
/// else the machine does meets both alike; reports of each the slice whose p99 is the median.
pub fn beside(
    report: &mut Report,
    names: [&str; 2],
    slices: usize,
    slice: impl Fn(bool) -> Result<Found, Failure>,
) -> Result<(), Failure> {
    let mut both = [Vec::new(), Vec::new()];
    for _ in 0..slices {
        both[0].push(slice(false)?);
        both[1].push(slice(true)?);
    }
    let mut p99s = Vec::new();
    for (name, mut found) in names.into_iter().zip(both) {
        found.sort_by(|a, b| a.micros(990).total_cmp(&b.micros(990)));
        let found = found.swap_remove(slices / 2);
        let [p50, p99, p999] = [500, 990, 999].map(|p| found.micros(p));
        report.row(name, &[("/s", found.per_second), ("us p50", p50), ("us p99", p99), ("us p999", p999)]);
        p99s.push(p99);
    }
    let (alone, flooded) = (p99s[0], p99s[1]);
    report.goal("p99 no more than 10 ms longer than alone", flooded - alone <= 10_000.0);
    Ok(())
}

/// Keeps `in_flight` requests on the way until the slice stops: `body` writes one of `method`. One write for all that one
/// read has answered, and `pause` before each, if there is one.
pub async fn drive(
    mut line: Line,
    (method, body): (Method, Rc<Vec<u8>>),
    in_flight: u64,
    pause: Option<Duration>,
    slice: Rc<Slice>,
) -> Result<(), Failure> {
    let (mut due, mut id, mut packet) = (in_flight, 1, Vec::new());
    let mut sent = VecDeque::new();
    while !slice.stop.get() {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        let now = slice.clock.now();
        for _ in 0..due {
            id += 1;
            packet.clear();
            encode_packet(&mut packet, id, method, |_| ());
            packet.truncate(packet.len() - 5);
            packet.extend_from_slice(&body);
            let len = u32::try_from(body.len())?.to_le_bytes();
            packet[18..22].copy_from_slice(&len);
            line.seal(&packet);
            sent.push_back(now);
        }
        line.flush().await?;
        due = 0;
        while due == 0 {
            if !line.receive().await? {
                return Err("the connection was closed".into());
            }
            while let Some(back) = line.deframer.next_packet()? {
                if back.header.id == 0 {
                    slice.pushed();
                } else if back.header.method == method {
                    slice.answered(sent.pop_front().ok_or("an answer to nothing")?);
                    due += 1;
                } else {
                    return Err("something else than was asked for came back".into());
                }
            }
        }
    }
    Ok(())
}

/// Takes pushes until the slice stops.
pub async fn listen(mut line: Line, slice: Rc<Slice>) -> Result<(), Failure> {
    while !slice.stop.get() {
        if !line.receive().await? {
            return Err("a listener was closed".into());
        }
        while line.deframer.next_packet()?.is_some() {
            slice.pushed();
        }
    }
    Ok(())
}

/// PINGs, which have an empty body.
pub fn pings() -> (Method, Rc<Vec<u8>>) {
    (PING, Rc::new(vec![5, 0, 0, 0, 0]))
}

/// Runs `work` with tasks that stay on this thread.
pub fn local<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    super::block_on(async { LocalSet::new().run_until(work).await })
}

/// Starts a driver that says on stderr when it fails: nothing but the end of its slice ends it.
pub fn spawn(work: impl Future<Output = Result<(), Failure>> + 'static) -> tokio::task::JoinHandle<()> {
    tokio::task::spawn_local(async move {
        if let Err(e) = work.await {
            eprintln!("a load has failed: {e}");
        }
    })
}
