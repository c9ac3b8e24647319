//! BLMEMBER: gives the records of blocked users (loco-modern §4.6).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { BlMember: Request => Reply }
