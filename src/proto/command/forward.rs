//! FORWARD: writes a message that was made elsewhere into a room (loco-modern §4.2).

use super::call::call;
use super::field::{AnyInt, bodies};
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The client's own number; it comes back in the reply.
        msg_id: Option<AnyInt> = "msgId",
        /// The kind of message.
        kind: i32 = "type",
        /// Kept and passed on to MSG.
        no_seen: Option<bool> = "noSeen",
        /// The text.
        msg: Option<&'a str> = "msg",
        /// What hangs on the message.
        extra: Option<&'a str> = "extra",
        /// More data about the message.
        supplement: Option<&'a str> = "supplement",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The message itself.
        chat_log: ChatLog<'a> = "chatLog",
    }
}

call! { Forward: Request<'a> => Reply<'r> }
