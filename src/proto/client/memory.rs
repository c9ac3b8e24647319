//! What a client remembers over a restart, as plain values and as bytes.
//!
//! [`Client::remember`] may be called whenever the outputs of the machine have not been acted on since the last input:
//! what it gives is kept first, and only then is anything sent or told. A client that [`Client::resume`]s from it goes
//! on as after a disconnect: what was written and not answered is in doubt and looked up before it is sent again,
//! what was reported is not reported again, and the login asks for what has changed since.
//!
//! The bytes are one BSON document: its format, a hash, and the values below.

use core::fmt;

use sha2::{Digest, Sha256};

use super::outbox::{Outbox, Queued};
use super::rooms::Room;
use super::view::{Kept, Sight};
use super::{Client, ClientConfig};
use crate::proto::command::Body;
use crate::proto::command::field::{bodies, encode};
use crate::proto::entropy::Entropy;
use crate::proto::error::Malformed;
use crate::proto::limits::{Limits, MEMORY_LEN_MAX};
use crate::proto::quirk::Quirk;
use crate::proto::wire::{Document, Value};

/// The name and version of the bytes.
pub const FORMAT: &str = "locospec-client/1";

bodies! {
    /// What a client remembers.
    Memory {
        /// The era: a message is looked up in another way in 2012.
        era: String = "era",
        /// Who we are, as the configuration says.
        user_id: i64 = "userId",
        /// The device.
        device_id: String = "deviceId",
        /// Of the list of rooms.
        revision: i32 = "revision",
        /// Of the list of rooms.
        last_token_id: i64 = "lastTokenId",
        /// Of the block list.
        lbk: i32 = "lbk",
        /// Of the open links.
        ltk: i64 = "ltk",
        /// The number of the next message.
        next_msg_id: i64 = "nextMsgId",
        /// The rooms that we are in, and some that we have left.
        rooms: Vec<RoomMemory> = "rooms",
        /// What waits to be sent, in order.
        outbox: Vec<QueuedMemory> = "outbox",
        /// Rooms that somebody wants reported again.
        wanted: Vec<WantedMemory> = "wanted",
    }

    /// A room.
    RoomMemory {
        /// The room.
        room: i64 = "room",
        /// We have left it.
        left: bool = "left",
        /// DirectChat, MultiChat ….
        kind: String = "kind",
        /// The last log that somebody has told us of.
        last: i64 = "last",
        /// The last log that was reported.
        seen: i64 = "seen",
        /// Unread messages, as the server last said.
        listed_unread: i32 = "listedUnread",
        /// Who has read …
        readers: Vec<i64> = "readers",
        /// … how far.
        marks: Vec<i64> = "marks",
        /// The title.
        title: String = "title",
        /// The open link, or 0.
        link_id: i64 = "linkId",
        /// Its messages shall not alert us.
        muted: bool = "muted",
        /// Unread messages.
        unread: i32 = "unread",
        /// The logs up to this one are counted.
        counted: i64 = "counted",
        /// Who is or was in it.
        people: Vec<PersonMemory> = "people",
        /// Recent logs.
        logs: Vec<LogMemory> = "logs",
    }

    /// Somebody in a room.
    PersonMemory {
        /// The user.
        user_id: i64 = "userId",
        /// The name.
        name: String = "name",
        /// Still in it.
        member: bool = "member",
    }

    /// A log that is kept.
    LogMemory {
        /// The log.
        log_id: i64 = "logId",
        /// Who wrote it.
        author_id: i64 = "authorId",
        /// 1 text ….
        kind: i32 = "type",
        /// The text.
        text: String = "text",
        /// Unix seconds.
        send_at: i32 = "sendAt",
        /// Rises with each edit.
        revision: i32 = "revision",
        /// Deleted for everyone.
        deleted: bool = "deleted",
        /// Edited since.
        stale: bool = "stale",
    }

    /// A message that waits to be sent.
    QueuedMemory {
        /// The room.
        room: i64 = "room",
        /// The caller's own name for it, its bits as they are.
        ticket: i64 = "ticket",
        /// Its number.
        msg_id: i64 = "msgId",
        /// The text.
        text: String = "text",
        /// It is above this log, if it is there; -1 where the room was not known.
        mark: i64 = "mark",
        /// It was written, and no answer is known.
        written: bool = "written",
        /// An answer came and could not be read.
        answered_badly: bool = "answeredBadly",
    }

    /// A room that somebody wants reported again.
    WantedMemory {
        /// The room.
        room: i64 = "room",
        /// After this log.
        after: i64 = "after",
    }
}

