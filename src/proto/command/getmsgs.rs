//! GETMSGS: fetches single messages by their ids (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request {
        /// The room of each message.
        chat_ids: Vec<i64> = "chatIds",
        /// The messages; paired with chatIds, at most 200.
        log_ids: Vec<i64> = "logIds",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The messages.
        chat_logs: Vec<ChatLog<'a>> = "chatLogs",
    }
}

call! { GetMsgs: Request => Reply<'r> }
