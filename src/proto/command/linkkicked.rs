//! LINKKICKED: tells that a member of an open room was kicked (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room of the link.
        chat_id: i64 = "c",
        /// The feed message of type 6.
        chat_log: ChatLog<'a> = "chatLog",
    }
}

pushed! { LinkKicked: Push<'a> }
