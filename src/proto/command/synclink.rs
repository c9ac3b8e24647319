//! SYNCLINK: the open links of the user (loco-modern §4.4). Own and joined ones, since a token.

use super::call::call;
use super::field::bodies;
use super::types::OpenLink;

bodies! {
    /// What the client has.
    Request {
        /// Token of the last list, 0 first.
        ltk: i32 = "ltk",
    }

    /// What changed.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Links.
        links: Option<Vec<OpenLink<'a>>> = "ols",
        /// Token of this list.
        ltk: i32 = "ltk",
        /// Links that are gone.
        deleted: Option<Vec<i64>> = "dlis",
    }
}

call! { SyncLink: Request => Reply<'r> }
