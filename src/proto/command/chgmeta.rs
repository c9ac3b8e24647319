//! CHGMETA: tells that a shared setting of a room has changed (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;
use super::types::Meta;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The setting as it is now.
        meta: Meta<'a> = "meta",
    }
}

pushed! { ChgMeta: Push<'a> }
