//! CHGLOGMETA: brings the reactions of a message (loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The message.
        log_id: i64 = "logId",
        /// The open link of the room.
        link_id: Option<i64> = "linkId",
        /// What the content holds.
        kind: i32 = "type",
        /// Rises with each change.
        revision: i64 = "revision",
        /// The counts (type 1) or the list (type 2).
        content: &'a str = "content",
        /// JSON with the keys my or type, and userId.
        extra: Option<&'a str> = "extra",
    }
}

pushed! { ChgLogMeta: Push<'a> }
