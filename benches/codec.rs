//! Wall time of the operations of `ops/`: slices of all of them are interleaved, so that what else the machine does
//! meets each alike, and the median counts.

use std::time::Duration;

use locospec::net::Clock;

use super::ops::{OPS, bodies};
use super::report::{Failure, Report};
use super::{Order, node};

const SLICES: usize = 9;
const SLICE: Duration = Duration::from_millis(20);

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    let clock = Clock::system();
    let mut all: Vec<_> = OPS.iter().filter(|o| order.wants(o.name)).map(|o| (o, o.start(), Vec::new())).collect();
    for slice in 0..=SLICES {
        for (op, call, found) in &mut all {
            let (begin, mut calls) = (clock.now(), 0);
            let took = loop {
                for _ in 0..op.rounds / 20 {
                    call();
                }
                calls += op.rounds / 20;
                let took = clock.now() - begin;
                if took >= SLICE {
                    break took;
                }
            };
            // The first slice warms up.
            if slice > 0 {
                found.push(took.as_secs_f64() * 1e9 / calls as f64);
            }
        }
    }
    for (op, _, mut found) in all {
        found.sort_by(f64::total_cmp);
        report.row(op.name, &[("ns", found[found.len() / 2])]);
    }
    if order.wants("node-kakao") {
        node::run(report, bodies::ASCII)?;
    }
    Ok(())
}
