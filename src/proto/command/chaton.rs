//! CHATON: opens a room on screen, in 2012 (loco-2012 §7).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { ChatOn: Request => Reply }
