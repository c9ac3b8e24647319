//! The blocks of a pcapng file that a capture takes: section, interface, names, packet. Little-endian, each padded to
//! four bytes and with its length at both ends.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Raw IP: the packet begins with the IP header, and its version says which.
const LINKTYPE_RAW: u16 = 101;
/// A text of a block, a file or a packet.
const OPT_COMMENT: u16 = 1;
/// The name of an interface.
const IF_NAME: u16 = 2;
/// What an interface is.
const IF_DESCRIPTION: u16 = 3;
/// The program that made the section.
const SHB_USERAPPL: u16 = 4;

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn block(kind: u32, body: Vec<u8>) -> Vec<u8> {
    let body = padded(body);
    let len = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    [kind.to_le_bytes().as_slice(), &len, &body, &len].concat()
}

/// One option; a text beyond 65,535 bytes is cut.
fn option(code: u16, text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let bytes = bytes.get(..usize::from(len)).unwrap_or_default().to_vec();
    [code.to_le_bytes().as_slice(), &len.to_le_bytes(), &padded(bytes)].concat()
}

/// Closes a list of options.
const END: [u8; 4] = [0; 4];

/// The head of the file.
pub(crate) fn section(program: &str) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(0x1a2b_3c4d_u32.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
    // The length of the section is not said.
    body.extend((-1_i64).to_le_bytes());
    body.extend(option(SHB_USERAPPL, program));
    body.extend(END);
    block(0x0a0d_0d0a, body)
}

/// An interface of raw IP packets with times in microseconds.
pub(crate) fn interface(name: &str, what: &str) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(LINKTYPE_RAW.to_le_bytes());
    body.extend([0; 2]);
    // No limit to the length of a packet.
    body.extend(0_u32.to_le_bytes());
    body.extend(option(IF_NAME, name));
    body.extend(option(IF_DESCRIPTION, what));
    body.extend(END);
    block(1, body)
}

/// What the addresses are called.
pub(crate) fn names(names: &BTreeMap<IpAddr, String>) -> Vec<u8> {
    let mut body = Vec::new();
    for (ip, name) in names {
        let (kind, octets) = match ip {
            IpAddr::V4(ip) => (1_u16, ip.octets().to_vec()),
            IpAddr::V6(ip) => (2, ip.octets().to_vec()),
        };
        let record = [&octets, name.as_bytes(), &[0]].concat();
        body.extend(kind.to_le_bytes());
        body.extend(u16::try_from(record.len()).unwrap_or(u16::MAX).to_le_bytes());
        body.extend(padded(record));
    }
    body.extend(END);
    block(4, body)
}

/// A packet, when it was seen, and what is said about it.
pub(crate) fn packet(interface: u32, micros: u64, bytes: &[u8], comment: Option<&str>) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut body = Vec::new();
    body.extend(interface.to_le_bytes());
    body.extend(((micros >> 32) as u32).to_le_bytes());
    body.extend((micros as u32).to_le_bytes());
    body.extend(len.to_le_bytes());
    body.extend(len.to_le_bytes());
    body.extend(padded(bytes.to_vec()));
    if let Some(comment) = comment {
        body.extend(option(OPT_COMMENT, comment));
        body.extend(END);
    }
    block(6, body)
}
