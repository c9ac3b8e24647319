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

    /// In one line of YAML, as who writes a case would: quotes stand only where they must.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(b) => b.to_string(),
            Self::Int(n) => n.to_string(),
            Self::Float(x) if x.is_nan() => ".nan".into(),
            Self::Float(x) if x.is_infinite() => if *x > 0.0 { ".inf" } else { "-.inf" }.into(),
            Self::Float(x) => line_of_float(*x),
            Self::Str(s) => line_of_text(s),
            Self::Seq(v) => format!("[{}]", v.iter().map(Self::line).collect::<Vec<_>>().join(", ")),
            Self::Map(m) => {
                let one = |(k, v): &(String, Self)| format!("{}: {}", line_of_text(k), v.line());
                format!("{{{}}}", m.iter().map(one).collect::<Vec<_>>().join(", "))
            }
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

/// A number with a point and without an exponent, which some readers of YAML take for text.
fn line_of_float(x: f64) -> String {
    let text = x.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// Text between the brackets of a list or a mapping: plain where that can mean nothing else.
fn line_of_text(s: &str) -> String {
    const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"];
    let begins = s.starts_with(|c: char| c.is_alphabetic() || c == '$' || c == '_');
    let plain = begins && s.chars().all(|c| c.is_alphanumeric() || "_-$./ ".contains(c)) && !s.ends_with(' ');
    let number = s.chars().all(|c| c.is_ascii_hexdigit());
    if plain && !number && !WORDS.contains(&s.to_lowercase().as_str()) {
        return s.to_owned();
    }
    // Quoted text of JSON is quoted text of YAML, but for what JSON leaves as it is and YAML folds or forbids.
    let folded = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let quoted = serde_json::Value::from(s).to_string();
    quoted.chars().map(|c| if folded(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
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
    fn a_line_is_read_as_what_it_was_written_from() {
        let text = |s: &str| Lit::Str(s.into());
        let texts = [
            "alice",
            "안녕 a",
            "a: b",
            "a #b",
            "",
            " a",
            "a ",
            "7000",
            "no",
            "Null",
            "-",
            "a\nb\u{85}\u{7}\u{2028}",
            "$x",
        ];
        let lit = Lit::Map(vec![
            ("send_text".into(), Lit::Seq(texts.into_iter().map(text).collect())),
            (
                "a, b".into(),
                Lit::Seq(vec![
                    Lit::Int(-7),
                    Lit::Float(2.0),
                    Lit::Float(-1e300),
                    Lit::Float(1.5e-9),
                    Lit::Bool(true),
                    Lit::Null,
                ]),
            ),
            ("none".into(), Lit::Map(vec![("of".into(), Lit::empty()), ("it".into(), Lit::Seq(Vec::new()))])),
        ]);
        assert!(
            !lit.line().contains('\n') && lit.line().starts_with("{send_text: [alice, 안녕 a, \"a: b\", "),
            "{}",
            lit.line()
        );
        let read = crate::spec::yaml::parse::<Lit>("a line", &lit.line());
        assert_eq!(read.map(|l| l.value), Ok(lit));
        // No case can have these; YAML has words for them.
        assert_eq!(
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|x| Lit::Float(x).line()),
            [".nan", ".inf", "-.inf"]
        );
    }

    #[test]
    fn only_a_lone_dollar_key_is_an_operator() {
        let one = Lit::Map(vec![("$int32".into(), Lit::Int(1))]);
        assert_eq!(one.operator(), Some(("$int32", &Lit::Int(1))));
        assert_eq!(Lit::Map(vec![("a".into(), Lit::Null)]).operator(), None);
    }
}
