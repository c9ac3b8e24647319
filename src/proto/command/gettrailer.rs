//! GETTRAILER: asks where to download a file (loco-modern §4.5).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The key of the file.
        key: &'a str = "k",
        /// The kind of message that carries the file.
        kind: Option<i32> = "t",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Unknown; clients connect to vh.
        h: Option<&'a str> = "h",
        /// The port of the media server.
        port: i32 = "p",
        /// The media server.
        host: &'a str = "vh",
        /// The media server by IPv6.
        host6: &'a str = "vh6",
        /// Unknown.
        rd: Option<bool> = "rd",
    }
}

call! { GetTrailer: Request<'a> => Reply<'r> }
