//! BSON against what a case expects: which field differs, what was expected, what came.
//!
//! A document matches when every key that is written matches; other keys may be there. A plain whole number matches
//! any integer width; `$int32` and `$int64` demand the width. Several operators in one mapping must all hold.
//! There is no `$regex`: `$contains` and `$len` say enough.

use std::cmp::Ordering;
use std::fmt;

use bson::{Bson, Document};

use super::format::mutate::unhex;
use super::lit::Lit;
use super::value::{OPERATORS, Vars, same, to_bson, whole};

/// One field that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where: `body.chatLog.message`.
    pub path: String,
    /// What the case says.
    pub expected: String,
    /// What came.
    pub actual: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.path, self.expected, self.actual)
    }
}

/// Every operator that may stand in an expectation.
pub const MATCHERS: &[&str] = &[
    "$type",
    "$int32",
    "$int64",
    "$double",
    "$bind",
    "$var",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$any_of",
    "$exists",
    "$near_now",
    "$bytes",
    "$len",
    "$contains",
    "$unordered",
    "$add",
];

/// Compares, and binds names in `vars` as it goes. `place` names the expectation when a name turns out to conflict.
#[must_use]
pub fn compare(expected: &Lit, actual: &Document, root: &str, place: &str, vars: &mut Vars) -> Vec<Mismatch> {
    let mut m = Matching { vars, place, out: Vec::new() };
    m.value(expected, Some(&Bson::Document(actual.clone())), root);
    m.out
}

/// Whether an expectation makes sense at all: every operator is known.
///
/// # Errors
/// Where an operator stands that is none.
pub fn check(expected: &Lit, path: &str) -> Result<(), (String, String)> {
    match expected {
        Lit::Map(m) => m.iter().try_for_each(|(k, v)| {
            let here = format!("{path}.{k}");
            if k.starts_with('$') && !MATCHERS.contains(&k.as_str()) {
                return Err((here, format!("`{k}` is no matcher; these are: {}", MATCHERS.join(" "))));
            }
            if k == "$var" || k == "$bind" { Ok(()) } else { check(v, &here) }
        }),
        Lit::Seq(v) => v.iter().enumerate().try_for_each(|(n, x)| check(x, &format!("{path}[{n}]"))),
        _ => Ok(()),
    }
}

struct Matching<'a> {
    vars: &'a mut Vars,
    place: &'a str,
    out: Vec<Mismatch>,
}