/// Why a client cannot go on from a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryError {
    /// The bytes are of another format, or of none: what they say they are.
    Foreign(String),
    /// The bytes are not what was written.
    Damaged,
    /// The bytes make no sense, and where.
    Malformed(Malformed),
    /// It is the memory of somebody else, or of another device or era: what it remembers, and what is wanted.
    Other {
        /// user, device or era.
        what: &'static str,
        /// As it remembers.
        remembered: String,
        /// As the configuration says.
        wanted: String,
    },
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(format) if format.is_empty() => write!(f, "this is no memory of a client: no {FORMAT:?}"),
            Self::Foreign(format) => write!(f, "its format is {format:?}, not {FORMAT:?}"),
            Self::Damaged => f.write_str("it is damaged: its hash does not fit"),
            Self::Malformed(why) => write!(f, "it is damaged: {why}"),
            Self::Other { what, remembered, wanted } => write!(f, "it is of {what} {remembered}, not {wanted}"),
        }
    }
}

impl core::error::Error for MemoryError {}

impl From<Malformed> for MemoryError {
    fn from(e: Malformed) -> Self {
        Self::Malformed(e)
    }
}

/// What our own bytes may be.
const LIMITS: Limits = Limits {
    body_len_max: MEMORY_LEN_MAX,
    bson_elements_max: MEMORY_LEN_MAX / 4,
    bson_string_len_max: MEMORY_LEN_MAX,
    ..Limits::DEFAULT
};

impl Memory {
    /// The bytes to be kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut inner = Vec::new();
        encode(self, &mut inner);
        let mut out = Vec::with_capacity(inner.len() + 128);
        let mut w = crate::proto::wire::Writer::begin(&mut out);
        w.string("format", FORMAT);
        w.binary("sha256", &Sha256::digest(&inner));
        w.binary("memory", &inner);
        w.end();
        out
    }

    /// Reads them again.
    ///
    /// # Errors
    /// Bytes of something else, or damaged ones.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MemoryError> {
        let outer = Document::check(bytes, &LIMITS).map_err(|_| MemoryError::Foreign(String::new()));
        let outer = match outer {
            Ok(outer) => outer,
            // Whoever began like ours is ours, and broken.
            Err(_) if bytes.get(4..).is_some_and(|b| b.starts_with(b"\x02format\0")) => {
                return Err(MemoryError::Damaged);
            }
            Err(e) => return Err(e),
        };
        match outer.get("format") {
            Some(Value::String(FORMAT)) => (),
            Some(Value::String(other)) => return Err(MemoryError::Foreign(other.to_owned())),
            _ => return Err(MemoryError::Foreign(String::new())),
        }
        let (Some(Value::Binary(0, sum)), Some(Value::Binary(0, inner))) = (outer.get("sha256"), outer.get("memory"))
        else {
            return Err(MemoryError::Damaged);
        };
        if Sha256::digest(inner).as_slice() != sum {
            return Err(MemoryError::Damaged);
        }
        Ok(Self::decode(Document::check(inner, &LIMITS)?, &mut 0)?)
    }
}

impl Client {
    /// What it must not forget. Take it when [`Client::changes`] has risen, before the outputs are acted on.
    #[must_use]
    pub fn remember(&self) -> Memory {
        let (revision, lbk, last_token_id) = self.account.cursors();
        let left = self.view.rooms.iter().filter(|(id, s)| s.left && !self.rooms.map.contains_key(id));
        let left = left.map(|(id, sight)| room_memory(*id, None, Some(sight)));
        let rooms = self.rooms.map.iter().map(|(id, room)| room_memory(*id, Some(room), self.view.rooms.get(id)));
        let wanted = self.rooms.wanted.iter().map(|(room, after)| WantedMemory { room: *room, after: *after });
        Memory {
            era: self.config.era.as_str().to_owned(),
            user_id: self.config.user_id,
            device_id: self.config.device_id.clone(),
            revision,
            last_token_id,
            lbk,
            ltk: self.account.ltk,
            next_msg_id: self.outbox.next_msg_id(),
            rooms: rooms.chain(left).collect(),
            outbox: self.outbox.all().map(|(room, q)| queued_memory(room, q)).collect(),
            wanted: wanted.collect(),
        }
    }

