//! REWRITES: hides several messages in an open chat (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The open link of the room.
        link_id: i64 = "linkId",
        /// The room.
        chat_id: i64 = "chatId",
        /// The messages: a JSON array of objects with logId and type.
        chat_log_infos: &'a str = "chatLogInfos",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The feed of type 26.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }
}

call! { Rewrites: Request<'a> => Reply<'r> }
