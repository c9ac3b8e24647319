//! PING, beside an echo with the same framing and ciphers. Slices of both are interleaved, and the median counts.

use std::time::Duration;

use locospec::proto::secure::Era;

use super::drive::{Found, Slice, drive, local, median, pings, spawn};
use super::line::Hello;
use super::other::{Other, World};
use crate::Order;
use crate::report::{Failure, Report};

/// Connections and PINGs in flight on each.
const LOADS: [(u64, u64); 3] = [(16, 16), (16, 128), (64, 1)];
const ERAS: [Era; 3] = [Era::E2012, Era::E2019, Era::E2025];
const SLICES: usize = 5;
const WARM_UP: Duration = Duration::from_millis(100);
const SLICE: Duration = Duration::from_millis(300);
/// The part of the echo's rate that the server should reach.
const GOAL: f64 = 0.8;

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let users = LOADS.iter().map(|(connections, _)| *connections).max().unwrap_or(0);
    let server = Other::server(&World { users, rooms: Vec::new() }, &[])?;
    let echo = Other::echo()?;
    for era in ERAS {
        for load in LOADS {
            let name = format!("{era}/{}x{}", load.0, load.1);
            if !order.wants(&name) {
                continue;
            }
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..SLICES {
                ours.push(local(slice(&server, era, load))?);
                theirs.push(local(slice(&echo, era, load))?);
            }
            let (ours, theirs) = (median(ours)?, median(theirs)?);
            for (name, found) in [(name.clone(), &ours), (format!("{name}/echo"), &theirs)] {
                let [p50, p99, p999] = [500, 990, 999].map(|p| found.micros(p));
                let cpu = ("us CPU", found.cpu_us);
                report
                    .row(&name, &[("/s", found.per_second), cpu, ("us p50", p50), ("us p99", p99), ("us p999", p999)]);
            }
            let ratio = ours.per_second / theirs.per_second;
            let cpu = theirs.cpu_us / ours.cpu_us;
            report.row(&format!("{name}/of-the-echo"), &[("of the rate", ratio), ("of the CPU's rate", cpu)]);
            report.goal(&format!("{GOAL} of the echo's rate"), ratio >= GOAL);
        }
    }
    Ok(())
}

async fn slice(other: &Other, era: Era, (connections, in_flight): (u64, u64)) -> Result<Found, Failure> {
    let (hello, slice) = (Hello::new(era)?, Slice::new());
    let mut drivers = Vec::new();
    for n in 0..connections {
        let line = hello.log_in(other.addr, n).await?;
        drivers.push(spawn(drive(line, pings(), in_flight, None, slice.clone())));
    }
    let found = slice.measure(other, WARM_UP, SLICE).await;
    for driver in drivers {
        driver.await?;
    }
    found
}
