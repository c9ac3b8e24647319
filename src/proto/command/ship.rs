//! SHIP: asks where to upload a file (loco-modern §4.5).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "c",
        /// The kind of message that will carry the file.
        kind: i32 = "t",
        /// The size in bytes.
        size: i64 = "s",
        /// SHA-1 of the file in hex.
        checksum: &'a str = "cs",
        /// The file name extension.
        extension: Option<&'a str> = "e",
        /// More data about the file.
        extra: Option<&'a str> = "ex",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The key of the upload.
        key: &'a str = "k",
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

call! { Ship: Request<'a> => Reply<'r> }
