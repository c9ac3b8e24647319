//! KICKLEAVE: leaves a room that the user was kicked from (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
        /// The room of the link.
        chat_id: i64 = "c",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The last token after the leave.
        last_token_id: i64 = "lastTokenId",
    }
}

call! { KickLeave: Request => Reply }
