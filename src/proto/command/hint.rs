//! HINT: hints at a message and wants a receipt (loco-modern §4.1).

use super::call::pushed;
use super::field::{AnyInt, bodies};

bodies! {
    /// What the server says.
    Push<'a> {
        /// The message.
        log_id: i64 = "logId",
        /// The room.
        chat_id: i64 = "chatId",
        /// The kind of message.
        kind: Option<i32> = "type",
        /// Who wrote it.
        author_id: Option<i64> = "authorId",
        /// The text.
        message: Option<&'a str> = "message",
        /// When it was written, as Unix time, in seconds.
        send_at: Option<i32> = "sendAt",
        /// What hangs on the message.
        attachment: Option<&'a str> = "attachment",
        /// The client's own number.
        msg_id: Option<AnyInt> = "msgId",
        /// The room's previous log, 0 for the first.
        prev_id: Option<i64> = "prevId",
        /// Additions of unknown content.
        supplement: Option<&'a str> = "supplement",
        /// Who speaks.
        referer: Option<i32> = "referer",
        /// Room, thread or both.
        scope: Option<i32> = "scope",
        /// The log that this one comments on.
        thread_id: Option<i64> = "threadId",
        /// Rises with each edit.
        revision: Option<i32> = "revision",
        /// How long the message lives.
        msg_ttl: Option<i32> = "msgTtl",
        /// The signature data of a secret chat.
        s_info: Option<&'a str> = "sInfo",
    }

    /// What the client answers.
    Receipt {
    }
}

pushed! { Hint: Push<'a> }
