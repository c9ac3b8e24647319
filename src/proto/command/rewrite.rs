//! REWRITE: hides a message in an open chat (loco-modern §4.2).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The open link of the room.
        link_id: i64 = "li",
        /// The room.
        chat_id: i64 = "c",
        /// The message to hide.
        log_id: i64 = "logId",
        /// The kind of the message.
        kind: Option<i32> = "t",
        /// Unknown; in the form that reports.
        rcli: Option<&'a str> = "rcli",
        /// A category, by its name; in the form that reports.
        category: Option<&'a str> = "cat",
        /// 10 when the message is a feed of type 10.
        feed_type: Option<i32> = "ft",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { Rewrite: Request<'a> => Reply }
