//! The local view: what this client knows of its rooms, for whoever wants to look. Nothing here changes anything.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`feed`] | what a feed says |
//! | `sight` | what is kept, and how much at most |
//! | `learn` | what events, pushes and replies teach |

pub mod feed;
mod learn;
mod sight;

use super::Client;
use super::rooms::Room;
pub use sight::Kept;
pub(super) use sight::{Person, Sight, Sights};

/// What a client knows of its rooms.
#[derive(Clone, Copy, Debug)]
pub struct View<'a>(&'a Client);

/// What a client knows of one room.
#[derive(Clone, Copy, Debug)]
pub struct RoomView<'a> {
    id: i64,
    me: i64,
    room: Option<&'a Room>,
    sight: Option<&'a Sight>,
}

impl Client {
    /// What it knows of its rooms.
    #[must_use]
    pub const fn view(&self) -> View<'_> {
        View(self)
    }
}

impl<'a> View<'a> {
    /// The rooms that we are in, by rising id.
    pub fn rooms(self) -> impl Iterator<Item = RoomView<'a>> {
        self.0.rooms.map.keys().filter_map(move |id| self.room(*id))
    }

    /// The rooms that we have left and still know of, by rising id; only so many.
    pub fn rooms_left(self) -> impl Iterator<Item = RoomView<'a>> {
        self.0.view.rooms.keys().filter_map(move |id| self.room(*id)).filter(|r| r.has_left())
    }

    /// A room that we are in, or have left.
    #[must_use]
    pub fn room(self, id: i64) -> Option<RoomView<'a>> {
        let (room, sight) = (self.0.rooms.map.get(&id), self.0.view.rooms.get(&id));
        let me = self.0.account.user_id;
        (room.is_some() || sight.is_some_and(|s| s.left)).then_some(RoomView { id, me, room, sight })
    }

    /// The name of a user, from whichever room knows it.
    #[must_use]
    pub fn name(self, user_id: i64) -> Option<&'a str> {
        self.0.view.rooms.values().find_map(|s| named(s, user_id))
    }

    /// Messages that wait to be sent, first in, first out in each room: ticket, room, text.
    pub fn waiting(self) -> impl Iterator<Item = (u64, i64, &'a str)> {
        self.0.outbox.all().map(|(room, q)| (q.ticket, room, q.text.as_str()))
    }

    /// The token of the open links, as the last login gave it: what SYNCLINK takes. 0 when nobody has said.
    #[must_use]
    pub const fn link_token(self) -> i64 {
        self.0.account.ltk
    }
}

fn named(sight: &Sight, user_id: i64) -> Option<&str> {
    sight.people.get(&user_id).map(|p| p.name.as_str()).filter(|name| !name.is_empty())
}

impl<'a> RoomView<'a> {
    /// The room.
    #[must_use]
    pub const fn id(self) -> i64 {
        self.id
    }

    /// `DirectChat`, `MultiChat` …; empty when nobody has said.
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.room.map_or("", |r| &r.kind)
    }

    /// The title that its members have given it.
    #[must_use]
    pub fn title(self) -> Option<&'a str> {
        self.sight.map(|s| s.title.as_str()).filter(|t| !t.is_empty())
    }

    /// Those who are in it, as far as anybody has said, by rising id: id and name. The name is empty when nobody has
    /// said it.
    pub fn members(self) -> impl Iterator<Item = (i64, &'a str)> {
        let all = self.sight.into_iter().flat_map(|s| &s.people);
        all.filter(|(_, p)| p.member).map(|(id, p)| (*id, p.name.as_str()))
    }

    /// The name of somebody who is or was in it.
    #[must_use]
    pub fn name(self, user_id: i64) -> Option<&'a str> {
        self.sight.and_then(|s| named(s, user_id))
    }

    /// How far somebody has read, as far as anybody has said.
    #[must_use]
    pub fn read_mark(self, user_id: i64) -> Option<i64> {
        self.room?.watermark(user_id)
    }

    /// How far we have read.
    #[must_use]
    pub fn own_mark(self) -> Option<i64> {
        self.read_mark(self.me)
    }

    /// The last log that is known to be there.
    #[must_use]
    pub fn last_log_id(self) -> i64 {
        self.room.map_or(0, |r| r.last.max(r.seen))
    }

    /// The last log that was reported; all before it were too.
    #[must_use]
    pub fn seen(self) -> i64 {
        self.room.map_or(0, |r| r.seen)
    }

    /// Unread messages: as the login said, and what came and was read since.
    #[must_use]
    pub fn unread(self) -> i32 {
        self.sight.map_or(0, |s| s.unread)
    }

    /// Whether its messages shall not alert us.
    #[must_use]
    pub fn is_muted(self) -> bool {
        self.sight.is_some_and(|s| s.muted)
    }

    /// The open link that it belongs to.
    #[must_use]
    pub fn link_id(self) -> Option<i64> {
        self.sight.map(|s| s.link_id).filter(|id| *id != 0)
    }

    /// Whether we have left it.
    #[must_use]
    pub const fn has_left(self) -> bool {
        self.room.is_none()
    }

    /// The recent logs, oldest first, as they are now: as many as the configuration keeps.
    pub fn logs(self) -> impl DoubleEndedIterator<Item = &'a Kept> {
        self.sight.into_iter().flat_map(|s| s.logs.values())
    }

    /// One of the recent logs.
    #[must_use]
    pub fn log(self, log_id: i64) -> Option<&'a Kept> {
        self.sight?.logs.get(&log_id)
    }
}
