//! DELETEMSG: deletes a message for everyone (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// The message to delete.
        log_id: i64 = "logId",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The feed of type 14.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }
}

call! { DeleteMsg: Request => Reply<'r> }
