//! READ: a room and its messages after one (carriage of 2012; loco-2012 §7.7).

use super::call::call;
use super::field::bodies;
use super::types::{ChatLog, RoomInfo};

bodies! {
    /// Which, and from where.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// 0, or the last log id that is known.
        since: i64 = "since",
    }

    /// `chatRoom` is known; `chatLogs` is inferred.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_room: RoomInfo<'a> = "chatRoom",
        /// The messages after `since`, oldest first.
        chat_logs: Vec<ChatLog<'a>> = "chatLogs",
    }
}

call! { Read: Request => Reply<'r> }
