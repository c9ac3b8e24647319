//! What others feel of one connection that sends PINGs without end.

use std::time::Duration;

use locospec::proto::secure::Era;
use tokio::io::AsyncWriteExt;

use super::drive::{Found, Slice, drive, local, pings, spawn};
use super::line::{Hello, Line};
use super::other::{Other, World};
use crate::Order;
use crate::report::{Failure, Report};

const OTHERS: u64 = 16;
const WARM_UP: Duration = Duration::from_millis(300);
const SLICE: Duration = Duration::from_secs(2);
/// PINGs that the flood sends in one write.
const FLOOD: usize = 8192;
/// The longest p99 that the others should see, in milliseconds.
const GOAL_MS: f64 = 10.0;

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let server = Other::server(&World { users: OTHERS + 1, rooms: Vec::new() }, &[])?;
    for (name, flooded) in [("others/alone", false), ("others/beside-a-flood", true)] {
        if !order.wants(name) {
            continue;
        }
        let found = local(slice(&server, flooded))?;
        let [p50, p99, p999] = [500, 990, 999].map(|p| found.micros(p));
        report.row(name, &[("/s", found.per_second), ("us p50", p50), ("us p99", p99), ("us p999", p999)]);
        if flooded {
            report.goal(&format!("p99 of the others within {GOAL_MS} ms"), p99 <= GOAL_MS * 1000.0);
        }
    }
    Ok(())
}

async fn slice(server: &Other, flooded: bool) -> Result<Found, Failure> {
    let (hello, slice) = (Hello::new(Era::E2019)?, Slice::new());
    let mut drivers = Vec::new();
    for n in 0..OTHERS {
        let line = hello.log_in(server.addr, n).await?;
        let pause = Some(Duration::from_millis(2));
        drivers.push(spawn(drive(line, pings(), 1, pause, slice.clone())));
    }
    if flooded {
        let line = hello.log_in(server.addr, OTHERS).await?;
        drivers.push(spawn(flood(line)));
    }
    let found = slice.measure(server, WARM_UP, SLICE).await;
    drivers.iter().for_each(tokio::task::JoinHandle::abort);
    found
}

/// Sends the same sealed PINGs over and over, and throws away what comes back.
async fn flood(mut line: Line) -> Result<(), Failure> {
    let mut packet = Vec::new();
    locospec::proto::wire::encode_packet(&mut packet, 2, super::line::PING, |_| ());
    for _ in 0..FLOOD {
        line.seal(&packet);
    }
    let (mut read, mut write) = line.stream.into_split();
    tokio::task::spawn_local(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
    loop {
        write.write_all(&line.sealed).await?;
    }
}
