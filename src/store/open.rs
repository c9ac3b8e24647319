//! Opening the store: a directory, memory, or any storage that redb takes.
//!
//! A data directory holds `locospec.redb`, the database, and `locospec.lock`, which is locked while a server runs. A
//! new database is made under another name and then renamed, so that a cut at first start leaves nothing half made.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{Builder, DatabaseError, StorageBackend, StorageError};

use super::Database;
use super::look::Look;
use super::tables::{self, FORMAT, Found};

/// The database in a data directory.
pub const FILE_NAME: &str = "locospec.redb";
/// The file in a data directory whose lock says that a server has it.
pub const LOCK_NAME: &str = "locospec.lock";
/// A database that is not ready yet.
const NEW_NAME: &str = "locospec.redb.new";

/// What redb may keep in memory.
const CACHE_BYTES: usize = 64 << 20;

/// Why a store cannot be opened. Nothing in it was changed.
#[derive(Debug)]
pub enum OpenError {
    /// The path names a file where a directory belongs.
    NotADirectory(PathBuf),
    /// The system does not let us.
    Permission(PathBuf, io::Error),
    /// Another process, or another [`Database`] of this one, has it.
    InUse(PathBuf),
    /// Of another version: what was found there.
    OtherVersion(PathBuf, String),
    /// Not a database, or not one of ours.
    NotOurs(PathBuf, String),
    /// A database that was altered or damaged.
    Damaged(PathBuf, String),
    /// The system failed in another way.
    Io(PathBuf, io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADirectory(p) => write!(f, "{} is a file; the data directory must be a directory", p.display()),
            Self::Permission(p, e) => write!(f, "{}: no permission to read and write here ({e})", p.display()),
            Self::InUse(p) => {
                write!(f, "{} is in use by another server; stop it, or name another directory", p.display())
            }
            Self::OtherVersion(p, found) => write!(
                f,
                "{} is of another version: found {found}, wanted {FORMAT}; nothing was changed. Use the locospec that \
                 wrote it, or name another directory",
                p.display()
            ),
            Self::NotOurs(p, why) => {
                write!(f, "{} is no database of locospec: {why}; nothing was changed", p.display())
            }
            Self::Damaged(p, why) => write!(f, "{} is damaged: {why}; restore it from a copy", p.display()),
            Self::Io(p, e) => write!(f, "{}: {e}", p.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Permission(_, e) | Self::Io(_, e) => Some(e),
            _ => None,
        }
    }
}

impl Database {
    /// Opens the store in the directory `dir`, which is made if it is not there.
    ///
    /// # Errors
    /// See [`OpenError`]; each names the path that it speaks of.
    pub fn open_file(dir: &Path) -> Result<Self, OpenError> {
        if dir.is_file() {
            return Err(OpenError::NotADirectory(dir.to_owned()));
        }
        fs::create_dir_all(dir).map_err(|e| from_io(dir, e))?;
        let lock = lock(dir)?;
        let path = dir.join(FILE_NAME);
        match fs::metadata(&path) {
            Ok(_) => check_before(&path)?,
            Err(e) if e.kind() == ErrorKind::NotFound => make(dir, &path)?,
            Err(e) => return Err(from_io(&path, e)),
        }
        // The whole of it was just checked.
        let opened = builder().set_check_integrity_on_open(false).open(&path);
        ready(opened.map_err(|e| from_database(&path, e))?, &path, Some(lock))
    }

    /// A store in memory, gone when it is dropped.
    ///
    /// # Errors
    /// redb failed.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::on(InMemoryBackend::new())
    }

    /// Opens or makes the store on `backend`.
    ///
    /// Making it takes several operations: a cut in the midst of the very first opening leaves a storage that redb
    /// refuses. A directory is made whole by a rename instead.
    ///
    /// # Errors
    /// As for a directory; the path is `(storage)`.
    pub fn on(backend: impl StorageBackend) -> Result<Self, OpenError> {
        let path = Path::new("(storage)");
        let db = builder().create_with_backend(backend).map_err(|e| from_database(path, e))?;
        ready(db, path, None)
    }
}

fn builder() -> Builder {
    let mut builder = redb::Database::builder();
    // A file that was altered by others is then an error, where redb would else trust it and may panic later.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

/// Takes the directory for this process.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK_NAME);
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(|e| from_io(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(dir.to_owned())),
        // Some network file systems have no locks; redb then relies on its user too.
        Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(e)) => Err(from_io(&path, e)),
    }
}

/// Makes a database beside `path`, and puts it there when it is whole.
fn make(dir: &Path, path: &Path) -> Result<(), OpenError> {
    let new = dir.join(NEW_NAME);
    match fs::remove_file(&new) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(from_io(&new, e)),
        _ => {}
    }
    let db = builder().create(&new).map_err(|e| from_database(&new, e))?;
    drop(ready(db, &new, None)?);
    fs::rename(&new, path).map_err(|e| from_io(path, e))?;
    // The name itself must last too. Where a directory cannot be synced, the system does it in its own time.
    match File::open(dir).and_then(|d| d.sync_all()) {
        Err(e) if cfg!(unix) => Err(from_io(dir, e)),
        _ => Ok(()),
    }
}

/// Refuses what is damaged or not ours before anything is written to it: redb repairs and checks a look at the file,
/// of which it changes only the memory.
fn check_before(path: &Path) -> Result<(), OpenError> {
    let look = Look::at(path).map_err(|e| from_database(path, e))?;
    let db = builder().create_with_backend(look).map_err(|e| from_database(path, e))?;
    refuse(tables::find(&db), path).map(|_| ())
}

/// The store, of our format: a new one is made so, any other is refused.
fn ready(db: redb::Database, path: &Path, lock: Option<File>) -> Result<Database, OpenError> {
    if refuse(tables::find(&db), path)? == Found::Nothing {
        tables::create(&db).map_err(|e| from_redb(path, e))?;
    }
    Ok(Database { db, failed: Arc::default(), in_halves: false, _lock: lock })
}

fn refuse(found: Result<Found, redb::Error>, path: &Path) -> Result<Found, OpenError> {
    match found.map_err(|e| from_redb(path, e))? {
        Found::Other(what) => Err(OpenError::OtherVersion(path.to_owned(), what)),
        Found::Foreign => Err(OpenError::NotOurs(path.to_owned(), "its tables are not ours".to_owned())),
        ours => Ok(ours),
    }
}

pub(super) fn from_io(path: &Path, e: io::Error) -> OpenError {
    match e.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::Permission(path.to_owned(), e),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => OpenError::NotADirectory(path.to_owned()),
        // What redb says of a file without its magic number.
        ErrorKind::InvalidData => OpenError::NotOurs(path.to_owned(), e.to_string()),
        _ => OpenError::Io(path.to_owned(), e),
    }
}

fn from_database(path: &Path, e: DatabaseError) -> OpenError {
    match e {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => OpenError::InUse(path.to_owned()),
        DatabaseError::UpgradeRequired(v) => {
            OpenError::OtherVersion(path.to_owned(), format!("file format {v} of redb"))
        }
        DatabaseError::Storage(StorageError::Io(e)) => from_io(path, e),
        other => OpenError::Damaged(path.to_owned(), other.to_string()),
    }
}

fn from_redb(path: &Path, e: redb::Error) -> OpenError {
    match e {
        redb::Error::Io(e) => from_io(path, e),
        other => OpenError::Damaged(path.to_owned(), other.to_string()),
    }
}
