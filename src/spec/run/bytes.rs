//! Valid packets, frames and handshakes as plain bytes, and how they are spoiled.
//!
//! The judge writes headers itself and not with the core's encoder, because it must be able to write what the core
//! refuses to. Sealing is the core's: [`super::peer`].

use crate::proto::limits::{HEADER_LEN, METHOD_LEN};
use crate::proto::wire::header::{BODY_LEN, BODY_TYPE, ID, METHOD, STATUS};
use crate::spec::format::Mutation;
use crate::spec::format::mutate::{Field, unhex};
use crate::spec::lit::Lit;
use crate::spec::value::{ValueError, Vars, number, text};

/// Bytes of the numbers in front of a handshake's wrapped key.
const HANDSHAKE_HEAD_LEN: usize = 12;
/// Bytes of a frame's length field.
const FRAME_LEN_LEN: usize = 4;

/// A packet, as a case describes it.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The packet id.
    pub id: u32,
    /// The header's status.
    pub status: i16,
    /// The method: at most 11 bytes of it fit.
    pub method: String,
    /// The body type.
    pub body_type: u8,
    /// The body.
    pub body: Vec<u8>,
}

impl Plain {
    /// The bytes, valid as far as the parts are.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; HEADER_LEN];
        put(&mut out, ID.start, &self.id.to_le_bytes());
        put(&mut out, STATUS.start, &self.status.to_le_bytes());
        let name = self.method.as_bytes();
        put(&mut out, METHOD.start, name.get(..METHOD_LEN).unwrap_or(name));
        put(&mut out, BODY_TYPE, &[self.body_type]);
        put(&mut out, BODY_LEN.start, &u32::try_from(self.body.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&self.body);
        out
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    for (slot, b) in out.iter_mut().skip(at).zip(bytes) {
        *slot = *b;
    }
}

/// Which bytes mutations are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain packet.
    Packet,
    /// A sealed frame with its length field, and what follows it.
    Frame,
    /// A handshake.
    Handshake,
}

impl Unit {
    const fn of(field: Field) -> Self {
        match field {
            Field::HeaderId
            | Field::HeaderStatus
            | Field::HeaderMethod
            | Field::HeaderBodyType
            | Field::HeaderBodyLen
            | Field::Body
            | Field::BodySized => Self::Packet,
            Field::FrameLen | Field::Frame | Field::FrameSized => Self::Frame,
            Field::HandshakeLen | Field::HandshakeKeyType | Field::HandshakeCipher | Field::HandshakeWrapped => {
                Self::Handshake
            }
        }
    }

    /// Bytes in front of the part that has no fixed length.
    const fn head_len(self) -> usize {
        match self {
            Self::Packet => HEADER_LEN,
            Self::Frame => FRAME_LEN_LEN,
            Self::Handshake => HANDSHAKE_HEAD_LEN,
        }
    }
}

/// Where a field stands in its unit; without an end for what reaches to the end.
const fn place(field: Field) -> usize {
    match field {
        Field::HeaderId => ID.start,
        Field::HeaderStatus => STATUS.start,
        Field::HeaderMethod => METHOD.start,
        Field::HeaderBodyType => BODY_TYPE,
        Field::HeaderBodyLen => BODY_LEN.start,
        Field::Body | Field::BodySized => HEADER_LEN,
        Field::FrameLen | Field::HandshakeLen => 0,
        Field::Frame | Field::FrameSized => FRAME_LEN_LEN,
        Field::HandshakeKeyType => 4,
        Field::HandshakeCipher => 8,
        Field::HandshakeWrapped => HANDSHAKE_HEAD_LEN,
    }
}

/// Applies those of `mutations` that are about `unit`, in their order.
///
/// # Errors
/// A value that cannot be computed.
pub fn spoil(unit: Unit, bytes: &mut Vec<u8>, mutations: &[Mutation], vars: &Vars) -> Result<(), ValueError> {
    for m in mutations.iter().filter(|m| Unit::of(m.field) == unit) {
        one(unit, bytes, m, vars)?;
    }
    Ok(())
}

fn one(unit: Unit, bytes: &mut Vec<u8>, m: &Mutation, vars: &Vars) -> Result<(), ValueError> {
    let (at, width) = (place(m.field), m.field.number_len());
    if let Some(set) = &m.set {
        if m.field == Field::HeaderMethod {
            put(bytes, at, &[0; METHOD_LEN]);
            put(bytes, at, text(&set.to_string(), vars, "set")?.as_bytes());
        } else {
            put_number(bytes, at, width, number(set, vars, "set")?);
        }
    }
    if let Some(add) = m.add {
        let have = bytes.iter().skip(at).take(width).rev().fold(0i64, |n, b| n << 8 | i64::from(*b));
        put_number(bytes, at, width, have.wrapping_add(add));
    }
    if let Some(hex) = &m.hex {
        let new = digits(hex, vars)?;
        put(bytes, at + m.at, &new);
    }
    if let Some(flip) = &m.flip {
        flip_bit(bytes, at, number(flip, vars, "flip")?);
    }
    let before = bytes.len();
    if let Some(n) = &m.truncate {
        let n = usize::try_from(number(n, vars, "truncate")?).unwrap_or(0);
        bytes.truncate(before.saturating_sub(n).max(at));
    }
    if let Some(hex) = &m.append {
        bytes.extend(digits(hex, vars)?);
    }
    if matches!(m.field, Field::BodySized | Field::FrameSized) {
        let len = i64::try_from(bytes.len().saturating_sub(unit.head_len())).unwrap_or(i64::MAX);
        put_number(bytes, if unit == Unit::Packet { BODY_LEN.start } else { 0 }, 4, len);
    }
    Ok(())
}

