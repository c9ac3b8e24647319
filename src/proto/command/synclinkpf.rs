//! SYNCLINKPF: tells that somebody shows another profile in a link (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;
use super::types::OpenLinkUser;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: Option<i64> = "c",
        /// The link.
        link_id: Option<i64> = "li",
        /// The profile after the change.
        link_user: OpenLinkUser<'a> = "olu",
    }
}

pushed! { SyncLinkPf: Push<'a> }
