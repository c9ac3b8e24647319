//! CHGMCMETA: tells that one of the user's own settings has changed (loco-modern §4.3).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The new revision.
        revision: i32 = "revision",
        /// Which setting.
        kind: &'a str = "type",
        /// The value.
        content: Option<&'a str> = "content",
        /// A picture.
        image_url: Option<&'a str> = "imageUrl",
        /// A picture in full size.
        full_image_url: Option<&'a str> = "fullImageUrl",
    }
}

pushed! { ChgMcMeta: Push<'a> }
