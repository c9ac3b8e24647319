//! CHECKJOIN: trades a pass code for a join token (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The link.
        link_id: i64 = "li",
        /// The pass code that the user typed.
        pass_code: &'a str = "pc",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The join token for JOINLINK.
        token: &'a str = "tk",
    }
}

call! { CheckJoin: Request<'a> => Reply<'r> }
