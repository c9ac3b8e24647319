//! KLDELITEM: takes a user off the list of kicked members (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
        /// The room of the link.
        chat_id: i64 = "c",
        /// The user to take off the list.
        kicked_id: i64 = "kid",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// A text about the failure.
        err_msg: Option<&'a str> = "errMsg",
    }
}

call! { KlDelItem: Request => Reply<'r> }
