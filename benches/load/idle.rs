//! Ten thousand secured connections at rest: our memory for each, and the CPU of their heartbeats.

use std::time::Duration;

use locospec::net::Clock;
use locospec::proto::limits::Limits;
use locospec::proto::secure::Era;
use locospec::proto::wire::encode_packet;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::line::{Hello, Line, PING};
use super::other::{Other, World};
use crate::Order;
use crate::report::{Failure, Report};

const CONNECTIONS: u64 = 10_000;
/// Connections to the echo: as many as have a heartbeat while it is watched, so that none is warmer than the server's.
const ECHOED: u64 = 5_000;
/// File descriptors besides those of the connections to the server and to the echo.
const FILES: u64 = 64;
/// Between two heartbeats of one connection.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// How long heartbeats are watched, and how often, server and echo in turn: the median of each counts.
const WATCHED: Duration = Duration::from_secs(10);
const SLICES: usize = 3;
const GOAL_BYTES: f64 = 3.0 * 1024.0;
const GOAL_CORE: f64 = 0.01;

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < CONNECTIONS + ECHOED + FILES) {
        let files = CONNECTIONS + ECHOED + FILES;
        report.note(&format!("skipped: as many connections need {files} files; raise `ulimit -H -n`"));
        return Ok(());
    }
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    for era in [Era::E2019, Era::E2025] {
        if order.wants(&format!("{era}/")) {
            super::block_on(rest(era, report))?;
        }
    }
    Ok(())
}

async fn rest(era: Era, report: &mut Report) -> Result<(), Failure> {
    let server = Other::server(&World { users: CONNECTIONS, rooms: Vec::new() }, &[])?;
    let hello = Hello::new(era)?;
    // What the first connections cost, buffers that stay and pages of the program, is not what each costs.
    let mut lines = Vec::new();
    for n in 0..100 {
        lines.push(hello.log_in(server.addr, n).await?);
    }
    let before = server.memory()?;
    for n in 100..CONNECTIONS {
        let mut line = hello.log_in(server.addr, n).await?;
        line.rest();
        lines.push(line);
    }
    // The time for a login is over then, and with it the server's timers for it.
    tokio::time::sleep(Limits::DEFAULT.login_within + Duration::from_secs(2)).await;
    let each = (server.memory()? - before) / (CONNECTIONS - 100) as f64;
    report.row(&format!("{era}/memory"), &[("bytes each", each)]);
    report.goal("3 KiB each", each <= GOAL_BYTES);

    // What the same heartbeats cost somebody who does nothing but to send them back: mostly the kernel's.
    let echo = Other::echo()?;
    let mut theirs = Vec::new();
    for n in 0..ECHOED {
        let mut line = hello.log_in(echo.addr, CONNECTIONS + n).await?;
        line.rest();
        theirs.push(line);
    }
    let (mut cores, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..SLICES {
        cores.push(heartbeats(&server, &mut lines).await?);
        floors.push(heartbeats(&echo, &mut theirs).await?);
    }
    let (core, floor) = (median(cores), median(floors));
    report.row(&format!("{era}/heartbeats"), &[("% of a core", core * 100.0), ("% of a core, an echo", floor * 100.0)]);
    report.goal("less than 1 % of a core", core < GOAL_CORE);
    let after = (server.memory()? - before) / (CONNECTIONS - 100) as f64;
    report.row(&format!("{era}/memory-after-heartbeats"), &[("bytes each", after)]);
    Ok(())
}

/// Beats as often as all connections do together, for a while, and gives the part of a core that it takes the other.
async fn heartbeats(other: &Other, lines: &mut [Line]) -> Result<f64, Failure> {
    let (clock, cpu) = (Clock::system(), other.cpu_seconds()?);
    let (begin, mut beats) = (clock.now(), 0);
    while clock.now() - begin < WATCHED {
        let n = beats % lines.len();
        beat(&mut lines[n]).await?;
        beats += 1;
        let due = HEARTBEAT.mul_f64(beats as f64 / CONNECTIONS as f64);
        tokio::time::sleep(due.saturating_sub(clock.now() - begin)).await;
    }
    lines.rotate_left(beats % lines.len());
    Ok((other.cpu_seconds()? - cpu) / (clock.now() - begin).as_secs_f64())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

async fn beat(line: &mut Line) -> Result<(), Failure> {
    let mut packet = Vec::new();
    encode_packet(&mut packet, 2, PING, |_| ());
    line.seal(&packet);
    line.flush().await?;
    while line.deframer.next_packet()?.is_none() {
        if !line.receive().await? {
            return Err("a heartbeat was not answered".into());
        }
    }
    Ok(())
}
