//! A value as a file wrote it: what YAML has, in the order of the file, with no meaning yet.
//!
//! [`super::value`] makes BSON of it, [`super::matcher`] compares BSON with it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A written value.
#[derive(Clone, Debug, PartialEq)]
pub enum Lit {
    /// `null`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    Seq(Vec<Lit>),
    /// A mapping, in the order of the file, no key twice.
    Map(Vec<(String, Lit)>),
}

impl Lit {
    /// An empty mapping.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Map(Vec::new())
    }

    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(m) => m.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text, if this is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// `{$op: argument}`: the operator and its argument.
    #[must_use]
    pub fn operator(&self) -> Option<(&str, &Self)> {
        match self {
            Self::Map(m) => match m.as_slice() {
                [(k, v)] if k.starts_with('$') => Some((k, v)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same with every `${with.name}` filled in: a string that is nothing else becomes the value itself.
    #[must_use]
    pub fn fill(&self, with: &[(String, Lit)]) -> Self {
        match self {
            Self::Str(s) => fill_text(s, with),
            Self::Seq(v) => Self::Seq(v.iter().map(|x| x.fill(with)).collect()),
            Self::Map(m) => Self::Map(m.iter().map(|(k, v)| (k.clone(), v.fill(with))).collect()),
            other => other.clone(),
        }
    }

    /// The same for JSON: how a macro's steps become typed.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(n) => (*n).into(),
            Self::Float(x) => (*x).into(),
            Self::Str(s) => s.as_str().into(),
            Self::Seq(v) => v.iter().map(Self::to_json).collect(),
            Self::Map(m) => m.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
        }
    }
}

fn fill_text(s: &str, with: &[(String, Lit)]) -> Lit {
    for (name, value) in with {
        let hole = format!("${{with.{name}}}");
        if s == hole {
            return value.clone();
        }
    }
    let mut out = s.to_string();
    for (name, value) in with {
        let hole = format!("${{with.{name}}}");
        if out.contains(&hole) {
            out = out.replace(&hole, &value.to_string());
        }
    }
    Lit::Str(out)
}

impl fmt::Display for Lit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(s) => f.write_str(s),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

impl serde::Serialize for Lit {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(s)
    }
}

impl<'de> Deserialize<'de> for Lit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(LitVisitor)
    }
}

struct LitVisitor;

impl<'de> Visitor<'de> for LitVisitor {
    type Value = Lit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Lit, E> {
        Ok(Lit::Null)
    }

    fn visit_none<E>(self) -> Result<Lit, E> {
        Ok(Lit::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Lit, D::Error> {
        Lit::deserialize(d)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Lit, E> {
        Ok(Lit::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Lit, E> {
        Ok(Lit::Int(n))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Lit, E> {
        i64::try_from(n).map(Lit::Int).map_err(|_| E::custom(format!("{n} does not fit 64 signed bits")))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Lit, E> {
        Ok(Lit::Float(x))
    }

    fn visit_str<E>(self, s: &str) -> Result<Lit, E> {
        Ok(Lit::Str(s.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut a: A) -> Result<Lit, A::Error> {
        let mut v = Vec::new();
        while let Some(x) = a.next_element()? {
            v.push(x);
        }
        Ok(Lit::Seq(v))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut a: A) -> Result<Lit, A::Error> {
        let mut m: Vec<(String, Lit)> = Vec::new();
        while let Some(k) = a.next_key::<String>()? {
            if m.iter().any(|(have, _)| *have == k) {
                return Err(de::Error::custom(format!("key `{k}` stands here twice")));
            }
            m.push((k, a.next_value()?));
        }
        Ok(Lit::Map(m))
    }
}

impl schemars::JsonSchema for Lit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"description": "Any value; operators are written {$name: argument}."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_alone_takes_the_value_with_its_type_and_inside_text_its_letters() {
        let with = vec![("n".to_string(), Lit::Int(7))];
        assert_eq!(Lit::Str("${with.n}".into()).fill(&with), Lit::Int(7));
        assert_eq!(Lit::Str("a${with.n}b".into()).fill(&with), Lit::Str("a7b".into()));
    }

    #[test]
    fn only_a_lone_dollar_key_is_an_operator() {
        let one = Lit::Map(vec![("$int32".into(), Lit::Int(1))]);
        assert_eq!(one.operator(), Some(("$int32", &Lit::Int(1))));
        assert_eq!(Lit::Map(vec![("a".into(), Lit::Null)]).operator(), None);
    }
}
