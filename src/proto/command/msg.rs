//! MSG: a message of somebody else (push; loco-modern §4.2, loco-2012 §7.12).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! { quick;
    /// The message.
    Push<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The message.
        log_id: i64 = "logId",
        /// The message itself.
        chat_log: ChatLog<'a> = "chatLog",
        /// As the sender sent it; a strict client wants it.
        no_seen: Option<bool> = "noSeen",
        /// The sender.
        author_nickname: Option<&'a str> = "authorNickname",
        /// The open link.
        link_id: Option<i64> = "li",
        /// Unknown.
        noti_read: Option<bool> = "notiRead",
        /// Whether it makes a sound.
        push_alert: Option<bool> = "pushAlert",
        /// Unknown.
        service_id: Option<i32> = "serviceId",
        /// Some pushes carry it.
        status: Option<i32> = "status",
    }
}

pushed! { Msg: Push<'a> }
