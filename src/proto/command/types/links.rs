//! Open links and the people in them (loco-modern §6.10, §6.5).

use crate::proto::command::field::bodies;
use crate::proto::wire::Document;

bodies! {
    /// An open link.
    OpenLink<'a> {
        /// The link.
        link_id: i64 = "li",
        /// The token of the link.
        link_token: Option<i32> = "otk",
        /// The name of the link.
        link_name: Option<&'a str> = "ln",
        /// The address of the link.
        link_url: Option<&'a str> = "lu",
        /// By its name the address of the picture.
        link_image_url: Option<&'a str> = "liu",
        /// Unknown; by its name an address.
        lcu: Option<&'a str> = "lcu",
        /// The owner.
        owner: OpenLinkUser<'a> = "olu",
        /// Unknown.
        vt: Option<i32> = "vt",
        /// A profile, a room or a community room.
        link_type: Option<i32> = "lt",
        /// The description.
        description: Option<&'a str> = "desc",
        /// The pass code to join.
        pass_code: Option<&'a str> = "pc",
        /// Unknown.
        pa: Option<bool> = "pa",
        /// Unknown.
        ac: Option<bool> = "ac",
        /// Unknown.
        sc: Option<bool> = "sc",
        /// What the link allows.
        privilege: Option<i64> = "pv",
        /// Unknown.
        ex: Option<bool> = "ex",
        /// Unknown.
        ca: Option<i32> = "ca",
        /// Holds t and a document co with desc; the types of these are not known.
        oc: Option<Document<'a>> = "oc",
        /// Holds desc and, where there are any, tags; the types of these are not known.
        op: Option<Document<'a>> = "op",
        /// In the own or joined form of a room; by its name the member limit.
        ml: Option<i32> = "ml",
        /// In the own or joined form of a profile; by its name a limit of direct chats.
        dcl: Option<i32> = "dcl",
    }

    /// A user in an open link.
    OpenLinkUser<'a> {
        /// The user.
        user_id: i64 = "userId",
        /// The name in this link.
        nick_name: &'a str = "nn",
        /// The picture.
        profile_image_url: Option<&'a str> = "pi",
        /// The picture in full.
        full_profile_image_url: Option<&'a str> = "fpi",
        /// The picture as it was uploaded.
        original_profile_image_url: Option<&'a str> = "opi",
        /// What the user may do in the link.
        member_type: i32 = "lmt",
        /// Which profile the user shows.
        profile_type: i32 = "ptp",
        /// The profile link that the user shows.
        profile_link_id: Option<i64> = "pli",
        /// The open token.
        open_token: i32 = "opt",
        /// What the user or the link allows.
        privilege: i32 = "pv",
    }

    /// A member who was removed from an open room.
    KickedMember<'a> {
        /// The user.
        user_id: i64 = "userId",
        /// The name that the user had.
        nick_name: &'a str = "nickName",
        /// The picture.
        profile_image_url: Option<&'a str> = "pi",
        /// The room.
        chat_id: i64 = "c",
        /// Unknown.
        dc: Option<bool> = "dc",
    }
}
