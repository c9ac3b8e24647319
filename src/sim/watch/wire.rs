//! What the server hands to a connection, as bytes: how much of it waits, and whether a nonce comes twice.

use std::collections::BTreeSet;

use crate::proto::limits::NONCE_LEN;
use crate::proto::secure::Era;
use crate::sim::invariants::Invariant;

/// What a length field takes.
const LEN_LEN: usize = 4;

/// The bytes of one connection, on their way to its peer.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// Written and not yet taken by the network.
    queued: usize,
    /// Bytes of a frame whose head is not complete, and what is left of the one after its head.
    head: Vec<u8>,
    skip: usize,
    nonces: BTreeSet<[u8; NONCE_LEN]>,
    /// The peer was told to change servers.
    pub(super) told_to_move: bool,
}

impl Wire {
    /// The server writes: what is wrong with that, if anything. `most` may wait.
    pub(super) fn written(&mut self, bytes: &[u8], era: Option<Era>, most: usize) -> Option<(Invariant, String)> {
        self.queued += bytes.len();
        if !self.is_fresh(bytes, era) {
            return Some((Invariant::Private, "is sent a second frame with the nonce of one before".to_owned()));
        }
        (self.queued > most).then(|| (Invariant::Bounded, format!("has {} bytes waiting, {most} at most", self.queued)))
    }

    /// Whether no nonce of 2025 comes for the second time.
    fn is_fresh(&mut self, bytes: &[u8], era: Option<Era>) -> bool {
        if era != Some(Era::E2025) {
            return true;
        }
        let (mut fresh, mut left) = (true, bytes);
        while !left.is_empty() {
            if self.skip > 0 {
                let n = self.skip.min(left.len());
                left = left.get(n..).unwrap_or_default();
                self.skip -= n;
                continue;
            }
            let n = (LEN_LEN + NONCE_LEN - self.head.len()).min(left.len());
            self.head.extend_from_slice(left.get(..n).unwrap_or_default());
            left = left.get(n..).unwrap_or_default();
            if let (Some(len), Some(nonce)) = (
                self.head.first_chunk::<LEN_LEN>(),
                self.head.get(LEN_LEN..).and_then(|h| h.first_chunk::<NONCE_LEN>()),
            ) {
                fresh &= self.nonces.insert(*nonce);
                self.skip = (u32::from_le_bytes(*len) as usize).saturating_sub(NONCE_LEN);
                self.head.clear();
            }
        }
        fresh
    }

    /// The server says this.
    pub(super) fn says(&mut self, method: &str) {
        self.told_to_move |= method == "CHANGESVR";
    }

    /// The network has taken some.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.queued = self.queued.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(nonce: u8, text: usize) -> Vec<u8> {
        let mut f = u32::try_from(NONCE_LEN + text).unwrap_or_default().to_le_bytes().to_vec();
        f.extend([nonce; NONCE_LEN]);
        f.extend(vec![0; text]);
        f
    }

    #[test]
    fn a_nonce_that_comes_twice_is_seen_however_the_frames_are_cut() {
        let all = [frame(1, 40), frame(2, 16), frame(1, 16)].concat();
        for cut in 0..=all.len() {
            let (mut w, (a, b)) = (Wire::default(), all.split_at(cut));
            let first = w.is_fresh(a, Some(Era::E2025));
            assert!(!(first & w.is_fresh(b, Some(Era::E2025))), "cut at {cut}");
        }
        let mut w = Wire::default();
        assert!(w.is_fresh(&[frame(1, 40), frame(2, 16)].concat(), Some(Era::E2025)));
        assert!(Wire::default().is_fresh(&all, Some(Era::E2023)), "only GCM has nonces");
    }

    #[test]
    fn what_waits_is_what_was_written_and_not_taken() {
        let mut w = Wire::default();
        assert_eq!(w.written(&[0; 100], None, 100), None);
        w.sent(30);
        assert_eq!(w.written(&[0; 30], None, 100), None);
        assert!(w.written(&[0; 1], None, 100).is_some_and(|(_, what)| what.contains("101 bytes")));
    }
}
