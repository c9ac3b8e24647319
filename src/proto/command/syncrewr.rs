//! SYNCREWR: says that messages of an open chat were hidden (loco-modern §4.2).

use super::call::pushed;
use super::field::bodies;
use super::types::ChatLog;

bodies! {
    /// What the server says.
    Push<'a> {
        /// The feed of type 13 or 26.
        chat_log: ChatLog<'a> = "chatLog",
    }
}

pushed! { SyncRewr: Push<'a> }
