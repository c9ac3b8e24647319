//! Bits that flip, and where they may.
//!
//! GCM authenticates: a flip anywhere behind the handshake is found, and the connection is closed. Elsewhere a flipped
//! bit may pass as other content, which no model of honest peers can foresee. So there a flip strikes only where no
//! user's content is: in CBC and CFB a frame that carries PING and nothing else, and in the plain packets of the doors
//! the whole of a request or the header of a reply. A length that is wrong swallows what follows and makes noise of
//! it, never another message. What must hold is everything: whoever cannot read closes or is given up, and all of it
//! is looked up and sent again.
//!
//! Without a tap, in front of a stranger, nothing is known of frames: there a flip strikes anywhere behind the first unit.

use super::{FaultStream, Seen};
use crate::proto::limits::HEADER_LEN;
use crate::proto::secure::Suite;

impl<S: Send + 'static> FaultStream<S> {
    fn is_authenticated(&self) -> bool {
        self.tap.as_ref().and_then(|t| t.era()).is_some_and(|era| era.suite() == Suite::Gcm)
    }

    /// A client that speaks plainly to a door.
    fn is_plain_door(&self) -> bool {
        self.side.client && !self.side.carriage && self.tap.as_ref().is_some_and(|t| t.is_plain())
    }

    /// A copy of what a client writes with one bit flipped, when that is ordered.
    pub(super) fn flipped_up(&mut self, buf: &[u8]) -> Option<Vec<u8>> {
        let orders = self.orders();
        // Not in the handshake: it is in the first unit.
        let sealed = self.side.carriage && self.unit.n > 1 && orders.flips > 0;
        let plain = orders.flips_plain > 0 && self.is_plain_door();
        if !plain && !(sealed && (self.unit.is_ping || self.is_authenticated() || self.tap.is_none())) {
            return None;
        }
        let mut copy = buf.to_vec();
        self.flip(&mut copy);
        Some(copy)
    }

    /// The flipped copy went out.
    pub(super) fn has_flipped_up(&mut self) {
        let owner = self.side.owner.clone();
        if !self.side.carriage {
            self.control.take(&owner, |o| &mut o.flips_plain);
            self.control.bit_hard(|b| b.flips_plain += 1);
        } else {
            self.control.take(&owner, |o| &mut o.flips);
            let unnoticed = u64::from(!self.is_authenticated());
            self.control.bit_hard(|b| {
                b.flips += 1;
                b.flips_unnoticed += unnoticed;
            });
        }
        self.note("a bit is flipped");
    }

    /// Flips a bit of what a client reads, when that is ordered. `was_whole`: before it no packet was half here.
    pub(super) fn flip_down(&mut self, bytes: &mut [u8], was_whole: bool, seen: &[Seen]) {
        let (orders, owner) = (self.orders(), self.side.owner.clone());
        if orders.flips_plain_down > 0 && was_whole && self.is_plain_door() {
            let header = bytes.len().min(HEADER_LEN);
            self.flip(bytes.get_mut(..header).unwrap_or_default());
            self.control.take(&owner, |o| &mut o.flips_plain_down);
            self.control.bit_hard(|b| b.flips_plain += 1);
        } else if orders.flips_down > 0 && self.side.carriage {
            let is_whole = was_whole && self.tap.as_ref().is_some_and(|t| t.is_whole_down());
            let ping = is_whole && !seen.is_empty() && seen.iter().all(|p| p.method == "PING");
            let authenticated = self.is_authenticated();
            if !ping && !authenticated && self.tap.is_some() {
                return;
            }
            self.flip(bytes);
            self.control.take(&owner, |o| &mut o.flips_down);
            self.control.bit_hard(|b| {
                b.flips_down += 1;
                b.flips_unnoticed += u64::from(!authenticated);
            });
        } else {
            return;
        }
        self.control.doubt(self.line);
        self.note("a bit that came is flipped");
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        let at = self.entropy.below(bytes.len() as u64) as usize;
        if let Some(b) = bytes.get_mut(at) {
            *b ^= 1 << self.entropy.below(8);
        }
    }
}
