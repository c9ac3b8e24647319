//! SYNCDLMSG: says that a message was deleted (loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The feed of type 14.
        chat_log: ChatLog<'a> = "chatLog",
        /// Unknown.
        trace_id: Option<i32> = "traceId",
    }
}

pushed! { SyncDlMsg: Push<'a> }
