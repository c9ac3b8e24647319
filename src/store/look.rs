//! A look at a file: redb opens, repairs and checks it, and the file stays as it is.
//!
//! What redb writes goes to memory, page by page; its locks are real ones. redb's own read-only way neither repairs a
//! file that was not closed well nor checks one that was altered (1 in 100 flips of one bit made it panic).

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

const PAGE_LEN: u64 = 4096;
type Page = [u8; PAGE_LEN as usize];

/// The file as it is, under what was written since.
#[derive(Debug)]
pub(super) struct Look {
    file: FileBackend,
    over: Mutex<Over>,
}

#[derive(Debug)]
struct Over {
    /// Bytes of the file that still count: a shorter length since hides the rest.
    file_len: u64,
    len: u64,
    pages: BTreeMap<u64, Box<Page>>,
}

impl Look {
    /// Looks at the file at `path`.
    ///
    /// # Errors
    /// It cannot be opened for reading and writing: whoever looks wants both later.
    pub(super) fn at(path: &Path) -> Result<Self, DatabaseError> {
        let file = File::options().read(true).write(true).open(path)?;
        let len = file.metadata()?.len();
        let over = Mutex::new(Over { file_len: len, len, pages: BTreeMap::new() });
        Ok(Self { file: FileBackend::new(file)?, over })
    }

    fn over(&self) -> MutexGuard<'_, Over> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page `n` as it is now; zeros where the file ends.
    fn page(&self, over: &Over, n: u64) -> io::Result<Page> {
        if let Some(page) = over.pages.get(&n) {
            return Ok(**page);
        }
        let mut page = [0; PAGE_LEN as usize];
        let there = over.file_len.saturating_sub(n * PAGE_LEN).min(PAGE_LEN) as usize;
        match page.get_mut(..there) {
            Some(part) if there > 0 => self.file.read(n * PAGE_LEN, part)?,
            _ => {}
        }
        Ok(page)
    }
}

/// The pages that `len` bytes at `at` touch: each with its number, the first byte in it, and how many.
fn pieces(at: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let (mut at, end) = (at, at.saturating_add(len as u64));
    std::iter::from_fn(move || {
        let (n, from) = (at / PAGE_LEN, at % PAGE_LEN);
        let count = (PAGE_LEN - from).min(end.saturating_sub(at));
        at += count;
        (count > 0).then_some((n, from as usize, count as usize))
    })
}

impl StorageBackend for Look {
    fn len(&self) -> io::Result<u64> {
        Ok(self.over().len)
    }

    fn read(&self, offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        let over = self.over();
        if offset.saturating_add(out.len() as u64) > over.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (n, from, count) in pieces(offset, out.len()) {
            let page = self.page(&over, n)?;
            let (to, rest) = out.split_at_mut(count);
            to.copy_from_slice(&page[from..from + count]);
            out = rest;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut over = self.over();
        if len < over.len {
            over.file_len = over.file_len.min(len);
            let edge = len / PAGE_LEN;
            let mut page = self.page(&over, edge)?;
            page[(len % PAGE_LEN) as usize..].fill(0);
            over.pages.split_off(&edge);
            over.pages.insert(edge, Box::new(page));
        }
        over.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, mut data: &[u8]) -> io::Result<()> {
        let mut over = self.over();
        over.len = over.len.max(offset.saturating_add(data.len() as u64));
        for (n, from, count) in pieces(offset, data.len()) {
            let mut page = self.page(&over, n)?;
            let (part, rest) = data.split_at(count);
            page[from..from + count].copy_from_slice(part);
            over.pages.insert(n, Box::new(page));
            data = rest;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::entropy::Entropy;

    #[test]
    fn a_look_is_what_the_file_would_be_and_leaves_it_alone() -> Result<(), Box<dyn std::error::Error>> {
        let path = std::env::temp_dir().join(format!("locospec-look-{}", std::process::id()));
        let first: Vec<u8> = (0..20_000_u32).map(|i| i as u8).collect();
        std::fs::write(&path, &first)?;
        let (look, mut model, mut entropy) = (Look::at(&path)?, first.clone(), Entropy::named(1, "look"));
        for round in 0..2000_u64 {
            if entropy.chance(1, 10) {
                let len = entropy.below(40_000);
                look.set_len(len)?;
                model.resize(len as usize, 0);
            }
            let at = entropy.below(model.len() as u64) as usize;
            let to = at + entropy.below((model.len() - at) as u64) as usize;
            model[at..to].fill(round as u8);
            look.write(at as u64, &vec![round as u8; to - at])?;
            let mut all = vec![0; model.len()];
            look.read(0, &mut all)?;
            assert!(all == model && look.len()? == model.len() as u64, "round {round}");
            assert!(look.read(1, &mut all).is_err() || all.is_empty(), "past the end");
        }
        look.close()?;
        assert!(std::fs::read(&path)? == first);
        Ok(std::fs::remove_file(&path)?)
    }
}
