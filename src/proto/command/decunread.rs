//! DECUNREAD: somebody has read up to here (push; loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;

bodies! { quick;
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

pushed! { DecUnread: Push }
