//! `spec/cases/**/*.yaml`: one case, format `locospec-case/1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Eras, Mutation, Span, Step};
use crate::spec::lit::Lit;

/// One case.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "case")]
pub struct Case {
    /// `locospec-case/1`.
    pub format: CaseFormat,
    /// Its name: folder, dot, what it shows, e.g. `chat.write.fanout-two-members`.
    pub case: String,
    /// The behaviour, as a sentence.
    pub title: String,
    /// Why it is worth a case.
    pub why: String,
    /// Who is judged.
    pub role: Role,
    /// The requirements that it proves.
    pub proves: Vec<String>,
    /// What the target must have; else the case is not applicable.
    #[serde(default)]
    pub needs: Needs,
    /// The eras in which it runs, once in each.
    #[serde(default)]
    pub eras: Eras,
    /// Words to choose cases by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The quirks that it must catch, each alone.
    #[serde(default)]
    pub kills: Vec<String>,
    /// The most time that the whole case may take.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// Runs the case once for each value, bound to `vary.NAME`; several names give every combination.
    #[serde(default)]
    pub vary: BTreeMap<String, Vec<Lit>>,
    /// The users and rooms that it needs; without it the default world.
    #[serde(default)]
    pub world: World,
    /// The settings of the server, where they matter.
    #[serde(default)]
    pub settings: Settings,
    /// The connections, by the name that steps use. Server role: opened at their first step. Client role: accepted.
    #[serde(default)]
    pub connections: BTreeMap<String, Connection>,
    /// Client role: what the judge answers by itself, method to body, as soon as such a request comes. A step may still
    /// wait for the request. Without it PING is answered.
    #[serde(default = "default_auto")]
    pub auto: BTreeMap<String, Lit>,
    /// What happens.
    pub steps: Vec<Step>,
}

fn default_auto() -> BTreeMap<String, Lit> {
    BTreeMap::from([("PING".to_string(), Lit::Map(vec![("status".to_string(), Lit::Int(0))]))])
}

fn default_timeout() -> Span {
    Span(core::time::Duration::from_secs(30))
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum CaseFormat {
    /// Version 1.
    #[serde(rename = "locospec-case/1")]
    V1,
}

/// Who is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A server: the judge plays its clients.
    Server,
    /// A client: the judge plays its servers.
    Client,
    /// An encoder and decoder, without connections.
    Codec,
}

/// What a target must have.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    /// All of these profiles.
    #[serde(default)]
    pub all_of: Vec<String>,
}

/// Users and rooms.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Users by name.
    #[serde(default)]
    pub users: BTreeMap<String, WorldUser>,
    /// Rooms by name, found in the target's world by kind and members.
    #[serde(default)]
    pub rooms: BTreeMap<String, WorldRoom>,
}

/// A user: the state of the account, which the target is given before the case begins.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldUser {
    /// The account is restricted.
    #[serde(default)]
    pub restricted: bool,
    /// From this second of Unix time on the token has expired; 0 is never. Virtual time begins at 1700000000.
    #[serde(default)]
    pub token_expires_at: u32,
}

impl WorldUser {
    /// Whether it asks for anything.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        !self.restricted && self.token_expires_at == 0
    }
}

/// Settings of a server target, where the case wants others than it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The oldest version of an app that may come in.
    pub min_version: Option<String>,
    /// Rooms in one page of LOGINLIST and LCHATLIST.
    pub rooms_per_page: Option<usize>,
}

/// A room.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldRoom {
    /// Two members, or more.
    pub kind: RoomKind,
    /// Their names.
    pub members: Vec<String>,
}

/// The kind of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// `DirectChat`.
    Direct,
    /// `MultiChat`.
    Multi,
}

/// One connection of the judge to the target, or of the target to the judge.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Whose connection: gives `self.id`, `self.token`, `self.duuid` to its steps.
    pub user: Option<String>,
    /// Which of the user's devices: `phone` (main) or `pc` (sub). Each has its own session.
    #[serde(default)]
    pub device: Device,
    /// Where it goes.
    #[serde(default)]
    pub door: Door,
    /// False sends packets without the secure layer to a door that has one.
    pub secure: Option<bool>,
    /// How its handshake is spoiled, cut and placed.
    #[serde(default)]
    pub handshake: Handshake,
}

/// A device of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The main device.
    #[default]
    Phone,
    /// A sub-device.
    Pc,
}

/// The four servers of the way in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// GETCONF over TLS.
    Booking,
    /// CHECKIN in the secure layer.
    Ticket,
    /// BUY and CHECKIN in the clear, 2012.
    Entry,
    /// The long connection.
    #[default]
    Carriage,
}

impl Door {
    /// The same door as the core calls it.
    #[must_use]
    pub const fn of_core(self) -> crate::proto::command::Door {
        use crate::proto::command::Door as Core;
        match self {
            Self::Booking => Core::Booking,
            Self::Ticket => Core::Ticket,
            Self::Entry => Core::Entry,
            Self::Carriage => Core::Carriage,
        }
    }
}

/// What is done to a connection's handshake.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handshake {
    /// Spoils it.
    #[serde(default)]
    pub mutate: Vec<Mutation>,
    /// Cuts it over several writes, at these bytes.
    #[serde(default)]
    pub cut: Vec<Lit>,
    /// True sends it in a write of its own, not in front of the first frame.
    #[serde(default)]
    pub alone: bool,
}
