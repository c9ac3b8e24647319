//! Instructions of each operation under callgrind; the operations are in `ops/`.
//!
//! The program runs itself twice for each operation, with one and with two times its rounds: the difference is what the
//! rounds cost, without start and set-up. `--run NAME N` is how it calls itself.

use std::env;
use std::process::Command;

use super::Order;
use super::ops::{OPS, Op};
use super::pins::Pins;
use super::report::{Failure, Report};

/// One of the two runs under callgrind.
pub fn rounds(name: &str, rounds: &str) -> Result<(), Failure> {
    let op = OPS.iter().find(|o| o.name == name).ok_or_else(|| format!("no operation is called {name}"))?;
    let rounds: u64 = rounds.parse().map_err(|e| format!("{rounds}: {e}"))?;
    let mut call = op.start();
    // The first call makes the buffers.
    for _ in 0..=rounds {
        call();
    }
    Ok(())
}

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        report.note("skipped: valgrind is not installed");
        return Ok(());
    }
    let mut pins = Pins::read()?;
    for op in OPS.iter().filter(|o| order.wants(o.name)) {
        let counted = count(op)?;
        report.row(op.name, &[("instructions", counted as f64)]);
        if let Some(goal) = op.goal {
            report.goal(&format!("{} of at most {goal} instructions", op.name), counted <= goal);
        }
        if order.update {
            pins.set(op.name, counted);
        } else if let Some(moved) = pins.moved(op.name, counted) {
            report.bad(&moved);
        }
    }
    if order.update {
        return pins.write();
    }
    if order.filters.is_empty() {
        pins.left_over().iter().for_each(|name| report.bad(&format!("  {name} is pinned, and no operation")));
    }
    Ok(())
}

/// Instructions of one call.
fn count(op: &Op) -> Result<u64, Failure> {
    let (once, twice) = (collected(op, op.rounds)?, collected(op, 2 * op.rounds)?);
    let spent = twice.checked_sub(once).ok_or_else(|| format!("{}: more rounds cost less", op.name))?;
    Ok(spent / op.rounds)
}

/// What callgrind counts for the whole program. It writes `Collected : N` to stderr.
fn collected(op: &Op, rounds: u64) -> Result<u64, Failure> {
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["--run", op.name, &rounds.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&out.stderr);
    let found = text.lines().find_map(|l| l.split_once("Collected :")).and_then(|(_, n)| n.trim().parse().ok());
    found.filter(|_| out.status.success()).ok_or_else(|| format!("{}: callgrind said\n{text}", op.name).into())
}
