//! COMPLETE: says that an upload is complete (loco-modern §4.5).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The message; absent after MPOST.
        chat_log: Option<ChatLog<'a>> = "chatLog",
        /// The open link of the room.
        link_id: Option<i64> = "li",
        /// As the sender sent it.
        no_seen: Option<bool> = "noSeen",
    }
}

pushed! { Complete: Push<'a> }
