//! INVOICE: announces a media file on a media server (loco-modern §4.5).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The key of the file.
        key: &'a str = "k",
        /// The size in bytes.
        size: i64 = "s",
        /// By its name the MIME type.
        mime_type: Option<&'a str> = "mt",
        /// The room.
        chat_id: i64 = "c",
        /// The kind of message.
        kind: i32 = "t",
        /// Unknown; by SHIP clients connect to vh.
        h: Option<&'a str> = "h",
        /// The port of the media server.
        port: Option<i32> = "p",
        /// The media server.
        host: Option<&'a str> = "vh",
        /// The media server over IPv6.
        host6: Option<&'a str> = "vh6",
        /// What hangs on the message.
        extra: Option<&'a str> = "ex",
    }
}

pushed! { Invoice: Push<'a> }
