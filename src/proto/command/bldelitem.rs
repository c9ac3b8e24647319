//! BLDELITEM: lifts the block of users (loco-modern §4.6).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The users.
        ids: Option<Vec<i64>> = "l",
        /// The plus friends.
        plus_ids: Option<Vec<i64>> = "pl",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { BlDelItem: Request => Reply }
