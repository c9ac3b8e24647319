//! BLMEMBER: gives the records of blocked users (loco-modern §4.6).

use super::call::call;
use super::field::bodies;
use super::types::Member;

bodies! {
    /// What is asked.
    Request {
        /// The users; the name is ours, from BLADDITEM.
        ids: Option<Vec<i64>> = "l",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The users; name and layout are ours, from GETMEM.
        members: Vec<Member<'a>> = "members",
    }
}

call! { BlMember: Request => Reply<'r> }
