//! MINI: downloads a small picture of a file (loco-modern §4.5).

use super::call::call;
use super::field::{AnyInt, bodies};

bodies! {
    /// What is asked.
    Request<'a> {
        /// The key of the file.
        key: &'a str = "k",
        /// The room.
        chat_id: Option<i64> = "c",
        /// The byte to begin with.
        offset: Option<i64> = "o",
        /// The width.
        width: i32 = "w",
        /// The height.
        height: i32 = "h",
        /// The user.
        user_id: Option<i64> = "u",
        /// The platform.
        os: Option<&'a str> = "os",
        /// The version of the app, by its letters.
        app_version: Option<&'a str> = "av",
        /// The kind of network, by its letters.
        net_type: Option<i32> = "nt",
        /// The network code, by its letters.
        mccmnc: Option<&'a str> = "mm",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// How many raw bytes follow.
        size: AnyInt = "s",
    }
}

call! { Mini: Request<'a> => Reply }
