//! What is kept of the rooms for whoever looks: people, titles, recent logs. Everything here is bounded.

use std::collections::{BTreeMap, BTreeSet};

use super::feed::Feed;
use crate::proto::client::event::Message;
use crate::proto::client::rooms::ROOMS_MAX;
use crate::proto::limits::{KEPT_NAME_LEN_MAX, KEPT_PEOPLE_MAX, KEPT_ROOMS_LEFT_MAX};

/// The bit of a log's type that says that it is deleted.
const DELETED_BIT: i32 = 0x4000;
/// What a kept log costs beside its text.
const LOG_OVERHEAD: usize = 64;

/// A log as it is now: edits and deletions are applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Rises strictly in a room.
    pub log_id: i64,
    /// Who wrote it.
    pub author_id: i64,
    /// 1 text ….
    pub kind: i32,
    /// The text as it is now; empty once it is deleted.
    pub text: String,
    /// Unix seconds.
    pub send_at: i32,
    /// Rises with each edit.
    pub revision: i32,
    /// It has been deleted for everyone.
    pub deleted: bool,
    /// It has been edited since, and the new text is on its way.
    pub stale: bool,
}

impl Kept {
    fn cost(&self) -> usize {
        self.text.len() + LOG_OVERHEAD
    }
}

/// Somebody who is or was in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) member: bool,
}

/// What is kept of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) title: String,
    pub(crate) link_id: i64,
    pub(crate) muted: bool,
    pub(crate) left: bool,
    pub(crate) unread: i32,
    /// The logs up to this one are in `unread`, if they are unread.
    pub(crate) counted: i64,
    pub(crate) people: BTreeMap<i64, Person>,
    pub(crate) logs: BTreeMap<i64, Kept>,
}

/// What is kept of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    pub(crate) rooms: BTreeMap<i64, Sight>,
    logs_max: usize,
    bytes_max: usize,
    bytes: usize,
    /// Logs whose new text must be asked for.
    stale: BTreeSet<(i64, i64)>,
    /// Whether one of them is being asked for.
    pub(crate) asking: bool,
}

impl Sight {
    /// Somebody is a member; an empty name says nothing of the name.
    pub(crate) fn join(&mut self, user_id: i64, name: &str) {
        self.name(user_id, name);
        if let Some(person) = self.people.get_mut(&user_id) {
            person.member = true;
        }
    }

    /// Somebody has this name.
    pub(crate) fn name(&mut self, user_id: i64, name: &str) {
        if self.people.len() >= KEPT_PEOPLE_MAX && !self.people.contains_key(&user_id) {
            return;
        }
        let person = self.people.entry(user_id).or_default();
        if !name.is_empty() {
            person.name = short(name);
        }
    }

    /// These are all the members that there are.
    pub(crate) fn members<'n>(&mut self, all: impl Iterator<Item = (i64, &'n str)>) {
        self.people.values_mut().for_each(|p| p.member = false);
        all.for_each(|(user_id, name)| self.join(user_id, name));
    }

    pub(crate) fn set_title(&mut self, title: &str) {
        self.title = short(title);
    }

    fn quit(&mut self, user_id: i64) {
        if let Some(person) = self.people.get_mut(&user_id) {
            person.member = false;
        }
    }

    /// What a feed says of the people.
    pub(crate) fn moved(&mut self, feed: &Feed) {
        if let Some((user_id, name)) = &feed.inviter {
            self.name(*user_id, name);
        }
        for (user_id, name) in &feed.people {
            match feed.kind {
                Feed::INVITED | Feed::JOINED => self.join(*user_id, name),
                Feed::LEFT => self.quit(*user_id),
                k if Feed::PUT_OUT.contains(&k) => self.quit(*user_id),
                _ => self.name(*user_id, name),
            }
        }
    }

    /// This user has read up to here.
    pub(crate) fn read(&mut self, watermark: i64, last: i64, me: i64) {
        if watermark >= last.max(self.counted) {
            self.unread = 0;
        } else if self.logs.first_key_value().is_some_and(|(first, _)| *first <= watermark) {
            let after = self.logs.range(watermark.saturating_add(1)..);
            let unread = after.filter(|(_, log)| log.author_id != me).count();
            self.unread = self.unread.min(i32::try_from(unread).unwrap_or(i32::MAX));
        }
    }
}

/// At most so many bytes of a name or title, cut between characters.
fn short(text: &str) -> String {
    text.get(..text.floor_char_boundary(KEPT_NAME_LEN_MAX)).unwrap_or_default().to_owned()
}

impl Sights {
    /// Keeps at most so many logs of each room, and so many bytes of logs in all.
    pub(crate) const fn new(logs_max: usize, bytes_max: usize) -> Self {
        Self { rooms: BTreeMap::new(), logs_max, bytes_max, bytes: 0, stale: BTreeSet::new(), asking: false }
    }

