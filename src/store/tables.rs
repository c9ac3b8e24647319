//! The tables, and the format they are of.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `meta` | `format`, `crate` | the format of these tables; the crate that made them, for people |
//! | `users` | user id | name, nickname, token |
//! | `tokens` | token | user id |
//! | `rooms` | room id | kind, last log id, updated at |
//! | `members` | room id, user id | joined at, watermark |
//! | `rooms_of` | user id, room id | nothing |
//! | `logs` | room id, log id | the log |
//! | one for each [`Shelf`] | as it says | the record |
//!
//! A change that an older reader would misread needs another [`FORMAT`].

use redb::{TableDefinition, TableHandle};

use crate::proto::server::store::Shelf;

/// The format of the tables: what a data directory must be of.
pub const FORMAT: &str = "locospec-data/2";

pub(super) type Bytes = TableDefinition<'static, i64, &'static [u8]>;
pub(super) type PairBytes = TableDefinition<'static, (i64, i64), &'static [u8]>;

pub(super) const META: TableDefinition<'static, &str, &str> = TableDefinition::new("meta");
pub(super) const USERS: Bytes = TableDefinition::new("users");
pub(super) const TOKENS: TableDefinition<'static, &str, i64> = TableDefinition::new("tokens");
pub(super) const ROOMS: Bytes = TableDefinition::new("rooms");
pub(super) const MEMBERS: PairBytes = TableDefinition::new("members");
pub(super) const ROOMS_OF: TableDefinition<'static, (i64, i64), ()> = TableDefinition::new("rooms_of");
pub(super) const LOGS: PairBytes = TableDefinition::new("logs");

/// The table of a shelf.
pub(super) const fn shelf(shelf: Shelf) -> PairBytes {
    TableDefinition::new(shelf.as_str())
}

/// What a store that nothing was ever committed to says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No table at all: made, and never used.
    Nothing,
    /// The tables of this format.
    Ours,
    /// Tables of another format, named here with the crate that made them.
    Other(String),
    /// Tables, but none of ours.
    Foreign,
}

/// What the store is, read and not changed.
pub(super) fn find(db: &impl redb::ReadableDatabase) -> Result<Found, redb::Error> {
    let read = db.begin_read()?;
    let mut names = read.list_tables()?.map(|t| t.name().to_owned()).collect::<Vec<_>>();
    if names.is_empty() {
        return Ok(Found::Nothing);
    }
    names.retain(|n| n == META.name());
    let meta = match read.open_table(META) {
        Ok(meta) => meta,
        Err(redb::TableError::Storage(e)) => return Err(e.into()),
        Err(_) => return Ok(Found::Foreign),
    };
    let get = |key: &str| -> Result<Option<String>, redb::Error> {
        Ok(redb::ReadableTable::get(&meta, key)?.map(|v| v.value().to_owned()))
    };
    Ok(match get("format")? {
        Some(format) if format == FORMAT => Found::Ours,
        Some(format) => Found::Other(format!("{format} (written by {})", get("crate")?.unwrap_or_default())),
        None => Found::Foreign,
    })
}

/// Makes every table, and says of which format they are.
pub(super) fn create(db: &redb::Database) -> Result<(), redb::Error> {
    let write = begin_write(db)?;
    {
        write.open_table(USERS)?;
        write.open_table(TOKENS)?;
        write.open_table(ROOMS)?;
        write.open_table(MEMBERS)?;
        write.open_table(ROOMS_OF)?;
        write.open_table(LOGS)?;
        for each in Shelf::ALL {
            write.open_table(shelf(each))?;
        }
        let mut meta = write.open_table(META)?;
        meta.insert("format", FORMAT)?;
        meta.insert("crate", concat!("locospec ", env!("CARGO_PKG_VERSION")))?;
    }
    Ok(write.commit()?)
}

/// Begins a write transaction that is durable when its commit returns.
pub(super) fn begin_write(db: &redb::Database) -> Result<redb::WriteTransaction, redb::Error> {
    let mut write = db.begin_write()?;
    write.set_durability(redb::Durability::Immediate).map_err(redb::Error::from)?;
    write.set_two_phase_commit(true);
    Ok(write)
}
