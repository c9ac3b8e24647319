//! GETLPK: fetches the latest keys of users for secret chats (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::SecretKey;

bodies! {
    /// What is asked.
    Request {
        /// The users.
        member_ids: Vec<i64> = "mi",
        /// Unknown.
        mu: Option<bool> = "mu",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The latest keys.
        keys: Vec<SecretKey<'a>> = "pi",
    }
}

call! { GetLPk: Request => Reply<'r> }
