//! The capture is read back: blocks, checksums, and the streams in it.

use super::*;
use crate::sim::run::{Outcome, run_recorded};
use crate::sim::scenario::{Fault, Scenario};
use crate::sim::view::lost_message;

/// A packet as a reader finds it: interface, time, bytes, options.
struct Read {
    interface: u32,
    micros: u64,
    ip: Vec<u8>,
    options: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Every block has its length at both ends, and nothing is left over.
fn read(file: &[u8]) -> (Vec<u32>, Vec<Read>) {
    let (mut kinds, mut packets, mut rest) = (Vec::new(), Vec::new(), file);
    while !rest.is_empty() {
        let (kind, len) = (u32_at(rest, 0), u32_at(rest, 4) as usize);
        assert!(len.is_multiple_of(4) && u32_at(rest, len - 4) as usize == len, "the block has one length");
        kinds.push(kind);
        if kind == 6 {
            let n = u32_at(rest, 20) as usize;
            packets.push(Read {
                interface: u32_at(rest, 8),
                micros: u64::from(u32_at(rest, 12)) << 32 | u64::from(u32_at(rest, 16)),
                ip: rest[28..28 + n].to_vec(),
                options: rest[28 + n.next_multiple_of(4)..len - 4].to_vec(),
            });
        }
        rest = &rest[len..];
    }
    (kinds, packets)
}

fn run() -> (Scenario, Outcome) {
    let scenario = lost_message();
    let outcome = run_recorded(&scenario);
    (scenario, outcome)
}

#[test]
fn a_capture_has_whole_blocks_right_checksums_and_rising_times() {
    let (scenario, outcome) = run();
    let story = Story::of(&scenario, &outcome);
    let (kinds, packets) = read(&pcapng(&story));
    assert_eq!(kinds[..4], [0x0a0d_0d0a, 1, 1, 4]);
    assert!(kinds[4..].iter().all(|k| *k == 6) && packets.len() > 1000, "{} packets", packets.len());
    for p in &packets {
        assert_eq!(p.ip[0], 0x45);
        assert_eq!(tcp::checksum(&[&p.ip[..20]]), [0, 0], "the header's checksum");
        let len = (p.ip.len() as u16 - 20).to_be_bytes();
        let pseudo = [&p.ip[12..20], &[0, 6], &len].concat();
        assert_eq!(tcp::checksum(&[&pseudo, &p.ip[20..]]), [0, 0], "TCP's checksum");
    }
    assert!(packets.is_sorted_by_key(|p| p.micros));
    let began = packets[0].micros / 1_000_000;
    assert!((1_767_225_600..1_767_225_605).contains(&began), "the run begins when its clock does: {began}");
    let said: Vec<_> = packets.iter().filter(|p| !p.options.is_empty()).collect();
    assert!(!said.is_empty(), "packets of which the violation speaks say so");
    for p in said {
        assert_eq!(p.interface, PLAIN);
        assert!(String::from_utf8_lossy(&p.options).contains("is violated"));
    }
}

/// Joins the data of each direction by its numbers: no gap, no overlap, and the sum is what was sent.
#[test]
fn the_streams_in_a_capture_are_what_was_sent() {
    let (scenario, outcome) = run();
    let story = Story::of(&scenario, &outcome);
    let (_, packets) = read(&pcapng(&story));
    let mut next: BTreeMap<(u32, Vec<u8>), u32> = BTreeMap::new();
    let mut sums = [0, 0];
    for p in &packets {
        let (flow, seq) =
            ([&p.ip[12..20], &p.ip[20..24]].concat(), u32::from_be_bytes(p.ip[24..28].try_into().expect("4")));
        let (flags, data) = (p.ip[33], &p.ip[40..]);
        if flags & 2 != 0 {
            next.insert((p.interface, flow), seq + 1);
            continue;
        }
        let next = next.get_mut(&(p.interface, flow)).expect("it began with SYN");
        assert_eq!(seq, *next);
        *next += data.len() as u32 + u32::from(flags & 1);
        sums[p.interface as usize] += data.len();
    }
    let recording = story.recording().expect("it was recorded");
    let sealed: usize = recording.sealed.values().map(Vec::len).sum();
    let sent = |seq: &usize| matches!(story.events()[*seq].kind, Kind::Packet { way: Way::Out, .. });
    let plain: usize = recording.plain.iter().filter(|(seq, _)| sent(seq)).map(|(_, b)| b.len()).sum();
    assert_eq!(sums, [sealed, plain]);
}

/// Segments with RST, and with FIN, on the wire.
fn ends(scenario: &Scenario) -> (usize, usize) {
    let outcome = run_recorded(scenario);
    let (_, packets) = read(&pcapng(&Story::of(scenario, &outcome)));
    let with = |flag: u8| packets.iter().filter(|p| p.interface == SEALED && p.ip[33] & flag != 0).count();
    (with(4), with(1))
}

#[test]
fn a_connection_that_breaks_ends_by_rst_whatever_broke_it() {
    let s = |n| crate::spec::format::Span(std::time::Duration::from_secs(n));
    let calm = Scenario { faults: Vec::new(), ..crate::sim::generate::generate(1) };
    let clients = calm.clients().len();
    let (rst, fin) = ends(&calm);
    assert!(rst == 0 && fin >= clients * 2, "nothing breaks: {rst} by RST, {fin} by FIN");
    let storm = Scenario { faults: vec![Fault::Storm { at: s(20), share: 100 }], ..calm };
    let (rst, _) = ends(&storm);
    assert!(rst >= clients, "{rst} by RST, and all of {clients} clients were cut off");
}

#[test]
fn a_run_without_a_recording_gives_a_capture_without_packets() {
    let (scenario, outcome) =
        (crate::sim::generate::generate(1), crate::sim::run::run(&crate::sim::generate::generate(1)));
    let (kinds, packets) = read(&pcapng(&Story::of(&scenario, &outcome)));
    assert_eq!((kinds.len(), packets.len()), (4, 0));
}
