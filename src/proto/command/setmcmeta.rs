//! SETMCMETA: changes one of the user's own settings of a room (loco-modern §4.3).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// Which setting.
        kind: &'a str = "type",
        /// The new value.
        content: &'a str = "content",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// Which setting.
        kind: &'a str = "type",
        /// The new revision.
        revision: i32 = "revision",
        /// A picture.
        image_url: Option<&'a str> = "imageUrl",
        /// A picture in full size.
        full_image_url: Option<&'a str> = "fullImageUrl",
        /// The value.
        content: Option<&'a str> = "content",
    }
}

call! { SetMcMeta: Request<'a> => Reply<'r> }
