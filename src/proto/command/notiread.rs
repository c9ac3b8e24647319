//! NOTIREAD: read up to here (loco-modern §4.2).

use super::field::bodies;

bodies! {
    /// How far.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// The last log that was read.
        watermark: i64 = "watermark",
        /// The open link …
        link_id: Option<i64> = "li",
        /// … as three clients spell it.
        link_id_alt: Option<i64> = "linkId",
        /// Unknown.
        noti_read: Option<bool> = "notiRead",
    }

    /// Noted.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// Unknown.
        noti_read: Option<bool> = "notiRead",
    }
}
