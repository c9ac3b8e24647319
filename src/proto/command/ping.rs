//! PING: the heartbeat (loco-modern §4.1; 2012 sends no body at all: loco-2012 §9).

use super::call::call;
use super::field::bodies;

bodies! { quick;
    /// Empty.
    Request {
    }

    /// Alive. One client documents an empty reply (loco-modern §4.1), so the status may be absent.
    Reply {
        /// 0, or why not.
        status: Option<i32> = "status",
    }
}

call! { Ping: Request => Reply }
