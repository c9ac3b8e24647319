//! SYNCMODMSG: says that a message was edited (loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The feed of type 25.
        chat_log: ChatLog<'a> = "chatLog",
        /// The edited message with its revision.
        modified_chat_log: ChatLog<'a> = "modifiedChatLog",
    }
}

pushed! { SyncModMsg: Push<'a> }
