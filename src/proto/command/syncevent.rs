//! SYNCEVENT: says that a member sent an event about a message (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push {
        /// The open link of the room.
        link_id: i64 = "li",
        /// The room.
        chat_id: i64 = "c",
        /// Who sent the event.
        author_id: i64 = "authorId",
        /// The event.
        event_type: i32 = "et",
        /// Unknown.
        ec: Option<i32> = "ec",
        /// The message.
        log_id: i64 = "logId",
        /// The kind of the message.
        kind: Option<i32> = "t",
    }
}

pushed! { SyncEvent: Push }
