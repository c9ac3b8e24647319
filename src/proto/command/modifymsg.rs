//! MODIFYMSG: edits a message (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The message to edit.
        log_id: i64 = "logId",
        /// The kind of message.
        kind: Option<i32> = "type",
        /// The new text.
        msg: &'a str = "msg",
        /// What hangs on the message.
        extra: Option<&'a str> = "extra",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The feed of type 25.
        chat_log: Option<ChatLog<'a>> = "chatLog",
        /// The edited message with its revision.
        modified_chat_log: Option<ChatLog<'a>> = "modifiedChatLog",
    }
}

call! { ModifyMsg: Request<'a> => Reply<'r> }
