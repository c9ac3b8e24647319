//! UPDATELINK: changes the settings of an open link (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::OpenLink;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The link.
        link_id: i64 = "li",
        /// The name of the link.
        link_name: Option<&'a str> = "ln",
        /// Unknown.
        ac: Option<bool> = "ac",
        /// Unknown.
        pa: Option<bool> = "pa",
        /// The pass code to join.
        pass_code: Option<&'a str> = "pc",
        /// The description of the link.
        description: Option<&'a str> = "desc",
        /// Unknown.
        sc: Option<bool> = "sc",
        /// For a room; by its name the member limit.
        ml: Option<i32> = "ml",
        /// For a profile; by its name a limit of direct chats.
        dcl: Option<i32> = "dcl",
        /// A path; by its name that of the picture of the link.
        link_image_path: Option<&'a str> = "lip",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The link after the change.
        link: OpenLink<'a> = "ol",
    }
}

call! { UpdateLink: Request<'a> => Reply<'r> }
