//! Records as bytes: each is one BSON document, written and read by the core's own cursor.
//!
//! The tables are in `tables`, what may be changed and how in `unit`. Keys are not repeated in the record. A field
//! that is absent reads as its zero, so that a field can be added without a new format.

use crate::proto::limits::Limits;
use crate::proto::server::store::{Log, Membership, RoomKind, StoreError, User};
use crate::proto::wire::{Document, Value, Writer};

/// A room without its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: RoomKind,
    pub last_log_id: i64,
    pub updated_at: u32,
    pub link_id: i64,
}

/// A log may hold a message, an attachment and a supplement that each came in a body of the longest kind.
const LIMITS: Limits =
    Limits { body_len_max: 256 << 20, bson_string_len_max: 64 << 20, bson_elements_max: 64, ..Limits::DEFAULT };

fn document<'a>(bytes: &'a [u8], what: &'static str) -> Result<Fields<'a>, StoreError> {
    match Document::check(bytes, &LIMITS) {
        Ok(doc) => Ok(Fields { doc, what }),
        Err(e) => Err(StoreError(format!("a damaged {what} record: {e}"))),
    }
}

fn written(body: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut w = Writer::begin(&mut out);
    body(&mut w);
    w.end();
    out
}

/// The fields of one record, each of the type that this module writes it with.
struct Fields<'a> {
    doc: Document<'a>,
    what: &'static str,
}

impl Fields<'_> {
    fn wrong(&self, field: &str) -> StoreError {
        StoreError(format!("a damaged {} record: its {field} cannot be read", self.what))
    }

    fn integer<T: TryFrom<i64> + Default>(&self, name: &str) -> Result<T, StoreError> {
        Ok(self.maybe_integer(name)?.unwrap_or_default())
    }

    fn maybe_integer<T: TryFrom<i64>>(&self, name: &str) -> Result<Option<T>, StoreError> {
        match self.doc.get(name) {
            None => Ok(None),
            Some(Value::Int64(n)) => Ok(Some(T::try_from(n).map_err(|_| self.wrong(name))?)),
            Some(Value::Int32(n)) => Ok(Some(T::try_from(i64::from(n)).map_err(|_| self.wrong(name))?)),
            Some(_) => Err(self.wrong(name)),
        }
    }

    fn maybe_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.doc.get(name) {
            None => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.to_owned())),
            Some(_) => Err(self.wrong(name)),
        }
    }

    fn text(&self, name: &str) -> Result<String, StoreError> {
        self.maybe_text(name)?.ok_or_else(|| self.wrong(name))
    }
}

pub(super) fn user_bytes(user: &User) -> Vec<u8> {
    written(|w| {
        w.string("name", &user.name);
        w.string("nickName", &user.nick_name);
        w.string("token", &user.token);
    })
}

pub(super) fn user(id: i64, bytes: &[u8]) -> Result<User, StoreError> {
    let f = document(bytes, "user")?;
    Ok(User { id, name: f.text("name")?, nick_name: f.text("nickName")?, token: f.text("token")? })
}

