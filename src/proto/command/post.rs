//! POST: uploads one file (loco-modern §4.5).

use super::call::call;
use super::field::{AnyInt, Nullable, bodies};

bodies! {
    /// What is asked.
    Request<'a> {
        /// The key of SHIP.
        key: &'a str = "k",
        /// The size in bytes.
        size: i64 = "s",
        /// The name of the file, or null.
        file_name: Nullable<&'a str> = "f",
        /// The kind of message.
        kind: Option<i32> = "t",
        /// The width of a picture.
        width: Option<i32> = "w",
        /// The height of a picture.
        height: Option<i32> = "h",
        /// The room.
        chat_id: Option<i64> = "c",
        /// The client's own number, by its letters.
        msg_id: Option<i64> = "mid",
        /// noSeen of WRITE, by its letters.
        no_seen: Option<bool> = "ns",
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
        /// More data about the file.
        extra: Option<&'a str> = "ex",
        /// Unknown; 4 was seen.
        dt: Option<i32> = "dt",
        /// The scope, by its letters; 1 was seen.
        scope: Option<i32> = "scp",
        /// Unknown, or null.
        sp: Nullable<&'a str> = "sp",
        /// Unknown.
        rt: Option<bool> = "rt",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// How many bytes the server already has; the upload goes on from there.
        offset: AnyInt = "o",
        /// The same number, as KT reads it.
        offset_alt: Option<AnyInt> = "offset",
    }
}

call! { Post: Request<'a> => Reply }
