//! JSON Schema (draft 7) of every kind of file, made from the types that read them: what editors check against.
//!
//! `spec/schema/*.json` are written by `locospec spec schema` and a test fails when one is stale.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::baseline::Baseline;
use super::format::{
    Case, CommandFile, EnumFile, MacroFile, ProfileFile, QuirkFile, RequirementFile, StatusFile, Sut, TypeFile,
    VectorFile,
};

/// Every schema file with its text.
#[must_use]
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("baseline.json", text::<Baseline>()),
        ("case.json", text::<Case>()),
        ("command.json", text::<CommandFile>()),
        ("enums.json", text::<EnumFile>()),
        ("macros.json", text::<MacroFile>()),
        ("profiles.json", text::<ProfileFile>()),
        ("quirks.json", text::<QuirkFile>()),
        ("requirement.json", text::<RequirementFile>()),
        ("status.json", text::<StatusFile>()),
        ("sut.json", text::<Sut>()),
        ("types.json", text::<TypeFile>()),
        ("vectors.json", text::<VectorFile>()),
        ("world.json", text::<crate::store::World>()),
    ]
}

fn text<T: JsonSchema>() -> String {
    let schema: Schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let mut s = serde_json::to_string_pretty(&schema).unwrap_or_default();
    s.push('\n');
    s
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// `UPDATE_SCHEMA=1 cargo test schema` writes them anew.
    #[test]
    fn the_schemas_in_the_tree_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/schema");
        for (name, text) in all() {
            let path = folder.join(name);
            if std::env::var_os("UPDATE_SCHEMA").is_some() {
                assert!(std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &text)).is_ok(), "{name}");
            }
            let have = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(have == text, "spec/schema/{name} is stale: UPDATE_SCHEMA=1 cargo test schema");
        }
    }
}
