//! WRITE: a message into a room (loco-modern §4.2; 2012: loco-2012 §7.6).

use super::call::call;
use super::field::{AnyInt, Nullable, bodies};
use super::types::ChatLog;

bodies! { quick;
    /// The message.
    Request<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The client's own number: int32, int64 or a double.
        msg_id: Option<AnyInt> = "msgId",
        /// 1 text ….
        kind: i32 = "type",
        /// Disputed (loco-modern §7 row 25): stored and echoed.
        no_seen: Option<bool> = "noSeen",
        /// The text.
        msg: Option<&'a str> = "msg",
        /// JSON text.
        extra: Option<&'a str> = "extra",
        /// JSON text.
        supplement: Option<&'a str> = "supplement",
        /// Bit 0 room, bit 1 thread.
        scope: Option<i32> = "scope",
        /// The log that it comments on.
        thread_id: Option<i64> = "threadId",
        /// By its name, a message without a sound.
        silence: Option<bool> = "silence",
        /// By its name, a message without a sound.
        is_silence: Option<bool> = "isSilence",
        /// Unknown.
        feature_stat: Option<&'a str> = "featureStat",
        /// Unknown.
        no_light: Option<bool> = "noLight",
    }

    /// The message, in the order and with the null of 2012.
    Request2012<'a> {
        /// The room.
        chat_id: i64 = "chatId",
        /// The text.
        msg: &'a str = "msg",
        /// JSON text.
        extra: Nullable<&'a str> = "extra",
        /// 1 text ….
        kind: i32 = "type",
    }

    /// Where the message went.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// As it was sent.
        msg_id: Option<AnyInt> = "msgId",
        /// The room.
        chat_id: i64 = "chatId",
        /// The message.
        log_id: i64 = "logId",
        /// The message before it, 0 for the first.
        prev_id: i64 = "prevId",
        /// Unix seconds.
        send_at: i32 = "sendAt",
        /// The message itself.
        chat_log: Option<ChatLog<'a>> = "chatLog",
    }

    /// Where the message went, in 2012.
    Reply2012<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The room.
        chat_id: i64 = "chatId",
        /// The message.
        log_id: i64 = "logId",
        /// The message itself.
        chat_log: Option<ChatLog<'a>> = "chatLog",
        /// null on success.
        err_msg: Nullable<&'a str> = "errMsg",
        /// The sender.
        author_nickname: Option<&'a str> = "authorNickname",
    }
}

call! { Write: Request<'a> => Reply<'r> }