    /// A client that goes on where another one, which is no more, has stopped. It waits for
    /// [`Action::Login`](super::Action::Login); tickets of messages that waited are as they were.
    ///
    /// # Errors
    /// The memory is of somebody else, of another device, or of another era.
    pub fn resume(config: ClientConfig, entropy: Entropy, memory: Memory) -> Result<Self, MemoryError> {
        let same = [
            ("user", memory.user_id.to_string(), config.user_id.to_string()),
            ("device", memory.device_id.clone(), config.device_id.clone()),
            ("era", memory.era.clone(), config.era.as_str().to_owned()),
        ];
        if let Some((what, remembered, wanted)) = same.into_iter().find(|(_, is, wanted)| is != wanted) {
            return Err(MemoryError::Other { what, remembered, wanted });
        }
        let blindly = config.quirks.has(Quirk::ResendsBlindly);
        let mut client = Self::new(config, entropy);
        client.account.resume(memory.revision, memory.lbk, memory.last_token_id);
        client.account.ltk = memory.ltk;
        for room in memory.rooms {
            client.resume_room(room);
        }
        client.rooms.wanted = memory.wanted.into_iter().map(|w| (w.room, w.after)).collect();
        client.outbox = Outbox::new(memory.next_msg_id, !client.config.era.is_modern());
        for q in memory.outbox {
            client.outbox.restore(q.room, queued(q), blindly);
        }
        Ok(client)
    }

    fn resume_room(&mut self, m: RoomMemory) {
        if !m.left
            && let Some(room) = self.rooms.make(m.room, m.seen)
        {
            (room.kind, room.unread, room.last, room.seen) = (m.kind, m.listed_unread, m.last, m.seen);
            m.readers.iter().zip(&m.marks).for_each(|(user_id, mark)| room.mark(*user_id, *mark));
        }
        let Some(sight) = self.view.room(m.room) else { return };
        (sight.left, sight.title, sight.link_id, sight.muted) = (m.left, m.title, m.link_id, m.muted);
        (sight.unread, sight.counted) = (m.unread, m.counted);
        for p in m.people {
            sight.name(p.user_id, &p.name);
            if let Some(person) = sight.people.get_mut(&p.user_id) {
                person.member = p.member;
            }
        }
        for l in m.logs {
            let LogMemory { log_id, author_id, kind, text, send_at, revision, deleted, stale } = l;
            self.view.keep(m.room, Kept { log_id, author_id, kind, text, send_at, revision, deleted, stale });
        }
    }
}

fn room_memory(id: i64, room: Option<&Room>, sight: Option<&Sight>) -> RoomMemory {
    let mut m = RoomMemory { room: id, left: room.is_none(), ..RoomMemory::default() };
    if let Some(r) = room {
        (m.kind, m.last, m.seen, m.listed_unread) = (r.kind.clone(), r.last, r.seen, r.unread);
        (m.readers, m.marks) = r.marks().unzip();
    }
    if let Some(s) = sight {
        (m.title, m.link_id, m.muted) = (s.title.clone(), s.link_id, s.muted);
        (m.unread, m.counted) = (s.unread, s.counted);
        let person = |(id, p): (&i64, &super::view::Person)| PersonMemory {
            user_id: *id,
            name: p.name.clone(),
            member: p.member,
        };
        m.people = s.people.iter().map(person).collect();
        m.logs = s.logs.values().cloned().map(log_memory).collect();
    }
    m
}

fn log_memory(l: Kept) -> LogMemory {
    let Kept { log_id, author_id, kind, text, send_at, revision, deleted, stale } = l;
    LogMemory { log_id, author_id, kind, text, send_at, revision, deleted, stale }
}

fn queued_memory(room: i64, q: &Queued) -> QueuedMemory {
    QueuedMemory {
        room,
        ticket: q.ticket.cast_signed(),
        msg_id: q.msg_id,
        text: q.text.clone(),
        mark: q.mark,
        written: q.is_written(),
        answered_badly: q.answered_badly,
    }
}

fn queued(m: QueuedMemory) -> Queued {
    Queued::remembered(m.ticket.cast_unsigned(), m.msg_id, m.text, m.mark, m.written, m.answered_badly)
}
