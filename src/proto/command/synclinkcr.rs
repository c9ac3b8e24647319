//! SYNCLINKCR: tells that the user has a new open link (loco-modern §4.4).

use super::call::pushed;
use super::field::bodies;
use super::types::{OpenLink, RoomInfo};

bodies! {
    /// What the server says.
    Push<'a> {
        /// The new link.
        link: OpenLink<'a> = "ol",
        /// The room of the link.
        chat_room: Option<RoomInfo<'a>> = "chatRoom",
    }
}

pushed! { SyncLinkCr: Push<'a> }
