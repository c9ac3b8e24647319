//! CHANGESVR: come back through booking and ticket (push; loco-modern §3.6).

use super::call::pushed;
use super::field::bodies;

bodies! {
    /// Empty.
    Push {
    }
}

pushed! { ChangeSvr: Push }
