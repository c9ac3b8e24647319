//! Records of rooms: how a member came in, the settings that all share, and each user's own.

use crate::proto::command::field::bodies;

bodies! {
    /// On `Shelf::Joins`: how a user came into a room, when somebody invited him. Who was there from the start, or
    /// has come in by himself, needs none.
    Join {
        /// He sees only the logs after this one; 0 for all of them.
        after: i64 = "after",
        /// Who invited him, 0 for nobody.
        inviter_id: i64 = "inviterId",
        /// He has left, and wants no invitation into this room any more.
        refuses: bool = "refuses",
    }

    /// On `Shelf::Metas`: a setting that all members of a room share.
    RoomMeta {
        /// Above that of every change before it in the room.
        revision: i64 = "revision",
        /// Who changed it.
        author_id: i64 = "authorId",
        /// Text or JSON.
        content: String = "content",
        /// Unix seconds.
        updated_at: i32 = "updatedAt",
    }

    /// On `Shelf::ClientMetas`: a user's own settings of a room. Under room 0 stands the last revision that the user's
    /// settings have had, whatever has become of the room.
    OwnSettings {
        /// That of the last change.
        revision: i32 = "revision",
        /// Which settings there are …
        kinds: Vec<String> = "kinds",
        /// … and the value of each.
        values: Vec<String> = "values",
    }
}

impl OwnSettings {
    /// Sets one of them.
    pub fn set(&mut self, kind: &str, value: &str) {
        match self.kinds.iter().zip(&mut self.values).find(|(k, _)| *k == kind) {
            Some((_, had)) => value.clone_into(had),
            None => {
                self.kinds.push(kind.to_owned());
                self.values.push(value.to_owned());
            }
        }
    }
}
