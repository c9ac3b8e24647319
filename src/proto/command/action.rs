//! ACTION: reacts to a message (loco-modern §4.2).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// The message; the open chat form of Android leaves it out.
        log_id: Option<i64> = "logId",
        /// The reaction; 1 is the like of the Mac client.
        kind: i32 = "type",
        /// The open link, in the open chat form of Android.
        link_id: Option<i64> = "linkId",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { Action: Request => Reply }
