//! A fault as data: when, for how long, where. What it does to the world is the `director`'s.

use serde::{Deserialize, Serialize};

use crate::spec::format::Span;

/// Something breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Fault {
    /// What is in flight between the server and `host` is lost, and so is all that is sent: a lost NAT entry.
    Partition { at: Span, r#for: Span, host: String },
    /// One direction only: `up` is from the client to the server.
    PartitionOneway { at: Span, r#for: Span, host: String, up: bool },
    /// Everything between the server and `host` waits, and then comes.
    Hold { at: Span, r#for: Span, host: String },
    /// Messages between the server and `host` take up to `max`.
    Latency { at: Span, r#for: Span, host: String, max: Span },
    /// The server's process is killed; what it wrote is there.
    Crash { at: Span, down_for: Span },
    /// The power goes after so many operations of the disk; what was not synced is kept, torn, reordered or lost.
    PowerCut { at: Span, after_disk_ops: u64, down_for: Span },
    /// The disk fails one write or sync after so many; the server stops.
    DiskError { at: Span, after_disk_ops: u64, sync: bool, down_for: Span },
    /// The server is asked to stop: CHANGESVR to everybody.
    Drain { at: Span, down_for: Span },
    /// The next PINGs of a client are lost.
    DropHeartbeat { at: Span, client: String, count: u32 },
    /// A client reads nothing from the carriage server.
    StalledReader { at: Span, r#for: Span, client: String },
    /// All connections of all clients break at once.
    Storm { at: Span },
    /// The connection of a client breaks after so many more bytes.
    Reset { at: Span, client: String, after_bytes: u64 },
    /// A bit flips in so many writes of a client: GCM only, for the other ciphers cannot tell.
    Flip { at: Span, client: String, count: u32 },
    /// A client does this many actions of one kind in one moment.
    Burst { at: Span, client: String, room: i64, writes: u32, text: u32 },
}

impl Fault {
    /// When it begins.
    #[must_use]
    pub const fn at(&self) -> Span {
        match self {
            Self::Partition { at, .. }
            | Self::PartitionOneway { at, .. }
            | Self::Hold { at, .. }
            | Self::Latency { at, .. }
            | Self::Crash { at, .. }
            | Self::PowerCut { at, .. }
            | Self::DiskError { at, .. }
            | Self::Drain { at, .. }
            | Self::DropHeartbeat { at, .. }
            | Self::StalledReader { at, .. }
            | Self::Storm { at }
            | Self::Reset { at, .. }
            | Self::Flip { at, .. }
            | Self::Burst { at, .. } => *at,
        }
    }

    /// The host or client that it names.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Partition { host, .. }
            | Self::PartitionOneway { host, .. }
            | Self::Hold { host, .. }
            | Self::Latency { host, .. } => Some(host),
            Self::DropHeartbeat { client, .. }
            | Self::StalledReader { client, .. }
            | Self::Reset { client, .. }
            | Self::Flip { client, .. }
            | Self::Burst { client, .. } => Some(client),
            _ => None,
        }
    }
}
