//! When a room last changed, on [`Shelf::Changes`](crate::proto::server::store::Shelf::Changes).

use crate::proto::command::field::bodies;

bodies! {
    /// A change, or under the keys 0, 0 the last of all.
    Change {
        /// Its number: it rises with each request that changes a room.
        token: i64 = "token",
        /// Whether the user has left the room with it.
        gone: bool = "gone",
    }
}
