//! Small values that stand as one word: eras and spans of time.

use core::time::Duration;
use std::borrow::Cow;
use std::fmt;

use crate::proto::secure::Era;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

/// An era as it is written: in quotes, since it is no number.
struct Quoted(Era);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Quoted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an era in quotes: \"2012\", \"2019\", \"2023\" or \"2025\"")
            }

            fn visit_str<E: de::Error>(self, s: &str) -> Result<Quoted, E> {
                Era::parse(s).map(Quoted).ok_or_else(|| E::invalid_value(de::Unexpected::Str(s), &self))
            }
        }
        d.deserialize_any(V)
    }
}

/// `all`, `modern` (everything but 2012) or a list of eras.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eras(pub Vec<Era>);

impl Default for Eras {
    fn default() -> Self {
        Self(Era::ALL.to_vec())
    }
}

impl Eras {
    /// Those that both name; it may be none.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        Self(self.0.iter().copied().filter(|e| other.has(*e)).collect())
    }

    /// Whether `era` is one of them.
    #[must_use]
    pub fn has(&self, era: Era) -> bool {
        self.0.contains(&era)
    }
}

impl<'de> Deserialize<'de> for Eras {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Eras;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all`, `modern` or a list of eras in quotes")
            }

            fn visit_str<E: de::Error>(self, s: &str) -> Result<Eras, E> {
                match s {
                    "all" => Ok(Eras::default()),
                    "modern" => Ok(Eras(vec![Era::E2019, Era::E2023, Era::E2025])),
                    _ => Err(E::invalid_value(de::Unexpected::Str(s), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut a: A) -> Result<Eras, A::Error> {
                let mut v = Vec::new();
                while let Some(Quoted(e)) = a.next_element()? {
                    v.push(e);
                }
                if v.is_empty() { Err(de::Error::custom("an empty list of eras runs nowhere")) } else { Ok(Eras(v)) }
            }
        }
        d.deserialize_any(V)
    }
}

/// Always the list, so that a reader of what is written needs no rule.
impl serde::Serialize for Eras {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|e| e.as_str()))
    }
}

/// `all`, `modern`, or the eras with commas.
impl fmt::Display for Eras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |e: &Era| self.has(*e);
        if Era::ALL.iter().all(has) {
            return f.write_str("all");
        }
        if !self.has(Era::E2012) && Era::ALL.iter().filter(|e| e.is_modern()).all(has) {
            return f.write_str("modern");
        }
        f.write_str(&self.0.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(", "))
    }
}

impl JsonSchema for Eras {
    fn schema_name() -> Cow<'static, str> {
        "Eras".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"enum": ["all", "modern"]},
            {"type": "array", "minItems": 1, "items": {"enum": ["2012", "2019", "2023", "2025"]}},
        ]})
    }
}

/// A span of time: `100ms`, `2s`, `20m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub Duration);

impl Span {
    /// Reads `100ms`, `2s`, `20m` or `1h`.
    ///
    /// # Errors
    /// What a span must look like.
    pub fn parse(s: &str) -> Result<Self, String> {
        let wrong = || format!("`{s}` is no span of time: write 100ms, 2s, 20m or 1h");
        let cut = s.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (n, unit) = s.split_at(cut);
        let n: u64 = n.parse().map_err(|_| wrong())?;
        let ms = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        n.checked_mul(ms)
            .filter(|ms| *ms <= 7 * 24 * 3_600_000)
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        if ms.is_multiple_of(1000) { write!(f, "{}s", ms / 1000) } else { write!(f, "{ms}ms") }
    }
}

impl serde::Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time such as 100ms, 2s or 20m")
            }

            fn visit_str<E: de::Error>(self, s: &str) -> Result<Span, E> {
                Span::parse(s).map_err(E::custom)
            }
        }
        d.deserialize_str(V)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit_and_a_bound() {
        assert_eq!(Span::parse("100ms"), Ok(Span(Duration::from_millis(100))));
        assert_eq!(Span::parse("20m"), Ok(Span(Duration::from_secs(1200))));
        for bad in ["", "10", "s", "1.5s", "-1s", "1d", "9999999999999999999s", "169h"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
    }
}
