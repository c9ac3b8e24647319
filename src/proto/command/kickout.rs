//! KICKOUT: the session is over (push; loco-modern §3.6).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// Why.
    Push {
        /// -2 change server, 0 logged in elsewhere, 1 account deleted; absent is 0.
        reason: Option<i32> = "reason",
    }
}

pushed! { KickOut: Push }