pub(super) fn header_bytes(header: &Header) -> Vec<u8> {
    written(|w| {
        w.string("type", header.kind.as_str());
        w.int64("lastLogId", header.last_log_id);
        w.int64("updatedAt", i64::from(header.updated_at));
        if header.link_id != 0 {
            w.int64("linkId", header.link_id);
        }
    })
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, StoreError> {
    let f = document(bytes, "room")?;
    Ok(Header {
        kind: RoomKind::parse(&f.text("type")?).ok_or_else(|| f.wrong("type"))?,
        last_log_id: f.integer("lastLogId")?,
        updated_at: f.integer("updatedAt")?,
        link_id: f.integer("linkId")?,
    })
}

pub(super) fn member_bytes(member: &Membership) -> Vec<u8> {
    written(|w| {
        w.int64("joinedAt", i64::from(member.joined_at));
        w.int64("watermark", member.watermark);
        if member.muted {
            w.boolean("muted", true);
        }
    })
}

pub(super) fn member(user_id: i64, bytes: &[u8]) -> Result<Membership, StoreError> {
    let f = document(bytes, "member")?;
    let muted = f.doc.get("muted") == Some(Value::Bool(true));
    Ok(Membership { user_id, joined_at: f.integer("joinedAt")?, watermark: f.integer("watermark")?, muted })
}

pub(super) fn log_bytes(log: &Log) -> Vec<u8> {
    written(|w| {
        w.int64("prevId", log.prev_id);
        w.int32("type", log.kind);
        w.int64("authorId", log.author_id);
        w.int64("msgId", log.msg_id);
        w.int32("sendAt", log.send_at);
        let texts = [("message", &log.message), ("attachment", &log.attachment), ("supplement", &log.supplement)];
        for (name, text) in texts {
            if let Some(text) = text {
                w.string(name, text);
            }
        }
        if let Some(scope) = log.scope {
            w.int32("scope", scope);
        }
        if let Some(id) = log.thread_id {
            w.int64("threadId", id);
        }
        if log.revision != 0 {
            w.int32("revision", log.revision);
        }
    })
}

pub(super) fn log(chat_id: i64, log_id: i64, bytes: &[u8]) -> Result<Log, StoreError> {
    let f = document(bytes, "log")?;
    Ok(Log {
        chat_id,
        log_id,
        prev_id: f.integer("prevId")?,
        kind: f.integer("type")?,
        author_id: f.integer("authorId")?,
        message: f.maybe_text("message")?,
        attachment: f.maybe_text("attachment")?,
        supplement: f.maybe_text("supplement")?,
        msg_id: f.integer("msgId")?,
        send_at: f.integer("sendAt")?,
        scope: f.maybe_integer("scope")?,
        thread_id: f.maybe_integer("threadId")?,
        revision: f.integer("revision")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_log() -> Log {
        Log {
            chat_id: 7000,
            log_id: i64::MAX,
            prev_id: i64::MAX - 1,
            kind: -1,
            author_id: 1001,
            message: Some("안녕\0".to_owned()),
            attachment: Some("{}".to_owned()),
            supplement: Some(String::new()),
            msg_id: i64::MIN,
            send_at: i32::MIN,
            scope: Some(3),
            thread_id: Some(9),
            revision: 2,
        }
    }

    #[test]
    fn records_come_back_as_they_were() {
        let log_in = full_log();
        assert_eq!(log(7000, i64::MAX, &log_bytes(&log_in)), Ok(log_in));
        let bare = Log { chat_id: 1, log_id: 2, ..Log::default() };
        assert_eq!(log(1, 2, &log_bytes(&bare)), Ok(bare));
        let u = User { id: 1, name: "a".into(), nick_name: "앨리스".into(), token: "t".into() };
        assert_eq!(user(1, &user_bytes(&u)), Ok(u));
        let m = Membership { user_id: 5, joined_at: u32::MAX, watermark: -4, muted: true };
        assert_eq!(member(5, &member_bytes(&m)), Ok(m));
        for kind in RoomKind::ALL {
            let h = Header { kind, last_log_id: 77, updated_at: u32::MAX, link_id: 5 };
            assert_eq!(header(&header_bytes(&h)), Ok(h));
        }
    }

    #[test]
    fn records_are_bson_that_others_read() -> Result<(), Box<dyn std::error::Error>> {
        let doc = bson::Document::from_reader(log_bytes(&full_log()).as_slice())?;
        assert_eq!(doc.get_str("message")?, "안녕\0");
        assert_eq!(doc.get_i64("prevId")?, i64::MAX - 1);
        Ok(())
    }

    #[test]
    fn a_damaged_record_is_an_error_at_every_cut() {
        let bytes = log_bytes(&full_log());
        for cut in 0..bytes.len() {
            assert!(log(1, 2, &bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(user(1, &written(|w| w.int32("name", 1))).is_err());
        assert!(header(&written(|w| w.string("type", "Nobody"))).is_err());
        assert!(member(1, &written(|w| w.int64("joinedAt", -1))).is_err());
    }
}
