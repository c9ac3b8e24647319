//! BUYCS: asks for the call servers only (loco-modern §4.1).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The user.
        user_id: Option<i64> = "userId",
        /// The operating system.
        os: Option<&'a str> = "os",
        /// The kind of network.
        ntype: Option<i32> = "ntype",
        /// The version of the app.
        app_ver: Option<&'a str> = "appVer",
        /// The network operator.
        mccmnc: Option<&'a str> = "MCCMNC",
        /// The country, two letters.
        country_iso: Option<&'a str> = "countryISO",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The call server.
        cs_host: &'a str = "cshost",
        /// The port of the call server.
        cs_port: i32 = "csport",
        /// The call server over IPv6.
        cs_host6: &'a str = "cshost6",
        /// The voice and video server.
        vss_host: &'a str = "vsshost",
        /// The port of the voice and video server.
        vss_port: i32 = "vssport",
        /// The voice and video server over IPv6.
        vss_host6: &'a str = "vsshost6",
    }
}

call! { BuyCs: Request<'a> => Reply<'r> }
