//! Buffers on first use, and given back: a connection at rest has none, and a busy server makes none.

use super::ConnId;
use super::machine::Server;
use crate::proto::session::State;

/// Buffers that are kept for the next use; more go back to the system.
const SPARE_MAX: usize = 64;
/// The capacity above which a buffer goes back to the system.
const KEEP_CAPACITY_MAX: usize = 64 << 10;

/// Empty buffers that nobody uses. The one that was used last is the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    spare: Vec<Vec<u8>>,
}

impl Buffers {
    /// An empty buffer: one that was used before, where there is one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// A buffer that is not used any more, whatever is in it.
    pub(super) fn give(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < SPARE_MAX && (1..=KEEP_CAPACITY_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

impl Server {
    /// The peer has taken these bytes at once: as [`Input::Sent`](super::Input::Sent), outside of a unit of work. True
    /// where more may come of it: then it wants an `Input::Sent` of no bytes in the next one.
    pub fn sent(&mut self, conn: ConnId, bytes: usize) -> bool {
        let Some(s) = self.sessions.get_mut(&conn) else { return false };
        s.in_flight = s.in_flight.saturating_sub(bytes);
        s.state == State::Media
    }

    /// Takes back the bytes of a [`Transmit`](super::Output::Transmit) that are written: the next connection uses the
    /// buffer.
    pub fn recycle(&mut self, bytes: Vec<u8>) {
        self.buffers.give(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_again_empty_and_never_kept_without_bound() {
        let mut buffers = Buffers::default();
        assert_eq!(buffers.take().capacity(), 0, "there is none yet");
        let mut one = Vec::with_capacity(100);
        one.push(1);
        let at = one.as_ptr();
        buffers.give(one);
        let again = buffers.take();
        assert_eq!((again.as_ptr(), again.len()), (at, 0));
        buffers.give(Vec::new());
        buffers.give(Vec::with_capacity(KEEP_CAPACITY_MAX + 1));
        assert_eq!(buffers.spare.len(), 0, "nothing to keep, and too much to keep");
        for _ in 0..=SPARE_MAX {
            buffers.give(Vec::with_capacity(1));
        }
        assert_eq!(buffers.spare.len(), SPARE_MAX);
    }
}
