//! What the server keeps, as plain values, and the trait of the place where it keeps it.
//!
//! Handlers read through [`Store`] and return [`Effect`]s; dispatch applies them to the same unit of work, so that the
//! next request of a batch sees them. Nobody is answered before the unit of work is committed: that is the driver's
//! part (`store` has the real one, on redb).

use crate::proto::time::Time;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user id.
    pub id: i64,
    /// The name in the world file: `alice`.
    pub name: String,
    /// The name that others see.
    pub nick_name: String,
    /// Proof of identity: `oauthToken`, and `sKey` in 2012.
    pub token: String,
}

/// The kind of a room, as the wire names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// Two people.
    Direct,
    /// A group.
    Multi,
}

impl RoomKind {
    /// `DirectChat` or `MultiChat`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "DirectChat",
            Self::Multi => "MultiChat",
        }
    }
}

/// A member of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The user.
    pub user_id: i64,
    /// Unix seconds.
    pub joined_at: u32,
    /// The last log that this member has read; rises only.
    pub watermark: i64,
}

/// A room without its logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The room id.
    pub id: i64,
    /// Direct or group.
    pub kind: RoomKind,
    /// Its members, by rising user id.
    pub members: Vec<Membership>,
    /// Its last log, 0 before the first.
    pub last_log_id: i64,
    /// When it last changed, Unix seconds.
    pub updated_at: u32,
}

impl Room {
    /// The membership of `user_id`.
    #[must_use]
    pub fn member(&self, user_id: i64) -> Option<&Membership> {
        self.members.iter().find(|m| m.user_id == user_id)
    }
}

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The room.
    pub chat_id: i64,
    /// Rises strictly in a room.
    pub log_id: i64,
    /// The log before it, 0 for the first.
    pub prev_id: i64,
    /// The kind of message: 1 text.
    pub kind: i32,
    /// Who wrote it.
    pub author_id: i64,
    /// The text.
    pub message: Option<String>,
    /// JSON text, as it came in `extra`.
    pub attachment: Option<String>,
    /// JSON text.
    pub supplement: Option<String>,
    /// The client's own number, 0 when it gave none.
    pub msg_id: i64,
    /// Unix seconds.
    pub send_at: i32,
    /// As it came.
    pub scope: Option<i32>,
    /// As it came.
    pub thread_id: Option<i64>,
}

/// One change. A unit of work is a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A new message: it becomes the room's last.
    AppendLog(Log),
    /// `user_id` has read up to here. The store keeps the higher mark.
    SetWatermark {
        /// The room.
        chat_id: i64,
        /// The member.
        user_id: i64,
        /// The log.
        log_id: i64,
    },
    /// `user_id` leaves the room.
    RemoveMember {
        /// The room.
        chat_id: i64,
        /// The member.
        user_id: i64,
    },
    /// A new room.
    CreateRoom(Room),
    /// A new user, or a changed one: the world file.
    PutUser(User),
}

/// The store failed. The unit of work must be dropped: nothing of it may be acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(pub String);

impl core::fmt::Display for StoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl core::error::Error for StoreError {}

/// One unit of work: reads see what has been applied to it.
pub trait Store {
    /// The user whose token this is.
    ///
    /// # Errors
    /// The store failed; so for every method.
    fn user_by_token(&self, token: &str) -> Result<Option<User>, StoreError>;
    /// The user of this id.
    fn user(&self, id: i64) -> Result<Option<User>, StoreError>;
    /// The rooms that the user is a member of, by rising id.
    fn rooms_of(&self, user_id: i64) -> Result<Vec<i64>, StoreError>;
    /// The room of this id.
    fn room(&self, id: i64) -> Result<Option<Room>, StoreError>;
    /// The room's logs with `after < log_id <= up_to`, oldest first, at most `most`.
    fn logs(&self, chat_id: i64, after: i64, up_to: i64, most: usize) -> Result<Vec<Log>, StoreError>;
    /// How many of the first `most` logs with `after < log_id` somebody else than `reader` wrote.
    fn count_unread(&self, chat_id: i64, after: i64, reader: i64, most: usize) -> Result<usize, StoreError>;
    /// The log of this id.
    fn log(&self, chat_id: i64, log_id: i64) -> Result<Option<Log>, StoreError>;
    /// Changes something.
    fn apply(&mut self, effect: &Effect) -> Result<(), StoreError>;
}

/// A log id that is higher than `last` and, for people, looks like those of the captures: milliseconds since 2010,
/// shifted by 20 bits (`PROMISE-ORDERED-1`, ours; loco-2012 §7.6 calls them snowflake-like, 18 digits).
#[must_use]
pub const fn next_log_id(last: i64, now: Time) -> i64 {
    const YEAR_2010_MS: u64 = 1_262_304_000_000;
    let ms = (now.as_micros() / 1000).saturating_sub(YEAR_2010_MS);
    let stamp = ((ms & 0x7ff_ffff_ffff) << 20) as i64;
    if stamp > last { stamp } else { last.saturating_add(1) }
}
