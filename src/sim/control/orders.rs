//! What is ordered for an owner, and stays ordered whichever connection it has.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::proto::time::Time;

/// Which bytes count towards a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetWay {
    /// What the client writes and what it reads.
    #[default]
    Both,
    /// What it writes.
    Up,
    /// What it reads.
    Down,
}

/// What is ordered for an owner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Orders {
    /// Swallow this many heartbeats.
    pub heartbeats: u32,
    /// Write this many heartbeats later.
    pub late_heartbeats: u32,
    /// How much later.
    pub late_by: Duration,
    /// Write this many heartbeats twice.
    pub double_heartbeats: u32,
    /// Flip a bit in this many writes to the carriage server.
    pub flips: u32,
    /// Flip a bit in this many reads from the carriage server.
    pub flips_down: u32,
    /// Flip a bit in this many plain writes to a door.
    pub flips_plain: u32,
    /// Flip a bit in this many plain reads from a door.
    pub flips_plain_down: u32,
    /// Reset the carriage connection after this many more bytes.
    pub reset_after: Option<u64>,
    /// Of which direction.
    pub reset_way: ResetWay,
    /// Read nothing before this time.
    pub stalled_until: Option<Time>,
    /// Write and read byte by byte before this time.
    pub cut_until: Option<Time>,
    /// Join whatever comes, at both ends, before this time.
    pub join_until: Option<Time>,
}
