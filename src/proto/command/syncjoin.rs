//! SYNCJOIN: tells a user that he is in a new room (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "c",
        /// The feed log of the joining.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }
}

pushed! { SyncJoin: Push<'a> }
