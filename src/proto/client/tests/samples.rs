//! What a server says, as values: rooms and logs.

use super::fake::ROOM;
use crate::proto::command::field::{AnyInt, Nullable};
use crate::proto::command::types::{ChatLog, RoomItem};

pub fn items(rooms: &[(i64, i64)]) -> Vec<RoomItem<'static>> {
    let item = |&(chat_id, last_log_id): &(i64, i64)| RoomItem {
        chat_id,
        kind: "DirectChat",
        last_log_id,
        ..RoomItem::default()
    };
    rooms.iter().map(item).collect()
}

/// A log of [`ROOM`].
pub fn log(log_id: i64, prev_id: i64, author_id: i64, text: &str, msg_id: i64) -> ChatLog<'_> {
    ChatLog {
        log_id,
        chat_id: ROOM,
        kind: 1,
        author_id,
        message: Some(text),
        send_at: 1,
        attachment: Nullable(None),
        msg_id: AnyInt::Int64(msg_id),
        prev_id: Some(prev_id),
        ..ChatLog::default()
    }
}
