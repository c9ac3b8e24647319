//! GETMETAS: asks for the shared settings of several rooms (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::RoomMetas;

bodies! {
    /// What is asked.
    Request {
        /// The rooms.
        chat_ids: Vec<i64> = "cs",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The settings, room by room.
        room_metas: Vec<RoomMetas<'a>> = "mss",
    }
}

call! { GetMetas: Request => Reply<'r> }
