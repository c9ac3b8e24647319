//! BLADDITEM: blocks users (loco-modern §4.6).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The users.
        ids: Option<Vec<i64>> = "l",
        /// How each is blocked; paired with l.
        kinds: Option<Vec<i32>> = "ts",
        /// The plus friends.
        plus_ids: Option<Vec<i64>> = "pl",
        /// How each is blocked; paired with pl.
        plus_kinds: Option<Vec<i32>> = "pts",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { BlAddItem: Request => Reply }
