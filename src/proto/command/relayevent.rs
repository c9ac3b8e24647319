//! RELAYEVENT: passes an event about a message on to an open chat (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The open link of the room.
        link_id: i64 = "li",
        /// The room.
        chat_id: i64 = "c",
        /// The event.
        event_type: i32 = "et",
        /// Unknown.
        ec: Option<i32> = "ec",
        /// The message.
        log_id: i64 = "logId",
        /// The kind of the message.
        kind: Option<i32> = "t",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The open link of the room.
        link_id: Option<i64> = "li",
        /// The room.
        chat_id: Option<i64> = "c",
        /// The event.
        event_type: Option<i32> = "et",
        /// Unknown.
        ec: Option<i32> = "ec",
        /// The message.
        log_id: Option<i64> = "logId",
        /// The kind of the message.
        kind: Option<i32> = "t",
        /// Who sent the event.
        author_id: Option<i64> = "authorId",
    }
}

call! { RelayEvent: Request => Reply }
