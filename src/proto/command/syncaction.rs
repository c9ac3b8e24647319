//! SYNCACTION: says that a member reacted to a message (loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push {
        /// Who reacted.
        user_id: i64 = "userId",
        /// The room.
        chat_id: i64 = "chatId",
        /// The reaction.
        kind: i32 = "type",
        /// The message.
        log_id: i64 = "logId",
    }
}

pushed! { SyncAction: Push }
