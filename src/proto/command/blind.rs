//! BLIND: blocks a member of an open room (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
        /// The room of the link.
        chat_id: i64 = "c",
        /// The member to block.
        member_id: i64 = "mid",
        /// Whether the member is also reported.
        report: Option<bool> = "r",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { Blind: Request => Reply }
