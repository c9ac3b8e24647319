//! JOINLINK: joins a room through an open link (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::{ChatLog, OpenLink, OpenLinkUser, RoomInfo};

bodies! {
    /// What is asked.
    Request<'a> {
        /// The link.
        link_id: i64 = "li",
        /// Where the link was found.
        referer: Option<&'a str> = "ref",
        /// Which profile the user shows.
        profile_type: i32 = "ptp",
        /// The name to show; NK sends it with profile type 2.
        nick_name: Option<&'a str> = "nn",
        /// The picture to show; NK sends it with profile type 2.
        profile_path: Option<&'a str> = "pp",
        /// The profile link to show; NK sends it with profile type 16.
        profile_link_id: Option<i64> = "pli",
        /// The token of CHECKJOIN where the link has a pass code.
        token: Option<&'a str> = "tk",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The link.
        link: Option<OpenLink<'a>> = "ol",
        /// The profile of the user in this link.
        link_user: Option<OpenLinkUser<'a>> = "olu",
        /// The room.
        chat_room: RoomInfo<'a> = "chatRoom",
        /// The feed message of the join.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }
}

call! { JoinLink: Request<'a> => Reply<'r> }
