//! `spec/types/*.yaml`, `spec/enums/*.yaml` and `spec/status.yaml`: what the documents of commands are made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Eras;
use super::field::{Field, is_false};
use super::requirement::Source;
use crate::spec::lit::Lit;

/// Some related types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "types")]
pub struct TypeFile {
    /// `locospec-types/1`.
    pub format: TypeFormat,
    /// What the types of this file are about.
    pub about: String,
    /// The types.
    pub types: Vec<TypeDef>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TypeFormat {
    /// Version 1.
    #[serde(rename = "locospec-types/1")]
    V1,
}

/// A document that stands inside others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeDef {
    /// Its name, as `type:` and `json:` of a field name it.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// How it is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What it is for, and where it stands.
    pub text: String,
    /// The eras that have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eras: Option<Eras>,
    /// Its fields, in the order in which they are written.
    pub fields: Vec<Field>,
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

/// How a type is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// A BSON document.
    #[default]
    Bson,
    /// A JSON document inside a string.
    Json,
}

impl Encoding {
    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bson => "bson",
            Self::Json => "json",
        }
    }
}

/// Some related enumerations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "enums")]
pub struct EnumFile {
    /// `locospec-enums/1`.
    pub format: EnumFormat,
    /// What the enumerations of this file are about.
    pub about: String,
    /// The enumerations.
    pub enums: Vec<EnumDef>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EnumFormat {
    /// Version 1.
    #[serde(rename = "locospec-enums/1")]
    V1,
}

/// The values that a field may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumDef {
    /// Its name, as `enum:` of a field names it.
    pub name: String,
    /// What the values tell apart.
    pub title: String,
    /// What the values are.
    #[serde(rename = "type")]
    pub kind: EnumKind,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The values.
    pub values: Vec<EnumValue>,
    /// Where it is known from, besides the values' own sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Where sources contradict each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<String>,
    /// What nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// What the values of an enumeration are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnumKind {
    /// Numbers, one at a time.
    Int32,
    /// Words.
    String,
    /// Flags that are added up.
    Bits,
}

impl EnumKind {
    /// Its name in YAML.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::String => "string",
            Self::Bits => "bits",
        }
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumValue {
    /// As it stands on the wire.
    pub value: Lit,
    /// A name for it: lower case, words joined by `-`.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who says what, where sources contradict each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
    /// Nobody knows what it means.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown: bool,
}

/// Every status that a reply may carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "status")]
pub struct StatusFile {
    /// `locospec-status/1`.
    pub format: StatusFormat,
    /// What a status is.
    pub about: String,
    /// The statuses.
    pub statuses: Vec<StatusDef>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StatusFormat {
    /// Version 1.
    #[serde(rename = "locospec-status/1")]
    V1,
}

/// One status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusDef {
    /// The number.
    pub status: i32,
    /// A name for it: lower case, words joined by `-`.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether asking again helps, where a source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Who says what, where sources contradict each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
    /// Nobody knows what it means.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown: bool,
}

/// Whether asking again helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// It never does.
    No,
    /// After a while.
    Later,
    /// After a new login.
    AfterLogin,
}

impl Retry {
    /// As a person reads it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Later => "later",
            Self::AfterLogin => "after a new login",
        }
    }
}
