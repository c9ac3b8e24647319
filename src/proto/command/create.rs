//! CREATE: makes a room with other users (loco-modern §4.3).

use super::call::call;
use super::field::bodies;
use super::types::RoomInfo;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The other users.
        member_ids: Vec<i64> = "memberIds",
        /// A name.
        nick_name: Option<&'a str> = "nickName",
        /// nickName in the spelling of an older client.
        nickname: Option<&'a str> = "nickname",
        /// A picture.
        profile_image_url: Option<&'a str> = "profileImageUrl",
        /// Whether the room is one for the user alone.
        memo_chat: Option<bool> = "memoChat",
        /// Whether the room makes pushes that alert.
        push_alert: Option<bool> = "pushAlert",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room, also with -310.
        chat_id: i64 = "chatId",
        /// The room in full.
        chat_room: Option<RoomInfo<'a>> = "chatRoom",
    }
}

call! { Create: Request<'a> => Reply<'r> }
