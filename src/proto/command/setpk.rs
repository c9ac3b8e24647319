//! SETPK: stores the user's keys for secret chats (loco-modern §4.2).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// A key in base64; by its name the one for encryption.
        ek: &'a str = "ek",
        /// A key in base64; by its name the one for signatures.
        sk: &'a str = "sk",
        /// Base64.
        sr: Option<&'a str> = "sr",
        /// Base64.
        sd: Option<&'a str> = "sd",
        /// Base64; it stands beside the keys in GETPK too.
        cs: Option<&'a str> = "cs",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The token of these keys.
        key_token: i64 = "pt",
        /// Unknown.
        r: Option<bool> = "r",
    }
}

call! { SetPk: Request<'a> => Reply }
