//! DECUNREAD: somebody has read up to here (push; loco-modern §4.2).

use super::field::bodies;

bodies! {
    /// Who, and how far.
    Push {
        /// The room.
        chat_id: i64 = "chatId",
        /// Who.
        user_id: i64 = "userId",
        /// The last log that was read.
        watermark: i64 = "watermark",
    }
}
