//! The client role's part of a step: what the client under test is told, and what it says.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;
use crate::spec::lit::Lit;

/// Tells the client under test to do something: exactly one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// Log in from the entry on, as this user.
    pub login: Option<DriveLogin>,
    /// Send a text.
    pub send_text: Option<DriveSendText>,
    /// Say that a room is read up to a log id.
    pub read: Option<DriveRead>,
    /// Leave a room.
    pub leave: Option<DriveRoom>,
    /// Close and stay away.
    pub close: Option<Nothing>,
}

/// Log in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriveLogin {
    /// As whom.
    pub user: String,
}

/// Send a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriveSendText {
    /// A name for `observe`.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// The room, a number or `{$var: room.id}`.
    pub room: Lit,
    /// The text.
    pub text: String,
}

/// Say that a room is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriveRead {
    /// The room.
    pub room: Lit,
    /// The last log id that was seen.
    pub watermark: Lit,
}

/// A room.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriveRoom {
    /// The room.
    pub room: Lit,
}

/// No argument: `{}`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Waits until the client under test says something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// The check's name.
    pub check: Option<String>,
    /// What it says.
    pub event: EventKind,
    /// Matchers on what it says with it.
    pub like: Option<Lit>,
    /// How long to wait; else 5 s.
    pub within: Option<Span>,
    /// True: it must not say this within that time.
    #[serde(default)]
    pub never: bool,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::LoggedIn,
        Self::LoginRefused,
        Self::Message,
        Self::Sent,
        Self::SendFailed,
        Self::ReadMark,
        Self::Kicked,
        Self::ServerMoves,
        Self::Disconnected,
    ];
}

/// What a client says to the one who drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Logged in, rooms listed; `{user_id, rooms: [{room, kind, last_log_id, unread}]}`.
    LoggedIn,
    /// The login is refused for good; `{status}`.
    LoginRefused,
    /// A message of somebody; `{room, log_id, author, text, own}`.
    Message,
    /// A message of our own is acknowledged; `{as, room, log_id}`.
    Sent,
    /// A message of our own will not be sent; `{as}`.
    SendFailed,
    /// A member has read; `{room, user, watermark}`.
    ReadMark,
    /// Thrown out; `{reason}`.
    Kicked,
    /// The server asks to come back through the first door; `{}`.
    ServerMoves,
    /// A connection, or the try to get one, came to an end; `{door}`.
    Disconnected,
}

/// Its name in a case.
impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
