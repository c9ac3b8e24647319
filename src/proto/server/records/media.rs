//! A media file: what SHIP said about it, and how far its upload has come. Its bytes are on
//! [`Shelf::MediaBytes`](crate::proto::server::store::Shelf::MediaBytes), in pieces.

use crate::proto::command::field::bodies;

/// Bytes of one piece; only the last one of a file is shorter. Piece `n` begins at byte `n * PIECE_LEN`.
pub const PIECE_LEN: usize = 64 << 10;

bodies! {
    /// One file.
    Media {
        /// The whole key: whoever names it may have the file.
        key: String = "k",
        /// Who uploads it.
        owner: i64 = "u",
        /// The room.
        chat_id: i64 = "c",
        /// The kind of message.
        kind: i32 = "t",
        /// The size in bytes.
        size: i64 = "s",
        /// SHA-1 in lower case hex.
        checksum: String = "cs",
        /// The file name extension, maybe none.
        extension: String = "e",
        /// Whether it is one file of MSHIP: no message comes of it.
        album: bool = "m",
        /// The name of the file, by POST.
        name: Option<String> = "f",
        /// The width of a picture, by POST.
        width: i32 = "w",
        /// The height of a picture, by POST.
        height: i32 = "h",
        /// The number that the client has given the message, by POST.
        msg_id: i64 = "mid",
        /// noSeen of the message, by POST.
        no_seen: bool = "ns",
        /// Bytes that are kept.
        received: i64 = "r",
        /// The state of the SHA-1 of those bytes, in hex; empty before the first.
        hash: String = "sha",
        /// Whether all bytes are there and their SHA-1 is right.
        complete: bool = "done",
        /// The message that was written for it, 0 for none.
        log_id: i64 = "l",
    }
}
