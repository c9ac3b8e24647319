//! What the server keeps, as plain values, and the trait of the place where it keeps it.
//!
//! Handlers read through [`Store`] and return [`Effect`]s; dispatch applies them to the same unit of work, so that the
//! next request of a batch sees them. Nobody is answered before the unit of work is committed: that is the driver's
//! part (`store` has the real one, on redb).

use crate::proto::command::field::{Body, encode};
use crate::proto::limits::Limits;
use crate::proto::time::Time;
use crate::proto::wire::Document;

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// One person with himself.
    Memo,
    /// A group of an open link.
    OpenMulti,
    /// Two people of an open link.
    OpenDirect,
    /// Two people, and a relay that cannot read.
    Secret,
}

impl RoomKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Direct, Self::Multi, Self::Memo, Self::OpenMulti, Self::OpenDirect, Self::Secret];

    /// `DirectChat` or `MultiChat` … (loco-modern §6.6).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "DirectChat",
            Self::Multi => "MultiChat",
            Self::Memo => "MemoChat",
            Self::OpenMulti => "OM",
            Self::OpenDirect => "OD",
            Self::Secret => "SDirectChat",
        }
    }

    /// The kind that the wire calls `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }

    /// Whether it belongs to an open link.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::OpenMulti | Self::OpenDirect)
    }

    /// The most members that it can have, where its kind says so.
    #[must_use]
    pub const fn members_max(self) -> Option<usize> {
        match self {
            Self::Memo => Some(1),
            Self::Direct | Self::Secret | Self::OpenDirect => Some(2),
            Self::Multi | Self::OpenMulti => None,
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
    /// Whether pushes of this room shall make no sound.
    pub muted: bool,
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
    /// The open link that it belongs to, 0 for none.
    pub link_id: i64,
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
    /// Rises with each edit, 0 before the first.
    pub revision: i32,
}

impl Log {
    /// Whether it is a message that `reader` has to read: of somebody else, and no feed.
    //= MSG-FEED-1
    #[must_use]
    pub const fn counts_for(&self, reader: i64) -> bool {
        self.author_id != reader && self.kind != 0
    }
}

/// What else the store keeps: one record for each pair of keys, written as the body that it is. What the two keys are
/// is said at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Room, kind of meta: a setting that all members share.
    Metas,
    /// User, room: the user's own settings of a room.
    ClientMetas,
    /// Room, user: how a member came in.
    Joins,
    /// User, other user: who is blocked.
    Blocks,
    /// Link, 0: an open link.
    Links,
    /// Link, user: a person as the link shows him.
    LinkUsers,
    /// Link, user: who was kicked out.
    Kicked,
    /// User, link: the links that a user owns or has joined.
    LinksOf,
    /// Key, 0: a media file, without its bytes.
    Media,
    /// Key, number of the piece: bytes of a media file.
    MediaBytes,
    /// User, version: the public keys of a secret chat.
    SecretKeys,
    /// Room, user: the wrapped key of a secret room.
    RoomKeys,
    /// Log, user: a reaction.
    Reactions,
    /// User, which record: what belongs to one user alone (`records::account`).
    Accounts,
    /// User or 0 for everybody, room: when a room last changed.
    Changes,
}

impl Shelf {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Metas,
        Self::ClientMetas,
        Self::Joins,
        Self::Blocks,
        Self::Links,
        Self::LinkUsers,
        Self::Kicked,
        Self::LinksOf,
        Self::Media,
        Self::MediaBytes,
        Self::SecretKeys,
        Self::RoomKeys,
        Self::Reactions,
        Self::Accounts,
        Self::Changes,
    ];

    /// Its name: that of its table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metas => "metas",
            Self::ClientMetas => "client_metas",
            Self::Joins => "joins",
            Self::Blocks => "blocks",
            Self::Links => "links",
            Self::LinkUsers => "link_users",
            Self::Kicked => "kicked",
            Self::LinksOf => "links_of",
            Self::Media => "media",
            Self::MediaBytes => "media_bytes",
            Self::SecretKeys => "secret_keys",
            Self::RoomKeys => "room_keys",
            Self::Reactions => "reactions",
            Self::Accounts => "accounts",
            Self::Changes => "changes",
        }
    }
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
    /// Somebody comes into a room. One who is there already stays as he is.
    AddMember {
        /// The room.
        chat_id: i64,
        /// Who, and from when.
        member: Membership,
    },
    /// Whether pushes of the room make no sound for this member.
    SetMuted {
        /// The room.
        chat_id: i64,
        /// The member.
        user_id: i64,
        /// No sound.
        muted: bool,
    },
    /// A log that is there becomes another: deleted, edited, hidden. Its place stays.
    ReplaceLog(Log),
    /// A record, over the one that was there.
    Put {
        /// Where.
        shelf: Shelf,
        /// Under which keys.
        key: (i64, i64),
        /// What: a BSON document, but on [`Shelf::MediaBytes`].
        bytes: Vec<u8>,
    },
    /// A record goes; none is no error.
    Remove {
        /// Where.
        shelf: Shelf,
        /// Under which keys.
        key: (i64, i64),
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
    /// How many of the first `most` logs with `after < log_id` count for `reader`.
    fn count_unread(&self, chat_id: i64, after: i64, reader: i64, most: usize) -> Result<usize, StoreError>;
    /// The log of this id.
    fn log(&self, chat_id: i64, log_id: i64) -> Result<Option<Log>, StoreError>;
    /// The record under `key`.
    fn get(&self, shelf: Shelf, key: (i64, i64)) -> Result<Option<Vec<u8>>, StoreError>;
    /// The records whose first key is `first` and whose second is above `after`, by rising second key, at most `most`.
    fn range(&self, shelf: Shelf, first: i64, after: i64, most: usize) -> Result<Vec<(i64, Vec<u8>)>, StoreError>;
    /// Changes something.
    fn apply(&mut self, effect: &Effect) -> Result<(), StoreError>;
}

/// The effect that keeps `record`.
#[must_use]
pub fn put<'a>(shelf: Shelf, key: (i64, i64), record: &impl Body<'a>) -> Effect {
    let mut bytes = Vec::with_capacity(128);
    encode(record, &mut bytes);
    Effect::Put { shelf, key, bytes }
}

/// Reads a record that [`put`] has kept.
///
/// # Errors
/// It is damaged.
pub fn record<T: for<'a> Body<'a>>(bytes: &[u8]) -> Result<T, StoreError> {
    Document::check(bytes, &Limits::DEFAULT)
        .and_then(|doc| T::decode(doc, &mut 0))
        .map_err(|e| StoreError(format!("a damaged record: {e}")))
}

/// The record under `key`, as what it is.
///
/// # Errors
/// The store failed, or the record is damaged.
pub fn find<T: for<'a> Body<'a>>(store: &dyn Store, shelf: Shelf, key: (i64, i64)) -> Result<Option<T>, StoreError> {
    store.get(shelf, key)?.map(|bytes| record(&bytes)).transpose()
}

/// All records whose first key is `first`, with their second keys.
///
/// # Errors
/// The store failed, or a record is damaged.
pub fn all<T: for<'a> Body<'a>>(store: &dyn Store, shelf: Shelf, first: i64) -> Result<Vec<(i64, T)>, StoreError> {
    let records = store.range(shelf, first, i64::MIN, usize::MAX)?;
    records.into_iter().map(|(key, bytes)| Ok((key, record(&bytes)?))).collect()
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
