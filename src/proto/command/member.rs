//! MEMBER: asks for some members of a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::Member;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// The users. Clients ask for 300 or 500 at a time.
        member_ids: Vec<i64> = "memberIds",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "chatId",
        /// The members.
        members: Vec<Member<'a>> = "members",
    }
}

call! { Member: Request => Reply<'r> }
