//! SETMETA: changes a setting that a room shares (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::Meta;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// Which setting.
        kind: i32 = "type",
        /// The new value, as text or as a JSON text.
        content: &'a str = "content",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "chatId",
        /// The setting as it is now.
        meta: Meta<'a> = "meta",
    }
}

call! { SetMeta: Request<'a> => Reply<'r> }
