//! Keys and rooms of secret chats (loco-modern §4.2).

use super::Member;
use crate::proto::command::field::{Nullable, bodies};
use crate::proto::wire::Document;

bodies! {
    /// The keys of a user for secret chats.
    SecretKey<'a> {
        /// The user.
        user_id: i64 = "u",
        /// By its name the key for encryption.
        ek: &'a str = "ek",
        /// By its name the key for signatures.
        sk: &'a str = "sk",
        /// The token of these keys.
        key_token: i64 = "pt",
        /// As SETPK has it.
        cs: Option<&'a str> = "cs",
    }

    /// A secret room as SCREATE gives it.
    SecretRoom<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The members in full.
        members: Vec<Member<'a>> = "members",
        /// The members.
        active_member_ids: Option<Vec<i64>> = "activeMemberIds",
        /// What they have read; paired with activeMemberIds.
        watermarks: Option<Vec<i64>> = "watermarks",
        /// Null in the capture.
        last_message: Nullable<&'a str> = "lastMessage",
        /// Null in the capture.
        last_updated_at: Nullable<i32> = "lastUpdatedAt",
        /// The last log of the room.
        last_log_id: i64 = "lastLogId",
        /// The unread messages; -1 in the capture.
        new_message_count: Option<i32> = "newMessageCount",
        /// The kind of room.
        kind: &'a str = "type",
        /// Whether pushes make a sound; null in the capture.
        push_alert: Nullable<bool> = "pushAlert",
        /// Null in the capture.
        meta_revisions: Nullable<Document<'a>> = "metaRevisions",
        /// When the room last changed, by the room list.
        updated_at: Option<i64> = "o",
        /// Null in the capture.
        pct: Nullable<Document<'a>> = "pct",
    }
}
