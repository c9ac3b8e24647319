//! CHATONROOM: a room is opened on screen (loco-modern §4.3).

use super::field::{AnyInt, bodies};
use super::types::Member;

bodies! {
    /// Which.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// 0, or the last member token.
        token: Option<i64> = "token",
        /// int64, int32 or absent.
        opt: Option<AnyInt> = "opt",
    }

    /// Its members and their read marks.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "c",
        /// DirectChat, MultiChat ….
        kind: &'a str = "t",
        /// The members …
        members: Option<Vec<Member<'a>>> = "m",
        /// … or their ids, in a large room.
        member_ids: Option<Vec<i64>> = "mi",
        /// Users, paired with `w`.
        watermark_ids: Vec<i64> = "a",
        /// What they have read.
        watermarks: Vec<i64> = "w",
        /// The last log.
        last_log_id: i64 = "l",
        /// When the room last changed, Unix seconds.
        updated_at: i64 = "o",
        /// The open link's token.
        open_token: Option<i32> = "otk",
        /// Unknown.
        f: bool = "f",
    }
}
