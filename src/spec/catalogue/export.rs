//! All of the catalogue and the requirements as one JSON document, for other tools.

use serde::{Deserialize, Serialize};

use super::Catalogue;
use crate::spec::format::CommandFile;
use crate::spec::format::requirement::Requirement;
use crate::spec::format::vocabulary::{EnumDef, StatusDef, TypeDef};

/// `locospec-spec/1`: lists by name, eras written out, each form with its eras. Reading it back gives the same value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// `locospec-spec/1`.
    pub format: ExportFormat,
    /// The version of the program that wrote it.
    pub version: String,
    /// Every method.
    pub commands: Vec<CommandFile>,
    /// Every type.
    pub types: Vec<TypeDef>,
    /// Every enumeration.
    pub enums: Vec<EnumDef>,
    /// Every status.
    pub statuses: Vec<StatusDef>,
    /// Every requirement.
    pub requirements: Vec<Requirement>,
}

/// The only version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportFormat {
    /// Version 1.
    #[serde(rename = "locospec-spec/1")]
    V1,
}

impl Export {
    /// Everything in the catalogue.
    #[must_use]
    pub fn of(catalogue: &Catalogue<'_>) -> Self {
        let command = |c: &CommandFile| {
            let mut c = c.clone();
            for form in &mut c.forms {
                form.eras.get_or_insert_with(|| c.eras.clone());
            }
            c
        };
        Self {
            format: ExportFormat::V1,
            version: env!("CARGO_PKG_VERSION").to_string(),
            commands: catalogue.commands().into_iter().map(command).collect(),
            types: catalogue.types().into_iter().cloned().collect(),
            enums: catalogue.enums().into_iter().cloned().collect(),
            statuses: catalogue.statuses().into_iter().cloned().collect(),
            requirements: catalogue.requirements().into_iter().cloned().collect(),
        }
    }

    /// As text, a newline at its end.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map(|s| s + "\n").map_err(|e| e.to_string())
    }
}
