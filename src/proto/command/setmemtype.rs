//! SETMEMTYPE: gives members of an open room other rights (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What is asked.
    Request {
        /// The link.
        link_id: i64 = "li",
        /// The room of the link.
        chat_id: i64 = "c",
        /// The members.
        member_ids: Vec<i64> = "mids",
        /// Their new types; paired with mids.
        member_types: Vec<i32> = "mts",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The link.
        link_id: i64 = "li",
        /// The room of the link.
        chat_id: i64 = "c",
        /// The members.
        member_ids: Vec<i64> = "mids",
        /// Their new types; paired with mids.
        member_types: Vec<i32> = "mts",
        /// The feed message of the change.
        chat_log: Option<ChatLog<'a>> = "chatLog",
        /// Unknown; by its name one privilege mask for each member.
        privileges: Option<Vec<i64>> = "pvs",
    }
}

call! { SetMemType: Request => Reply<'r> }
