//! `spec/quirks.yaml`, `spec/macros/*.yaml`, `spec/profiles.yaml`: lists that cases refer to by name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Role;
use crate::sim::generate::profile::Profile as Purpose;
use crate::sim::invariants::Invariant;
use crate::spec::lit::Lit;

/// Ways to be wrong on purpose.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "quirks")]
pub struct QuirkFile {
    /// `locospec-quirks/1`.
    pub format: QuirkFormat,
    /// The quirks.
    pub quirks: Vec<Quirk>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum QuirkFormat {
    /// Version 1.
    #[serde(rename = "locospec-quirks/1")]
    V1,
}

/// One way to be wrong.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quirk {
    /// Its name, as `locospec serve --quirk NAME` takes it.
    pub id: String,
    /// Who has it.
    pub role: Role,
    /// What an implementation with it does.
    pub does: String,
    /// Which requirements that breaks.
    pub breaks: Vec<String>,
    /// Who finds it.
    #[serde(default)]
    pub found_by: Finder,
    /// For what the worlds are made in which the simulator hunts it.
    #[serde(default)]
    pub profile: Purpose,
    /// The simulator finds it within so many seeds of its profile. Nothing: nobody promises that.
    pub within: Option<u64>,
    /// A seed that finds it, so that a test need not look for one.
    pub seed: Option<u64>,
    /// The invariants of which one is violated first when it is found.
    #[serde(default)]
    pub by: Vec<Invariant>,
}

/// Who finds a quirk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Finder {
    /// At least one case that says so under `kills`.
    #[default]
    Case,
    /// Only a simulation: it takes a fault to show.
    Simulation,
    /// Only the guard over a server that the judge has launched: nothing of it is on the wire.
    Guard,
}

/// Steps with holes, used by name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "macros")]
pub struct MacroFile {
    /// `locospec-macros/1`.
    pub format: MacroFormat,
    /// The macros by name.
    pub macros: BTreeMap<String, Macro>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum MacroFormat {
    /// Version 1.
    #[serde(rename = "locospec-macros/1")]
    V1,
}

/// Steps with holes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Macro {
    /// What it does, in one sentence.
    pub about: String,
    /// Its holes, each `${with.NAME}` in the steps; a value here is the default, `null` means that it must be given.
    #[serde(default)]
    pub params: BTreeMap<String, Lit>,
    /// The steps, untyped until the holes are filled.
    pub steps: Vec<Lit>,
}

/// The choices between disputed facts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "profiles")]
pub struct ProfileFile {
    /// `locospec-profiles/1`.
    pub format: ProfileFormat,
    /// The profiles.
    pub profiles: Vec<Profile>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum ProfileFormat {
    /// Version 1.
    #[serde(rename = "locospec-profiles/1")]
    V1,
}

/// One choice that an implementation declares, or a set of commands that it has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, as cases name it under `needs`.
    pub id: String,
    /// What an implementation that declares it has.
    pub means: String,
}
