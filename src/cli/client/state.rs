//! What a client remembers, in a file: read at the start, written in one step after each change, before the change is
//! sent or shown.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::{Failure, talk};
use crate::net::handle::Keep;
use crate::proto::client::{Client, Memory, MemoryError};
use crate::proto::limits::MEMORY_LEN_MAX;

/// What the file remembers; `None` when there is no file yet.
///
/// # Errors
/// A file that cannot be read, is no such memory, or is damaged; names it.
pub(super) fn read(path: &Path) -> Result<Option<Memory>, Failure> {
    let named = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", path.display()));
    match fs::metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(named(&e)),
        Ok(meta) if meta.len() > MEMORY_LEN_MAX as u64 => return Err(named(&"too large to be a memory of a client")),
        Ok(_) => (),
    }
    let bytes = fs::read(path).map_err(|e| named(&e))?;
    Memory::from_bytes(&bytes).map(Some).map_err(|e| failure(Some(path), e))
}

/// A memory that is of no use, with the file that it came from.
pub(super) fn failure(path: Option<&Path>, why: MemoryError) -> Failure {
    Failure::usage(format!("{}: {why}", path.unwrap_or(Path::new("")).display()))
}

/// Keeps what a client remembers in this file.
///
/// # Errors
/// The file's folder cannot be used; names it.
pub(super) fn keeper(path: PathBuf) -> Result<Keep, Failure> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{}: no such folder", folder.display())));
    }
    Ok(Box::new(move |client: &Client| {
        let kept = write(&path, &folder, &client.remember().to_bytes());
        if let Err(e) = &kept {
            talk!("{}: {e}; nothing more is sent", path.display());
        }
        kept.is_ok()
    }))
}

/// Whoever reads the file finds all of the old or all of the new, also after a power cut.
fn write(path: &Path, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}
