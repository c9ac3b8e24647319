//! `spec/requirements/*.yaml`: what must hold, at which level, and who says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Eras, Role};

/// A file of requirements.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "requirement")]
pub struct RequirementFile {
    /// `locospec-requirements/1`.
    pub format: RequirementFormat,
    /// What the requirements of this file are about, in one sentence.
    pub about: String,
    /// The requirements, in the order a reader needs them.
    pub requirements: Vec<Requirement>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum RequirementFormat {
    /// Version 1.
    #[serde(rename = "locospec-requirements/1")]
    V1,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its name, `AREA-TOPIC-1`: never reused.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The rule, as one sentence.
    pub text: String,
    /// Who must keep it.
    pub applies_to: Vec<Role>,
    /// The eras in which it holds.
    #[serde(default)]
    pub eras: Eras,
    /// How sure it is.
    pub status: Status,
    /// Where it is known from; empty only when it is ours.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Why no case proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
    /// Why no line of the reference cites it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncited: Option<String>,
}

/// How binding a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Level {
    /// Without it two implementations do not understand each other.
    #[serde(rename = "MUST")]
    Must,
    /// Expected unless there is a good reason.
    #[serde(rename = "SHOULD")]
    Should,
    /// Allowed.
    #[serde(rename = "MAY")]
    May,
    /// A fact that binds nobody.
    #[serde(rename = "INFO")]
    Info,
}

/// How sure a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Seen in a capture, or done by a client that worked.
    Observed,
    /// Follows from what was seen.
    Inferred,
    /// Sources contradict each other.
    Disputed,
    /// Chosen here because no source says.
    Ours,
}

/// Who says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it says, in short.
    pub says: String,
    /// Which source: its name and version, or its id in `spec/README.md`.
    pub from: String,
}
