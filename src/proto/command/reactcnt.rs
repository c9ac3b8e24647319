//! REACTCNT: asks for the reactions of an open link (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The open link.
        link_id: i64 = "li",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The open link.
        link_id: i64 = "li",
        /// The own reaction.
        reaction: i32 = "rt",
        /// How many reactions, by its letters.
        reaction_count: i32 = "rc",
        /// Why not, as text.
        err_msg: Option<&'a str> = "errMsg",
    }
}

call! { ReactCnt: Request => Reply<'r> }
