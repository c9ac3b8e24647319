//! UPSEEN: refreshes the read marks of a room, in 2012 (loco-2012 §7).

use super::call::call;
use super::field::{Nullable, bodies};

bodies! {
    /// What is asked.
    Request {
        /// The end of the range, 0 in the samples.
        max: Option<i64> = "max",
        /// How many, 5 in the samples.
        count: Option<i64> = "cnt",
        /// The start of the range, 0 in the samples.
        cursor: Option<i64> = "cur",
        /// The room.
        chat_id: i64 = "chatId",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// True in the samples.
        is_ok: bool = "isOK",
        /// Null on success.
        err_msg: Nullable<&'a str> = "errMsg",
    }
}

call! { UpSeen: Request => Reply<'r> }
