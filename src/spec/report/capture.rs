//! The bytes of one instance as a capture file (pcapng), for Wireshark: what a page hands out behind each failure.
//!
//! As in a capture of the simulator, interface 0, `sealed`, has the bytes as they went over the wire, and interface 1,
//! `plain`, the packets in the clear, on ports that are [`PLAIN_PORTS_UP`] higher. Addresses and TCP are made here; times
//! are those of the timeline, from the epoch. Of long packets only the beginning was kept, which a comment says.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::InstanceLine;
use crate::sim::view::capture::PLAIN_PORTS_UP;
use crate::sim::view::capture::block;
use crate::sim::view::capture::tcp::{Side, Talk};
use crate::spec::format::mutate::unhex;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
/// The port of the server, whichever door it was: the dissector knows it.
const PORT: u16 = 5229;
/// The port of the client's first connection; the next ones have the next ones.
const FIRST_PORT: u16 = 40_001;

/// A line of a timeline that is about a connection.
struct Line<'a> {
    micros: u64,
    conn: &'a str,
    /// The judge did it.
    by_judge: bool,
    what: &'a str,
}

/// `    0.001 a -> WRITE #1 …`; nothing where it is about something else.
fn read(line: &str) -> Option<Line<'_>> {
    let (secs, rest) = line.trim_start().split_once(' ')?;
    let (conn, way, what) = {
        let mut words = rest.splitn(3, ' ');
        (words.next()?, words.next()?, words.next().unwrap_or_default())
    };
    let by_judge = match way {
        "->" => true,
        "<-" => false,
        _ => return None,
    };
    let micros = secs.parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0)? * 1e6;
    Some(Line { micros: micros as u64, conn, by_judge, what })
}

/// The two talks of a connection, sealed and plain.
fn talks(n: usize) -> [Talk; 2] {
    let port = FIRST_PORT.saturating_add(u16::try_from(n).unwrap_or(u16::MAX));
    let to = |port| Talk::new(SocketAddr::new(CLIENT, port), SocketAddr::new(SERVER, PORT));
    let up = Talk::new(SocketAddr::new(CLIENT, port), SocketAddr::new(SERVER, PORT + PLAIN_PORTS_UP));
    [to(port), up]
}

/// The capture; nothing where no bytes were kept. `judge_serves` says that the judge played the server.
#[must_use]
pub fn capture(i: &InstanceLine, judge_serves: bool) -> Option<Vec<u8>> {
    let mut out = block::section(concat!("locospec ", env!("CARGO_PKG_VERSION")));
    out.extend(block::interface("sealed", "as it went over the wire"));
    out.extend(block::interface("plain", "before it was sealed, on ports that are 20000 higher"));
    let (judge, other) = if judge_serves { (SERVER, CLIENT) } else { (CLIENT, SERVER) };
    out.extend(block::names(&BTreeMap::from([(judge, "locospec".to_owned()), (other, "under-test".to_owned())])));
    let mut open: BTreeMap<&str, [Talk; 2]> = BTreeMap::new();
    let mut any = false;
    for (n, text) in i.timeline.iter().enumerate() {
        let Some(line) = read(text) else { continue };
        let side = if line.by_judge == judge_serves { Side::Server } else { Side::Client };
        let count = open.len();
        let mut put = |interface: usize, packets: Vec<Vec<u8>>, comment: Option<&str>| {
            for (n, packet) in packets.iter().enumerate() {
                let comment = comment.filter(|_| n == 0);
                out.extend(block::packet(u32::from(interface != 0), line.micros, packet, comment));
            }
        };
        let ends = open.entry(line.conn).or_insert_with(|| {
            let mut both = talks(count);
            both.iter_mut().enumerate().for_each(|(n, t)| put(n, t.opens(true), None));
            both
        });
        for bytes in i.evidence.bytes.iter().filter(|b| b.line == n) {
            let more =
                if bytes.more > 0 { format!(" ({} bytes more were not kept)", bytes.more) } else { String::new() };
            let comment = format!("{}{more}", line.what);
            for (n, (talk, hex)) in ends.iter_mut().zip([&bytes.wire, &bytes.plain]).enumerate() {
                let data = unhex(hex).unwrap_or_default();
                any |= !data.is_empty();
                put(n, talk.sends(side, &data), Some(&comment));
            }
        }
        if line.what == "closed" {
            ends.iter_mut().enumerate().for_each(|(n, t)| put(n, t.closes(side, false), None));
        }
    }
    any.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::verdict::{Bytes, Evidence};
    use core::time::Duration;

    fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    }

    /// The packets: interface, microseconds, data of TCP.
    fn packets(file: &[u8]) -> Vec<(u32, u32, Vec<u8>)> {
        let (mut all, mut rest) = (Vec::new(), file);
        while !rest.is_empty() {
            let len = u32_at(rest, 4) as usize;
            assert_eq!(u32_at(rest, len - 4) as usize, len, "the block has one length");
            if u32_at(rest, 0) == 6 {
                let n = u32_at(rest, 20) as usize;
                all.push((u32_at(rest, 8), u32_at(rest, 16), rest[28 + 40..28 + n].to_vec()));
            }
            rest = &rest[len..];
        }
        all
    }

    #[test]
    fn the_bytes_of_a_timeline_are_in_the_capture_in_both_forms() {
        let bytes = |line, plain: &str, wire: &str| Bytes { line, plain: plain.into(), wire: wire.into(), more: 0 };
        let mut i = InstanceLine {
            instance: "a.b[2025]".into(),
            checks: Vec::new(),
            detail: BTreeMap::new(),
            known: BTreeMap::new(),
            flaky: Vec::new(),
            after: Vec::new(),
            timeline: [
                "    0.001 a -> PING #1",
                "the client says",
                "    0.250 a <- PING #1 {}",
                "    0.300 a <- closed",
            ]
            .map(str::to_owned)
            .to_vec(),
            evidence: Evidence::default(),
            took: Duration::ZERO,
        };
        assert_eq!(capture(&i, false), None, "no bytes");
        i.evidence.bytes = vec![bytes(0, "0102", "ff"), bytes(2, "03", "aabbcc")];
        let with_data = |serves| -> Vec<(u32, u32, Vec<u8>)> {
            let file = capture(&i, serves).unwrap_or_default();
            packets(&file).into_iter().filter(|p| !p.2.is_empty()).collect()
        };
        let want = vec![
            (0, 1000, vec![0xff]),
            (1, 1000, vec![1, 2]),
            (0, 250_000, vec![0xaa, 0xbb, 0xcc]),
            (1, 250_000, vec![3]),
        ];
        assert_eq!(with_data(false), want);
        assert_eq!(with_data(true), want);
        let file = capture(&i, false).unwrap_or_default();
        assert_eq!(packets(&file).len(), 2 * (3 + 2 + 1), "three to open, two with data, one to close, twice");
    }
}