impl Matching<'_> {
    fn differ(&mut self, path: &str, expected: impl Into<String>, actual: Option<&Bson>) {
        let actual = actual.map_or_else(|| "nothing".into(), |b| format!("{} {}", type_name(b), short(&b.to_string())));
        self.out.push(Mismatch { path: path.to_string(), expected: expected.into(), actual });
    }

    fn document(&mut self, expected: &Lit, actual: &Document, path: &str) {
        let Lit::Map(keys) = expected else { return };
        for (k, want) in keys {
            self.value(want, actual.get(k), &format!("{path}.{k}"));
        }
    }

    fn value(&mut self, want: &Lit, actual: Option<&Bson>, path: &str) {
        if let Lit::Map(m) = want
            && !m.is_empty()
            && m.iter().all(|(k, _)| k.starts_with('$'))
        {
            for (op, arg) in m {
                self.operator(op, arg, actual, path);
            }
            return;
        }
        let Some(b) = actual else { return self.differ(path, short(&want.to_string()), None) };
        match (want, b) {
            (Lit::Map(_), Bson::Document(d)) => self.document(want, d, path),
            (Lit::Seq(v), Bson::Array(a)) => {
                if v.len() != a.len() {
                    return self.differ(path, format!("{} elements", v.len()), actual);
                }
                for (n, (x, y)) in v.iter().zip(a).enumerate() {
                    self.value(x, Some(y), &format!("{path}[{n}]"));
                }
            }
            (Lit::Map(_) | Lit::Seq(_), _) => self.differ(path, short(&want.to_string()), actual),
            _ => self.equal(want, b, path),
        }
    }

    fn equal(&mut self, want: &Lit, actual: &Bson, path: &str) {
        match to_bson(want, self.vars, path) {
            Ok(b) if same(&b, actual) => {}
            Ok(b) => self.differ(path, short(&b.to_string()), Some(actual)),
            Err(e) => self.differ(path, format!("what cannot be computed ({})", e.what), Some(actual)),
        }
    }

    fn operator(&mut self, op: &str, arg: &Lit, actual: Option<&Bson>, path: &str) {
        if op == "$exists" {
            let want = *arg == Lit::Bool(true);
            if actual.is_some() != want {
                self.differ(path, if want { "something" } else { "nothing" }, actual);
            }
            return;
        }
        if op == "$any_of" {
            return self.any_of(arg, actual, path);
        }
        let Some(b) = actual else { return self.differ(path, format!("{op} {}", short(&arg.to_string())), None) };
        match op {
            "$type" => self.of_type(arg, b, path),
            "$int32" | "$int64" | "$double" | "$bytes" => self.exact(op, arg, b, path),
            "$var" | "$add" => self.equal(&Lit::Map(vec![(op.to_string(), arg.clone())]), b, path),
            "$bind" => self.bind(arg, b, path),
            "$ne" | "$lt" | "$lte" | "$gt" | "$gte" => self.order(op, arg, b, path),
            "$near_now" => self.near_now(arg, b, path),
            "$len" => self.len(arg, b, path),
            "$contains" => self.contains(arg, b, path),
            "$unordered" => self.unordered(arg, b, path),
            _ => self.differ(path, format!("a known matcher, not `{op}`"), actual),
        }
    }

    /// Whether `want` would match, without keeping what it says or binds unless it does.
    fn try_value(&mut self, want: &Lit, actual: Option<&Bson>, path: &str) -> bool {
        let before = self.vars.clone();
        let said = self.out.len();
        self.value(want, actual, path);
        let ok = self.out.len() == said;
        if !ok {
            self.out.truncate(said);
            *self.vars = before;
        }
        ok
    }

    fn any_of(&mut self, arg: &Lit, actual: Option<&Bson>, path: &str) {
        let Lit::Seq(alternatives) = arg else { return self.differ(path, "a list behind $any_of", actual) };
        if !alternatives.iter().any(|x| self.try_value(x, actual, path)) {
            self.differ(path, format!("any of {}", short(&arg.to_string())), actual);
        }
    }

    fn of_type(&mut self, arg: &Lit, b: &Bson, path: &str) {
        let ok = match arg {
            Lit::Str(s) => s == type_name(b),
            Lit::Seq(v) => v.iter().any(|x| x.as_str() == Some(type_name(b))),
            _ => false,
        };
        if !ok {
            self.differ(path, format!("type {arg}"), Some(b));
        }
    }

    fn exact(&mut self, op: &str, arg: &Lit, b: &Bson, path: &str) {
        if op == "$bytes" {
            let ok = matches!((arg.as_str().map(unhex), b), (Some(Ok(h)), Bson::Binary(bin)) if h == bin.bytes);
            if !ok {
                self.differ(path, format!("bytes {arg}"), Some(b));
            }
            return;
        }
        match to_bson(&Lit::Map(vec![(op.to_string(), arg.clone())]), self.vars, path) {
            Ok(want) if want == *b => {}
            Ok(want) => self.differ(path, format!("{} {want}", type_name(&want)), Some(b)),
            Err(e) => self.differ(path, e.what, Some(b)),
        }
    }

    fn bind(&mut self, arg: &Lit, b: &Bson, path: &str) {
        let Some(name) = arg.as_str() else { return self.differ(path, "a name behind $bind", Some(b)) };
        let here = format!("{path} of {}", self.place);
        if let Err(c) = self.vars.bind(name, b, &here) {
            self.differ(path, format!("{} as `{name}` was bound at {}", c.value, c.place), Some(b));
        }
    }

    fn order(&mut self, op: &str, arg: &Lit, b: &Bson, path: &str) {
        let want = match to_bson(arg, self.vars, path) {
            Ok(w) => w,
            Err(e) => return self.differ(path, e.what, Some(b)),
        };
        let ok = if op == "$ne" {
            !same(&want, b)
        } else {
            match (op, ordering(b, &want)) {
                (_, None) => false,
                ("$lt", Some(o)) => o.is_lt(),
                ("$lte", Some(o)) => o.is_le(),
                ("$gt", Some(o)) => o.is_gt(),
                (_, Some(o)) => o.is_ge(),
            }
        };
        if !ok {
            let word = match op {
                "$ne" => "other than",
                "$lt" => "below",
                "$lte" => "at most",
                "$gt" => "above",
                _ => "at least",
            };
            self.differ(path, format!("{word} {want}"), Some(b));
        }
    }

    fn near_now(&mut self, arg: &Lit, b: &Bson, path: &str) {
        let now = |end: &str| self.vars.get(end).or_else(|| self.vars.get("now")).and_then(whole);
        let (first, last) = (now("now.first"), now("now.last"));
        let ok = match (whole(b), first, last, arg) {
            (Some(t), Some(first), Some(last), Lit::Int(tolerance)) => {
                t.abs_diff(t.clamp(first, last.max(first))) <= tolerance.unsigned_abs()
            }
            _ => false,
        };
        if !ok {
            let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
            let what =
                if first == last { first.to_string() } else { format!("{first} to {last}, its clock being fast") };
            self.differ(path, format!("within {arg} s of {what}"), Some(b));
        }
    }

    fn len(&mut self, arg: &Lit, b: &Bson, path: &str) {
        let len = match b {
            Bson::String(s) => s.chars().count(),
            Bson::Array(a) => a.len(),
            Bson::Binary(x) => x.bytes.len(),
            Bson::Document(d) => d.len(),
            _ => return self.differ(path, "something that has a length", Some(b)),
        };
        self.value(arg, Some(&Bson::Int64(i64::try_from(len).unwrap_or(i64::MAX))), &format!("{path}.$len"));
    }

    fn contains(&mut self, arg: &Lit, b: &Bson, path: &str) {
        let ok = match b {
            Bson::String(s) => {
                matches!(to_bson(arg, self.vars, path), Ok(Bson::String(part)) if s.contains(&part))
            }
            Bson::Array(a) => a.iter().any(|x| self.try_value(arg, Some(x), path)),
            _ => false,
        };
        if !ok {
            self.differ(path, format!("something that contains {}", short(&arg.to_string())), Some(b));
        }
    }

    /// Each expected element takes the first free one that matches it. No backtracking: write distinct elements.
    fn unordered(&mut self, arg: &Lit, b: &Bson, path: &str) {
        let (Lit::Seq(wants), Bson::Array(a)) = (arg, b) else {
            return self.differ(path, format!("in any order {}", short(&arg.to_string())), Some(b));
        };
        if wants.len() != a.len() {
            return self.differ(path, format!("{} elements", wants.len()), Some(b));
        }
        let mut free: Vec<&Bson> = a.iter().collect();
        for w in wants {
            match free.iter().position(|x| self.try_value(w, Some(x), path)) {
                Some(n) => drop(free.swap_remove(n)),
                None => return self.differ(path, format!("an element {}", short(&w.to_string())), Some(b)),
            }
        }
    }
}

