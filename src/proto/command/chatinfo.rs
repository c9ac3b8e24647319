//! CHATINFO: a room by itself (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::RoomInfo;

bodies! {
    /// Which.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
    }

    /// The room.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_info: RoomInfo<'a> = "chatInfo",
        /// Unknown.
        o: Option<i32> = "o",
        /// Unknown. They look like ids of members.
        bmids: Option<Vec<i64>> = "bmids",
    }
}

call! { ChatInfo: Request => Reply<'r> }
