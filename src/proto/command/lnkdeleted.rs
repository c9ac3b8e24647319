//! LNKDELETED: tells the members that the link of a room is deleted (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The link.
        link_id: i64 = "li",
        /// The token of the link.
        link_token: i32 = "otk",
        /// The feed message of type 5.
        chat_log: ChatLog<'a> = "chatLog",
    }
}

pushed! { LnkDeleted: Push<'a> }
