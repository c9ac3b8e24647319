//! SYNCMSG: the messages between two (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! { quick;
    /// Which. Order as the capture has it.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// After this log id.
        cur: i64 = "cur",
        /// Up to this one.
        max: i64 = "max",
        /// How many; the server sends pages of at most 300 whatever it says.
        cnt: Option<i32> = "cnt",
    }

    /// One page.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// No more.
        is_ok: bool = "isOK",
        /// Absent or null: an empty page.
        chat_logs: Option<Vec<ChatLog<'a>>> = "chatLogs",
        /// Logs before it are gone.
        min_log_id: Option<i64> = "minLogId",
        /// Unknown.
        jsi: Option<i64> = "jsi",
        /// Token of the list.
        last_token_id: i64 = "lastTokenId",
        /// The open link.
        link_id: Option<i64> = "li",
    }
}

call! { SyncMsg: Request => Reply<'r> }
