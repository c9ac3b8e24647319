//! NOTIREAD: read up to here (loco-modern §4.2).

use super::call::call;
use super::field::bodies;

bodies! { quick;
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
        /// Unknown; the Mac client sends it.
        service_id: Option<i32> = "serviceId",
    }

    /// Noted.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// Unknown.
        noti_read: Option<bool> = "notiRead",
    }
}

call! { NotiRead: Request => Reply }
