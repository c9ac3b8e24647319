//! Handshakes a second, and what those who are logged in feel of them.

use std::rc::Rc;
use std::time::Duration;

use locospec::proto::secure::Era;
use locospec::proto::wire::encode_packet;

use super::drive::{Found, Slice, drive, local, pings, spawn};
use super::line::{Hello, PING};
use super::other::{Other, World};
use crate::Order;
use crate::report::{Failure, Report};

/// Connections that shake hands at the same time.
const AT_ONCE: u64 = 32;
const OTHERS: u64 = 16;
const WARM_UP: Duration = Duration::from_millis(500);
const SLICE: Duration = Duration::from_secs(3);
/// The longest p99 of PING beside a flood, in milliseconds.
const GOAL_MS: f64 = 20.0;

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let server = Other::server(&World { users: OTHERS, rooms: Vec::new() }, &[])?;
    for era in [Era::E2012, Era::E2019] {
        let name = format!("{era}/rsa-{}", era.rsa_bits());
        if order.wants(&name) {
            let found = local(flood(&server, era))?;
            report.row(&name, &[("/s", found.per_second), ("us CPU", found.cpu_us)]);
        }
    }
    for (name, flooded) in [("ping/alone", false), ("ping/beside-a-flood", true)] {
        if order.wants(name) {
            let found = local(beside(&server, flooded))?;
            let [p50, p99, p999] = [500, 990, 999].map(|p| found.micros(p));
            report.row(name, &[("/s", found.per_second), ("us p50", p50), ("us p99", p99), ("us p999", p999)]);
            if flooded {
                report.goal(&format!("p99 of PING within {GOAL_MS} ms"), p99 <= GOAL_MS * 1000.0);
            }
        }
    }
    Ok(())
}

/// Connects, shakes hands, asks once, waits for the answer, and begins again.
async fn shake(server: std::net::SocketAddr, hello: Rc<Hello>, slice: Rc<Slice>) -> Result<(), Failure> {
    let mut packet = Vec::new();
    encode_packet(&mut packet, 1, PING, |_| ());
    while !slice.stop.get() {
        let at = slice.clock.now();
        let mut line = hello.connect(server, 0).await?;
        line.seal(&packet);
        line.flush().await?;
        // Not logged on: a refusal, which shows that the key was unwrapped.
        if !line.receive().await? {
            return Err("closed instead of an answer".into());
        }
        slice.answered(at);
        // Without this the port stays taken for a minute.
        line.stream.set_zero_linger()?;
    }
    Ok(())
}

async fn flood(server: &Other, era: Era) -> Result<Found, Failure> {
    let (hello, slice) = (Rc::new(Hello::new(era)?), Slice::new());
    let all: Vec<_> = (0..AT_ONCE).map(|_| spawn(shake(server.addr, hello.clone(), slice.clone()))).collect();
    let found = slice.measure(server, WARM_UP, SLICE).await;
    all.iter().for_each(tokio::task::JoinHandle::abort);
    found
}

async fn beside(server: &Other, flooded: bool) -> Result<Found, Failure> {
    let (hello, slice, other) = (Rc::new(Hello::new(Era::E2019)?), Slice::new(), Slice::new());
    let mut all = Vec::new();
    for n in 0..OTHERS {
        let line = hello.log_in(server.addr, n).await?;
        all.push(spawn(drive(line, pings(), 1, Some(Duration::from_millis(2)), slice.clone())));
    }
    if flooded {
        all.extend((0..AT_ONCE).map(|_| spawn(shake(server.addr, hello.clone(), other.clone()))));
    }
    let found = slice.measure(server, WARM_UP, SLICE).await;
    all.iter().for_each(tokio::task::JoinHandle::abort);
    found
}
