//! ADDMEM: invites users into a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// The users to invite.
        member_ids: Vec<i64> = "memberIds",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The feed log of the invitation, feed type 1.
        chat_log: Option<ChatLog<'a>> = "chatLog",
        /// A warning to show.
        warning_msg: Option<&'a str> = "warningMsg",
    }
}

call! { AddMem: Request => Reply<'r> }
