//! A step of the workload as data: when, which client, what. What it is about is decided when it happens, from what
//! there is then, by a generator that `pick` alone seeds: a step that is taken out leaves all others as they were.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;
use crate::spec::format::Span;

/// One operation of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    pub at: Span,
    /// The client: `u1/main`.
    pub client: String,
    /// What it does.
    pub r#do: Do,
    /// Which room, message, person it is about.
    #[serde(default)]
    pub pick: u64,
    /// Bytes of a text or a file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub len: u32,
    /// How long it stays away, where it does.
    #[serde(default, skip_serializing_if = "is_now")]
    pub r#for: Span,
}

/// What a client can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Do {
    /// Write a text of `len` bytes into a room.
    Write,
    /// Mark a message as read: the last one, or one before it.
    Read,
    /// Open a room.
    Open,
    /// Leave a room for good.
    Leave,
    /// Log out, and in again after `for`.
    Relogin,
    /// Delete a message: its own, or, which must be refused, somebody else's.
    Delete,
    /// Edit a message: its own, or, which must be refused, somebody else's.
    Edit,
    /// React to a message.
    React,
    /// Ask how messages read now.
    Fetch,
    /// Forward a text into a room.
    Forward,
    /// Invite somebody into a group.
    Invite,
    /// Make a room with others.
    Create,
    /// Set the title or the notice of a room.
    SetMeta,
    /// Set what a room is called for this user alone.
    OwnName,
    /// Have a room alert this user, or not.
    Mute,
    /// Block another user, or no more.
    Block,
    /// Send a file of `len` bytes into a room; one in a few with a wrong SHA-1, which must be refused.
    Upload,
    /// Get a file: of a room, or, which must be refused, of a room that is not the user's.
    Download,
    /// Make an open link with its room.
    MakeLink,
    /// Join by a link, with its pass code, without or with another.
    JoinLink,
    /// Kick somebody out of an open room; also, which must be refused, without being its owner.
    Kick,
    /// Let somebody who was kicked come again.
    Forgive,
    /// Hand a link over to another member.
    HandOver,
    /// Set the pass code of a link, or none.
    PassCode,
    /// Delete a link.
    DeleteLink,
    /// 2012: write a text to people, into the room that they have or into a new one.
    Cwrite,
    /// 2012: mark a message as read.
    Upseen,
    /// 2012: open a room.
    Chaton,
}

impl Do {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Self; 28] = [
        Self::Write,
        Self::Read,
        Self::Open,
        Self::Leave,
        Self::Relogin,
        Self::Delete,
        Self::Edit,
        Self::React,
        Self::Fetch,
        Self::Forward,
        Self::Invite,
        Self::Create,
        Self::SetMeta,
        Self::OwnName,
        Self::Mute,
        Self::Block,
        Self::Upload,
        Self::Download,
        Self::MakeLink,
        Self::JoinLink,
        Self::Kick,
        Self::Forgive,
        Self::HandOver,
        Self::PassCode,
        Self::DeleteLink,
        Self::Cwrite,
        Self::Upseen,
        Self::Chaton,
    ];

    /// Whether the model counts how it ends. What has counters of its own is left out.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::Write | Self::Read | Self::Open | Self::Relogin)
    }

    /// Whether clients of this generation can do it: most commands came after 2012, and some ended with it.
    #[must_use]
    pub fn is_of(self, era: Era) -> bool {
        let only_old = matches!(self, Self::Cwrite | Self::Upseen | Self::Chaton);
        let always = matches!(self, Self::Write | Self::Leave | Self::Relogin | Self::Read | Self::Open);
        always || only_old != era.is_modern()
    }
}

impl Step {
    /// The generator of its choices.
    #[must_use]
    pub fn choices(&self) -> Entropy {
        Entropy::named(self.pick, "pick")
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn is_now(span: &Span) -> bool {
    span.0 == Duration::ZERO
}
