//! One step of a case: on which connection, and exactly one verb.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::driving::{Drive, Observe};
use super::{Eras, Mutation, Span};
use crate::spec::lit::Lit;

/// One step. Exactly one of the verbs stands in it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The connection.
    pub conn: Option<String>,
    /// Only in these eras; else the step is as if it did not stand here.
    pub eras: Option<Eras>,
    /// Sends a packet.
    pub send: Option<Send>,
    /// Sends bytes as they are: the last resort.
    pub send_bytes: Option<SendBytes>,
    /// Waits for a packet.
    pub expect: Option<Expect>,
    /// Waits for the bytes of a file, which come without packets behind the reply to DOWN or MINI.
    pub expect_bytes: Option<ExpectBytes>,
    /// Proves that a packet does not come.
    pub expect_none: Option<ExpectNone>,
    /// Several expectations, in any order.
    pub together: Option<Together>,
    /// Ends the judge's side of the connection.
    pub finish: Option<Finish>,
    /// Graded alternatives: the first that happens decides.
    pub outcome: Option<Outcome>,
    /// Server role: the target still serves somebody else, who logs in on a connection of his own and makes a ping round
    /// trip. Client role: what it is told to send still comes, also over a new connection; nothing may follow.
    pub alive: Option<Alive>,
    /// Lets this much time pass.
    pub advance: Option<Span>,
    /// The steps of a macro.
    #[serde(rename = "use")]
    pub use_macro: Option<String>,
    /// What fills the macro's holes.
    pub with: Option<BTreeMap<String, Lit>>,
    /// Client role: tells the client under test to do something.
    pub drive: Option<Drive>,
    /// Client role: waits until the client under test says something.
    pub observe: Option<Observe>,
}

/// Sends a packet: built valid, then spoiled by `mutate`, then cut.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// A name for `reply_to` of later steps.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// The method; may be left out with `reply_to`.
    pub method: Option<String>,
    /// Server role without it: the connection's next id, from 1. Client role: 0, or the id of `reply_to`.
    pub id: Option<Lit>,
    /// The header's status.
    #[serde(default)]
    pub status: i16,
    /// The header's body type.
    #[serde(default)]
    pub body_type: u8,
    /// The body; without it the empty document.
    pub body: Option<Lit>,
    /// The body as hex bytes instead, which may be none at all.
    pub body_hex: Option<String>,
    /// The body as a document nested this deep instead, built without recursion.
    pub body_nested: Option<Lit>,
    /// Answers the request of this name: takes its id and method.
    pub reply_to: Option<String>,
    /// Spoils the packet.
    #[serde(default)]
    pub mutate: Vec<Mutation>,
    /// Cuts the plain packet over several frames, at these bytes.
    #[serde(default)]
    pub frames: Vec<Lit>,
    /// Cuts what goes on the wire over several writes, at these bytes.
    #[serde(default)]
    pub cut: Vec<Lit>,
    /// Cuts what goes on the wire into writes of this many bytes.
    pub cut_every: Option<Lit>,
    /// Keeps the bytes back, to go out with the next send on this connection.
    pub join: Option<Join>,
}

/// How a packet is joined with the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// Both in one frame.
    Frame,
    /// Two frames in one write.
    Write,
}

/// Bytes as they are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBytes {
    /// The bytes.
    pub hex: String,
    /// How often they are sent, one after another.
    #[serde(default = "once")]
    pub times: usize,
    /// On the wire as they are, or sealed in a frame.
    #[serde(default)]
    pub at: Layer,
}

/// Waits for the bytes of a file: all that the reply has announced.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectBytes {
    /// The check's name in reports, `case#name`; without it the step's number.
    pub check: Option<String>,
    /// The bytes.
    pub hex: String,
    /// How often they come, one after another.
    #[serde(default = "once")]
    pub times: usize,
    /// How long to wait; else 5 s.
    pub within: Option<Span>,
}

fn once() -> usize {
    1
}

/// Where bytes are put in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// On the wire as they are.
    #[default]
    Tcp,
    /// Sealed in a frame of the connection.
    Secure,
}

