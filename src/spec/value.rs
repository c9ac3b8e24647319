//! A written body into BSON: `{$int64: 1}`, `{$var: alice.id}`, `"hello ${case.nonce}"`.
//!
//! A plain whole number becomes an int32 when it fits one, else an int64; whoever cares writes the type. The other
//! direction, BSON against what was expected, is [`super::matcher`].

use std::collections::BTreeMap;
use std::fmt;

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document};

use super::format::mutate::unhex;
use super::lit::Lit;

/// The most bytes that one `$repeat` may make.
const REPEAT_LEN_MAX: usize = 32 << 20;

/// Names that a case may use, and what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Vars(BTreeMap<String, (Bson, Option<String>)>);

/// Two places want one name to be two values.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What the name stands for.
    pub value: Bson,
    /// Where it was bound.
    pub place: String,
}

impl Vars {
    /// Gives a name its value, whatever it had.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Bson>) {
        self.0.insert(name.into(), (value.into(), None));
    }

    /// Takes a name away.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// What a name stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bson> {
        self.0.get(name).map(|(v, _)| v)
    }

    /// Unification: binds a free name, and demands an equal value of a bound one. `place` is told on a later conflict.
    ///
    /// # Errors
    /// What the name already stands for, and since where.
    pub fn bind(&mut self, name: &str, value: &Bson, place: &str) -> Result<(), Box<Conflict>> {
        match self.0.get(name) {
            None => {
                self.0.insert(name.to_string(), (value.clone(), Some(place.to_string())));
                Ok(())
            }
            Some((have, _)) if same(have, value) => Ok(()),
            Some((have, at)) => Err(Box::new(Conflict {
                value: have.clone(),
                place: at.clone().unwrap_or_else(|| "the case's world".into()),
            })),
        }
    }
}

/// Equal as a value: whole numbers of any width, and doubles among themselves.
#[must_use]
pub fn same(a: &Bson, b: &Bson) -> bool {
    match (whole(a), whole(b)) {
        (Some(x), Some(y)) => x == y,
        (None, None) => a == b,
        _ => false,
    }
}

/// The whole number of an int32 or int64.
#[must_use]
pub fn whole(b: &Bson) -> Option<i64> {
    match b {
        Bson::Int32(n) => Some(i64::from(*n)),
        Bson::Int64(n) => Some(*n),
        _ => None,
    }
}

/// Why a written value is no BSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// Where in the written value.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl std::error::Error for ValueError {}

/// Makes a document of a written mapping.
///
/// # Errors
/// The first part that makes no BSON.
pub fn document(lit: &Lit, vars: &Vars) -> Result<Document, ValueError> {
    match to_bson(lit, vars, "body")? {
        Bson::Document(d) => Ok(d),
        other => Err(wrong("body", format!("a body is a mapping, not {other}"))),
    }
}

/// Makes BSON of a written value; `path` names it in errors.
///
/// # Errors
/// An unknown operator or name, or a number that does not fit.
pub fn to_bson(lit: &Lit, vars: &Vars, path: &str) -> Result<Bson, ValueError> {
    if let Some((op, arg)) = lit.operator() {
        return operate(op, arg, vars, path);
    }
    Ok(match lit {
        Lit::Null => Bson::Null,
        Lit::Bool(b) => Bson::Boolean(*b),
        Lit::Int(n) => i32::try_from(*n).map_or(Bson::Int64(*n), Bson::Int32),
        Lit::Float(x) => Bson::Double(*x),
        Lit::Str(s) => Bson::String(text(s, vars, path)?),
        Lit::Seq(v) => Bson::Array(
            v.iter().enumerate().map(|(n, x)| to_bson(x, vars, &format!("{path}[{n}]"))).collect::<Result<_, _>>()?,
        ),
        Lit::Map(m) => {
            let mut d = Document::new();
            for (k, v) in m {
                d.insert(k.clone(), to_bson(v, vars, &format!("{path}.{k}"))?);
            }
            Bson::Document(d)
        }
    })
}