fn digits(hex: &str, vars: &Vars) -> Result<Vec<u8>, ValueError> {
    let filled = text(hex, vars, "hex")?;
    unhex(&filled).map_err(|what| ValueError { path: "hex".into(), what })
}

fn put_number(bytes: &mut [u8], at: usize, width: usize, n: i64) {
    put(bytes, at, n.to_le_bytes().get(..width).unwrap_or_default());
}

/// Bits are counted from the lowest of the first byte; negative ones from the highest of the last.
fn flip_bit(bytes: &mut [u8], from: usize, bit: i64) {
    let bits = i64::try_from(bytes.len().saturating_sub(from) * 8).unwrap_or(0);
    let bit = if bit < 0 { bits + bit } else { bit };
    let Ok(bit) = usize::try_from(bit) else { return };
    if let Some(b) = bytes.get_mut(from + bit / 8) {
        *b ^= 1 << (bit % 8);
    }
}

/// Cuts bytes at these offsets, whatever their order; empty pieces fall away.
///
/// # Errors
/// An offset that is no whole number.
pub fn cut(bytes: &[u8], at: &[Lit], every: Option<&Lit>, vars: &Vars) -> Result<Vec<Vec<u8>>, ValueError> {
    let mut offsets = Vec::new();
    for a in at {
        offsets.push(usize::try_from(number(a, vars, "cut")?).unwrap_or(0));
    }
    if let Some(n) = every {
        let n = usize::try_from(number(n, vars, "cut_every")?).unwrap_or(0).max(1);
        offsets.extend((0..bytes.len()).step_by(n));
    }
    offsets.push(bytes.len());
    offsets.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for to in offsets {
        if let Some(piece) = bytes.get(from..to).filter(|p| !p.is_empty()) {
            pieces.push(piece.to_vec());
            from = to;
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoiled(unit: Unit, bytes: &[u8], yaml: &str) -> Vec<u8> {
        let parsed = crate::spec::yaml::parse::<Vec<Mutation>>("t", yaml);
        let Ok(m) = parsed else { panic!("{parsed:?}") };
        let mut out = bytes.to_vec();
        assert_eq!(spoil(unit, &mut out, &m.value, &Vars::default()), Ok(()));
        out
    }

    fn ping() -> Vec<u8> {
        Plain { id: 1, status: 0, method: "PING".into(), body_type: 0, body: vec![5, 0, 0, 0, 0] }.encode()
    }

    #[test]
    fn a_packet_is_what_the_core_reads() {
        let h = crate::proto::wire::Header::decode(&ping(), &crate::proto::limits::Limits::DEFAULT);
        assert!(matches!(h, Ok(Some(h)) if h.id == 1 && h.method.as_str() == "PING" && h.body_len == 5));
    }

    #[test]
    fn each_place_and_each_operation_hits_its_bytes() {
        let p = ping();
        let at = |v: Vec<u8>, n: usize| v.get(n).copied();
        assert_eq!(at(spoiled(Unit::Packet, &p, "[{field: header.id, set: 258}]"), 1), Some(1));
        assert_eq!(at(spoiled(Unit::Packet, &p, "[{field: header.body_len, add: -1}]"), 18), Some(4));
        assert_eq!(at(spoiled(Unit::Packet, &p, "[{field: header.body_type, set: 7}]"), 17), Some(7));
        assert_eq!(at(spoiled(Unit::Packet, &p, "[{field: body, hex: \"ff\", at: 1}]"), 23), Some(255));
        assert_eq!(spoiled(Unit::Packet, &p, "[{field: body, truncate: 2}]").len(), 25);
        let sized = spoiled(Unit::Packet, &p, "[{field: body.sized, append: \"0102\"}]");
        assert_eq!((sized.len(), at(sized, 18)), (29, Some(7)));
        assert_eq!(spoiled(Unit::Packet, &p, "[{field: frame.len, set: 9}]"), p);
        let f = [3, 0, 0, 0, 1, 2, 3];
        assert_eq!(spoiled(Unit::Frame, &f, "[{field: frame, flip: 8}]"), [3, 0, 0, 0, 1, 3, 3]);
        assert_eq!(spoiled(Unit::Frame, &f, "[{field: frame, flip: -1}]"), [3, 0, 0, 0, 1, 2, 131]);
        assert_eq!(spoiled(Unit::Frame, &f, "[{field: frame.sized, truncate: 1}]"), [2, 0, 0, 0, 1, 2]);
        assert_eq!(at(spoiled(Unit::Handshake, &[0; 20], "[{field: handshake.cipher, set: 3}]"), 8), Some(3));
    }

    #[test]
    fn pieces_make_the_whole() {
        let lits = [Lit::Int(2), Lit::Int(1), Lit::Int(99)];
        let pieces = cut(&[1, 2, 3, 4], &lits, None, &Vars::default());
        assert_eq!(pieces, Ok(vec![vec![1], vec![2], vec![3, 4]]));
        let every = cut(&[1, 2, 3], &[], Some(&Lit::Int(2)), &Vars::default());
        assert_eq!(every, Ok(vec![vec![1, 2], vec![3]]));
    }
}
