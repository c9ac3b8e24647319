//! CWRITE: make a room and write its first message (carriage of 2012; loco-2012 §7.5).

use super::call::call;
use super::field::{Nullable, bodies};
use super::types::{ChatLog, RoomInfo};

bodies! {
    /// Two or more members make a group room; an existing room is written into.
    Request<'a> {
        /// The others.
        member_ids: Vec<i64> = "memberIds",
        /// The text.
        msg: &'a str = "msg",
        /// JSON text.
        extra: Nullable<&'a str> = "extra",
        /// Whether pushes make a sound.
        push_alert: Option<bool> = "pushAlert",
    }

    /// That of WRITE, and the room. Only `status` is known; the rest is inferred.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "chatId",
        /// The message.
        log_id: i64 = "logId",
        /// The message itself.
        chat_log: Option<ChatLog<'a>> = "chatLog",
        /// null on success.
        err_msg: Nullable<&'a str> = "errMsg",
        /// The sender.
        author_nickname: Option<&'a str> = "authorNickname",
        /// The room.
        chat_room: Option<RoomInfo<'a>> = "chatRoom",
    }
}

call! { CWrite: Request<'a> => Reply<'r> }
