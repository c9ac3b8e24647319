//! Documents that several commands carry: chat log, room item, room info, members (loco-modern §6).

use super::field::{AnyInt, Nullable, bodies};
use crate::proto::wire::Document;

pub use links::{KickedMember, OpenLink, OpenLinkUser};
pub use secret::{SecretKey, SecretRoom};

mod links;
mod secret;

bodies! { quick;
    /// One message, as logs, pushes and replies carry it (loco-modern §6.1; 2012: loco-2012 §7.6).
    ChatLog<'a> {
        /// Rises strictly in a room.
        log_id: i64 = "logId",
        /// The room.
        chat_id: i64 = "chatId",
        /// The kind of message: 1 text, 0 feed; 0x4000 set: deleted.
        kind: i32 = "type",
        /// Who wrote it.
        author_id: i64 = "authorId",
        /// The text.
        message: Option<&'a str> = "message",
        /// Unix seconds.
        send_at: i32 = "sendAt",
        /// JSON text; null in 2012 when there is none, "" since.
        attachment: Nullable<&'a str> = "attachment",
        /// The client's own number: an int32 in 2012, an int64 since.
        msg_id: AnyInt = "msgId",
        /// The room's previous log id, 0 for the first message.
        prev_id: Option<i64> = "prevId",
        /// JSON text.
        supplement: Option<&'a str> = "supplement",
        /// Bit 0 room, bit 1 thread.
        scope: Option<i32> = "scope",
        /// The log that this one comments on.
        thread_id: Option<i64> = "threadId",
        /// Rises with each edit.
        revision: Option<i32> = "revision",
        /// Where it came from.
        referer: Option<i32> = "referer",
        /// The life of a message that disappears.
        msg_ttl: Option<i32> = "msgTtl",
        /// The signature data of a secret chat.
        s_info: Option<&'a str> = "sInfo",
    }

    /// A room in the list of LOGINLIST and LCHATLIST (loco-modern §6.3).
    RoomItem<'a> {
        /// The room.
        chat_id: i64 = "c",
        /// DirectChat, MultiChat ….
        kind: &'a str = "t",
        /// Members.
        active_members: i32 = "a",
        /// Unread messages.
        unread: i32 = "n",
        /// The last log that the user has seen.
        last_seen: Option<i64> = "s",
        /// The last log of the room.
        last_log_id: i64 = "ll",
        /// The last log itself.
        last_log: Option<ChatLog<'a>> = "l",
        /// Icon members.
        icon_ids: Option<Vec<i64>> = "i",
        /// Their names.
        icon_names: Option<Vec<&'a str>> = "k",
        /// The highest meta revision.
        meta_revision: i64 = "mmr",
        /// When the room last changed, Unix seconds.
        updated_at: AnyInt = "o",
        /// Joined at, for new members.
        joined: Option<i32> = "jn",
        /// Whether pushes make a sound.
        push_alert: bool = "p",
        /// The open link.
        link_id: Option<i64> = "li",
        /// The open link's token.
        link_token: Option<i32> = "otk",
        /// Unknown.
        metadata: Option<Document<'a>> = "m",
        /// Who invited the user.
        inviter_id: Option<i64> = "ii",
        /// Unknown.
        bmids: Option<Vec<i64>> = "bmids",
    }

    /// A member as rooms show it (loco-modern §6.4).
    DisplayMember<'a> {
        /// The user.
        user_id: i64 = "userId",
        /// The name.
        nick_name: &'a str = "nickName",
        /// Two letters.
        country_iso: Option<&'a str> = "countryIso",
        /// May be empty.
        profile_image_url: Option<&'a str> = "profileImageUrl",
    }

    /// One setting that all members of a room share (loco-modern §6.8).
    Meta<'a> {
        /// 1 notice, 3 title ….
        kind: i32 = "type",
        /// Rises with each change.
        revision: i64 = "revision",
        /// Who changed it.
        author_id: i64 = "authorId",
        /// Text or JSON.
        content: &'a str = "content",
        /// Unix seconds.
        updated_at: i32 = "updatedAt",
    }

    /// A room by itself: CHATINFO, CREATE, and the 2012 READ and CWRITE (loco-modern §6.4).
    RoomInfo<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// DirectChat, MultiChat ….
        kind: &'a str = "type",
        /// Members.
        active_members: i32 = "activeMembersCount",
        /// Unread messages.
        unread: i32 = "newMessageCount",
        /// Whether the count above is not to be trusted.
        unread_invalid: Option<bool> = "invalidNewMessageCount",
        /// Null in captures.
        updated_at: Nullable<i32> = "lastUpdatedAt",
        /// Null in captures.
        last_message: Nullable<&'a str> = "lastMessage",
        /// The last log of the room.
        last_log_id: i64 = "lastLogId",
        /// The last log that the user has seen.
        last_seen: i64 = "lastSeenLogId",
        /// The last log itself.
        last_log: Option<ChatLog<'a>> = "lastChatLog",
        /// Shared settings; one strict client wants it.
        metas: Option<Vec<Meta<'a>>> = "chatMetas",
        /// Some of the members.
        display_members: Vec<DisplayMember<'a>> = "displayMembers",
        /// Whether pushes make a sound.
        push_alert: bool = "pushAlert",
        /// Whether the user has left.
        left: Option<bool> = "left",
        /// Unix seconds.
        joined_at: Option<i32> = "joinedAtForNewMem",
        /// Who invited the user.
        inviter_id: Option<i64> = "inviterId",
        /// The open link.
        link_id: Option<i64> = "li",
        /// The open link's token.
        link_token: Option<i32> = "otk",
        /// The user's own settings of the room.
        meta: Option<Document<'a>> = "meta",
        /// Whether an open room is one between two.
        direct_chat: Option<bool> = "directChat",
    }

    /// A member in full (loco-modern §6.5).
    Member<'a> {
        /// The user.
        user_id: i64 = "userId",
        /// The account behind it.
        account_id: i32 = "accountId",
        /// The name.
        nick_name: &'a str = "nickName",
        /// Two letters.
        country_iso: Option<&'a str> = "countryIso",
        /// May be empty.
        profile_image_url: &'a str = "profileImageUrl",
        /// May be empty.
        full_profile_image_url: &'a str = "fullProfileImageUrl",
        /// May be empty.
        original_profile_image_url: &'a str = "originalProfileImageUrl",
        /// May be empty.
        status_message: &'a str = "statusMessage",
        /// May be empty.
        linked_services: &'a str = "linkedServices",
        /// 100 friend, -100 not a friend ….
        kind: i32 = "type",
        /// Whether the account is suspended.
        suspended: bool = "suspended",
        /// Unknown.
        ut: Option<i32> = "ut",
        /// Open member: the picture.
        profile_image: Option<&'a str> = "pi",
        /// Open member: the picture in full size.
        full_profile_image: Option<&'a str> = "fpi",
        /// Open member: the picture as it was sent in.
        original_profile_image: Option<&'a str> = "opi",
        /// Open member: the token of the open profile.
        open_token: Option<i32> = "opt",
        /// Open member: the link of the profile.
        profile_link_id: Option<i64> = "pli",
        /// Open member: what he is in the room.
        member_type: Option<i32> = "mt",
    }

    /// A room in the NCHATLIST of 2012. Only `lastLogId` is known; the rest is ours, named as its HTTP twin names it
    /// (`ROOM-NCHATLIST-2`; loco-2012 §7.4).
    RoomInfo2012<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// DirectChat, MultiChat ….
        kind: &'a str = "type",
        /// The last log of the room: what READ takes as `since`.
        last_log_id: i64 = "lastLogId",
        /// The text of the last message.
        last_message: Nullable<&'a str> = "lastMessage",
        /// Unix seconds.
        updated_at: i32 = "lastUpdatedAt",
        /// Unread messages.
        unread: i32 = "newMessageCount",
    }

    /// A setting of the board of a room.
    BoardMeta {
        /// Which setting.
        kind: Option<i32> = "t",
    }

    /// The shared settings of one room.
    RoomMetas<'a> {
        /// The room.
        chat_id: Option<i64> = "c",
        /// The room, where c is not there.
        room_id: Option<i64> = "chatId",
        /// The settings.
        metas: Vec<Meta<'a>> = "metas",
    }
}
