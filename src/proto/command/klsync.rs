//! KLSYNC: fetches the list of kicked members of a link (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::KickedMember;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The members who were removed.
        kicked_members: Vec<KickedMember<'a>> = "kickMembers",
    }
}

call! { KlSync: Request => Reply<'r> }
