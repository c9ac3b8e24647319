//! JOININFO: looks up an open link by its address (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::OpenLink;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The address of the link.
        link_url: &'a str = "lu",
        /// Where the address was found.
        referer: Option<&'a str> = "ref",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The link.
        link: OpenLink<'a> = "ol",
    }
}

call! { JoinInfo: Request<'a> => Reply<'r> }
