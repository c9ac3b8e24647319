//! BLSYNC: brings the list of blocked users up to date (loco-modern §4.6).

use super::call::{call, pushed};
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The revision of the block list.
        revision: i32 = "r",
        /// The revision of the list of blocked plus friends.
        plus_revision: i32 = "pr",
        /// Whether l is the full list.
        full: Option<bool> = "f",
        /// The users who are blocked.
        ids: Option<Vec<i64>> = "l",
        /// How each is blocked; paired with l.
        kinds: Option<Vec<i32>> = "ts",
        /// The users who are blocked no longer.
        removed_ids: Option<Vec<i64>> = "dl",
        /// Whether pl is the full list.
        plus_full: Option<bool> = "pf",
        /// The plus friends who are blocked.
        plus_ids: Option<Vec<i64>> = "pl",
        /// How each is blocked; paired with pl.
        plus_kinds: Option<Vec<i32>> = "pts",
        /// The plus friends who are blocked no longer.
        plus_removed_ids: Option<Vec<i64>> = "pdl",
    }

    /// What the server says.
    Push {
        /// The revision of the block list.
        revision: i32 = "r",
        /// The revision of the list of blocked plus friends.
        plus_revision: i32 = "pr",
        /// Whether l is the full list.
        full: Option<bool> = "f",
        /// The users who are blocked.
        ids: Option<Vec<i64>> = "l",
        /// How each is blocked; paired with l.
        kinds: Option<Vec<i32>> = "ts",
        /// The users who are blocked no longer.
        removed_ids: Option<Vec<i64>> = "dl",
        /// Whether pl is the full list.
        plus_full: Option<bool> = "pf",
        /// The plus friends who are blocked.
        plus_ids: Option<Vec<i64>> = "pl",
        /// How each is blocked; paired with pl.
        plus_kinds: Option<Vec<i32>> = "pts",
        /// The plus friends who are blocked no longer.
        plus_removed_ids: Option<Vec<i64>> = "pdl",
    }

    /// What the client answers.
    Receipt {
        /// The revision that the client has now.
        revision: i32 = "r",
        /// The same for plus friends.
        plus_revision: i32 = "pr",
    }
}

call! { BlSync: Request => Reply }
pushed! { BlSync: Push }
