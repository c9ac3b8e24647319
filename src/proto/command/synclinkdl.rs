//! SYNCLINKDL: tells that an open link is deleted (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push {
        /// The link.
        link_id: i64 = "li",
    }
}

pushed! { SyncLinkDl: Push }
