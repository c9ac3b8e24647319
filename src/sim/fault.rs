//! A fault as data: when, for how long, where. What it does to the world is the `director`'s.
//!
//! Every fault names its target and carries its own end. A new field has a default, so that old files are read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::control::ResetWay;
use crate::spec::format::Span;

/// Something breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Fault {
    /// What is in flight between the servers and `host` is lost, and so is all that is sent: a lost NAT entry. `to`
    /// names one server, here and in the next four.
    Partition {
        at: Span,
        r#for: Span,
        host: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// One direction only: `up` is from the client to the server.
    PartitionOneway {
        at: Span,
        r#for: Span,
        host: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        up: bool,
    },
    /// Everything between the servers and `host` waits, and then comes.
    Hold {
        at: Span,
        r#for: Span,
        host: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Messages between the servers and `host` take up to `max`.
    Latency {
        at: Span,
        r#for: Span,
        host: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        max: Span,
    },
    /// Messages between the servers and `host` take from `min` to `max`, each drawn anew.
    Jitter {
        at: Span,
        r#for: Span,
        host: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        min: Span,
        max: Span,
    },
    /// So many bytes a second, each way: all of a host's clients together, or one client's.
    Bandwidth { at: Span, r#for: Span, target: String, bytes_per_second: u64 },
    /// The process of a server is killed; what it wrote is there. `host` is whoever has the disk, unless it is named,
    /// here and in the others that have a `host` of servers.
    Crash {
        at: Span,
        #[serde(default = "server", skip_serializing_if = "is_server")]
        host: String,
        down_for: Span,
    },
    /// The power goes after so many operations of the disk; what was not synced is kept, torn, reordered or lost.
    PowerCut {
        at: Span,
        #[serde(default = "server", skip_serializing_if = "is_server")]
        host: String,
        after_disk_ops: u64,
        down_for: Span,
    },
    /// The disk fails one write or sync after so many; the server stops.
    DiskError { at: Span, after_disk_ops: u64, sync: bool, down_for: Span },
    /// The volume takes so many more bytes, written over others or not, and is full for the rest of the time. The
    /// server stops and is started again, and stops again.
    DiskFull {
        at: Span,
        r#for: Span,
        #[serde(default = "server", skip_serializing_if = "is_server")]
        host: String,
        after_bytes: u64,
    },
    /// Each commit takes `by` longer.
    SlowSync {
        at: Span,
        r#for: Span,
        #[serde(default = "server", skip_serializing_if = "is_server")]
        host: String,
        by: Span,
    },
    /// The server is asked to stop: CHANGESVR to everybody.
    Drain {
        at: Span,
        #[serde(default = "server", skip_serializing_if = "is_server")]
        host: String,
        down_for: Span,
    },
    /// The token of a user is no longer valid: logins are refused, sessions stay. Then it is, and he logs in again.
    ExpireToken { at: Span, r#for: Span, user: String },
    /// The next PINGs of a client are lost.
    DropHeartbeat { at: Span, client: String, count: u32 },
    /// The next PINGs of a client go out later, and what is behind them waits.
    DelayHeartbeat { at: Span, client: String, count: u32, by: Span },
    /// The frames of the next PINGs of a client are written twice.
    DoubleHeartbeat { at: Span, client: String, count: u32 },
    /// The clock of a client runs at this rate, 1000 being right; without `for` to the end of the run.
    ClockRate {
        at: Span,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#for: Option<Span>,
        client: String,
        permille: u32,
    },
    /// A client reads nothing from the carriage server.
    StalledReader { at: Span, r#for: Span, client: String },
    /// A client reads so many bytes a second from the carriage server.
    SlowReader { at: Span, r#for: Span, client: String, bytes_per_second: u64 },
    /// A client writes and reads byte by byte.
    Cut { at: Span, r#for: Span, client: String },
    /// Whatever comes within a moment is joined into one read, at both ends of a client's connection.
    Join { at: Span, r#for: Span, client: String },
    /// The connections of so many percent of the clients break at once, of all if nothing is said.
    Storm {
        at: Span,
        #[serde(default = "all", skip_serializing_if = "is_all")]
        share: u32,
    },
    /// The connection of a client breaks after so many more bytes, of both ways or of one.
    Reset {
        at: Span,
        client: String,
        after_bytes: u64,
        #[serde(default, skip_serializing_if = "is_both")]
        way: ResetWay,
    },
    /// The same of a connection on which a file of the client goes up or down.
    ResetFile {
        at: Span,
        client: String,
        after_bytes: u64,
        #[serde(default, skip_serializing_if = "is_both")]
        way: ResetWay,
    },
    /// A bit flips in so many writes of a client, or of the server to it (`down`). Where nothing authenticates, only
    /// in heartbeats; with `plain` in what it says to the doors, or in the headers that come back.
    Flip {
        at: Span,
        client: String,
        count: u32,
        #[serde(default, skip_serializing_if = "is_false")]
        down: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        plain: bool,
    },
    /// A client does this many actions of one kind in one moment.
    Burst { at: Span, client: String, room: i64, writes: u32, text: u32 },
}

fn server() -> String {
    super::server::HOST.to_owned()
}

fn is_server(host: &str) -> bool {
    host == super::server::HOST
}

const fn all() -> u32 {
    100
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_all(share: &u32) -> bool {
    *share == 100
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_both(way: &ResetWay) -> bool {
    *way == ResetWay::Both
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A host of clients.
    Host(&'a str),
    /// A host of a server.
    Server(&'a str),
    /// A client.
    Client(&'a str),
    /// A client or a host of clients.
    ClientOrHost(&'a str),
    /// A user.
    User(&'a str),
    /// The one server, or everybody.
    World,
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
            | Self::Jitter { at, .. }
            | Self::Bandwidth { at, .. }
            | Self::Crash { at, .. }
            | Self::PowerCut { at, .. }
            | Self::DiskError { at, .. }
            | Self::DiskFull { at, .. }
            | Self::SlowSync { at, .. }
            | Self::Drain { at, .. }
            | Self::ExpireToken { at, .. }
            | Self::DropHeartbeat { at, .. }
            | Self::DelayHeartbeat { at, .. }
            | Self::DoubleHeartbeat { at, .. }
            | Self::ClockRate { at, .. }
            | Self::StalledReader { at, .. }
            | Self::SlowReader { at, .. }
            | Self::Cut { at, .. }
            | Self::Join { at, .. }
            | Self::Storm { at, .. }
            | Self::Reset { at, .. }
            | Self::ResetFile { at, .. }
            | Self::Flip { at, .. }
            | Self::Burst { at, .. } => *at,
        }
    }

    /// How long it lasts, when it is the harness that ends it.
    #[must_use]
    pub const fn lasts(&self) -> Option<Duration> {
        match self {
            Self::Partition { r#for, .. }
            | Self::PartitionOneway { r#for, .. }
            | Self::Hold { r#for, .. }
            | Self::Latency { r#for, .. }
            | Self::Jitter { r#for, .. }
            | Self::Bandwidth { r#for, .. }
            | Self::DiskFull { r#for, .. }
            | Self::SlowSync { r#for, .. }
            | Self::ExpireToken { r#for, .. }
            | Self::StalledReader { r#for, .. }
            | Self::SlowReader { r#for, .. }
            | Self::Cut { r#for, .. }
            | Self::Join { r#for, .. }
            | Self::ClockRate { r#for: Some(r#for), .. } => Some(r#for.0),
            _ => None,
        }
    }

    /// Whether it may cost somebody a connection. What does not explains nothing.
    #[must_use]
    pub const fn disturbs(&self) -> bool {
        !matches!(self, Self::DoubleHeartbeat { .. } | Self::ClockRate { .. })
    }

    /// The host, client or user that it names.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self.aims_at() {
            Target::World => None,
            Target::Host(name)
            | Target::Server(name)
            | Target::Client(name)
            | Target::ClientOrHost(name)
            | Target::User(name) => Some(name),
        }
    }

    /// The one server on whose links it lies, when it is not on all.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::Partition { to, .. }
            | Self::PartitionOneway { to, .. }
            | Self::Hold { to, .. }
            | Self::Latency { to, .. }
            | Self::Jitter { to, .. } => to.as_deref(),
            _ => None,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn aims_at(&self) -> Target<'_> {
        match self {
            Self::Partition { host, .. }
            | Self::PartitionOneway { host, .. }
            | Self::Hold { host, .. }
            | Self::Latency { host, .. }
            | Self::Jitter { host, .. } => Target::Host(host),
            Self::Crash { host, .. }
            | Self::PowerCut { host, .. }
            | Self::Drain { host, .. }
            | Self::DiskFull { host, .. }
            | Self::SlowSync { host, .. } => Target::Server(host),
            Self::Bandwidth { target, .. } => Target::ClientOrHost(target),
            Self::ExpireToken { user, .. } => Target::User(user),
            Self::DropHeartbeat { client, .. }
            | Self::DelayHeartbeat { client, .. }
            | Self::DoubleHeartbeat { client, .. }
            | Self::ClockRate { client, .. }
            | Self::StalledReader { client, .. }
            | Self::SlowReader { client, .. }
            | Self::Cut { client, .. }
            | Self::Join { client, .. }
            | Self::Reset { client, .. }
            | Self::ResetFile { client, .. }
            | Self::Flip { client, .. }
            | Self::Burst { client, .. } => Target::Client(client),
            Self::DiskError { .. } | Self::Storm { .. } => Target::World,
        }
    }
}
