//! LOGINLIST: who comes, and what changed since (carriage; loco-modern §3.3).

use super::call::call;
use super::field::bodies;
use super::types::RoomItem;

bodies! { quick;
    /// Who comes and what it knows. Order as the Android capture has it.
    Request<'a> {
        /// Version of the app; too old: -999.
        app_ver: &'a str = "appVer",
        /// "1".
        prt_ver: Option<&'a str> = "prtVer",
        /// win32, android ….
        os: &'a str = "os",
        /// Two letters.
        lang: Option<&'a str> = "lang",
        /// The device.
        duuid: &'a str = "duuid",
        /// 0 wired or wifi, 3 cellular.
        ntype: Option<i32> = "ntype",
        /// Network operator.
        mccmnc: Option<&'a str> = "MCCMNC",
        /// That of the previous reply.
        revision: Option<i32> = "revision",
        /// Rooms that the client knows.
        chat_ids: Option<Vec<i64>> = "chatIds",
        /// Their last log ids, as many.
        max_ids: Option<Vec<i64>> = "maxIds",
        /// That of the previous reply.
        last_token_id: Option<i64> = "lastTokenId",
        /// That of the previous reply; two clients send it.
        last_chat_id: Option<i64> = "lastChatId",
        /// Block-list token.
        lbk: Option<i32> = "lbk",
        /// Six bytes, unknown; null in two clients.
        rp: Option<&'a [u8]> = "rp",
        /// Logged in from the background.
        bg: Option<bool> = "bg",
        /// Proof of identity; wrong: -950.
        oauth_token: &'a str = "oauthToken",
        /// 1 main device, 2 second device.
        dtype: Option<i32> = "dtype",
        /// PC status.
        pcst: Option<i32> = "pcst",
        /// A session key, by its name; clients leave it unset.
        s_key: Option<&'a str> = "sKey",
        /// The second-device flag of CHECKIN, by its name; clients leave it unset.
        use_sub: Option<bool> = "useSub",
    }

    /// The user and its rooms.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The user.
        user_id: i64 = "userId",
        /// Of this list.
        revision: i32 = "revision",
        /// JSON text.
        revision_info: &'a str = "revisionInfo",
        /// Logs before it are gone.
        min_log_id: i64 = "minLogId",
        /// Unknown; a strict client wants it.
        sb: i32 = "sb",
        /// Rooms that changed.
        chat_datas: Vec<RoomItem<'a>> = "chatDatas",
        /// Rooms that are gone.
        del_chat_ids: Vec<i64> = "delChatIds",
        /// Paging cursor.
        last_chat_id: i64 = "lastChatId",
        /// Token of this list.
        last_token_id: i64 = "lastTokenId",
        /// Revision of the client metas.
        mcm_revision: i32 = "mcmRevision",
        /// Unknown; empty.
        kc: Vec<i64> = "kc",
        /// Open-link token.
        ltk: i64 = "ltk",
        /// Block-list token.
        lbk: i32 = "lbk",
        /// false: page on with LCHATLIST.
        eof: bool = "eof",
        /// Six bytes, unknown; a strict client wants it.
        rp: &'a [u8] = "rp",
        /// The token of the user's keys for secret chats.
        pk_token: Option<i64> = "pkToken",
        /// Whether these keys changed, by its name.
        pk_update: Option<bool> = "pkUpdate",
    }
}

call! { LoginList: Request<'a> => Reply<'r> }
