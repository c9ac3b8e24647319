//! REACT: reacts to an open link, or to a message (loco-modern §4.4).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The open link; on Android 25.8.1 the log id of a message.
        link_id: i64 = "li",
        /// 0 or 1 for a link; else the reaction.
        reaction: i32 = "rt",
        /// Unknown.
        adid: Option<&'a str> = "adid",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Why not, as text.
        err_msg: Option<&'a str> = "errMsg",
    }
}

call! { React: Request<'a> => Reply<'r> }
