//! Handshakes a second, and what those who are logged in feel of them.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use locospec::proto::secure::Era;
use locospec::proto::time::Time;
use locospec::proto::wire::encode_packet;

use super::Nuisance;
use super::drive::{Found, Slice, beside, drive, local, pings, spawn};
use super::line::{Hello, PING};
use super::other::{Other, World};
use crate::Order;
use crate::report::{Failure, Report};

/// Connections that shake hands at the same time.
const AT_ONCE: u64 = 32;
const OTHERS: u64 = 16;
const WARM_UP: Duration = Duration::from_millis(500);
const SLICE: Duration = Duration::from_secs(3);
/// For what others see of a flood.
const BESIDE: Duration = Duration::from_millis(700);
const SLICES: usize = 5;

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let server = Other::server(&World { users: OTHERS, rooms: Vec::new() }, &[])?;
    for era in [Era::E2012, Era::E2019] {
        let name = format!("{era}/rsa-{}", era.rsa_bits());
        if order.wants(&name) {
            let found = local(flood(&server, era))?;
            report.row(&name, &[("/s", found.per_second), ("us CPU", found.cpu_us)]);
        }
    }
    let names = ["ping/alone", "ping/beside-a-flood"];
    if !names.iter().any(|name| order.wants(name)) {
        return Ok(());
    }
    beside(report, names, SLICES, |flooded| local(pinged(&server, flooded)))
}

/// Connects, shakes hands, asks once, waits for the answer, and begins again.
async fn shake(
    server: SocketAddr,
    hello: &Hello,
    answered: impl Fn(Time),
    now: impl Fn() -> Time,
) -> Result<(), Failure> {
    let mut packet = Vec::new();
    encode_packet(&mut packet, 1, PING, |_| ());
    loop {
        let at = now();
        let mut line = hello.connect(server, 0).await?;
        line.seal(&packet);
        line.flush().await?;
        // Not logged on: a refusal, which shows that the key was unwrapped.
        if !line.receive().await? {
            return Err("closed instead of an answer".into());
        }
        answered(at);
        // Without this the port stays taken for a minute.
        line.stream.set_zero_linger()?;
    }
}

async fn flood(server: &Other, era: Era) -> Result<Found, Failure> {
    let (hello, slice) = (Rc::new(Hello::new(era)?), Slice::new());
    let one = || {
        let (addr, hello, slice) = (server.addr, hello.clone(), slice.clone());
        async move { shake(addr, &hello, |at| slice.answered(at), || slice.clock.now()).await }
    };
    let all: Vec<_> = (0..AT_ONCE).map(|_| spawn(one())).collect();
    let found = slice.measure(server, WARM_UP, SLICE).await;
    all.iter().for_each(tokio::task::JoinHandle::abort);
    found
}

async fn pinged(server: &Other, flooded: bool) -> Result<Found, Failure> {
    let (hello, slice) = (Hello::new(Era::E2019)?, Slice::new());
    let mut all = Vec::new();
    for n in 0..OTHERS {
        let line = hello.log_in(server.addr, n).await?;
        all.push(spawn(drive(line, pings(), 1, Some(Duration::from_millis(2)), slice.clone())));
    }
    let addr = server.addr;
    let _nuisance = flooded.then(|| Nuisance::start(move || shaking(addr)));
    let found = slice.measure(server, WARM_UP, BESIDE).await;
    all.iter().for_each(tokio::task::JoinHandle::abort);
    found
}

/// Handshakes without end, from many connections.
async fn shaking(server: SocketAddr) -> Result<(), Failure> {
    let hello = Arc::new(Hello::new(Era::E2019)?);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let hello = hello.clone();
        all.spawn(async move { shake(server, &hello, |_| (), Time::default).await });
    }
    all.join_next().await.ok_or("nobody shakes hands")??
}
