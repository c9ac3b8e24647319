//! SETST: the screen is on or off (loco-modern §4.1).

use super::call::call;
use super::field::bodies;

bodies! {
    /// Which.
    Request {
        /// 1 unlocked and active, 2 locked.
        st: i32 = "st",
    }

    /// Noted.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}

call! { SetSt: Request => Reply }
