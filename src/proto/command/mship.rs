//! MSHIP: asks where to upload several files (loco-modern §4.5).

use super::call::call;
use super::field::bodies;

bodies! {
    /// What is asked.
    Request<'a> {
        /// The room.
        chat_id: i64 = "c",
        /// 27, a multi photo.
        kind: i32 = "t",
        /// The sizes in bytes.
        sizes: Vec<i64> = "sl",
        /// SHA-1 of each file in hex; paired with sl.
        checksums: Vec<&'a str> = "csl",
        /// The file name extensions; paired with sl.
        extensions: Option<Vec<&'a str>> = "el",
        /// More data about the files.
        extra: Option<&'a str> = "ex",
    }

    /// The answer.
    Reply<'a> {
        /// 0, or why not.
        status: i32 = "status",
        /// The keys of the uploads.
        keys: Vec<&'a str> = "kl",
        /// Unknown; paired with kl.
        hl: Option<Vec<&'a str>> = "hl",
        /// The ports; paired with kl.
        ports: Vec<i32> = "pl",
        /// The media servers; paired with kl.
        hosts: Vec<&'a str> = "vhl",
        /// The media servers by IPv6; paired with kl.
        hosts6: Vec<&'a str> = "vh6l",
        /// The media types, by the letters; paired with kl.
        media_types: Vec<&'a str> = "mtl",
        /// Unknown.
        rd: Option<bool> = "rd",
    }
}

call! { MShip: Request<'a> => Reply<'r> }
