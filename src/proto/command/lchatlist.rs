//! LCHATLIST: the next page of rooms (carriage; loco-modern §3.4).

use super::call::call;
use super::field::bodies;
use super::types::RoomItem;

bodies! { quick;
    /// Where the last page ended.
    Request {
        /// That of the last page.
        last_token_id: i64 = "lastTokenId",
        /// That of the last page.
        last_chat_id: i64 = "lastChatId",
        /// Rooms that the client knows.
        chat_ids: Option<Vec<i64>> = "chatIds",
        /// Their last log ids, as many.
        max_ids: Option<Vec<i64>> = "maxIds",
        /// Block-list token.
        lbk: Option<i32> = "lbk",
    }

    /// The list part of LOGINLIST.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
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
    }
}

call! { LChatList: Request => Reply<'r> }
