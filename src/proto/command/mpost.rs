//! MPOST: uploads one file of several (loco-modern §4.5).

use super::call::call;
use super::field::{AnyInt, bodies};

bodies! {
    /// What is asked.
    Request<'a> {
        /// The key of MSHIP.
        key: &'a str = "k",
        /// The size in bytes.
        size: i64 = "s",
        /// The kind of message.
        kind: Option<i32> = "t",
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
        /// Unknown.
        dt: Option<i32> = "dt",
        /// The scope, by its letters.
        scope: Option<i32> = "scp",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// How many bytes the server already has; the upload goes on from there.
        offset: AnyInt = "o",
    }
}

call! { MPost: Request<'a> => Reply }
