//! Read buffers that go from reader to hub and back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Buffers that are kept for the next read; more go back to the system.
const SPARE_MAX: usize = 64;

/// Empty buffers that nobody uses. Clones are the same ones.
#[derive(Clone, Default)]
pub(super) struct Spares(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spares {
    fn all(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer with these bytes.
    pub(super) fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.all().pop().unwrap_or_default();
        buffer.extend_from_slice(bytes);
        buffer
    }

    /// A buffer that is not used any more.
    pub(super) fn give(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut all = self.all();
        if all.len() < SPARE_MAX {
            all.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_with_other_bytes() {
        let spares = Spares::default();
        let first = spares.filled(b"first");
        let at = first.as_ptr();
        spares.give(first);
        let second = spares.filled(b"sec");
        assert_eq!((second.as_ptr(), second.as_slice()), (at, &b"sec"[..]));
        for _ in 0..=SPARE_MAX {
            spares.give(Vec::new());
        }
        assert_eq!(spares.all().len(), SPARE_MAX);
    }
}
