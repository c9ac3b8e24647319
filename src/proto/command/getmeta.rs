//! GETMETA: asks for some shared settings of a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::Meta;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// Which settings.
        types: Vec<i32> = "types",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "chatId",
        /// The settings.
        metas: Vec<Meta<'a>> = "metas",
    }
}

call! { GetMeta: Request => Reply<'r> }
