//! DELMEM: tells that a user has left a room or was put out of it (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: Option<i64> = "chatId",
        /// The feed log, feed type 2, 6 or 7.
        chat_log: ChatLog<'a> = "chatLog",
        /// The open link of an open room.
        link_id: Option<i64> = "li",
    }
}

pushed! { DelMem: Push<'a> }
