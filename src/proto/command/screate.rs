//! SCREATE: makes a secret room (loco-modern §4.2).

use super::call::call;
use super::field::bodies;
use super::types::{SecretKey, SecretRoom};

bodies! {
    /// What is asked.
    Request {
        /// The others.
        member_ids: Vec<i64> = "mi",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "c",
        /// The room itself.
        room: SecretRoom<'a> = "r",
        /// Unknown; it comes back in SETSK and SWRITE.
        sc: i64 = "sc",
        /// The keys of the members.
        keys: Vec<SecretKey<'a>> = "pi",
        /// Unknown.
        nc: Option<bool> = "nc",
    }
}

call! { SCreate: Request => Reply<'r> }
