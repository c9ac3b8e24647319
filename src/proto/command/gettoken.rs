//! GETTOKEN: fetches numbered tokens (loco-modern §4.1).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request {
        /// The kinds of tokens; their meaning is unknown.
        kinds: Vec<i32> = "ts",
    }

    /// The answer.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
        /// The kinds of tokens.
        kinds: Vec<i32> = "ts",
        /// The tokens; paired with ts.
        tokens: Vec<i64> = "os",
    }
}

call! { GetToken: Request => Reply }
