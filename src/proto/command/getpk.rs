//! GETPK: fetches particular keys of users for secret chats (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::SecretKey;

bodies! {
    /// What is asked.
    Request {
        /// The users.
        member_ids: Vec<i64> = "mi",
        /// The tokens of their keys; paired with mi.
        key_tokens: Vec<i64> = "pt",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The keys.
        keys: Vec<SecretKey<'a>> = "pi",
    }
}

call! { GetPk: Request => Reply<'r> }
