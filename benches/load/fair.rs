//! What others feel of one connection that sends PINGs without end.

use std::net::SocketAddr;
use std::time::Duration;

use locospec::proto::secure::Era;
use tokio::io::AsyncWriteExt;

use super::Nuisance;
use super::drive::{Found, Slice, beside, drive, local, pings, spawn};
use super::line::Hello;
use super::other::{Other, World};
use crate::Order;
use crate::report::{Failure, Report};

const OTHERS: u64 = 16;
const WARM_UP: Duration = Duration::from_millis(300);
const SLICE: Duration = Duration::from_millis(700);
const SLICES: usize = 5;
/// PINGs that the flood sends in one write.
const FLOOD: usize = 8192;

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let names = ["others/alone", "others/beside-a-flood"];
    if !names.iter().any(|name| order.wants(name)) {
        return Ok(());
    }
    let server = Other::server(&World { users: OTHERS + 1, rooms: Vec::new() }, &[])?;
    beside(report, names, SLICES, |flooded| local(slice(&server, flooded)))
}

async fn slice(server: &Other, flooded: bool) -> Result<Found, Failure> {
    let (hello, slice) = (Hello::new(Era::E2019)?, Slice::new());
    let mut drivers = Vec::new();
    for n in 0..OTHERS {
        let line = hello.log_in(server.addr, n).await?;
        let pause = Some(Duration::from_millis(2));
        drivers.push(spawn(drive(line, pings(), 1, pause, slice.clone())));
    }
    let addr = server.addr;
    let _nuisance = flooded.then(|| Nuisance::start(move || flood(addr)));
    let found = slice.measure(server, WARM_UP, SLICE).await;
    drivers.iter().for_each(tokio::task::JoinHandle::abort);
    found
}

/// Sends the same sealed PINGs over and over, and throws away what comes back.
async fn flood(server: SocketAddr) -> Result<(), Failure> {
    let mut line = Hello::new(Era::E2019)?.log_in(server, OTHERS).await?;
    let mut packet = Vec::new();
    locospec::proto::wire::encode_packet(&mut packet, 2, super::line::PING, |_| ());
    for _ in 0..FLOOD {
        line.seal(&packet);
    }
    let (mut read, mut write) = line.stream.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
    loop {
        write.write_all(&line.sealed).await?;
    }
}
