//! GETMEM: asks for all members of a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::Member;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The members.
        members: Vec<Member<'a>> = "members",
        /// The token of the list.
        token: i64 = "token",
    }
}

call! { GetMem: Request => Reply<'r> }
