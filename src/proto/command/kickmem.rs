//! KICKMEM: removes a member from an open room (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
        /// The room of the link.
        chat_id: i64 = "c",
        /// The member to remove.
        member_id: i64 = "mid",
        /// Whether the member is also reported.
        report: Option<bool> = "r",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "chatId",
        /// The member who was removed.
        kicked_id: i64 = "kid",
        /// The feed message of the removal.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }
}

call! { KickMem: Request => Reply<'r> }
