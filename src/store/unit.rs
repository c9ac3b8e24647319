//! One unit of work: what the handlers read from and what their effects are applied to.
//!
//! A unit begins as nothing, becomes a read transaction when something is read first, and a write transaction at its
//! first effect; reads after that see it. Only a commit makes anything last: a unit that is dropped leaves no trace.
//!
//! What may never be stored, whoever asks, is refused here: a log that does not follow the last one, a watermark past
//! the last log, a room of unknown users. Such a refusal is a bug of the caller, and the unit must be dropped.

mod commit;
mod planted;

use std::cell::OnceCell;
use std::ops::Bound;

use redb::{ReadTransaction, ReadableTable, WriteTransaction};

pub use self::commit::Commit;
use super::Database;
use super::record::{self, Header};
use super::tables::{LOGS, MEMBERS, ROOMS, ROOMS_OF, TOKENS, USERS, begin_write, shelf};
use crate::proto::server::store::{Effect, Log, Membership, Room, RoomKind, Shelf, Store, StoreError, User};

/// One unit of work. There is one at a time: it borrows the [`Database`].
#[derive(Debug)]
pub struct Unit<'d> {
    owner: &'d mut Database,
    txn: Txn,
    dirty: bool,
}

enum Txn {
    /// Begun when something is read first: most batches are heartbeats.
    Read(OnceCell<ReadTransaction>),
    // Four times as large, and rare.
    Write(Box<WriteTransaction>),
}

impl std::fmt::Debug for Txn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read(_) => "Read",
            Self::Write(_) => "Write",
        })
    }
}

/// Opens `$table` as `$t` in whichever transaction there is.
macro_rules! reading {
    ($unit:expr, $table:expr, |$t:ident| $body:expr) => {
        match &$unit.txn {
            Txn::Read(txn) => {
                let $t = $unit.reads(txn)?.open_table($table).map_err(failed)?;
                $body
            }
            Txn::Write(txn) => {
                let $t = txn.open_table($table).map_err(failed)?;
                $body
            }
        }
    };
}

impl<'d> Unit<'d> {
    pub(super) const fn begin(owner: &'d mut Database) -> Self {
        Self { owner, txn: Txn::Read(OnceCell::new()), dirty: false }
    }

