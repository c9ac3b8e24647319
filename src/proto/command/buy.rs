//! BUY: which carriage server is ours, and the timers (entry of 2012; loco-2012 §7.1).

use super::call::call;
use super::field::{Nullable, bodies};

bodies! {
    /// Who comes.
    Request<'a> {
        /// The user.
        user_id: i64 = "userId",
        /// wp, android.
        os: &'a str = "os",
        /// 3 in every source.
        ntype: Option<i32> = "ntype",
        /// Version of the app.
        app_ver: Option<&'a str> = "appVer",
        /// Network operator, "" or null.
        mccmnc: Nullable<&'a str> = "MCCMNC",
        /// Two letters.
        country_iso: Option<&'a str> = "countryISO",
        /// false in every source.
        voip: Option<bool> = "voip",
    }

    /// The carriage server and the timers, in seconds.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The carriage server.
        host: &'a str = "host",
        /// Its port.
        port: i32 = "port",
        /// Heartbeat.
        ping_itv: i32 = "pingItv",
        /// A request may take.
        req_timeout: i32 = "reqTimeout",
        /// The address holds.
        cache_expire: i32 = "cacheExpire",
        /// Unknown.
        lazy_wait_itv: i32 = "lazyWaitItv",
        /// Unknown.
        deep_sleep_itv: i32 = "deepSleepItv",
    }
}

call! { Buy: Request<'a> => Reply<'r> }