    /// The room, made if it must be. `None` when there are too many.
    pub(crate) fn room(&mut self, room: i64) -> Option<&mut Sight> {
        if self.rooms.len() >= ROOMS_MAX + KEPT_ROOMS_LEFT_MAX && !self.rooms.contains_key(&room) {
            return None;
        }
        Some(self.rooms.entry(room).or_default())
    }

    /// We are out of a room. What is known of it stays to be looked at, of so many rooms as the limit allows.
    pub(crate) fn left(&mut self, room: i64) {
        let Some(sight) = self.room(room) else { return };
        (sight.left, sight.unread) = (true, 0);
        let gone: Vec<i64> = self.rooms.iter().filter(|(_, s)| s.left).map(|(id, _)| *id).collect();
        if gone.len() > KEPT_ROOMS_LEFT_MAX
            && let Some(first) = gone.into_iter().find(|id| *id != room)
            && let Some(sight) = self.rooms.remove(&first)
        {
            self.bytes = self.bytes.saturating_sub(sight.logs.values().map(Kept::cost).sum());
            self.stale.retain(|(r, _)| *r != first);
        }
    }

    /// A message was reported.
    pub(crate) fn reported(&mut self, m: &Message, read_up_to: i64) {
        let Some(sight) = self.room(m.room) else { return };
        sight.left = false;
        if m.log_id > sight.counted {
            sight.counted = m.log_id;
            sight.unread = sight.unread.saturating_add(i32::from(!m.own && m.log_id > read_up_to));
        }
        if m.kind != 0 && !m.own {
            sight.join(m.author_id, "");
        }
        if let Some(feed) = (m.kind == 0).then(|| Feed::read(&m.text)).flatten() {
            sight.moved(&feed);
            self.changed(m.room, &feed);
        }
        let deleted = m.kind & DELETED_BIT != 0;
        let (log_id, author_id, kind, send_at) = (m.log_id, m.author_id, m.kind & !DELETED_BIT, m.send_at);
        let text = if deleted { String::new() } else { m.text.clone() };
        self.keep(m.room, Kept { log_id, author_id, kind, text, send_at, deleted, ..Kept::default() });
    }

    /// Keeps a log, and lets the oldest of its room go where there are too many. What is known of later edits stays.
    pub(crate) fn keep(&mut self, room: i64, mut log: Kept) {
        if self.logs_max == 0 {
            return;
        }
        let Some(sight) = self.rooms.get_mut(&room) else { return };
        if let Some(old) = sight.logs.remove(&log.log_id) {
            self.bytes = self.bytes.saturating_sub(old.cost());
            if old.deleted || old.revision > log.revision {
                log = old;
            }
        }
        if log.stale {
            self.stale.insert((room, log.log_id));
        }
        self.bytes += log.cost();
        sight.logs.insert(log.log_id, log);
        self.trim(room);
    }

    fn trim(&mut self, room: i64) {
        let Some(sight) = self.rooms.get_mut(&room) else { return };
        while sight.logs.len() > self.logs_max || self.bytes > self.bytes_max {
            let Some((log_id, oldest)) = sight.logs.pop_first() else { return };
            self.bytes = self.bytes.saturating_sub(oldest.cost());
            self.stale.remove(&(room, log_id));
        }
    }

    /// What a feed says of an earlier log.
    pub(crate) fn changed(&mut self, room: i64, feed: &Feed) {
        let Some(log_id) = feed.log_id else { return };
        let Some(log) = self.rooms.get_mut(&room).and_then(|s| s.logs.get_mut(&log_id)) else { return };
        if feed.kind == Feed::DELETED {
            self.bytes = self.bytes.saturating_sub(log.text.len());
            log.text.clear();
            (log.deleted, log.stale) = (true, false);
            self.stale.remove(&(room, log_id));
        } else if feed.kind == Feed::EDITED && !log.deleted {
            let target = feed.revision.and_then(|n| i32::try_from(n).ok());
            if target.is_none_or(|target| target > log.revision) {
                log.stale = true;
                self.stale.insert((room, log_id));
            }
        }
    }

    /// A log as the server has it now, if it is one of those that are kept.
    pub(crate) fn renewed(&mut self, room: i64, log_id: i64, kind: i32, text: &str, revision: i32) {
        let Some(log) = self.rooms.get_mut(&room).and_then(|s| s.logs.get_mut(&log_id)) else { return };
        self.stale.remove(&(room, log_id));
        log.stale = false;
        if log.deleted || revision < log.revision {
            return;
        }
        self.bytes = self.bytes.saturating_sub(log.text.len());
        log.deleted = kind & DELETED_BIT != 0;
        log.text = if log.deleted { String::new() } else { text.to_owned() };
        log.revision = revision;
        self.bytes += log.text.len();
        self.trim(room);
    }

    /// A log whose new text nobody has asked for.
    pub(crate) fn next_stale(&self) -> Option<(i64, i64)> {
        if self.asking || self.stale.is_empty() { None } else { self.stale.first().copied() }
    }

    /// The new text cannot be had: the old one stays, and is said to be old.
    pub(crate) fn give_up(&mut self, room: i64, log_id: i64) {
        self.stale.remove(&(room, log_id));
    }
}
