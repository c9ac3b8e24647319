//! UPDATECHAT: turns the alerts of a room on or off (loco-modern §4.3).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// Whether messages alert the user.
        push_alert: bool = "pushAlert",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { UpdateChat: Request => Reply }
