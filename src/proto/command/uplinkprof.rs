//! UPLINKPROF: changes the profile that the user shows in a link (loco-modern §4.4).

use super::call::call;
use super::field::bodies;
use super::types::OpenLinkUser;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The link.
        link_id: i64 = "li",
        /// Which profile the user shows.
        profile_type: i32 = "ptp",
        /// The name to show; NK sends it with profile type 2.
        nick_name: Option<&'a str> = "nn",
        /// The picture to show; NK sends it with profile type 2.
        profile_path: Option<&'a str> = "pp",
        /// The profile link to show; NK sends it with profile type 16.
        profile_link_id: Option<i64> = "pli",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The profile of the user in this link after the change.
        link_user: Option<OpenLinkUser<'a>> = "olu",
    }
}

call! { UpLinkProf: Request<'a> => Reply<'r> }
