//! `spec/vectors/*.yaml`: bytes and what a codec must make of them; format `locospec-vectors/1`.
//!
//! Shapes only. What is asked of a codec for a vector, and what its answer must be, is [`crate::spec::run::codec`].

use schemars::JsonSchema;
use serde::Deserialize;

use super::Eras;
use super::step::Grade;
use crate::spec::lit::Lit;

/// A file of vectors about one thing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "vectors")]
pub struct VectorFile {
    /// `locospec-vectors/1`.
    pub format: VectorFormat,
    /// What the vectors are about, in one sentence.
    pub about: String,
    /// What is done with each of them.
    pub task: Task,
    /// The requirements that they prove.
    pub proves: Vec<String>,
    /// The quirks that they must catch, each alone.
    #[serde(default)]
    pub kills: Vec<String>,
    /// The command that makes this file from tables; a file without it is written by hand.
    pub made_by: Option<String>,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum VectorFormat {
    /// Version 1.
    #[serde(rename = "locospec-vectors/1")]
    V1,
}

/// What is done with a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// `in.hex` is decoded to `out`, and `out` is encoded to `in.hex`.
    Packet,
    /// `in` is decoded to `out`.
    Decode,
    /// `in` is encoded to `out.hex`.
    Encode,
    /// `in.hex` is opened to `in.plain`, and `in.plain` is sealed under `in.iv` to `in.hex`.
    Frame,
    /// `in` is opened to `out`.
    Open,
    /// `in.plain` is sealed twice under IVs of the codec's own: both open, and the IVs differ.
    Fresh,
    /// A handshake with `in.key` is made, and the judge reads it.
    Handshake,
    /// The handshake `in.hex` is read to `out`.
    Accept,
    /// `in.pieces` are read as they come, to `out`.
    Stream,
}

impl Task {
    /// Whether it is about one era, so that each vector is run in each of its eras.
    #[must_use]
    pub const fn has_era(self) -> bool {
        matches!(self, Self::Frame | Self::Open | Self::Fresh | Self::Handshake | Self::Accept)
    }

    /// The operations that it asks of a codec.
    #[must_use]
    pub const fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Packet => &["decode", "encode"],
            Self::Decode => &["decode"],
            Self::Encode => &["encode"],
            Self::Frame => &["open", "seal"],
            Self::Open => &["open"],
            Self::Fresh => &["seal"],
            Self::Handshake => &["handshake"],
            Self::Accept => &["accept"],
            Self::Stream => &["stream"],
        }
    }
}

/// One vector. Exactly one of `out`, `refuse` and `first_of` says what must come, where the task leaves it open.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Its name, once in its file: letters, digits, `.` and `-`.
    pub id: String,
    /// What it shows, where the name does not say it.
    pub why: Option<String>,
    /// Its eras. Where packets alone are concerned it has none and is run once.
    pub eras: Option<Eras>,
    /// What the codec is given.
    #[serde(rename = "in")]
    pub given: Lit,
    /// What must come.
    pub out: Option<Lit>,
    /// True: it must be refused, whatever the error says.
    #[serde(default)]
    pub refuse: bool,
    /// Where the facts are silent: what may come. The first that fits decides, and none is a failure.
    #[serde(default)]
    pub first_of: Vec<Choice>,
}

/// One thing that may come: exactly one of `out`, `refuse: true`, `anything: true`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// This.
    pub out: Option<Lit>,
    /// A refusal.
    #[serde(default)]
    pub refuse: bool,
    /// Any answer at all: only a crash or silence is none.
    #[serde(default)]
    pub anything: bool,
    /// What that means.
    pub grade: Grade,
    /// What to tell the reader.
    pub note: Option<String>,
}