fn wrong(path: &str, what: impl Into<String>) -> ValueError {
    ValueError { path: path.to_string(), what: what.into() }
}

/// The operators that make values; the others only compare.
pub const OPERATORS: &[&str] = &["$int32", "$int64", "$double", "$var", "$bytes", "$repeat", "$add", "$with"];

fn operate(op: &str, arg: &Lit, vars: &Vars, path: &str) -> Result<Bson, ValueError> {
    match op {
        "$int32" => {
            let n = number(arg, vars, path)?;
            i32::try_from(n).map(Bson::Int32).map_err(|_| wrong(path, format!("{n} does not fit an int32")))
        }
        "$int64" => number(arg, vars, path).map(Bson::Int64),
        "$double" => match to_bson(arg, vars, path)? {
            Bson::Double(x) => Ok(Bson::Double(x)),
            other => whole(&other)
                .and_then(|n| i32::try_from(n).ok())
                .map(|n| Bson::Double(f64::from(n)))
                .ok_or_else(|| wrong(path, format!("{other} is no double"))),
        },
        "$var" => {
            let name = arg.as_str().ok_or_else(|| wrong(path, "$var takes a name"))?;
            vars.get(name).cloned().ok_or_else(|| wrong(path, format!("nothing is called `{name}` here")))
        }
        "$bytes" => {
            let hex = arg.as_str().ok_or_else(|| wrong(path, "$bytes takes hex digits in quotes"))?;
            let bytes = unhex(hex).map_err(|e| wrong(path, e))?;
            Ok(Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes }))
        }
        "$repeat" => repeat(arg, vars, path),
        "$with" => merged(arg, vars, path),
        "$add" => match arg {
            Lit::Seq(v) => {
                let parts = v.iter().map(|x| number(x, vars, path)).collect::<Result<Vec<_>, _>>()?;
                let sum = parts.iter().try_fold(0i64, |a, b| a.checked_add(*b));
                sum.map(Bson::Int64).ok_or_else(|| wrong(path, "the sum does not fit an int64"))
            }
            _ => Err(wrong(path, "$add takes a list of whole numbers")),
        },
        _ => Err(wrong(path, format!("`{op}` makes no value; these do: {}", OPERATORS.join(" ")))),
    }
}

/// Documents laid over one another: keys of a later one replace those of an earlier one.
fn merged(arg: &Lit, vars: &Vars, path: &str) -> Result<Bson, ValueError> {
    let Lit::Seq(parts) = arg else { return Err(wrong(path, "$with takes a list of documents")) };
    let mut out = Document::new();
    for (n, part) in parts.iter().enumerate() {
        match to_bson(part, vars, &format!("{path}[{n}]"))? {
            Bson::Document(d) => out.extend(d),
            other => return Err(wrong(path, format!("$with takes documents, not {other}"))),
        }
    }
    Ok(Bson::Document(out))
}

fn repeat(arg: &Lit, vars: &Vars, path: &str) -> Result<Bson, ValueError> {
    let unit = arg.get("text").and_then(Lit::as_str).ok_or_else(|| wrong(path, "$repeat takes {text, times}"))?;
    let times = arg.get("times").ok_or_else(|| wrong(path, "$repeat takes {text, times}"))?;
    let times = usize::try_from(number(times, vars, path)?).map_err(|_| wrong(path, "times is below 0"))?;
    if unit.len().saturating_mul(times) > REPEAT_LEN_MAX {
        return Err(wrong(path, format!("$repeat makes at most {REPEAT_LEN_MAX} bytes")));
    }
    Ok(Bson::String(unit.repeat(times)))
}

/// A whole number that is written, or computed, here.
///
/// # Errors
/// It is none.
pub fn number(lit: &Lit, vars: &Vars, path: &str) -> Result<i64, ValueError> {
    let b = to_bson(lit, vars, path)?;
    whole(&b).ok_or_else(|| wrong(path, format!("{b} is no whole number")))
}

