//! Reactions to messages and to open links.

use crate::proto::command::field::bodies;

bodies! {
    /// A reaction: on [`Shelf::Reactions`](crate::proto::server::store::Shelf::Reactions) under log and user, or under
    /// link and user. Under log and 0 stands how often the reactions of the log have changed.
    Reaction {
        /// The room of the log, 0 for a link. Log ids of two rooms may be the same.
        chat_id: i64 = "chatId",
        /// 1 to 6 for a log, 1 for a link.
        kind: i32 = "kind",
        /// Under log and 0 only: rises with each change.
        revision: i64 = "revision",
    }
}
