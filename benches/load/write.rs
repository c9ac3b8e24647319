//! WRITE with fan-out, in memory; and on a disk, one writer against a thousand, with and without a shared commit. What a
//! commit costs wanders with the disk, so the loads on it are measured in turns, and the median counts. The floor is the
//! same where a commit waits for no disk at all.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use locospec::proto::command::field::encode;
use locospec::proto::command::write;
use locospec::proto::secure::Era;
use locospec::proto::wire::Method;

use super::drive::{Found, Slice, drive, listen, local, median, spawn};
use super::line::{Hello, WRITE};
use super::other::{Other, World, scratch};
use crate::Order;
use crate::report::{Failure, Report};

const WARM_UP: Duration = Duration::from_millis(500);
const SLICE: Duration = Duration::from_secs(3);
/// How many times the rate of a commit each a thousand writers should reach.
const GOAL: f64 = 20.0;
/// How often each load on a disk is measured.
const ROUNDS: usize = 3;
/// A file system in memory, where there is one.
const TMPFS: &str = "/dev/shm";

/// Where the server keeps its data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    Memory,
    Disk,
    Tmpfs,
}

struct Load {
    name: &'static str,
    writers: u64,
    in_flight: u64,
    /// How many others are in the room of each writer.
    fan_out: u64,
    data: Data,
    args: &'static [&'static str],
}

const fn load(name: &'static str, writers: u64, in_flight: u64, fan_out: u64) -> Load {
    Load { name, writers, in_flight, fan_out, data: Data::Memory, args: &[] }
}

const LOADS: &[Load] = &[
    load("memory/fan-out-1/16x8", 16, 8, 1),
    load("memory/fan-out-10/16x8", 16, 8, 10),
    load("memory/fan-out-100/4x8", 4, 8, 100),
    Load { data: Data::Disk, ..load("disk/1-writer", 1, 1, 0) },
    Load { data: Data::Disk, args: &["--batch", "1"], ..load(UNSHARED, 1000, 1, 0) },
    Load { data: Data::Disk, ..load(SHARED, 1000, 1, 0) },
    Load { data: Data::Tmpfs, ..load("tmpfs/1000-writers", 1000, 1, 0) },
];

const UNSHARED: &str = "disk/1000-writers/unshared";
const SHARED: &str = "disk/1000-writers";

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let wanted = |data| LOADS.iter().filter(move |l| l.data == data && order.wants(l.name));
    for load in wanted(Data::Memory) {
        tell(report, load, &measured(load)?);
    }
    let on_disk: Vec<&Load> = wanted(Data::Disk).collect();
    let mut rounds: Vec<Vec<Found>> = on_disk.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (load, found) in on_disk.iter().zip(&mut rounds) {
            found.push(measured(load)?);
        }
    }
    let (mut unshared, mut shared) = (None, None);
    for (load, found) in on_disk.into_iter().zip(rounds) {
        let found = median(found)?;
        tell(report, load, &found);
        match load.name {
            UNSHARED => unshared = Some(found.per_second),
            SHARED => shared = Some(found.per_second),
            _ => (),
        }
    }
    if let (Some(unshared), Some(shared)) = (unshared, shared) {
        report.row("disk/1000-writers/of-unshared", &[("ratio", shared / unshared)]);
        report.goal(&format!("{GOAL} times the unshared rate"), shared >= GOAL * unshared);
    }
    for load in wanted(Data::Tmpfs).filter(|_| Path::new(TMPFS).is_dir()) {
        tell(report, load, &measured(load)?);
    }
    Ok(())
}

fn tell(report: &mut Report, load: &Load, found: &Found) {
    let [p50, p99, p999] = [500, 990, 999].map(|p| found.micros(p));
    let mut figures = vec![("/s", found.per_second), ("us CPU", found.cpu_us)];
    figures.extend([("us p50", p50), ("us p99", p99), ("us p999", p999)]);
    if load.fan_out > 0 {
        figures.push(("pushes/s", found.pushes_per_second));
    }
    report.row(load.name, &figures);
}

fn measured(load: &Load) -> Result<Found, Failure> {
    let each = load.fan_out + 1;
    // A room of a writer alone is none; whoever else is in it stays away.
    let others = load.fan_out.max(1);
    let rooms = (0..load.writers).map(|w| (w * (others + 1)..(w + 1) * (others + 1)).collect()).collect();
    let world = World { users: load.writers * (others + 1), rooms };
    let data = match load.data {
        Data::Tmpfs => PathBuf::from(format!("{TMPFS}/locospec-bench-{}", std::process::id())),
        Data::Memory | Data::Disk => scratch("bench-data")?,
    };
    let mut args: Vec<&str> = load.args.to_vec();
    if load.data != Data::Memory {
        args.extend(["--data", data.to_str().ok_or("a path that is not UTF-8")?]);
    }
    let server = Other::server(&world, &args)?;
    let found = local(async {
        let (hello, slice) = (Hello::new(Era::E2019)?, Slice::new());
        let mut drivers = Vec::new();
        let mut lines = Vec::new();
        for w in 0..load.writers {
            for n in 0..each {
                lines.push((w, n, hello.log_in(server.addr, w * (others + 1) + n).await?));
            }
        }
        for (w, n, line) in lines {
            drivers.push(match n {
                0 => spawn(drive(line, message(w + 1)?, load.in_flight, None, slice.clone())),
                _ => spawn(listen(line, slice.clone())),
            });
        }
        let found = slice.measure(&server, WARM_UP, SLICE).await;
        drivers.iter().for_each(tokio::task::JoinHandle::abort);
        found
    });
    drop(server);
    let _ = std::fs::remove_dir_all(data);
    found
}

/// A WRITE of 129 bytes into this room.
fn message(room: u64) -> Result<(Method, Rc<Vec<u8>>), Failure> {
    let q = write::Request {
        chat_id: i64::try_from(room)?,
        kind: 1,
        no_seen: Some(false),
        msg: Some(crate::ops::bodies::ASCII),
        ..Default::default()
    };
    let mut body = Vec::new();
    encode(&q, &mut body);
    Ok((WRITE, Rc::new(body)))
}
