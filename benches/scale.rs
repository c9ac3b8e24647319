//! How fast the simulated worlds go: turmoil alone against its hosts, our world against its clients, and both engines
//! side by side.

use std::future::pending;
use std::process;
use std::time::Duration;

use locospec::capacity::process::cpu;
use locospec::proto::client::Action;
use locospec::sim::direct::{self, Plan};
use locospec::sim::generate::generate;
use locospec::sim::world::World;

use super::Order;
use super::report::{Failure, Report};

/// Hosts of a turmoil world in which nobody says anything.
const HOSTS: [usize; 6] = [2, 4, 8, 16, 32, 64];
/// Clients of a world: users with two devices each, on four hosts.
const CLIENTS: [u32; 3] = [10, 100, 1000];
/// A figure of less CPU than this is none: the system counts in steps of 10 ms.
const ENOUGH: Duration = Duration::from_millis(300);

pub fn run(order: &Order, report: &mut Report) -> Result<(), Failure> {
    for hosts in HOSTS {
        let name = format!("turmoil alone, {hosts} hosts");
        if order.wants(&name) {
            let tick = idle_tick(hosts)?;
            report.row(
                &name,
                &[("us a tick", tick * 1e6), ("ns a tick and host cubed", tick * 1e9 / (hosts as f64).powi(3))],
            );
        }
    }
    for clients in CLIENTS {
        let name = format!("turmoil world, {clients} clients at rest");
        if order.wants(&name) {
            report.row(&name, &[("simulated s a CPU s", at_rest(clients)?)]);
        }
        let name = format!("direct world, {clients} clients at rest");
        if order.wants(&name) {
            report.row(&name, &[("simulated s a CPU s", direct_at_rest(clients)?)]);
        }
    }
    if order.wants("direct world, a day of 1000 clients") {
        let (outcome, cpu) = measured(|| direct::run(&Plan::day(1)))?;
        let outcome = outcome?;
        if let Some(violation) = outcome.violations.first() {
            return Err(violation.clone().into());
        }
        let cpu = cpu.as_secs_f64();
        report.row("direct world, a day of 1000 clients", &[("CPU s", cpu), ("logins", outcome.logins as f64)]);
        report.goal("24 h of 1,000 clients in 15 CPU seconds", cpu <= 15.0);
    }
    Ok(())
}

/// What `work` gives, and the CPU that this process took for it.
fn measured<T>(work: impl FnOnce() -> T) -> Result<(T, Duration), Failure> {
    let begin = cpu(process::id())?;
    let done = work();
    Ok((done, cpu(process::id())?.saturating_sub(begin)))
}

/// CPU seconds of one tick of turmoil with so many hosts that do nothing.
fn idle_tick(hosts: usize) -> Result<f64, Failure> {
    let mut sim = turmoil::Builder::new().rng_seed(1).simulation_duration(Duration::from_secs(1 << 32)).build();
    for n in 0..hosts {
        sim.client(format!("h{n}"), pending::<turmoil::Result>());
    }
    let (mut ticks, mut cpu) = (0_u32, Duration::ZERO);
    while cpu < ENOUGH {
        let (done, took) = measured(|| (0..100).try_for_each(|_| sim.step().map(drop)))?;
        done.map_err(|e| e.to_string())?;
        ticks += 100;
        cpu += took;
    }
    Ok(cpu.as_secs_f64() / f64::from(ticks))
}

/// Simulated seconds for one of CPU in which clients only send their heartbeats, one a minute.
fn at_rest(clients: u32) -> Result<f64, Failure> {
    let mut scenario = generate(1);
    scenario.faults.clear();
    let w = &mut scenario.world;
    (w.users, w.devices_per_user, w.client_hosts, w.carriages, w.real_rsa) = (clients / 2, 2, 4, 1, false);
    w.heartbeat = locospec::spec::format::Span(Duration::from_secs(60));
    w.rooms = clients / 10;
    let mut world = World::new(&scenario)?;
    for n in 0..world.clients() {
        world.act(n, Action::Login);
    }
    let settle = world.elapsed() + Duration::from_secs(30);
    while world.elapsed() < settle {
        world.step();
    }
    let (begin, mut cpu) = (world.elapsed(), Duration::ZERO);
    while cpu < ENOUGH || world.elapsed() - begin < Duration::from_secs(60) {
        cpu += measured(|| (0..100).for_each(|_| world.step()))?.1;
    }
    Ok((world.elapsed() - begin).as_secs_f64() / cpu.as_secs_f64())
}

/// The same without turmoil: the longer run less the shorter one.
fn direct_at_rest(clients: u32) -> Result<f64, Failure> {
    let hours = |n: u64| {
        let (messages, power_cuts, cuts) = (0, 0, 0);
        let lasts = Duration::from_secs(3600 * n);
        let plan = Plan { clients: clients as usize, lasts, messages, power_cuts, cuts, ..Plan::day(1) };
        let (outcome, cpu) = measured(|| direct::run(&plan))?;
        outcome?;
        Ok::<_, Failure>(cpu)
    };
    let (short, long) = (1, 1 + u64::from(20_000 / clients));
    let cpu = hours(long)?.saturating_sub(hours(short)?);
    Ok(3600.0 * (long - short) as f64 / cpu.as_secs_f64())
}
