//! LEFT: tells a user that he has left a room (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push {
        /// The room.
        chat_id: i64 = "chatId",
        /// The token of the room list after the departure.
        last_token_id: i64 = "lastTokenId",
    }
}

pushed! { Left: Push }
