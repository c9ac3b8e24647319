//! NCHATLIST: new and changed rooms (carriage of 2012; loco-2012 §7.4).

use super::call::call;
use super::field::bodies;
use super::types::RoomInfo2012;

bodies! {
    /// What the client knows.
    Request {
        /// Last log ids, as many as `chatIds`.
        max_ids: Vec<i64> = "maxIds",
        /// Rooms that the client knows.
        chat_ids: Vec<i64> = "chatIds",
    }

    /// The rooms.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Rooms that are new or changed.
        chat_infos: Vec<RoomInfo2012<'a>> = "chatInfos",
    }
}

call! { NChatList: Request => Reply<'r> }