/// A text with every `${name}` filled in.
///
/// # Errors
/// A name that nothing has, or an open brace.
pub fn text(template: &str, vars: &Vars, path: &str) -> Result<String, ValueError> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(cut) = rest.find("${") {
        let (before, hole) = rest.split_at(cut);
        out.push_str(before);
        let hole = hole.get(2..).unwrap_or("");
        let end = hole.find('}').ok_or_else(|| wrong(path, "`${` without its `}`"))?;
        let (name, after) = hole.split_at(end);
        match vars.get(name) {
            Some(Bson::String(s)) => out.push_str(s),
            Some(other) => out.push_str(&other.to_string()),
            None => return Err(wrong(path, format!("nothing is called `{name}` here"))),
        }
        rest = after.get(1..).unwrap_or("");
    }
    out.push_str(rest);
    Ok(out)
}

/// A document nested `depth` deep, `{a: {a: … {}}}`, without recursion and so for any depth.
#[must_use]
pub fn nested(depth: usize) -> Vec<u8> {
    // Each level adds 4 bytes of length, 3 of type and name, and 1 NUL behind.
    let mut out = Vec::with_capacity(depth.saturating_mul(8) + 5);
    for level in 0..depth {
        let len = (depth - level) * 8 + 5;
        out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&[3, b'a', 0]);
    }
    out.extend_from_slice(&[5, 0, 0, 0, 0]);
    out.extend(std::iter::repeat_n(0, depth));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn lit(yaml: &str) -> Lit {
        match crate::spec::yaml::parse("t", yaml) {
            Ok(l) => l.value,
            Err(e) => panic!("{e}"),
        }
    }

    #[test]
    fn a_body_keeps_order_types_and_names() {
        let mut vars = Vars::default();
        vars.set("alice.id", 1001i64);
        vars.set("case.nonce", "n1");
        let body = lit(
            "{chatId: {$var: alice.id}, small: 7, big: 4294967296, w: {$int64: 7}, x: {$double: 2}, msg: \"hi ${case.nonce}/${alice.id}\", nil: null, b: {$bytes: \"00ff\"}, r: {$repeat: {text: ab, times: 2}}, s: {$add: [{$var: alice.id}, 1]}, d: {$with: [{k: 1, l: 2}, {l: 3}]}}",
        );
        let want = doc! {
            "chatId": 1001i64, "small": 7i32, "big": 4_294_967_296i64, "w": 7i64, "x": 2.0, "msg": "hi n1/1001", "nil": Bson::Null,
            "b": Binary { subtype: BinarySubtype::Generic, bytes: vec![0, 255] }, "r": "abab", "s": 1002i64,
            "d": {"k": 1i32, "l": 3i32},
        };
        assert_eq!(document(&body, &vars), Ok(want));
    }

    #[test]
    fn what_makes_no_value_says_where_and_why() {
        let vars = Vars::default();
        for (yaml, said) in [
            ("{a: {$var: nobody}}", "body.a: nothing is called `nobody` here"),
            ("{a: [1, {$int32: 3000000000}]}", "body.a[1]: 3000000000 does not fit an int32"),
            ("{a: {$ne: 1}}", "body.a: `$ne` makes no value"),
            ("{a: \"${x\"}", "body.a: `${` without its `}`"),
            ("[1]", "body: a body is a mapping"),
        ] {
            match document(&lit(yaml), &vars) {
                Err(e) => assert!(e.to_string().starts_with(said), "{e}"),
                Ok(d) => panic!("{yaml} gave {d}"),
            }
        }
    }

    #[test]
    fn a_nested_document_says_its_own_lengths() {
        let bytes = nested(3);
        assert_eq!(Document::from_reader(bytes.as_slice()).ok(), Some(doc! {"a": {"a": {"a": {}}}}));
        assert_eq!(nested(3000).len(), 3000 * 8 + 5);
    }
}
