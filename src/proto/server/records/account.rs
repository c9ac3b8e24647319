//! What belongs to one user alone, on [`Shelf::Accounts`](crate::proto::server::store::Shelf::Accounts).

use crate::proto::command::field::bodies;

/// The second key of an [`AccountState`].
pub const STATE: i64 = 0;

bodies! {
    /// Whether the user may log in. None is an account without a fault.
    AccountState {
        /// From this second of Unix time on the token is taken for expired; 0 is never.
        token_expires_at: i64 = "tokenExpiresAt",
        /// Whether the account is restricted.
        restricted: bool = "restricted",
    }
}

/// The second key of [`BlockRevisions`].
pub const BLOCKS: i64 = 1;

bodies! {
    /// Which changes of the block list were the last: one count for users and plus friends.
    BlockRevisions {
        /// The last change about users.
        users: i32 = "r",
        /// The last change about plus friends.
        plus: i32 = "pr",
    }
}

impl BlockRevisions {
    /// The last change of all: `lbk` of a login.
    #[must_use]
    pub const fn last(&self) -> i32 {
        if self.users > self.plus { self.users } else { self.plus }
    }
}

/// The second key of [`KeyToken`].
pub const KEYS: i64 = 2;

bodies! {
    /// The token of the user's latest keys for secret chats.
    KeyToken {
        /// It rises with each set of keys.
        token: i64 = "pt",
    }
}