    /// The read transaction in `cell`.
    fn reads<'c>(&self, cell: &'c OnceCell<ReadTransaction>) -> Result<&'c ReadTransaction, StoreError> {
        if let Some(txn) = cell.get() {
            return Ok(txn);
        }
        let txn = redb::ReadableDatabase::begin_read(&self.owner.db).map_err(failed)?;
        Ok(cell.get_or_init(|| txn))
    }

    /// Whether anything was applied.
    #[must_use]
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Whether there is no user yet: a first start.
    ///
    /// # Errors
    /// The store failed.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        reading!(self, USERS, |t| Ok(t.first().map_err(failed)?.is_none()))
    }

    fn write(&mut self) -> Result<&WriteTransaction, StoreError> {
        if let Txn::Read(_) = self.txn {
            self.txn = Txn::Write(Box::new(begin_write(&self.owner.db).map_err(failed)?));
        }
        match &self.txn {
            Txn::Write(txn) => Ok(txn),
            Txn::Read(_) => Err(refused("no write transaction".to_owned())),
        }
    }

    fn header(&self, chat_id: i64) -> Result<Option<Header>, StoreError> {
        reading!(self, ROOMS, |t| match t.get(chat_id).map_err(failed)? {
            Some(bytes) => record::header(bytes.value()).map(Some),
            None => Ok(None),
        })
    }

    fn known_room(&self, chat_id: i64) -> Result<Header, StoreError> {
        self.header(chat_id)?.ok_or_else(|| refused(format!("there is no room {chat_id}")))
    }

    fn members(&self, chat_id: i64) -> Result<Vec<Membership>, StoreError> {
        reading!(self, MEMBERS, |t| {
            let all = t.range((chat_id, i64::MIN)..=(chat_id, i64::MAX)).map_err(failed)?;
            all.map(|entry| {
                let (key, bytes) = entry.map_err(failed)?;
                record::member(key.value().1, bytes.value())
            })
            .collect()
        })
    }

    fn member(&self, chat_id: i64, user_id: i64) -> Result<Membership, StoreError> {
        let found = reading!(self, MEMBERS, |t| match t.get((chat_id, user_id)).map_err(failed)? {
            Some(bytes) => Some(record::member(user_id, bytes.value())?),
            None => None,
        });
        found.ok_or_else(|| refused(format!("user {user_id} is no member of room {chat_id}")))
    }

    fn append_log(&mut self, log: &Log) -> Result<(), StoreError> {
        let mut header = self.known_room(log.chat_id)?;
        let (id, last) = (log.log_id, header.last_log_id);
        if id <= last || log.prev_id != last {
            let prev = log.prev_id;
            return Err(refused(format!("room {}: log {id} after {prev}, but {last} is the last", log.chat_id)));
        }
        header.last_log_id = id;
        header.updated_at = header.updated_at.max(u32::try_from(log.send_at).unwrap_or(0));
        let bytes = record::log_bytes(log);
        self.write()?.open_table(LOGS).map_err(failed)?.insert((log.chat_id, id), bytes.as_slice()).map_err(failed)?;
        self.half_done()?;
        put_header(self.write()?, log.chat_id, &header)
    }

    fn set_watermark(&mut self, chat_id: i64, user_id: i64, log_id: i64) -> Result<(), StoreError> {
        let header = self.known_room(chat_id)?;
        let member = self.member(chat_id, user_id)?;
        if log_id > header.last_log_id {
            let last = header.last_log_id;
            return Err(refused(format!("room {chat_id}: watermark {log_id} is past the last log {last}")));
        }
        if log_id <= member.watermark {
            return Ok(());
        }
        put_member(self.write()?, chat_id, &Membership { watermark: log_id, ..member })
    }

    fn add_member(&mut self, chat_id: i64, member: &Membership) -> Result<(), StoreError> {
        let header = self.known_room(chat_id)?;
        let members = self.members(chat_id)?;
        if members.iter().any(|m| m.user_id == member.user_id) {
            return Ok(());
        }
        if self.user(member.user_id)?.is_none() || member.watermark > header.last_log_id {
            return Err(refused(format!("user {} cannot come into room {chat_id}", member.user_id)));
        }
        if header.kind.members_max().is_some_and(|most| members.len() >= most) {
            return Err(refused(format!("room {chat_id}, a {}, is full", header.kind.as_str())));
        }
        let write = self.write()?;
        put_member(write, chat_id, member)?;
        write.open_table(ROOMS_OF).map_err(failed)?.insert((member.user_id, chat_id), ()).map_err(failed)?;
        Ok(())
    }

    fn replace_log(&mut self, log: &Log) -> Result<(), StoreError> {
        let (chat_id, id) = (log.chat_id, log.log_id);
        match self.log(chat_id, id)? {
            Some(before) if before.prev_id == log.prev_id && before.author_id == log.author_id => (),
            _ => return Err(refused(format!("room {chat_id}: there is no log {id} to change so"))),
        }
        let mut logs = self.write()?.open_table(LOGS).map_err(failed)?;
        logs.insert((chat_id, id), record::log_bytes(log).as_slice()).map_err(failed)?;
        Ok(())
    }

    fn put(&mut self, on: Shelf, key: (i64, i64), bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let mut table = self.write()?.open_table(shelf(on)).map_err(failed)?;
        match bytes {
            Some(bytes) => table.insert(key, bytes).map_err(failed)?,
            None => table.remove(key).map_err(failed)?,
        };
        Ok(())
    }

    fn remove_member(&mut self, chat_id: i64, user_id: i64) -> Result<(), StoreError> {
        self.known_room(chat_id)?;
        self.member(chat_id, user_id)?;
        let write = self.write()?;
        write.open_table(MEMBERS).map_err(failed)?.remove((chat_id, user_id)).map_err(failed)?;
        write.open_table(ROOMS_OF).map_err(failed)?.remove((user_id, chat_id)).map_err(failed)?;
        Ok(())
    }

    fn create_room(&mut self, room: &Room) -> Result<(), StoreError> {
        let id = room.id;
        let mut users: Vec<i64> = room.members.iter().map(|m| m.user_id).collect();
        users.sort_unstable();
        users.dedup();
        let why = if id <= 0 {
            "its id is not above 0".to_owned()
        } else if self.header(id)?.is_some() {
            "it is there already".to_owned()
        } else if room.last_log_id != 0 || room.members.iter().any(|m| m.watermark != 0) {
            "a new room has no logs and no watermarks".to_owned()
        } else if users.len() != room.members.len() {
            "a member is named twice".to_owned()
        } else if room.kind == RoomKind::Direct && users.len() != 2 {
            format!("a direct room has two members, not {}", users.len())
        } else if room.kind.members_max().is_some_and(|most| users.len() > most) {
            format!("{} members are too many for a {}", users.len(), room.kind.as_str())
        } else if room.kind.is_open() != (room.link_id != 0) {
            "an open room, and no other, has a link".to_owned()
        } else {
            let mut unknown = String::new();
            for user in users {
                if self.user(user)?.is_none() {
                    unknown = format!("there is no user {user}");
                }
            }
            unknown
        };
        if !why.is_empty() {
            return Err(refused(format!("room {id} cannot be made: {why}")));
        }
        let write = self.write()?;
        let Room { kind, updated_at, link_id, .. } = *room;
        put_header(write, id, &Header { kind, last_log_id: 0, updated_at, link_id })?;
        for member in &room.members {
            put_member(write, id, member)?;
            write.open_table(ROOMS_OF).map_err(failed)?.insert((member.user_id, id), ()).map_err(failed)?;
        }
        Ok(())
    }

    fn put_user(&mut self, user: &User) -> Result<(), StoreError> {
        let id = user.id;
        if id <= 0 || user.token.is_empty() {
            return Err(refused(format!("user {id} needs an id above 0 and a token")));
        }
        let before = self.user(id)?;
        if let Some(other) = self.user_by_token(&user.token)?
            && other.id != id
        {
            return Err(refused(format!("the token of user {id} is that of user {} already", other.id)));
        }
        let write = self.write()?;
        let mut tokens = write.open_table(TOKENS).map_err(failed)?;
        if let Some(before) = before {
            tokens.remove(before.token.as_str()).map_err(failed)?;
        }
        tokens.insert(user.token.as_str(), id).map_err(failed)?;
        let mut users = write.open_table(USERS).map_err(failed)?;
        users.insert(id, record::user_bytes(user).as_slice()).map_err(failed)?;
        Ok(())
    }
}

