//! A field of a document and its type: what commands and types of the catalogue are made of.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::Eras;
use crate::spec::lit::Lit;

/// How deep arrays may hold arrays.
const ARRAY_DEPTH_MAX: usize = 4;

/// The type of a field, as one word: `int64`, `document`, `chat-log`, or `[T]`, an array of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A BSON int32. Readers take any width.
    Int32,
    /// A BSON int64. Readers take any width.
    Int64,
    /// A BSON double.
    Double,
    /// A boolean.
    Bool,
    /// Text in UTF-8.
    String,
    /// Bytes, generic subtype.
    Binary,
    /// An int32 or an int64, kept and given back as it came.
    Int,
    /// A document whose fields nobody knows.
    Document,
    /// An array.
    Array(Box<FieldType>),
    /// A type of `spec/types`.
    Named(String),
}

/// The types that have a word of their own.
const WORDS: [(&str, FieldType); 8] = [
    ("int32", FieldType::Int32),
    ("int64", FieldType::Int64),
    ("double", FieldType::Double),
    ("bool", FieldType::Bool),
    ("string", FieldType::String),
    ("binary", FieldType::Binary),
    ("int", FieldType::Int),
    ("document", FieldType::Document),
];

impl FieldType {
    /// Reads a type: `int32`, `[chat-log]`.
    ///
    /// # Errors
    /// What a type must look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_at(text, 0)
    }

    fn parse_at(text: &str, depth: usize) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix('[') {
            let inner = rest.strip_suffix(']').ok_or_else(|| format!("`{text}` has no `]` at its end"))?;
            if depth >= ARRAY_DEPTH_MAX {
                return Err(format!("arrays in arrays deeper than {ARRAY_DEPTH_MAX}"));
            }
            return Ok(Self::Array(Box::new(Self::parse_at(inner, depth + 1)?)));
        }
        if let Some((_, found)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(found.clone());
        }
        if is_kebab(text) {
            return Ok(Self::Named(text.to_string()));
        }
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        Err(format!("`{text}` is no type: {}, a name of spec/types, or \"[T]\"", words.join(", ")))
    }

    /// The type without the arrays around it.
    #[must_use]
    pub fn element(&self) -> &Self {
        match self {
            Self::Array(inner) => inner.element(),
            other => other,
        }
    }

    /// The type of `spec/types` that it names, in an array or not.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        match self.element() {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it holds whole numbers, in an array or not.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.element(), Self::Int32 | Self::Int64 | Self::Int)
    }
}

/// Lower case, digits and single dashes, a letter first: `chat-log`.
#[must_use]
pub fn is_kebab(text: &str) -> bool {
    let part = |p: &str| !p.is_empty() && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(part)
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array(inner) => write!(f, "[{inner}]"),
            Self::Named(name) => f.write_str(name),
            other => f.write_str(WORDS.iter().find(|(_, t)| t == other).map_or("?", |(word, _)| word)),
        }
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = FieldType;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type such as int64, chat-log or \"[int64]\" in quotes")
            }

            fn visit_str<E: de::Error>(self, s: &str) -> Result<FieldType, E> {
                FieldType::parse(s).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<FieldType, A::Error> {
                Err(de::Error::custom("an array type stands in quotes: \"[int64]\""))
            }
        }
        d.deserialize_any(V)
    }
}

impl JsonSchema for FieldType {
    fn schema_name() -> Cow<'static, str> {
        "FieldType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^\\[*[a-z][a-z0-9]*(-[a-z0-9]+)*\\]*$",
            "description": "int32, int64, double, bool, string, binary, int (either width, kept), document (fields unknown), a name of spec/types, or \"[T]\".",
        })
    }
}

/// One field of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its key on the wire.
    pub name: String,
    /// A readable name in `snake_case`, where the key is a cryptic abbreviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its type, and the width to write.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// In a request: a server cannot do without it. In a reply or push: a strict client needs it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// `null` is written instead of leaving it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// The enumeration that its values come from.
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    pub values: Option<String>,
    /// What the JSON in this string holds: a type whose encoding is json, or `any`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// The unit of a number: `seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Types that were seen in its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen_as: Vec<FieldType>,
    /// The eras that have it, when they are fewer than those of its form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eras: Option<Eras>,
    /// What it means, as a sentence.
    pub meaning: String,
    /// What a value looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Lit>,
    /// Who has it, when that is not everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who says what, where sources contradict each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
    /// Nobody knows what it means.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that serde asks for
pub(super) fn is_false(b: &bool) -> bool {
    !*b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_and_written_alike() {
        let list = |inner| FieldType::Array(Box::new(inner));
        let named = |name: &str| FieldType::Named(name.into());
        let all = [
            ("int32", FieldType::Int32),
            ("int", FieldType::Int),
            ("document", FieldType::Document),
            ("chat-log", named("chat-log")),
            ("integer", named("integer")),
            ("[int64]", list(FieldType::Int64)),
            ("[[room-info]]", list(list(named("room-info")))),
        ];
        for (text, kind) in all {
            assert_eq!(FieldType::parse(text), Ok(kind.clone()), "{text}");
            assert_eq!(kind.to_string(), text);
        }
        for (word, kind) in WORDS {
            assert_eq!((FieldType::parse(word), kind.to_string().as_str()), (Ok(kind.clone()), word));
        }
    }

    #[test]
    fn what_is_no_type_is_refused_with_what_one_is() {
        for bad in ["", "[", "]", "[]", "[int32", "int32]", "Int32", "chat_log", "-a", "a-", "a--b", "9", "int 32"] {
            assert!(FieldType::parse(bad).is_err(), "{bad}");
        }
        let deep = format!("{}int32{}", "[".repeat(5), "]".repeat(5));
        assert!(FieldType::parse(&deep).is_err_and(|e| e.contains("deeper than 4")));
        assert!(FieldType::parse(&"[".repeat(1_000_000)).is_err());
        assert!(FieldType::parse("Map").is_err_and(|e| e.contains("`Map` is no type: int32, int64")));
    }

    #[test]
    fn the_element_of_an_array_is_what_it_names() {
        let of = |text| FieldType::parse(text).ok();
        assert_eq!(of("[[meta]]").as_ref().and_then(FieldType::named), Some("meta"));
        assert_eq!(of("[int]").map(|t| (t.is_whole(), t.named().is_some())), Some((true, false)));
        assert_eq!(of("string").map(|t| t.is_whole()), Some(false));
    }
}
