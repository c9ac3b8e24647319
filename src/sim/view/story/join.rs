//! Ends into connections, events onto them, and each packet with its other end and its sealed bytes.

use std::collections::BTreeMap;

use super::{Lane, LaneKind, Link, Told, door};
use crate::proto::limits::HEADER_LEN;
use crate::proto::secure::frame::sealed_len;
use crate::proto::secure::{Era, Handshake};
use crate::sim::trace::{Event, Kind, Way};
use crate::sim::view::recording::{End, Recording};

/// Bytes that a handshake is looked for in.
const HANDSHAKE_MAX: usize = 1024;

/// The connections, without their ciphers.
pub(super) fn links(recording: &Recording, lanes: &BTreeMap<&str, usize>) -> Vec<Link> {
    let link = |(client, server): (Option<u64>, Option<u64>)| {
        let ends = [client, server].map(|n| n.and_then(|n| recording.ends.get(&n)));
        let [c, s] = ends;
        let port = c.map(|e| e.remote.port()).or(s.map(|e| e.local.port())).unwrap_or_default();
        let opened = ends.iter().flatten().map(|e| e.opened).min().unwrap_or_default();
        let closed = ends.iter().flatten().map(|e| e.closed).collect::<Option<Vec<_>>>();
        let lane = |e: Option<&End>| e.and_then(|e| lanes.get(&*e.owner).copied());
        Link {
            client,
            server,
            client_lane: lane(c),
            server_lane: lane(s),
            conn: s.and_then(|e| e.conn),
            door: door(port),
            era: None,
            opened,
            closed: closed.and_then(|all| all.into_iter().max()),
        }
    };
    recording.pairs().into_iter().map(link).collect()
}

/// One direction of one connection.
#[derive(Default)]
struct Flow {
    sent: Vec<usize>,
    came: Vec<usize>,
    bytes: Vec<usize>,
}

/// Puts the events onto the connections and joins the packets.
pub(super) fn events(told: &mut [Told], links: &mut [Link], events: &[Event], recording: &Recording, lanes: &[Lane]) {
    let by_end: BTreeMap<u64, usize> = links
        .iter()
        .enumerate()
        .flat_map(|(i, l)| [l.client, l.server].into_iter().flatten().map(move |n| (n, i)))
        .collect();
    let numbered = numbered(recording);
    // Upwards first, then downwards, for each connection.
    let mut flows: Vec<[Flow; 2]> = links.iter().map(|_| <[Flow; 2]>::default()).collect();
    for event in events.iter().filter(|e| e.conn != 0) {
        let Some(t) = told.get_mut(event.seq) else { continue };
        let server = lanes.get(t.lane).is_some_and(|l| l.kind == LaneKind::Server);
        // The server has numbers of its own for everything but the bytes on the wire.
        let by_conn = server && !matches!(event.kind, Kind::Bytes { .. });
        let end = if by_conn {
            let named = numbered.get(&(&*event.host, event.conn));
            let all = named.or_else(|| numbered.get(&("", event.conn))).map_or(&[][..], Vec::as_slice);
            all.iter().rev().find(|(from, _)| *from <= event.seq).map(|(_, end)| *end)
        } else {
            Some(event.conn)
        };
        t.link = end.and_then(|n| by_end.get(&n)).copied();
        // The trace may know several hosts as one server: the connection says which one it is.
        if let Some(lane) = t.link.filter(|_| by_conn).and_then(|i| links.get(i)).and_then(|l| l.server_lane) {
            t.lane = lane;
        }
        let Some([up, down]) = t.link.and_then(|i| flows.get_mut(i)) else { continue };
        let (out, into) = if server { (down, up) } else { (up, down) };
        match event.kind {
            Kind::Packet { way: Way::Out, .. } => out.sent.push(event.seq),
            Kind::Packet { way: Way::In, .. } => into.came.push(event.seq),
            Kind::Bytes { .. } => out.bytes.push(event.seq),
            _ => {}
        }
    }
    for (link, [up, down]) in links.iter_mut().zip(&flows) {
        pair(told, up, events);
        pair(told, down, events);
        let begins = begins_with(&up.bytes, recording);
        link.era = begins.as_ref().map(|(era, _)| *era);
        if let Some((era, len)) = begins {
            seal(told, up, events, era, len as u64);
            seal(told, down, events, era, 0);
        }
    }
}

/// The server ends behind each server's own numbers, with the places where they begin: each life counts anew.
fn numbered(recording: &Recording) -> BTreeMap<(&str, u64), Vec<(usize, u64)>> {
    let mut all: BTreeMap<(&str, u64), Vec<(usize, u64)>> = BTreeMap::new();
    for (n, end) in recording.ends.iter().filter(|(_, e)| !e.client) {
        if let Some(conn) = end.conn {
            all.entry((&*end.owner, conn)).or_default().push((end.opened.seq, *n));
            // By the number alone, for who does not know the host.
            all.entry(("", conn)).or_default().push((end.opened.seq, *n));
        }
    }
    all.values_mut().for_each(|v| v.sort_unstable());
    all
}

/// What came is what was sent, in that order; what was lost is skipped.
fn pair(told: &mut [Told], flow: &Flow, events: &[Event]) {
    let what = |seq: usize| match events.get(seq).map(|e| &e.kind) {
        Some(Kind::Packet { method, id, body_len, .. }) => Some((method, *id, *body_len)),
        _ => None,
    };
    let mut sent = flow.sent.iter();
    for came in &flow.came {
        let mut ahead = sent.clone();
        if let Some(seq) = ahead.find(|seq| **seq < *came && what(**seq) == what(*came)) {
            sent = ahead;
            if let Some(t) = told.get_mut(*seq) {
                t.peer = Some(*came);
            }
            if let Some(t) = told.get_mut(*came) {
                t.peer = Some(*seq);
            }
        }
    }
}

/// The handshake at the start of what the client sent, and its length.
fn begins_with(bytes: &[usize], recording: &Recording) -> Option<(Era, usize)> {
    let mut start = Vec::new();
    for seq in bytes {
        start.extend_from_slice(recording.sealed.get(seq)?);
        if start.len() >= HANDSHAKE_MAX {
            break;
        }
    }
    if Handshake::looks_like(&start) != Some(true) {
        return None;
    }
    let (handshake, len) = Handshake::decode(&start).ok()??;
    Some((handshake.era, len))
}

/// Each packet is sealed by itself, so the lengths say where its sealed bytes are.
fn seal(told: &mut [Told], flow: &Flow, events: &[Event], era: Era, start: u64) {
    let mut at = start;
    for seq in &flow.sent {
        let Some(Kind::Packet { body_len, .. }) = events.get(*seq).map(|e| &e.kind) else { continue };
        let end = at + sealed_len(era, HEADER_LEN + body_len) as u64;
        if let Some(t) = told.get_mut(*seq) {
            t.sealed = Some(at..end);
        }
        at = end;
    }
}
