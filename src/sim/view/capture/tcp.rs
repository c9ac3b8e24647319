//! TCP over IP around the bytes of a connection, with right numbers and checksums.

use std::net::{IpAddr, SocketAddr};

/// Bytes of one segment, at most.
const SEGMENT_MAX: usize = 1460;
const WINDOW: u16 = u16::MAX;
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;
/// The protocol's number in IP.
const TCP: u8 = 6;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Client,
    Server,
}

/// One end, as its peer will see it.
#[derive(Debug)]
struct Half {
    addr: SocketAddr,
    /// The number of the next byte that it sends.
    next: u32,
    /// The number of the next byte that it waits for.
    wants: u32,
    closed: bool,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Talk {
    client: Half,
    server: Half,
}

impl Talk {
    /// A connection that is not open yet. Both count from 0, so that numbers are places in the stream plus one.
    pub(crate) const fn new(client: SocketAddr, server: SocketAddr) -> Self {
        const fn half(addr: SocketAddr) -> Half {
            Half { addr, next: 0, wants: 0, closed: false }
        }
        Self { client: half(client), server: half(server) }
    }

    fn halves(&mut self, side: Side) -> (&mut Half, &mut Half) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }

    fn segment(&mut self, side: Side, flags: u8, data: &[u8]) -> Vec<u8> {
        let (from, to) = self.halves(side);
        let bytes = packet(from.addr, to.addr, from.next, from.wants, flags, data);
        let counts = u32::from(flags & (SYN | FIN) != 0);
        from.next = from.next.wrapping_add(data.len() as u32).wrapping_add(counts);
        bytes
    }

    /// SYN, SYN and ACK, and ACK if the client has heard of it.
    pub(crate) fn opens(&mut self, heard: bool) -> Vec<Vec<u8>> {
        let mut packets = vec![self.segment(Side::Client, SYN, &[])];
        self.server.wants = 1;
        packets.push(self.segment(Side::Server, SYN | ACK, &[]));
        self.client.wants = 1;
        if heard {
            packets.push(self.segment(Side::Client, ACK, &[]));
        }
        packets
    }

    /// Bytes in segments.
    pub(crate) fn sends(&mut self, side: Side, bytes: &[u8]) -> Vec<Vec<u8>> {
        let count = bytes.len().div_ceil(SEGMENT_MAX);
        let last = |n: usize| if n + 1 == count { PSH | ACK } else { ACK };
        bytes.chunks(SEGMENT_MAX).enumerate().map(|(n, data)| self.segment(side, last(n), data)).collect()
    }

    /// So many bytes have come to this side: it says so.
    pub(crate) fn has(&mut self, side: Side, sum: u64) -> Vec<Vec<u8>> {
        let (me, peer) = self.halves(side);
        // Nobody acknowledges what was never sent.
        let sent = peer.next.wrapping_sub(u32::from(peer.closed)).wrapping_sub(1);
        let wants = 1_u32.wrapping_add((sum as u32).min(sent));
        if me.closed || wants == me.wants {
            return Vec::new();
        }
        me.wants = wants;
        vec![self.segment(side, ACK, &[])]
    }

    /// This side has done.
    pub(crate) fn closes(&mut self, side: Side, reset: bool) -> Vec<Vec<u8>> {
        let (me, peer) = self.halves(side);
        if me.closed || (reset && peer.closed) {
            return Vec::new();
        }
        me.closed = true;
        vec![self.segment(side, if reset { RST | ACK } else { FIN | ACK }, &[])]
    }
}

/// IP, TCP, data.
fn packet(from: SocketAddr, to: SocketAddr, seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut tcp = Vec::with_capacity(20 + data.len());
    tcp.extend(from.port().to_be_bytes());
    tcp.extend(to.port().to_be_bytes());
    tcp.extend(seq.to_be_bytes());
    tcp.extend(if flags & ACK == 0 { [0; 4] } else { ack.to_be_bytes() });
    // Five words of header.
    tcp.extend([5 << 4, flags]);
    tcp.extend(WINDOW.to_be_bytes());
    tcp.extend([0; 4]);
    tcp.extend(data);
    let (header, pseudo) = ip(from.ip(), to.ip(), tcp.len() as u16);
    let sum = checksum(&[&pseudo, &tcp]);
    if let Some(field) = tcp.get_mut(16..18) {
        field.copy_from_slice(&sum);
    }
    [header, tcp].concat()
}

/// The IP header, and what TCP's checksum takes of it.
fn ip(from: IpAddr, to: IpAddr, len: u16) -> (Vec<u8>, Vec<u8>) {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = (len + 20).to_be_bytes();
            // Version 4, five words; do not fragment; 64 hops.
            let mut header = vec![0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, TCP, 0, 0];
            header.extend(from.octets());
            header.extend(to.octets());
            let sum = checksum(&[&header]);
            if let Some(field) = header.get_mut(10..12) {
                field.copy_from_slice(&sum);
            }
            (header, [&from.octets()[..], &to.octets(), &[0, TCP], &len.to_be_bytes()].concat())
        }
        (from, to) => {
            let octets = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            let (from, to) = (octets(from), octets(to));
            let head = [&[0x60, 0, 0, 0][..], &len.to_be_bytes(), &[TCP, 64], &from, &to].concat();
            (head, [&from[..], &to, &u32::from(len).to_be_bytes(), &[0, 0, 0, TCP]].concat())
        }
    }
}

/// The Internet checksum over these parts, each but the last of even length.
pub(crate) fn checksum(parts: &[&[u8]]) -> [u8; 2] {
    let mut sum = 0_u64;
    for part in parts {
        for pair in part.chunks(2) {
            sum += match pair {
                [a, b] => u64::from(u16::from_be_bytes([*a, *b])),
                [a] => u64::from(*a) << 8,
                _ => 0,
            };
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}
