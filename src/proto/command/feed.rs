//! FEED: brings a feed of a room (loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "c",
        /// The feed.
        chat_log: ChatLog<'a> = "chatLog",
    }
}

pushed! { Feed: Push<'a> }
