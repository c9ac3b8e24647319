//! Who is blocked, on [`Shelf::Blocks`](crate::proto::server::store::Shelf::Blocks). No record is no block. A plus friend
//! stands under the complement of his id, which is below 0: he is never taken for the user who has that number.

use crate::proto::command::field::bodies;

bodies! {
    /// One block.
    Block {
        /// 0 blocked, 1 the profile is hidden too.
        kind: i32 = "type",
        /// Whether it is a plus friend.
        plus: bool = "plus",
        /// The change that it came with.
        revision: i32 = "revision",
    }
}
