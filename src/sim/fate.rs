//! What becomes of the operations that a disk had not synced when its power went: whole, torn or lost, and in which
//! order. The disk itself, which counts and applies this, is in `disk`.

use crate::proto::entropy::Entropy;

/// What a disk writes whole or not at all, in bytes.
pub const SECTOR_LEN: usize = 512;

/// An operation that changes what is stored.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Write { at: usize, data: Vec<u8> },
    SetLen(usize),
}

pub(super) fn put(image: &mut [u8], at: usize, data: &[u8]) {
    let room = image.len().saturating_sub(at).min(data.len());
    if let (Some(to), Some(from)) = (image.get_mut(at..at + room), data.get(..room)) {
        to.copy_from_slice(from);
    }
}

pub(super) fn apply(image: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write { at, data } => put(image, *at, data),
        Op::SetLen(len) => image.resize(*len, 0),
    }
}

/// What becomes of one unsynced operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub sectors: Sectors,
    /// Writes come through by rising turn.
    pub turn: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sectors {
    None,
    All,
    /// Which of them, by this seed.
    Some(u64),
}

/// An honest disk: everything up to some operation, which is torn, and nothing after it.
pub(super) fn in_order(ops: &[Op], entropy: &mut Entropy) -> Vec<Fate> {
    let last = entropy.below(ops.len() as u64 + 1);
    let fate = |i: u64, op: &Op| match (i.cmp(&last), op) {
        (std::cmp::Ordering::Less, _) => Sectors::All,
        (std::cmp::Ordering::Equal, Op::Write { data, .. }) if data.len() > SECTOR_LEN => Sectors::Some(last),
        _ => Sectors::None,
    };
    (0..).zip(ops).map(|(i, op)| Fate { sectors: fate(i, op), turn: i }).collect()
}

/// A disk with a cache: each write has its own fate and its own turn. Lengths are the file system's, which has a
/// journal: one that is lost takes the later ones with it.
pub(super) fn scattered(ops: &[Op], entropy: &mut Entropy) -> Vec<Fate> {
    let (keep, mut lengths_come) = (entropy.range(1, 9), true);
    let fate = |(i, op): (u64, &Op)| {
        let luck = entropy.chance(keep, 10);
        match op {
            Op::SetLen(_) => {
                lengths_come &= luck;
                Fate { sectors: if lengths_come { Sectors::All } else { Sectors::None }, turn: i }
            }
            Op::Write { data, .. } => {
                let (torn, seed, turn) = (entropy.chance(1, 4), entropy.u64(), entropy.u64());
                let sectors = match (torn && data.len() > SECTOR_LEN, luck) {
                    (true, _) => Sectors::Some(seed),
                    (false, true) => Sectors::All,
                    (false, false) => Sectors::None,
                };
                Fate { sectors, turn }
            }
        }
    };
    (0..).zip(ops).map(fate).collect()
}

/// Brings through some sectors of a write, neither none nor all of them.
pub(super) fn tear(image: &mut [u8], at: usize, data: &[u8], entropy: &mut Entropy) {
    let pieces = sectors(at, data.len());
    let count = pieces.len() as u64;
    let (whole, lost) = (entropy.below(count), entropy.below(count.saturating_sub(1)));
    for (i, piece) in (0..count).zip(pieces) {
        // One that certainly comes through, one other that certainly does not, the rest by chance.
        let comes = if i == whole { true } else { (i + count - whole - 1) % count != lost && entropy.chance(1, 2) };
        if comes && let Some(part) = data.get(piece.clone()) {
            put(image, at + piece.start, part);
        }
    }
}

/// The ranges of `len` bytes written at `at` that lie in one sector each.
fn sectors(at: usize, len: usize) -> Vec<std::ops::Range<usize>> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    while from < len {
        let to = (from + SECTOR_LEN - (at + from) % SECTOR_LEN).min(len);
        pieces.push(from..to);
        from = to;
    }
    pieces
}
