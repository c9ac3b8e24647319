//! SYNCMEMT: tells that members of an open room have other rights (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room of the link.
        chat_id: i64 = "c",
        /// The link.
        link_id: i64 = "li",
        /// The members.
        member_ids: Vec<i64> = "mids",
        /// Their new types; paired with mids.
        member_types: Vec<i32> = "mts",
        /// The feed message of the change.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }
}

pushed! { SyncMemT: Push<'a> }
