//! SWRITE: writes a message into a secret room (loco-modern §4.2).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The cipher text of the message.
        msg: &'a str = "m",
        /// The cipher text of what hangs on it.
        extra: Option<&'a str> = "e",
        /// By its name the client's own number, the msgId of WRITE.
        msg_id: Option<i64> = "mid",
        /// The room.
        chat_id: i64 = "c",
        /// The signature.
        signature: Option<&'a str> = "s",
        /// The kind of message plus 0x10000000.
        kind: i32 = "t",
        /// Unknown.
        st: Option<i64> = "st",
        /// The token of the caller's keys.
        key_token: Option<i64> = "pt",
        /// That of SCREATE.
        sc: Option<i64> = "sc",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { SWrite: Request<'a> => Reply }
