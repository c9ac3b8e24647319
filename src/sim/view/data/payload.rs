//! The bytes that go into the page, as base64, and which ones when they are too many.

use std::collections::BTreeMap;

use crate::sim::trace::Kind;
use crate::sim::view::story::Story;

/// How many bytes of packets, plain and sealed together, a page takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(pub usize);

impl Default for Budget {
    fn default() -> Self {
        Self(12 << 20)
    }
}

/// The bytes of the page, by the places of their events.
#[derive(Debug, Default)]
pub(super) struct Payload {
    /// Header and body. A packet that came has the bytes of the one that was sent.
    pub plain: BTreeMap<usize, String>,
    /// What each bytes event put on the wire.
    pub wire: BTreeMap<usize, String>,
    /// What is not here, as a sentence.
    pub left_out: String,
}

impl Payload {
    /// The bytes of a story, nearest to what did not hold first, or from its start.
    pub(super) fn of(story: &Story<'_>, budget: Budget) -> Self {
        let Some(recording) = story.recording() else {
            return Self { left_out: "This run was not recorded: there are no bytes.".into(), ..Self::default() };
        };
        let (mut payload, mut left, mut gone, mut gone_bytes) = (Self::default(), budget.0, 0, 0);
        for seq in order(story) {
            let plain = match story.events().get(seq).map(|e| &e.kind) {
                Some(Kind::Packet { .. }) => true,
                Some(Kind::Bytes { .. }) => false,
                _ => continue,
            };
            let sent_before = story.told.get(seq).and_then(|t| t.peer).is_some_and(|peer| peer < seq);
            if plain && sent_before {
                continue;
            }
            let bytes = if plain { recording.plain.get(&seq) } else { recording.sealed.get(&seq) };
            let Some(bytes) = bytes else { continue };
            if bytes.len() > left {
                gone += 1;
                gone_bytes += bytes.len();
                continue;
            }
            left -= bytes.len();
            let to = if plain { &mut payload.plain } else { &mut payload.wire };
            to.insert(seq, base64(bytes));
        }
        if gone > 0 {
            payload.left_out = format!(
                "The bytes of {gone} packets and writes, {} KiB, are left out: this page takes {} KiB of them, those \
                 nearest to what did not hold, or else the first ones.",
                gone_bytes >> 10,
                budget.0 >> 10
            );
        }
        payload
    }
}

/// The places of all events: those a violation speaks of, then by their distance to the first violation, or in order.
fn order(story: &Story<'_>) -> Vec<usize> {
    let all = 0..story.events().len();
    let Some(first) = story.charges.first() else { return all.collect() };
    let mut by_distance: Vec<usize> = all.collect();
    by_distance.sort_by_key(|seq| (seq.abs_diff(first.event), *seq));
    // The events of the first violation before those of the second.
    let mut named = std::collections::BTreeSet::new();
    let mut order: Vec<usize> = Vec::new();
    for seq in story.charges.iter().flat_map(|c| c.about.iter()) {
        if named.insert(*seq) {
            order.push(*seq);
        }
    }
    order.extend(by_distance.into_iter().filter(|seq| !named.contains(seq)));
    order
}

/// RFC 4648, with padding.
#[must_use]
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * i)) as usize & 63).copied().unwrap_or_default();
            out.push(if i > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}