/// Whole numbers are compared as such: log ids do not fit a double.
#[allow(clippy::cast_precision_loss)]
fn ordering(a: &Bson, b: &Bson) -> Option<Ordering> {
    let real = |b: &Bson| match b {
        Bson::Double(x) => Some(*x),
        other => whole(other).map(|n| n as f64),
    };
    match (whole(a), whole(b)) {
        (Some(x), Some(y)) => Some(x.cmp(&y)),
        _ => real(a)?.partial_cmp(&real(b)?),
    }
}

/// The name of a BSON type in `$type`.
#[must_use]
pub fn type_name(b: &Bson) -> &'static str {
    match b {
        Bson::Double(_) => "double",
        Bson::String(_) => "string",
        Bson::Document(_) => "document",
        Bson::Array(_) => "array",
        Bson::Binary(_) => "binary",
        Bson::Boolean(_) => "bool",
        Bson::Null => "null",
        Bson::Int32(_) => "int32",
        Bson::Int64(_) => "int64",
        Bson::DateTime(_) => "datetime",
        _ => "other",
    }
}

/// The names that `$type` takes.
pub const TYPES: &[&str] =
    &["double", "string", "document", "array", "binary", "bool", "null", "int32", "int64", "datetime"];

fn short(s: &str) -> String {
    const MAX: usize = 160;
    if s.chars().count() <= MAX { s.to_string() } else { s.chars().take(MAX).chain("…".chars()).collect() }
}

/// Operators that make values are matchers too, except those that only build.
const _: () = assert!(OPERATORS.len() < MATCHERS.len());

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
