//! MCHKTOKENS: asks which files the server already has (loco-modern §4.5).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The kinds of the messages that carry the files.
        kinds: Vec<i32> = "ts",
        /// The keys; paired with ts.
        keys: Vec<&'a str> = "ks",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The keys that are known.
        known_keys: Vec<&'a str> = "eks",
    }
}

call! { MChkTokens: Request<'a> => Reply<'r> }
