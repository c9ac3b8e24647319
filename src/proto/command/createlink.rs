//! CREATELINK: creates an open link with its room or a profile (loco-modern §4.4).

use super::call::call;
use super::field::{Nullable, bodies};
use super::types::{OpenLink, RoomInfo};
use crate::proto::wire::Document;

bodies! {
    /// What is asked.
    Request<'a> {
        /// A profile, a room or a community room.
        link_type: i32 = "lt",
        /// The name of the link.
        link_name: &'a str = "ln",
        /// A path; by its name that of the picture of the link.
        link_image_path: Option<&'a str> = "lip",
        /// Unknown.
        aptp: Option<bool> = "aptp",
        /// Unknown.
        pa: Option<bool> = "pa",
        /// A number in seconds; what the server does with it is unknown, in seconds.
        ri: Option<i64> = "ri",
        /// For a room; by its name the member limit.
        ml: Option<i32> = "ml",
        /// For a profile; by its name a limit of direct chats.
        dcl: Option<i32> = "dcl",
        /// The description of the link.
        description: Nullable<&'a str> = "desc",
        /// Unknown.
        sc: Option<bool> = "sc",
        /// Which profile the user shows.
        profile_type: Option<i32> = "ptp",
        /// The name to show; NK sends it with profile type 2.
        nick_name: Option<&'a str> = "nn",
        /// The picture to show; NK sends it with profile type 2.
        profile_path: Option<&'a str> = "pp",
        /// The profile link to show; NK sends it with profile type 16.
        profile_link_id: Option<i64> = "pli",
        /// The description and the tags of a profile link.
        profile_content: Option<&'a str> = "pfc",
        /// Unknown; NK sends 40 for a profile.
        did: Option<i64> = "did",
        /// The category.
        category_id: Option<i32> = "categoryId",
        /// Unknown.
        adid: Option<&'a str> = "adid",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The new link.
        link: OpenLink<'a> = "ol",
        /// The new room where the link is no profile.
        chat_room: Option<RoomInfo<'a>> = "chatRoom",
        /// By its name the category; its fields are unknown.
        category: Option<Document<'a>> = "category",
    }
}

call! { CreateLink: Request<'a> => Reply<'r> }
