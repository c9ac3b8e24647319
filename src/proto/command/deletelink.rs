//! DELETELINK: deletes an open link (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { DeleteLink: Request => Reply }
