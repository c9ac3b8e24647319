//! A step of the workload as data: when, which client, what. What it is about is decided when it happens, from what
//! there is then, by a generator that `pick` alone seeds: a step that is taken out leaves all others as they were.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::proto::entropy::Entropy;
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
}

impl Do {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Self; 5] = [Self::Write, Self::Read, Self::Open, Self::Leave, Self::Relogin];
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
