//! GETMOMETA: asks for the board settings of a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::BoardMeta;

bodies! {
    /// What is asked.
    Request {
        /// The room.
        chat_id: i64 = "c",
        /// Which settings.
        types: Vec<i32> = "ts",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "c",
        /// The settings.
        board_metas: Vec<BoardMeta> = "ms",
    }
}

call! { GetMoMeta: Request => Reply }
