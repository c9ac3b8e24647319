//! CHGCHATST: tells that the status of a business room has changed (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;
use crate::proto::wire::Document;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The plus friend.
        plus_user_id: Option<i64> = "plusUserId",
        /// Rises with each change.
        revision: i64 = "revision",
        /// The status. Its fields are unknown.
        chat_status: Option<Document<'a>> = "chatStatus",
    }
}

pushed! { ChgChatSt: Push<'a> }
