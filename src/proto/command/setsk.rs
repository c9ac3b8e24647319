//! SETSK: sets the keys of a secret room (loco-modern §4.2).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "c",
        /// By its name the key of the room, once for each member.
        room_keys: Vec<&'a str> = "sk",
        /// By its name a signature.
        signature: Option<&'a str> = "s",
        /// The members; paired with sk.
        member_ids: Vec<i64> = "mi",
        /// Unknown; by its name the tokens of the members' keys, paired with mi.
        member_key_tokens: Option<Vec<i64>> = "mp",
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

call! { SetSk: Request<'a> => Reply }
