//! A run as a capture file (pcapng), for Wireshark: every connection twice, as it went over the wire and unsealed.
//!
//! Interface 0, `sealed`, has the bytes as they were written, flipped bits included, between the addresses and ports of
//! the run. Interface 1, `plain`, has the packets before they were sealed, on the same addresses and on ports that are
//! [`PLAIN_PORTS_UP`] higher. TCP around both is made here: numbers, acknowledgements of what really came, SYN, and in
//! the end RST where an end was told of a reset, by a fault or by the other end's death, else FIN. What a partition swallowed is in the capture, at its sender, and is never acknowledged.
//! Packets of which a violation speaks carry it as a comment.

pub(crate) mod block;
pub(crate) mod tcp;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::recording::{Moment, Recording};
use super::story::{LaneKind, Link, Story};
use crate::proto::time::Time;
use crate::sim::clock::EPOCH;
use crate::sim::trace::{Kind, Way};
use tcp::{Side, Talk};

/// How much higher the ports of the unsealed copies are.
pub const PLAIN_PORTS_UP: u16 = 20_000;
/// The interface of the bytes as they went.
const SEALED: u32 = 0;
/// The interface of the bytes before they were sealed.
const PLAIN: u32 = 1;

/// One packet of the capture.
struct Shot {
    when: Moment,
    interface: u32,
    bytes: Vec<u8>,
    comment: Option<String>,
}

/// What an end does, in the order of the run.
#[derive(Debug)]
enum Deed<'a> {
    Sends(&'a [u8], Option<&'a str>),
    /// So many bytes have come in all.
    Has(u64),
}

/// The capture of a run that was recorded; without a recording it has no packets.
#[must_use]
pub fn pcapng(story: &Story<'_>) -> Vec<u8> {
    let comments = comments(story);
    let mut shots = Vec::new();
    if let Some(recording) = story.recording() {
        let (wire, plain) = deeds(story, recording, &comments);
        for (i, link) in story.links.iter().enumerate() {
            let Some((client, server)) = addresses(link, recording) else { continue };
            let up = SocketAddr::new(server.ip(), server.port().saturating_add(PLAIN_PORTS_UP));
            for (interface, deeds, server) in [(SEALED, wire.get(&i), server), (PLAIN, plain.get(&i), up)] {
                // A connection that says nothing is in the capture once.
                if interface == SEALED || deeds.is_some() {
                    let none = Vec::new();
                    talk(link, recording, deeds.unwrap_or(&none), interface, (client, server), &mut shots);
                }
            }
        }
    }
    // Stable: what happens at once stays in the order in which it was made.
    shots.sort_by_key(|s| s.when);
    let mut out = block::section(concat!("locospec ", env!("CARGO_PKG_VERSION")));
    out.extend(block::interface("sealed", "as it went over the wire"));
    out.extend(block::interface("plain", "before it was sealed, on ports that are 20000 higher"));
    out.extend(block::names(&names(story)));
    for shot in &shots {
        let at: Time = EPOCH + shot.when.at;
        out.extend(block::packet(shot.interface, at.as_micros(), &shot.bytes, shot.comment.as_deref()));
    }
    out
}

/// What is said about a packet: the violations that speak of it.
fn comments(story: &Story<'_>) -> BTreeMap<usize, String> {
    let mut all: BTreeMap<usize, String> = BTreeMap::new();
    for charge in &story.charges {
        for seq in &charge.about {
            let text = all.entry(*seq).or_default();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("{} is violated (event {}): {}", charge.invariant, charge.event, charge.what));
        }
    }
    all
}

type Deeds<'a> = BTreeMap<usize, Vec<(Moment, Side, Deed<'a>)>>;

