//! PING: the heartbeat (loco-modern §4.1; 2012 sends no body at all: loco-2012 §9).

use super::field::bodies;

bodies! {
    /// Empty.
    Request {
    }

    /// Alive.
    Reply {
        /// 0, or why not.
        status: i32 = "status",
    }
}
