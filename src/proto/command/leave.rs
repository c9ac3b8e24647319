//! LEAVE: leave a room for good (loco-modern §4.3, loco-2012 §7.10).

use super::call::call;
use super::field::bodies;

bodies! {
    /// Which.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// Never be invited again.
        block: Option<bool> = "block",
        /// The open link.
        link_id: Option<i64> = "li",
    }

    /// Gone.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// Token of the list; absent in 2012.
        last_token_id: Option<i64> = "lastTokenId",
    }
}

call! { Leave: Request => Reply }
