//! A store in memory: the least that the reference server needs.

use std::collections::BTreeMap;

use crate::proto::server::store::{Effect, Log, Room, Shelf, Store, StoreError, User};

/// A store in memory.
#[derive(Default)]
pub struct Memory {
    pub users: Vec<User>,
    pub rooms: BTreeMap<i64, Room>,
    pub logs: BTreeMap<(i64, i64), Log>,
    pub shelves: BTreeMap<(Shelf, i64, i64), Vec<u8>>,
}

impl Store for Memory {
    fn user_by_token(&self, token: &str) -> Result<Option<User>, StoreError> {
        Ok(self.users.iter().find(|u| u.token == token).cloned())
    }
    fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        Ok(self.users.iter().find(|u| u.id == id).cloned())
    }
    fn rooms_of(&self, user_id: i64) -> Result<Vec<i64>, StoreError> {
        Ok(self.rooms.values().filter(|r| r.member(user_id).is_some()).map(|r| r.id).collect())
    }
    fn room(&self, id: i64) -> Result<Option<Room>, StoreError> {
        Ok(self.rooms.get(&id).cloned())
    }
    fn logs(&self, chat_id: i64, after: i64, up_to: i64, most: usize) -> Result<Vec<Log>, StoreError> {
        let after = (chat_id, after.saturating_add(1));
        if after > (chat_id, up_to) {
            return Ok(Vec::new());
        }
        Ok(self.logs.range(after..=(chat_id, up_to)).take(most).map(|(_, l)| l.clone()).collect())
    }
    fn count_unread(&self, chat_id: i64, after: i64, reader: i64, most: usize) -> Result<usize, StoreError> {
        Ok(self.logs(chat_id, after, i64::MAX, most)?.iter().filter(|l| l.counts_for(reader)).count())
    }
    fn log(&self, chat_id: i64, log_id: i64) -> Result<Option<Log>, StoreError> {
        Ok(self.logs.get(&(chat_id, log_id)).cloned())
    }
    fn get(&self, shelf: Shelf, key: (i64, i64)) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.shelves.get(&(shelf, key.0, key.1)).cloned())
    }
    fn range(&self, shelf: Shelf, first: i64, after: i64, most: usize) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let from = after.saturating_add(1);
        let found = self.shelves.range((shelf, first, from)..=(shelf, first, i64::MAX));
        Ok(found.take(most).map(|((_, _, second), bytes)| (*second, bytes.clone())).collect())
    }
    fn apply(&mut self, effect: &Effect) -> Result<(), StoreError> {
        match effect {
            Effect::AppendLog(log) => {
                self.logs.insert((log.chat_id, log.log_id), log.clone());
                if let Some(room) = self.rooms.get_mut(&log.chat_id) {
                    room.last_log_id = log.log_id;
                }
            }
            Effect::SetWatermark { .. } | Effect::RemoveMember { .. } => (),
            Effect::ReplaceLog(log) => drop(self.logs.insert((log.chat_id, log.log_id), log.clone())),
            Effect::Put { shelf, key, bytes } => drop(self.shelves.insert((*shelf, key.0, key.1), bytes.clone())),
            Effect::Remove { shelf, key } => drop(self.shelves.remove(&(*shelf, key.0, key.1))),
            Effect::AddMember { .. } | Effect::SetMuted { .. } => {
                return Err(StoreError("these tests change no members".to_owned()));
            }
            Effect::CreateRoom(room) => drop(self.rooms.insert(room.id, room.clone())),
            Effect::PutUser(user) => self.users.push(user.clone()),
        }
        Ok(())
    }
}