/// Waits for a packet, found by what it answers or what it is, never by being the next one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The check's name in reports, `case#name`; without it the step's number.
    pub check: Option<String>,
    /// The reply to the request of this name.
    pub reply_to: Option<String>,
    /// A push of this method.
    pub push: Option<String>,
    /// Client role: a request of this method; `CHECKIN|BUY` for either.
    pub request: Option<String>,
    /// True: the peer closes instead.
    pub closed: Option<bool>,
    /// Matchers on `id`, `status`, `method`, `body_type`, `body_len`.
    pub header: Option<Lit>,
    /// Matchers on the body: keys that do not stand here may be there.
    pub body: Option<Lit>,
    /// A name for `reply_to` of later steps.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// How long to wait; else 5 s.
    pub within: Option<Span>,
}

/// Proves that a packet does not come.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectNone {
    /// The check's name.
    pub check: Option<String>,
    /// A push of this method.
    pub push: Option<String>,
    /// Client role: a request of this method.
    pub request: Option<String>,
    /// Any packet at all, and a close too.
    pub any: Option<bool>,
    /// Only packets whose body is like this count.
    pub body: Option<Lit>,
    /// What must have happened before absence is proved.
    pub until: Until,
}

/// When absence is proved.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// A ping round trip on `all` logged-on connections of the judge.
    pub barrier: Option<Barrier>,
    /// Time that passes in which nothing may come.
    pub settle: Option<Span>,
}

/// Which connections make a ping round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Barrier {
    /// All that are logged on.
    All,
}

/// Several expectations, in any order, one deadline.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Together {
    /// The deadline of all.
    pub within: Span,
    /// Steps with `expect`.
    pub steps: Vec<Step>,
}

/// How the judge ends its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// Half-close: nothing more is written.
    Write,
    /// Close.
    Both,
    /// RST.
    Reset,
}

/// Its name in a case.
impl fmt::Display for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Graded alternatives.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The check's name.
    pub check: Option<String>,
    /// How long to wait; else 5 s.
    pub within: Option<Span>,
    /// The first that happens decides. None within the time: hung.
    pub first_of: Vec<Alternative>,
}

/// One alternative: exactly one of `closed_by_peer`, `frame`, `silence`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// The peer closes.
    pub closed_by_peer: Option<bool>,
    /// A packet comes that is like this.
    pub frame: Option<FrameLike>,
    /// Nothing of the others within the time.
    pub silence: Option<bool>,
    /// What that means.
    pub grade: Grade,
    /// What to tell the reader.
    pub note: Option<String>,
}

/// A packet like this; empty for any packet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameLike {
    /// The reply to the request of this name.
    pub reply_to: Option<String>,
    /// Matchers on the header.
    pub header: Option<Lit>,
    /// Matchers on the body.
    pub body: Option<Lit>,
}

/// What an alternative means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Pass,
    /// Not as it should be, but somebody can live with it.
    Tolerated,
    /// Wrong.
    Fail,
}

/// The target still works.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alive {
    /// The check's name.
    pub check: Option<String>,
    /// Server role: who logs in; else carol.
    pub user: Option<String>,
}

impl Step {
    /// The verbs that stand in this step.
    #[must_use]
    pub fn verbs(&self) -> Vec<&'static str> {
        [
            ("send", self.send.is_some()),
            ("send_bytes", self.send_bytes.is_some()),
            ("expect", self.expect.is_some()),
            ("expect_bytes", self.expect_bytes.is_some()),
            ("expect_none", self.expect_none.is_some()),
            ("together", self.together.is_some()),
            ("finish", self.finish.is_some()),
            ("outcome", self.outcome.is_some()),
            ("alive", self.alive.is_some()),
            ("advance", self.advance.is_some()),
            ("use", self.use_macro.is_some()),
            ("drive", self.drive.is_some()),
            ("observe", self.observe.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, on)| on.then_some(name))
        .collect()
    }

    /// The check that this step makes, if it is one that makes any: the name it was given.
    #[must_use]
    pub fn check(&self) -> Option<Option<&str>> {
        if let Some(e) = &self.expect {
            Some(e.check.as_deref())
        } else if let Some(e) = &self.expect_bytes {
            Some(e.check.as_deref())
        } else if let Some(e) = &self.expect_none {
            Some(e.check.as_deref())
        } else if let Some(o) = &self.outcome {
            Some(o.check.as_deref())
        } else if let Some(a) = &self.alive {
            Some(a.check.as_deref())
        } else {
            self.observe.as_ref().map(|o| o.check.as_deref())
        }
    }
}