fn put_header(write: &WriteTransaction, chat_id: i64, header: &Header) -> Result<(), StoreError> {
    let mut rooms = write.open_table(ROOMS).map_err(failed)?;
    rooms.insert(chat_id, record::header_bytes(header).as_slice()).map_err(failed)?;
    Ok(())
}

fn put_member(write: &WriteTransaction, chat_id: i64, member: &Membership) -> Result<(), StoreError> {
    let mut members = write.open_table(MEMBERS).map_err(failed)?;
    members.insert((chat_id, member.user_id), record::member_bytes(member).as_slice()).map_err(failed)?;
    Ok(())
}

impl Store for Unit<'_> {
    fn user_by_token(&self, token: &str) -> Result<Option<User>, StoreError> {
        let id = reading!(self, TOKENS, |t| t.get(token).map_err(failed)?.map(|id| id.value()));
        match id {
            Some(id) => self.user(id),
            None => Ok(None),
        }
    }

    fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        reading!(self, USERS, |t| match t.get(id).map_err(failed)? {
            Some(bytes) => record::user(id, bytes.value()).map(Some),
            None => Ok(None),
        })
    }

    fn rooms_of(&self, user_id: i64) -> Result<Vec<i64>, StoreError> {
        reading!(self, ROOMS_OF, |t| {
            let all = t.range((user_id, i64::MIN)..=(user_id, i64::MAX)).map_err(failed)?;
            all.map(|entry| Ok(entry.map_err(failed)?.0.value().1)).collect()
        })
    }

    fn room(&self, id: i64) -> Result<Option<Room>, StoreError> {
        let Some(header) = self.header(id)? else { return Ok(None) };
        let Header { kind, last_log_id, updated_at, link_id } = header;
        Ok(Some(Room { id, kind, members: self.members(id)?, last_log_id, updated_at, link_id }))
    }

    fn logs(&self, chat_id: i64, after: i64, up_to: i64, most: usize) -> Result<Vec<Log>, StoreError> {
        if up_to <= after {
            return Ok(Vec::new());
        }
        reading!(self, LOGS, |t| {
            let range = t.range((chat_id, after.saturating_add(1))..=(chat_id, up_to)).map_err(failed)?;
            let logs = range.take(most).map(|entry| {
                let (key, bytes) = entry.map_err(failed)?;
                record::log(chat_id, key.value().1, bytes.value())
            });
            logs.collect()
        })
    }

    fn count_unread(&self, chat_id: i64, after: i64, reader: i64, most: usize) -> Result<usize, StoreError> {
        let Some(from) = after.checked_add(1) else { return Ok(0) };
        reading!(self, LOGS, |t| {
            let mut n = 0;
            for entry in t.range((chat_id, from)..=(chat_id, i64::MAX)).map_err(failed)?.take(most) {
                let (key, bytes) = entry.map_err(failed)?;
                let log = record::log(chat_id, key.value().1, bytes.value())?;
                n += usize::from(log.counts_for(reader));
            }
            Ok(n)
        })
    }

    fn log(&self, chat_id: i64, log_id: i64) -> Result<Option<Log>, StoreError> {
        reading!(self, LOGS, |t| match t.get((chat_id, log_id)).map_err(failed)? {
            Some(bytes) => record::log(chat_id, log_id, bytes.value()).map(Some),
            None => Ok(None),
        })
    }

    fn get(&self, on: Shelf, key: (i64, i64)) -> Result<Option<Vec<u8>>, StoreError> {
        reading!(self, shelf(on), |t| Ok(t.get(key).map_err(failed)?.map(|bytes| bytes.value().to_vec())))
    }

    fn range(&self, on: Shelf, first: i64, after: i64, most: usize) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        reading!(self, shelf(on), |t| {
            let bounds = (Bound::Excluded((first, after)), Bound::Included((first, i64::MAX)));
            let found = t.range::<(i64, i64)>(bounds).map_err(failed)?.take(most).map(|entry| {
                let (key, bytes) = entry.map_err(failed)?;
                Ok((key.value().1, bytes.value().to_vec()))
            });
            found.collect()
        })
    }

    fn apply(&mut self, effect: &Effect) -> Result<(), StoreError> {
        match effect {
            Effect::AppendLog(log) => self.append_log(log)?,
            Effect::SetWatermark { chat_id, user_id, log_id } => self.set_watermark(*chat_id, *user_id, *log_id)?,
            Effect::RemoveMember { chat_id, user_id } => self.remove_member(*chat_id, *user_id)?,
            Effect::AddMember { chat_id, member } => self.add_member(*chat_id, member)?,
            Effect::SetMuted { chat_id, user_id, muted } => {
                self.known_room(*chat_id)?;
                let member = Membership { muted: *muted, ..self.member(*chat_id, *user_id)? };
                put_member(self.write()?, *chat_id, &member)?;
            }
            Effect::ReplaceLog(log) => self.replace_log(log)?,
            Effect::Put { shelf, key, bytes } => self.put(*shelf, *key, Some(bytes))?,
            Effect::Remove { shelf, key } => self.put(*shelf, *key, None)?,
            Effect::CreateRoom(room) => self.create_room(room)?,
            Effect::PutUser(user) => self.put_user(user)?,
        }
        self.dirty = matches!(self.txn, Txn::Write(_));
        Ok(())
    }
}

/// redb failed.
fn failed(e: impl Into<redb::Error>) -> StoreError {
    StoreError(e.into().to_string())
}

/// An effect that would break what the store keeps true: a bug of the caller.
fn refused(why: String) -> StoreError {
    StoreError(format!("refused: {why}"))
}
