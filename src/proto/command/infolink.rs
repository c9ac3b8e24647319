//! INFOLINK: fetches open links by their ids (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::OpenLink;

bodies! {
    /// What is asked.
    Request {
        /// The links asked for.
        link_ids: Vec<i64> = "lis",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The links that exist.
        links: Option<Vec<OpenLink<'a>>> = "ols",
    }
}

call! { InfoLink: Request => Reply<'r> }
