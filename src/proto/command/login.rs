//! LOGIN: who comes, on the carriage of 2012 (loco-2012 §7.3).

use super::call::call;
use super::field::{Nullable, bodies};

bodies! {
    /// The session key and the device are enough to log in.
    Request<'a> {
        /// "" in every source.
        opt: Option<&'a str> = "opt",
        /// "1.0".
        prt_ver: Option<&'a str> = "prtVer",
        /// Version of the app.
        app_ver: &'a str = "appVer",
        /// wp, android, win32.
        os: &'a str = "os",
        /// Two letters.
        lang: Option<&'a str> = "lang",
        /// The session key: identity and its proof.
        s_key: &'a str = "sKey",
        /// The device.
        duuid: &'a str = "duuid",
        /// 3 in every source.
        ntype: Option<i32> = "ntype",
        /// Network operator, or null.
        mccmnc: Nullable<&'a str> = "MCCMNC",
    }

    /// More fields exist on Android; their names are inferred (loco-2012 §6.2), so they stay out.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The user.
        user_id: i64 = "userId",
    }
}

call! { Login: Request<'a> => Reply }