/// What the ends of each connection do, sealed and plain.
fn deeds<'a>(
    story: &Story<'a>,
    recording: &'a Recording,
    comments: &'a BTreeMap<usize, String>,
) -> (Deeds<'a>, Deeds<'a>) {
    let (mut wire, mut plain): (Deeds<'a>, Deeds<'a>) = (BTreeMap::new(), BTreeMap::new());
    let mut read: BTreeMap<(usize, Side), u64> = BTreeMap::new();
    for (event, told) in story.events().iter().zip(&story.told) {
        let Some(link) = told.link else { continue };
        let server = story.lanes.get(told.lane).is_some_and(|l| l.kind == LaneKind::Server);
        let side = if server { Side::Server } else { Side::Client };
        let when = Moment { seq: event.seq, at: event.at };
        let comment = comments.get(&event.seq).map(String::as_str);
        match &event.kind {
            Kind::Bytes { .. } => {
                let Some(bytes) = recording.sealed.get(&event.seq) else { continue };
                wire.entry(link).or_default().push((when, side, Deed::Sends(bytes, None)));
            }
            Kind::Packet { way, .. } => {
                let Some(bytes) = recording.plain.get(&event.seq) else { continue };
                let deed = if *way == Way::Out {
                    Deed::Sends(bytes, comment)
                } else {
                    let sum = read.entry((link, side)).or_default();
                    *sum += bytes.len() as u64;
                    Deed::Has(*sum)
                };
                plain.entry(link).or_default().push((when, side, deed));
            }
            _ => {}
        }
    }
    for (i, link) in story.links.iter().enumerate() {
        for (n, side) in [(link.client, Side::Client), (link.server, Side::Server)] {
            let Some(end) = n.and_then(|n| recording.ends.get(&n)) else { continue };
            let came = end.came.iter().map(|(when, sum)| (*when, side, Deed::Has(*sum)));
            wire.entry(i).or_default().extend(came);
        }
    }
    for deeds in wire.values_mut() {
        deeds.sort_by_key(|(when, ..)| *when);
    }
    (wire, plain)
}

/// Client and server, as either end knows them.
fn addresses(link: &Link, recording: &Recording) -> Option<(SocketAddr, SocketAddr)> {
    let end = |n: Option<u64>| n.and_then(|n| recording.ends.get(&n));
    end(link.client).map(|e| (e.local, e.remote)).or(end(link.server).map(|e| (e.remote, e.local)))
}

/// One connection on one interface.
fn talk(
    link: &Link,
    recording: &Recording,
    deeds: &[(Moment, Side, Deed<'_>)],
    interface: u32,
    between: (SocketAddr, SocketAddr),
    shots: &mut Vec<Shot>,
) {
    let end = |n: Option<u64>| n.and_then(|n| recording.ends.get(&n));
    let (client, server) = (end(link.client), end(link.server));
    let mut talk = Talk::new(between.0, between.1);
    let mut take = |when: Moment, packets: Vec<Vec<u8>>, comment: Option<&str>| {
        shots.extend(packets.into_iter().map(|bytes| Shot {
            when,
            interface,
            bytes,
            comment: comment.map(str::to_owned),
        }));
    };
    let first = server.or(client).map_or(link.opened, |e| e.opened);
    take(first, talk.opens(client.is_some()), None);
    let ends = [(client, Side::Client), (server, Side::Server)];
    let mut closes: Vec<(Moment, Side)> = ends.iter().filter_map(|(e, side)| Some(((*e)?.closed?, *side))).collect();
    closes.sort_unstable_by_key(|(when, _)| *when);
    // Whoever is told of a reset has got one, or has done it: the end of the connection is RST and no FIN.
    let reset = ends.iter().any(|(e, _)| e.is_some_and(|e| e.broke.is_some()));
    let mut closing = closes.into_iter().peekable();
    for (when, side, deed) in deeds {
        while let Some((at, side)) = closing.next_if(|(at, _)| at < when) {
            take(at, talk.closes(side, reset), None);
        }
        match deed {
            Deed::Sends(bytes, comment) => take(*when, talk.sends(*side, bytes), *comment),
            Deed::Has(sum) => take(*when, talk.has(*side, *sum), None),
        }
    }
    for (at, side) in closing {
        take(at, talk.closes(side, reset), None);
    }
}

/// The names of the hosts behind the addresses.
fn names(story: &Story<'_>) -> BTreeMap<std::net::IpAddr, String> {
    let Some(recording) = story.recording() else { return BTreeMap::new() };
    let host = |owner: &str| story.lanes.iter().find(|l| &*l.name == owner).map(|l| l.host.to_string());
    recording.ends.values().filter_map(|e| Some((e.local.ip(), host(&e.owner)?))).collect()
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
