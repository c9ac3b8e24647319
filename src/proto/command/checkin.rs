//! CHECKIN: which carriage server is ours (ticket, loco-modern §3.2; entry of 2012, loco-2012 §7.2).

use super::call::call;
use super::field::bodies;

bodies! {
    /// Who comes. `os` alone is enough (loco-2012 §7.2).
    Request<'a> {
        /// The user; one client sends 0.
        user_id: Option<i64> = "userId",
        /// win32, android ….
        os: &'a str = "os",
        /// 0 wired or wifi, 3 cellular.
        ntype: Option<i32> = "ntype",
        /// Too old: -999.
        app_ver: Option<&'a str> = "appVer",
        /// A second device.
        use_sub: Option<bool> = "useSub",
        /// Two letters.
        lang: Option<&'a str> = "lang",
        /// Network operator.
        mccmnc: Option<&'a str> = "MCCMNC",
        /// Two letters.
        country_iso: Option<&'a str> = "countryISO",
        /// The operator of the SIM card; one client sends it.
        sim_mccmnc: Option<&'a str> = "simMCCMNC",
    }

    /// The carriage server. The fields of 2012 come first and in its order; a strict modern client wants all ten addresses.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The carriage server.
        host: &'a str = "host",
        /// The same over IPv6.
        host6: Option<&'a str> = "host6",
        /// Its port.
        port: i32 = "port",
        /// Seconds for which the address holds.
        cache_expire: i32 = "cacheExpire",
        /// Call server.
        cs_host: &'a str = "cshost",
        /// Its port.
        cs_port: i32 = "csport",
        /// The same over IPv6.
        cs_host6: Option<&'a str> = "cshost6",
        /// Voice and video server.
        vss_host: Option<&'a str> = "vsshost",
        /// Its port.
        vss_port: Option<i32> = "vssport",
        /// The same over IPv6.
        vss_host6: Option<&'a str> = "vsshost6",
        /// The network operator.
        mccmnc: Option<&'a str> = "MCCMNC",
    }
}

call! { CheckIn: Request<'a> => Reply<'r> }
