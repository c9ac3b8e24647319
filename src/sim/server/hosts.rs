//! The hosts of servers: one with every door, or a front and two carriages of which one serves.

use crate::net::serve::{Part, Steer};
use crate::proto::command::Door;
use crate::proto::limits::Limits;
use crate::proto::server::{Config, ConnId};
use crate::sim::net::port;
use crate::sim::scenario::Scenario;
use crate::sim::timing::Timing;

/// The host of a server with every door. In a fault it stands for whichever server has the disk.
pub const HOST: &str = "server";
/// The host of booking, ticket and entry, where the carriages are others.
pub const FRONT: &str = "front";
/// The hosts of two carriages over one store.
pub const CARRIAGES: [&str; 2] = ["carriage-a", "carriage-b"];
/// Bytes of a file that wait for one peer, below what the smallest send queue takes with one piece more.
const MEDIA_QUEUE: usize = 64 << 10;
/// Connections of a host are numbered from its place in the house times this.
const CONNS: ConnId = 1_000_000_000;

/// The hosts of servers in a world with so many carriages.
#[must_use]
pub const fn server_hosts(carriages: u32) -> &'static [&'static str] {
    if carriages > 1 { &[FRONT, CARRIAGES[0], CARRIAGES[1]] } else { &[HOST] }
}

/// Whether this is the host of a server.
#[must_use]
pub fn is_server(host: &str) -> bool {
    host == HOST || host == FRONT || CARRIAGES.contains(&host)
}

/// The host that clients come to first.
#[must_use]
pub const fn first_host(carriages: u32) -> &'static str {
    server_hosts(carriages)[0]
}

/// The server that has the disk at the start.
pub(super) const fn first_carriage(carriages: u32) -> &'static str {
    if carriages > 1 { CARRIAGES[0] } else { HOST }
}

/// The doors of a host.
pub(super) fn doors(host: &str) -> &'static [(Door, u16)] {
    const ALL: [(Door, u16); 4] = [
        (Door::Booking, port::BOOKING),
        (Door::Ticket, port::TICKET),
        (Door::Entry, port::ENTRY),
        (Door::Carriage, port::CARRIAGE),
    ];
    let (front, carriage) = ALL.split_at(3);
    match host {
        HOST => &ALL,
        FRONT => front,
        _ => carriage,
    }
}

/// The part of a host in the house.
pub(super) fn part(hosts: &[&str], host: &str, steer: Option<tokio::sync::mpsc::UnboundedReceiver<Steer>>) -> Part {
    let at = hosts.iter().position(|h| *h == host).unwrap_or_default();
    Part { conns_above: CONNS * at as ConnId, steer }
}

/// Where clients are sent to when this carriage serves.
pub(super) fn sends_to(carriage: &str) -> Steer {
    Steer::Carriage { host: carriage.to_owned(), port: port::CARRIAGE }
}

/// The settings of a simulated server: the reference's, with shorter times and pages.
pub(super) fn config(scenario: &Scenario, host: &str, carriage: Option<&str>) -> Config {
    let timing = Timing::of(scenario);
    Config {
        host: host.to_owned(),
        carriage_host: carriage.map(str::to_owned),
        ticket_port: port::TICKET,
        carriage_port: port::CARRIAGE,
        heartbeat: timing.heartbeat,
        heartbeat_2012: timing.heartbeat,
        rooms_per_page: 3,
        logs_per_page: 10,
        limits: Limits {
            body_len_max: 192 << 10,
            bson_string_len_max: 64 << 10,
            pending_bytes_max: 256 << 10,
            send_queue_bytes_max: scenario.world.send_queue,
            connections_max: 2000.max(scenario.clients().len() * 4),
            login_within: timing.login_within,
            idle_after: timing.login_within,
            media_idle_after: timing.media_idle_after,
            media_queue_bytes_max: MEDIA_QUEUE,
            ..Limits::DEFAULT
        },
        quirks: scenario.quirk_set(),
        ..Config::default()
    }
}
