//! MEMLIST: asks for the ids of the members of a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// The token of the list that the client has.
        token: Option<i64> = "token",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The new token.
        token: i64 = "token",
        /// Members.
        member_ids: Vec<i64> = "memberIds",
    }
}

call! { MemList: Request => Reply }
