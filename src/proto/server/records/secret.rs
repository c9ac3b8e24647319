//! What the server keeps of secret chats: public keys and wrapped ones, never a plain text or the key of a room.

use crate::proto::command::field::bodies;

bodies! {
    /// The public keys of a user, on [`Shelf::SecretKeys`](crate::proto::server::store::Shelf::SecretKeys).
    PublicKeys {
        /// As it came.
        ek: String = "ek",
        /// As it came.
        sk: String = "sk",
        /// As it came; nobody else gets it.
        sr: Option<String> = "sr",
        /// As it came; nobody else gets it.
        sd: Option<String> = "sd",
        /// As it came.
        cs: Option<String> = "cs",
    }

    /// The key of a room, wrapped for one member, on [`Shelf::RoomKeys`](crate::proto::server::store::Shelf::RoomKeys).
    RoomKey {
        /// As it came.
        key: String = "sk",
        /// Who wrapped it.
        from: i64 = "u",
        /// The token of his keys.
        key_token: i64 = "pt",
        /// The token of the keys that it is wrapped for.
        member_key_token: i64 = "mp",
        /// What he signed it with.
        signature: Option<String> = "s",
        /// The state of the members' keys that it was made for.
        sc: i64 = "sc",
    }
}
