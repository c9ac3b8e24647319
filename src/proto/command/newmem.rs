//! NEWMEM: tells that users have joined a room (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room. One strict client needs it.
        chat_id: i64 = "chatId",
        /// The feed log, feed type 1 or 4.
        chat_log: ChatLog<'a> = "chatLog",
        /// The open link of an open room.
        link_id: Option<i64> = "li",
    }
}

pushed! { NewMem: Push<'a> }
