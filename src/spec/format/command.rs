//! `spec/commands/METHOD.yaml`: one wire method, its documents in every direction, and what is known of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Eras;
use super::field::Field;
use super::requirement::Source;

/// A method of the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "command")]
pub struct CommandFile {
    /// `locospec-command/1`.
    pub format: CommandFormat,
    /// Its name on the wire, which is the name of the file too.
    pub method: String,
    /// What it does, in under 70 characters, a verb first.
    pub title: String,
    /// What it belongs to.
    pub group: Group,
    /// The eras that have it.
    #[serde(default)]
    pub eras: Eras,
    /// The connections that it travels on.
    pub connection: Vec<Place>,
    /// Who may begin.
    pub direction: Vec<Direction>,
    /// How much of its documents is known.
    pub body: Knowledge,
    /// What it does, who gets what, in which order.
    pub text: String,
    /// Its documents; none where only the name is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<Form>,
    /// The statuses of its reply besides those that every command may get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<StatusUse>,
    /// The pushes by which others see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushes: Vec<String>,
    /// Where it is known from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Where sources contradict each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<String>,
    /// What nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

impl CommandFile {
    /// The eras of one of its forms: its own, or those of the command.
    #[must_use]
    pub fn eras_of<'a>(&'a self, form: &'a Form) -> &'a Eras {
        form.eras.as_ref().unwrap_or(&self.eras)
    }

    /// Every field of every form.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.forms.iter().flat_map(|f| &f.fields)
    }

    /// Whether sources contradict each other about it or one of its fields.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        !self.disputes.is_empty() || self.fields().any(|f| f.disputed.is_some())
    }
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CommandFormat {
    /// Version 1.
    #[serde(rename = "locospec-command/1")]
    V1,
}

/// What a method belongs to: the chapters of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The way in, the login, heartbeats.
    Session,
    /// Messages, read marks, reactions.
    Messages,
    /// Rooms and their members.
    Rooms,
    /// Open links.
    Links,
    /// Photos and files.
    Media,
    /// Blocked users.
    Blocks,
    /// Secret rooms and keys.
    Secret,
    /// Calls.
    Calls,
}

impl Group {
    /// All of them, in the order of the reference.
    pub const ALL: [Self; 8] =
        [Self::Session, Self::Messages, Self::Rooms, Self::Links, Self::Media, Self::Blocks, Self::Secret, Self::Calls];

    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Messages => "messages",
            Self::Rooms => "rooms",
            Self::Links => "links",
            Self::Media => "media",
            Self::Blocks => "blocks",
            Self::Secret => "secret",
            Self::Calls => "calls",
        }
    }
}

/// A connection that methods travel on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// To the booking server, inside TLS.
    Booking,
    /// To the ticket server.
    Ticket,
    /// To the entry server of 2012, in the clear.
    Entry,
    /// To the carriage: the long connection.
    Carriage,
    /// To the media server that a reply names.
    Media,
}

impl Place {
    /// All of them, in the order in which a client meets them.
    pub const ALL: [Self; 5] = [Self::Booking, Self::Ticket, Self::Entry, Self::Carriage, Self::Media];

    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booking => "booking",
            Self::Ticket => "ticket",
            Self::Entry => "entry",
            Self::Carriage => "carriage",
            Self::Media => "media",
        }
    }
}

/// Who begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The client asks, the server replies.
    Request,
    /// The server tells.
    Push,
}

impl Direction {
    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Push => "push",
        }
    }
}

/// How much is known of a method's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Knowledge {
    /// All that a client or server needs.
    Known,
    /// Some fields.
    Partial,
    /// Only the name.
    Unknown,
}

impl Knowledge {
    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Partial => "partial",
            Self::Unknown => "unknown",
        }
    }
}

/// One document of a method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Which of the method's documents it is.
    pub of: FormOf,
    /// The eras of this layout; without it all those of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eras: Option<Eras>,
    /// Its fields, in the order in which they are written.
    pub fields: Vec<Field>,
}

/// Which of a method's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormOf {
    /// What the client asks.
    Request,
    /// What the server answers.
    Reply,
    /// What the server tells by itself.
    Push,
    /// What the client answers to a push.
    Receipt,
}

impl FormOf {
    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
            Self::Push => "push",
            Self::Receipt => "receipt",
        }
    }

    /// The direction that a method must have to have this document.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Request | Self::Reply => Direction::Request,
            Self::Push | Self::Receipt => Direction::Push,
        }
    }
}

/// A status that a reply may carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusUse {
    /// The number, one of `spec/status.yaml`.
    pub status: i32,
    /// When it comes, as a sentence.
    pub when: String,
    /// Who has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `never`: known from a source, and never answered by the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Never>,
}

/// The only word there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Never {
    /// Never.
    Never,
}
