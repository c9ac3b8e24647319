//! MCHATLOGS: fetches the messages of several rooms at once (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request {
        /// The rooms.
        chat_ids: Vec<i64> = "chatIds",
        /// The last log id that the client has; paired with chatIds.
        sinces: Vec<i64> = "sinces",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The messages of all rooms.
        chat_logs: Vec<ChatLog<'a>> = "chatLogs",
        /// There are no more.
        eof: Option<bool> = "eof",
    }
}

call! { MChatLogs: Request => Reply<'r> }
