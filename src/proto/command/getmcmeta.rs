//! GETMCMETA: asks for the user's own settings of all rooms (loco-modern §4.3).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Rooms, paired with metas.
        chat_ids: Vec<i64> = "chatIds",
        /// The settings of each room, paired with chatIds.
        metas: Vec<&'a str> = "metas",
    }
}

call! { GetMcMeta: Request => Reply<'r> }
