//! CHATONROOM: a room is opened on screen (loco-modern §4.3).

use super::call::call;
use super::field::{AnyInt, bodies};
use super::types::{Member, OpenLinkUser, SecretKey};
use crate::proto::wire::Document;

bodies! {
    /// Which.
    Request {
        /// The room.
        chat_id: i64 = "chatId",
        /// 0, or the last member token.
        token: Option<i64> = "token",
        /// int64, int32 or absent.
        opt: Option<AnyInt> = "opt",
        /// In a secret room only. Its meaning is unknown.
        st: Option<i64> = "st",
        /// In a secret room only. Its meaning is unknown.
        secret_chat: Option<i64> = "sc",
    }

    /// Its members and their read marks.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "c",
        /// DirectChat, MultiChat ….
        kind: &'a str = "t",
        /// The members …
        members: Option<Vec<Member<'a>>> = "m",
        /// … or their ids, in a large room.
        member_ids: Option<Vec<i64>> = "mi",
        /// Users, paired with `w`.
        watermark_ids: Vec<i64> = "a",
        /// What they have read.
        watermarks: Vec<i64> = "w",
        /// The last log.
        last_log_id: i64 = "l",
        /// When the room last changed, Unix seconds.
        updated_at: i64 = "o",
        /// The open link's token.
        open_token: Option<i32> = "otk",
        /// Unknown.
        f: bool = "f",
        /// Unknown.
        jsi: Option<i64> = "jsi",
        /// The profile of the caller in an open room.
        link_user: Option<OpenLinkUser<'a>> = "olu",
        /// Unknown.
        mr: Option<&'a str> = "mr",
        /// Unknown. Only null has been seen.
        pct: Option<Document<'a>> = "pct",
        /// Unknown.
        sui: Option<i64> = "sui",
        /// Unknown.
        msr: Option<i64> = "msr",
        /// Unknown.
        noti_read: Option<bool> = "notiRead",
        /// Unknown.
        ef: Option<bool> = "ef",
        /// Unknown. Only null has been seen.
        r: Option<Document<'a>> = "r",
        /// In a secret room only. Its meaning is unknown.
        secret_chat: Option<i64> = "sc",
        /// In a secret room only. The public keys of the members.
        public_keys: Option<Vec<SecretKey<'a>>> = "pi",
    }
}

call! { ChatOnRoom: Request => Reply<'r> }
