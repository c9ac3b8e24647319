//! What no case can show: open rooms and links that nobody can make yet, blocks, and pages of many messages.

mod moved;
mod open;
mod pages;
mod rooms;

use std::collections::BTreeMap;

use crate::proto::client::tests::memory::Memory;
use crate::proto::command::field::{Body, encode};
use crate::proto::command::{Call, CommandId};
use crate::proto::limits::Limits;
use crate::proto::quirk::Quirks;
use crate::proto::secure::Era;
use crate::proto::server::Config;
use crate::proto::server::dispatch::{Answer, Ask, Refused, handler};
use crate::proto::server::records::links::{Link, LinkUser, member_type};
use crate::proto::server::store::{Membership, Room, RoomKind, Shelf, Store, User};
use crate::proto::time::Time;
use crate::proto::wire::Document;

pub(super) type Outcome = Result<(), Box<dyn std::error::Error>>;

pub(super) const ALICE: i64 = 1001;
pub(super) const BOB: i64 = 1002;
pub(super) const CAROL: i64 = 1003;
/// Alice and Bob.
pub(super) const PAIR: i64 = 7000;
/// All three.
pub(super) const HALL: i64 = 7001;
/// Alice alone.
pub(super) const MEMO: i64 = 7002;
/// All three, by a link.
pub(super) const OPEN: i64 = 9000;
/// The link of the open room.
pub(super) const LINK: i64 = 500;

/// Handlers and a store: what one asks, the other keeps.
pub(super) struct Rig {
    pub store: Memory,
    pub config: Config,
    pub now: Time,
    pub era: Era,
    last_log_id: i64,
}

impl Rig {
    pub fn new() -> Self {
        let user = |(id, name): (i64, &str)| User {
            id,
            name: name.to_owned(),
            nick_name: name.to_owned(),
            token: format!("{name}-token"),
        };
        let users = [(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")].map(user).to_vec();
        let mut store = Memory { users, ..Memory::default() };
        let rooms = [
            (PAIR, RoomKind::Direct, 0, &[ALICE, BOB][..]),
            (HALL, RoomKind::Multi, 0, &[ALICE, BOB, CAROL]),
            (MEMO, RoomKind::Memo, 0, &[ALICE]),
            (OPEN, RoomKind::OpenMulti, LINK, &[ALICE, BOB, CAROL]),
        ];
        for (id, kind, link_id, people) in rooms {
            let member = |user_id: &i64| Membership { user_id: *user_id, joined_at: 0, watermark: 0, muted: false };
            let members = people.iter().map(member).collect();
            store.rooms.insert(id, Room { id, kind, members, last_log_id: 0, updated_at: 0, link_id });
        }
        let link = Link { id: LINK, owner_id: ALICE, kind: 2, chat_id: OPEN, ..Link::default() };
        store.shelves.insert((Shelf::Links, LINK, 0), bytes(&link));
        let config = Config { quirks: Quirks::NONE, ..Config::default() };
        let mut rig = Self { store, config, now: Time::from_secs(1_700_000_000), era: Era::E2025, last_log_id: 0 };
        for user in [ALICE, BOB, CAROL] {
            rig.person(user, member_type::NONE);
        }
        rig
    }

    /// What a user may do in the link.
    pub fn person(&mut self, user_id: i64, member_type: i32) {
        let nick_name = self.store.users.iter().find(|u| u.id == user_id).map(|u| u.nick_name.clone());
        let nick_name = nick_name.unwrap_or_default();
        let person = LinkUser { user_id, nick_name, member_type, chat_id: OPEN, ..LinkUser::default() };
        self.store.shelves.insert((Shelf::LinkUsers, LINK, user_id), bytes(&person));
    }

    /// Asks as `user`; what the answer wants changed is changed.
    pub fn ask<'q, Q: Call<'q>>(&mut self, user: i64, q: &Q) -> Result<Answer, Refused> {
        self.ask_raw(user, Q::ID, q)
    }

    fn ask_raw<'q>(&mut self, user: i64, id: CommandId, q: &impl Body<'q>) -> Result<Answer, Refused> {
        let mut bytes = Vec::new();
        encode(q, &mut bytes);
        let body = Document::check(&bytes, &Limits::DEFAULT).map_err(Refused::Body)?;
        let Self { era, now, last_log_id, .. } = *self;
        let (config, media_secret, batch) = (&self.config, [0; 32], &BTreeMap::new());
        let ask = Ask { id, era, user, now, body, config, last_log_id, media_secret, batch };
        let mut answer = Answer::default();
        handler(id)(&ask, &self.store, &mut answer)?;
        for effect in &answer.effects {
            self.store.apply(effect)?;
        }
        self.last_log_id = self.last_log_id.max(answer.last_log_id);
        Ok(answer)
    }

    /// The status with which this is refused.
    pub fn refused<'q, Q: Call<'q>>(&mut self, user: i64, q: &Q) -> Option<i32> {
        match self.ask(user, q) {
            Err(Refused::Status(status)) => Some(status),
            _ => None,
        }
    }

    /// Writes a text, and gives its log id.
    pub fn write(&mut self, user: i64, chat_id: i64, text: &str) -> Result<i64, Box<dyn std::error::Error>> {
        use crate::proto::command::write;
        let q = write::Request { chat_id, kind: 1, msg: Some(text), ..Default::default() };
        let answer = self.ask(user, &q).map_err(said)?;
        Ok(answer.last_log_id)
    }
}

fn bytes<'b>(record: &impl Body<'b>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes);
    bytes
}

/// A body of an answer or of a push.
pub(super) fn body(bytes: &[u8]) -> Result<Document<'_>, Box<dyn std::error::Error>> {
    Document::check(bytes, &Limits::DEFAULT).map_err(|e| e.to_string().into())
}

pub(super) fn said(refused: Refused) -> String {
    format!("{refused:?}")
}
